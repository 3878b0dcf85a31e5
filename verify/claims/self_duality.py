"""NC3 under an encoding: what takes the place of self-duality."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import balanced, random_problem, random_shape, scaled_problem

from ncsolve.encodings import onehot, signed, simplex, smoothed


@claim(
    name="self-duality", sources=("papyan2020", "massion2026", "ncsolve"), theorems=("self-duality", "simplex"),
    statement="W^T (E - b 1^T) = sqrt(lh/lw) Sigma Hbar on the active directions; balanced one-hot, smoothed and "
    "simplex codes: W^T = sqrt(n lh/lw) Hbar exactly (NC3)",
    run="L-BFGS and Newton on random encodings, on the balanced affine one-hot family in every regime, and on smoothed "
    "and signed codes with counts 3, 3, 2, 1",
)
def examine(size: Size) -> list[Figure]:
    """The law for any encoding, the solver's NC3, and exact self-duality of balanced one-hot, smoothed and simplex."""
    bench = Bench()
    rng = np.random.default_rng(53)
    law = Worst("W^T (e_k - b) = S h_k", tolerance=1e-7, reason="Newton to a gradient of 1e-11")
    stretch = Worst("eigenvalues of S on the features", tolerance=1e-6, reason="as the law")
    metric = Worst("NC3, any encoding, solver", tolerance=1e-5, reason="a square root of a singular value near zero")
    exact = Worst("W^T = sqrt(n lh/lw) class means", tolerance=1e-5, reason="as NC3")
    for _ in range(12 if size == "quick" else 200):
        problem = random_problem(rng, *random_shape(rng), lambda_b=float(np.exp(rng.normal())), strength=0.2)
        prediction, run = bench.compared(problem)
        vectors = run.point.W.T @ (run.samples.codes - run.bias[:, None])
        # S = sqrt(lh/lw) R Sigma R^T with Sigma = T + z: T from the counts, z from the solver.
        ratio = math.sqrt(problem.lambda_h / problem.lambda_w)
        threshold = run.samples.total * math.sqrt(problem.lambda_w * problem.lambda_h)
        moved = vectors @ np.linalg.pinv(run.class_means, rcond=1e-6)
        found = np.sort(np.linalg.eigvals(moved).real)[::-1][: prediction.rank]
        z = prediction.singular_values[: prediction.rank]
        stretch.add(ratio * (z + threshold), found)
        law.add(vectors, moved @ run.class_means)
        if prediction.rank > 0:
            error, claimed = metrics.self_duality(vectors, run.class_means), prediction.nc.nc3
            metric.add(claimed, error, size=1.0)
    for make in (onehot, smoothed, simplex):
        for lambda_b in (0.01, 1.0, 30.0, math.inf):
            problem = balanced(3, 2, t=0.3, lambda_b=lambda_b, ratio=2.0, encoding=make(3))
            run = bench.settle(problem)
            scale = math.sqrt(2 * problem.lambda_h / problem.lambda_w)
            exact.add(scale * run.class_means, run.point.W.T)
    unequal = Worst("Gram matrix, imbalanced smoothed and signed codes, relative", tolerance=1e-6, reason="as the law")
    bias = Worst("b, imbalanced smoothed and signed codes", tolerance=1e-7, reason="as the law")
    for encoding in (smoothed(4, 0.2), signed(4)):
        for lambda_b in (0.0, 0.1, 1.0, math.inf):
            problem = scaled_problem(
                np.array(encoding.matrix), [3, 3, 2, 1], strength=0.2, ratio=2.0, lambda_b=lambda_b
            )
            prediction, run = bench.compared(problem)
            unequal.add(prediction.gram, run.gram)
            bias.add(prediction.bias, run.bias, size=1.0)
            error = metrics.self_duality(
                metrics.class_vectors(run.point.W, run.bias, run.samples.codes), run.class_means
            )
            claimed = prediction.nc.nc3
            metric.add(claimed, error, size=1.0)
    return bench.figures(law, stretch, metric, exact, unequal, bias)

"""Zhu et al. 2021 and T16: under cross-entropy a simplex ETF for every lambda_b, where MSE has a transition."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench, bisect
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._fit import softmax
from ncsolve.verify._problems import balanced, transition_of

import ncsolve
from ncsolve.encodings import smoothed


@claim(
    name="cross-entropy-simplex", sources=("zhu2021", "zhou2022", "ncsolve"), theorems=("cross-entropy",),
    weight=2,
    statement="cross-entropy, one-hot and smoothed codes, balanced: a simplex ETF and b = 0 for every lambda_b, with "
    "p_kk - p_kl = 1 - alpha - t; all class means are zero iff alpha + t >= 1; under MSE the same problems open at lb*",
    run="L-BFGS and Newton at values of lambda_b around the lb* of MSE, under both losses; the collapse is bisected "
    "over t from descent alone",
)
def examine(size: Size) -> list[Figure]:
    """The frame, b and probabilities along lambda_b, the frame under MSE, and where the class means vanish."""
    bench = Bench()
    frame = Worst("distance to a simplex ETF", tolerance=1e-7, reason="Newton to a gradient of 1e-11")
    bias = Worst("b", tolerance=1e-7, reason="as the distance")
    margin = Worst("p_kk - p_kl of all pairs", tolerance=1e-7, reason="as the distance")
    gram = Worst("Gram matrix, relative", tolerance=1e-6, reason="as the distance, over the curvature")
    collapse = Worst("alpha + t at which all class means vanish", tolerance=1e-3, reason="bisected to 2e-4")
    opened = []
    cases = [(3, 2, 0.3, 0.0, 1.0), (4, 2, 0.4, 0.2, 3.0)]
    if size == "full":
        cases += [(2, 3, 0.2, 0.0, 1.0), (5, 2, 0.6, 0.1, 0.5), (6, 1, 0.05, 0.5, 1.0), (8, 2, 0.7, 0.0, 2.0)]
    for k, n, t, alpha, ratio in cases:
        squared = balanced(k, n, t=t, lambda_b=1.0, ratio=ratio, encoding=smoothed(k, alpha))
        problem, threshold = squared.replace(loss="cross-entropy"), transition_of(squared)
        for factor in (0.0, 0.5, 1.0, 2.0, 10.0, math.inf):
            prediction, run = bench.compared(problem.replace(lambda_b=factor * threshold))
            frame.add(0.0, metrics.simplex_distance(class_means=run.class_means))
            bias.add(np.zeros(k), run.bias)
            chances = softmax(run.point.W @ run.class_means + run.bias[:, None])
            others = ~np.eye(k, dtype=bool)
            margin.add(np.full(k * (k - 1), 1 - alpha - t), (np.diag(chances) - chances)[others], size=1.0)
            gram.add(prediction.gram, run.gram)
            if factor >= 2.0:
                beside = bench.settle(squared.replace(lambda_b=factor * threshold))
                opened.append(metrics.simplex_distance(class_means=beside.class_means))
        alive = partial(_alive, bench, problem)
        collapse.add(1.0, alpha + 1 / bisect(alive, 0.5, 20.0, relative=2e-4))
    return bench.figures(
        frame, bias, margin, gram, collapse,
        at_least(
            "MSE: distance to a simplex ETF, lambda_b >= 2 lb*", 1e-2, opened,
            reason="twice the threshold, where the same codes have left the simplex ETF under the other loss",
        ),
    )


def _alive(bench: Bench, problem: ncsolve.UFM, inverse: float) -> bool:
    """Whether any class mean is not zero at t = 1/inverse."""
    k, n, ratio = problem.classes, problem.samples // problem.classes, problem.lambda_w / problem.lambda_h
    at = balanced(k, n, t=1 / inverse, lambda_b=1.0, ratio=ratio, encoding=problem.encoding)
    gram = bench.settle(at.replace(loss="cross-entropy")).gram
    return float(np.trace(gram)) > 1e-6 * math.sqrt(ratio)

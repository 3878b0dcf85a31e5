"""Critical points that are not global have negative curvature: descent can always leave them."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least, at_most
from ncsolve.verify._problems import random_problem, random_shape
from ncsolve.verify._samples import Point, Samples
from ncsolve.verify.critical import confined_critical_point, leave, zero_point
from ncsolve.verify.critical import examine as look

import ncsolve
from ncsolve import UFM, Minimizer


@claim(
    name="escape-directions", sources=("zhou2022", "ncsolve"), theorems=(),
    statement="zero, critical points of lower rank than the minimizer, and the minimizer less a singular direction are "
    "strict saddles that descent leaves: no spurious minima",
    run="Hessian of the definition at zero, at critical points of every lower rank and, at lambda_b = inf, at the "
    "minimizer less one singular direction; descent from there along the escape direction",
)
def examine(size: Size) -> list[Figure]:
    """Zero, the critical points of every lower rank, and the solver's minimizer itself."""
    bench = Bench()
    rng = np.random.default_rng(73)
    critical = Worst("gradient at the points, relative", tolerance=1e-8, reason="Newton to a gradient of 1e-11")
    escape = Worst("loss after leaving, relative", tolerance=1e-9, reason="Newton to a gradient of 1e-11")
    ranks = Worst("rank of the minimizer", tolerance=0.0, reason="a count of the singular values of W H after descent")
    directions = Worst(
        "minimizers less one singular direction", tolerance=0.0, reason="one for every singular value of Y above T"
    )
    curvatures, heights, global_curvatures = [], [], []
    done = 0
    while done < (4 if size == "quick" else 60):
        problem = random_problem(
            rng, *random_shape(rng, 2), strength=0.1, lambda_b=float(np.exp(rng.normal())) if done % 2 else math.inf
        )
        prediction = ncsolve.solve(problem)
        if prediction.rank < 2:
            continue
        done += 1
        best_run = bench.settle(problem, prediction=prediction, seeds=(done,))
        values = best_run.singular_values
        ranks.add(float(prediction.rank), float(np.sum(values > 1e-7 * values.max())))
        points = [zero_point(problem)]
        points += [confined_critical_point(problem, rank=rank, seed=done) for rank in range(1, prediction.rank)]
        if math.isinf(problem.lambda_b):  # with a bias, b would have to move too
            dropped = [_without(problem, prediction, direction) for direction in range(prediction.rank)]
            directions.add(float(_above(best_run.samples)), float(len(dropped)))
            points += dropped
        for point in points:
            found = look(problem, point)
            critical.add(0.0, found.gradient)
            heights.append((found.loss - prediction.loss) / prediction.loss)
            curvatures.append(found.curvature)
            run = leave(problem, found)
            bench.count([run], prediction)
            escape.add(prediction.loss, run.loss)
        spread = np.repeat(prediction.class_means, list(problem.counts), axis=1)
        best = look(problem, Point(W=prediction.W, H=spread, b=prediction.bias))
        critical.add(0.0, best.gradient)
        global_curvatures.append(best.curvature)
    return bench.figures(
        at_most(
            "least Hessian eigenvalue over the largest, saddles", -1e-6, curvatures,
            reason="strictly negative, far beyond rounding (1e-15); small where a direction is just above T",
        ),
        critical,
        at_least(
            "loss above the optimum at the saddles, relative", 1e-7, heights,
            reason="they are not global; a direction just above T is worth little, and a loss is known to 1e-9",
        ),
        escape,
        at_least(
            "least Hessian eigenvalue over the largest, minimizer", -1e-10, global_curvatures,
            reason="zero along rotations of the features, up to rounding",
        ),
        ranks, directions,
    )


def _above(samples: Samples) -> int:
    """Singular values of the labels Y above T: so many directions are there without a bias."""
    values = np.linalg.svd(samples.targets, compute_uv=False)
    return int(np.sum(values > samples.total * math.sqrt(samples.lambda_w * samples.lambda_h)))


def _without(problem: UFM, minimizer: Minimizer, direction: int) -> Point:
    """The minimizer with one of its singular directions taken out of W and H."""
    axis = np.linalg.svd(minimizer.W)[2][direction]
    left = np.eye(axis.size) - np.outer(axis, axis)
    spread = np.repeat(minimizer.class_means, list(problem.counts), axis=1)
    return Point(W=minimizer.W @ left, H=left @ spread, b=minimizer.bias)

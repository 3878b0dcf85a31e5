"""Dang et al. 2024 and T16: cross-entropy with nonnegative features has orthogonal class means."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from ncsolve.verify._bench import Lowest, bisect
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._dual import lower_bound
from ncsolve.verify._figure import Figure, Worst, at_most
from ncsolve.verify._samples import Point
from ncsolve.verify.descent import LayeredRun, layered_starts

import ncsolve
from ncsolve import UFM
from ncsolve.encodings import smoothed


@claim(
    name="cross-entropy-relu", sources=("dang2024", "ncsolve"), theorems=("cross-entropy-relu",),
    weight=2,
    statement="cross-entropy, H >= 0, one-hot and smoothed codes: the class means are orthogonal without a bias, for "
    "any counts, and balanced for every lambda_b, with b = 0; class k vanishes iff n_k <= T^2 K/((K - 1)(1 - "
    "alpha)^2)",
    run="L-BFGS on the features of all samples, squared and projected, from many starts; the vanishing of a class is "
    "bisected from descent alone",
)
def examine(size: Size) -> list[Figure]:
    """Angles, lengths and losses without a bias and balanced, the bound of weak duality, and where a class vanishes."""
    loss = Lowest("loss, relative", tolerance=1e-9, reason="L-BFGS ends in flat valleys")
    angles = Worst("inner products of different classes", tolerance=1e-5, reason="half the digits of the loss")
    lengths = Worst("squared length of a class mean, relative", tolerance=1e-5, reason="half the digits of the loss")
    bias = Worst("b", tolerance=1e-5, reason="half the digits of the loss")
    dual = Worst("lower bound by weak duality, relative", tolerance=1e-6,
                 reason="the bound is first order in the distance from the minimum")
    vanish = Worst("T^2 K/((K - 1)(1 - alpha)^2) at which a class vanishes, against n_k", tolerance=2e-3,
                   reason="bisected to 4e-4; a class is called alive from a small length on")
    problems = [
        _problem((9, 4, 2, 1), 0.0, 1.0, math.inf), _problem((7, 5, 1), 0.1, 0.5, math.inf),
        *(_problem((3, 3, 3), alpha, 0.6, lambda_b) for alpha, lambda_b in ((0.0, 0.01), (0.2, 1.0), (0.1, 0.0))),
    ]
    if size == "full":
        problems += [_problem((12, 6, 3, 2, 1), 0.05, t, math.inf) for t in (0.2, 1.0, 1.6, 2.5)]
        problems += [_problem((2,) * 5, 0.1, 0.4, lambda_b) for lambda_b in (0.0, 0.1, 10.0, math.inf)]
    for problem in problems:
        prediction = ncsolve.solve(problem)
        runs = [
            run for seed in range(1 if size == "quick" else 4)
            for run in layered_starts(problem, seed=seed, merged=False)
        ]
        best = loss.of(prediction, runs)
        unit = float(np.abs(prediction.gram).max())
        angles.add(np.zeros_like(best.gram), best.gram - np.diag(np.diag(best.gram)), size=unit)
        lengths.add(np.diag(prediction.gram), np.diag(best.gram))
        bias.add(np.zeros(problem.classes), best.bias, size=1.0)
        dual.add(prediction.loss, lower_bound(best.samples, Point(W=best.layers[0], H=best.features, b=best.bias)))
    for counts, alpha in ((9, 4, 2, 1), 0.0), ((5, 3, 2), 0.1):
        k = len(counts)
        found = bisect(partial(_alive, counts, alpha), 0.2, 10.0, relative=2e-4)
        vanish.add(float(counts[-1]), k / ((k - 1) * (found * (1 - alpha)) ** 2))
    return [
        loss.figure(), angles.figure(), lengths.figure(), bias.figure(), dual.figure(), vanish.figure(),
        at_most("descent below the optimum, relative", 1e-11, loss.below, reason="no start finds a better point"),
    ]


def _problem(counts: tuple[int, ...], alpha: float, threshold: float, lambda_b: float) -> UFM:
    tau = threshold / sum(counts)
    return UFM(
        encoding=smoothed(len(counts), alpha), counts=list(counts), lambda_w=2 * tau, lambda_h=tau / 2,
        lambda_b=lambda_b, loss="cross-entropy", features="relu",
    )


def _alive(counts: tuple[int, ...], alpha: float, inverse: float) -> bool:
    """Whether the mean of the smallest class is not zero at the threshold 1/inverse."""
    runs = layered_starts(_problem(counts, alpha, 1 / inverse, math.inf), seed=0, merged=True, squares=False)
    best: LayeredRun = min(runs, key=lambda run: run.loss)
    return float(best.gram[-1, -1]) > 1e-4

"""Label smoothing crosses the orthogonal frame at a finite lambda_b and ends acute."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench, bisect
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._problems import balanced

import ncsolve
from ncsolve.encodings import smoothed


@claim(
    name="label-smoothing", sources=("massion2026", "ncsolve"), theorems=("smoothing",),
    statement="smoothing alpha: the frame is orthogonal at lambda_b = t/alpha only, and acute above",
    run="bisection on the sign of the inner products, descent only; cosines at four values of lambda_b",
)
def examine(size: Size) -> list[Figure]:
    """Where the inner products change sign, and the frame at a hundred times that lambda_b."""
    bench = Bench()
    crossing = Worst("orthogonality at lambda_b = t/alpha, relative", tolerance=1e-3, reason="bisected to 2e-4")
    cosine = Worst("cos, solver", tolerance=1e-6, reason="Newton to a gradient of 1e-11")
    ends = []
    cases = [(3, 2, 0.3, 0.1, 1.0), (4, 1, 0.2, 0.3, 2.0)]
    if size == "full":
        cases += [(2, 2, 0.5, 0.2, 1.0), (5, 2, 0.4, 0.5, 0.5), (8, 1, 0.3, 0.05, 1.0)]
    for k, n, t, alpha, ratio in cases:
        problem = balanced(k, n, t=t, lambda_b=1.0, ratio=ratio, encoding=smoothed(k, alpha))
        found = bisect(partial(_acute, bench, problem), 1e-2, 1e4, relative=2e-4)
        crossing.add(t / alpha, found)
        for factor in (0.1, 1.0, 10.0, 100.0):
            at = problem.replace(lambda_b=factor * t / alpha)
            prediction = ncsolve.solve(at).cosines
            value = _cosine(bench, at, at.lambda_b)
            cosine.add(math.nan if prediction is None else prediction.mean, value, size=1.0)
            if factor == 100.0:
                ends.append(value)
    return bench.figures(
        crossing, cosine,
        at_least("cos at 100 t/alpha", 1e-3, ends, reason="acute, not merely orthogonal up to rounding"),
    )


def _acute(bench: Bench, problem: ncsolve.UFM, lambda_b: float) -> bool:
    return _cosine(bench, problem, lambda_b) > 0


def _cosine(bench: Bench, problem: ncsolve.UFM, lambda_b: float) -> float:
    found = metrics.cosines(class_means=bench.settle(problem.replace(lambda_b=lambda_b)).class_means)
    return math.nan if found is None else float(np.mean(found))

"""Where the simplex ETF ends: lb*, from descent runs alone."""

from __future__ import annotations

from functools import partial

import numpy as np
from ncsolve.verify._bench import Bench, bisect
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import balanced, transition_of

import ncsolve

# Just above lb* the squared share of the mean direction grows like lambda_b / lb* - 1, so this moves the threshold by
# about 1e-6; below lb* it is the square of a vanishing gradient.
_ALIVE = 1e-6


@claim(
    name="transition-threshold", sources=("massion2026",), theorems=("onehot",),
    weight=8,
    statement="the simplex ETF ends at lb* = t/(1 - t), t = K sqrt(n lambda_w lambda_h)",
    run="bisection over lambda_b in [1e-3, 1e3]; only descent runs decide, the prediction is not used",
)
def examine(size: Size) -> list[Figure]:
    """Bisection between 1e-3 and 1e3 on whether the class means have a mean direction."""
    bench = Bench()
    worst = Worst(
        "lb*, relative", tolerance=1e-3, reason="bisected to 2e-4; the mean direction is called alive from 1e-6 on"
    )
    cases = [(3, 2, 0.3, 1.0), (4, 1, 0.6, 3.0), (2, 3, 0.15, 0.5)]
    if size == "full":
        cases += [(2, 1, 0.9, 1.0), (3, 4, 0.05, 2.0), (5, 2, 0.4, 1.0), (6, 2, 0.25, 0.2), (8, 1, 0.5, 1.0)]
    for k, n, t, ratio in cases:
        problem = balanced(k, n, t=t, lambda_b=1.0, ratio=ratio)
        predicted = transition_of(problem)
        found = bisect(partial(_alive, bench, problem), 1e-3, 1e3, relative=2e-4)
        worst.add(predicted, found)
    return bench.figures(worst)


def _alive(bench: Bench, problem: ncsolve.UFM, lambda_b: float) -> bool:
    means = bench.settle(problem.replace(lambda_b=lambda_b)).class_means
    along = float(np.sum(means.sum(axis=1) ** 2)) / means.shape[1]
    return bool(along > _ALIVE * float(np.sum(means**2)))

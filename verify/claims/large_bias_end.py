"""Where the law of large bias regularization ends: lb+, from descent runs alone."""

from __future__ import annotations

from functools import partial

import numpy as np
from ncsolve.verify._bench import Bench, bisect
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import scaled_problem, transition_of
from ncsolve.verify.claims.large_bias_law import random_independent

import ncsolve
from ncsolve.encodings import onehot

# The least singular value of Z grows linearly above lb+, with a slope of the order of the others.
_ALIVE = 1e-6


@claim(
    name="large-bias-end", sources=("ncsolve",), theorems=("large-bias",),
    weight=10,
    statement="the law ends at lb+ = tau v^T (P - T I)^+ v, where one dimension of the class means dies",
    run="bisection over lambda_b in [1e-4, 1e4], random independent and imbalanced one-hot codes; only descent decides",
)
def examine(size: Size) -> list[Figure]:
    """Bisection on whether the class means are independent."""
    bench = Bench()
    rng = np.random.default_rng(41)
    worst = Worst(
        "lb+, relative", tolerance=1e-3, reason="bisected to 2e-4; the last dimension is called alive from 1e-6 on"
    )
    problems = [
        scaled_problem(np.array(onehot(3).matrix), [1, 3, 4], strength=0.5, ratio=2.0, lambda_b=1.0, least=True)
    ]
    problems += [random_independent(rng, above=1.0) for _ in range(2 if size == "quick" else 20)]
    for problem in problems:
        predicted = transition_of(problem)
        found = bisect(partial(_alive, bench, problem), 1e-4, 1e4, relative=2e-4)
        worst.add(predicted, found)
    return bench.figures(worst)


def _alive(bench: Bench, problem: ncsolve.UFM, lambda_b: float) -> bool:
    values = bench.settle(problem.replace(lambda_b=lambda_b)).singular_values
    return float(values[-1]) > _ALIVE * float(values[0])

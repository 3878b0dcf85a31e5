"""The bias is the mean residual over lambda_b."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import random_problem, random_shape


@claim(
    name="bias-stationarity", sources=("massion2026", "ncsolve"), theorems=("bias",),
    statement="(1 + lambda_b) b is the mean over the samples of Y - W H",
    run="L-BFGS and Newton on random encodings, counts and lambda_b, and the definition at the solver's minimizer",
)
def examine(size: Size) -> list[Figure]:
    """(1 + lambda_b) b against the mean of Y - W H, from descent and at the solver's minimizer."""
    bench = Bench()
    rng = np.random.default_rng(31)
    found = Worst("(1 + lambda_b) b = mean(Y - W H), descent", tolerance=1e-8, reason="a gradient of 1e-11")
    solved = Worst("(1 + lambda_b) b = mean(Y - W H), solver", tolerance=1e-10, reason="rounding of the solver")
    for _ in range(20 if size == "quick" else 300):
        problem = random_problem(rng, *random_shape(rng), lambda_b=float(np.exp(rng.normal(0, 2))))
        prediction, run = bench.compared(problem)
        s = run.samples
        size_of_labels = float(np.abs(s.targets).max())
        mean = (s.targets - run.point.W @ run.point.H).mean(axis=1)
        found.add(mean, (1 + problem.lambda_b) * run.bias, size=size_of_labels)
        mean = (s.targets - prediction.W @ s.spread(prediction.class_means)).mean(axis=1)
        solved.add(mean, (1 + problem.lambda_b) * prediction.bias, size=size_of_labels)
    return bench.figures(found, solved)

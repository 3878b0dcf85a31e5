"""The bias shrinks as its regularization grows, and goes to zero like 1/lambda_b."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_most
from ncsolve.verify._problems import random_problem, random_shape

import ncsolve


@claim(
    name="bias-decay", sources=("massion2026", "ncsolve"), theorems=("bias", "no-bias"),
    weight=14,
    statement="|b| does not increase with lambda_b, and goes to zero like 1/lambda_b",
    run="L-BFGS and Newton at lambda_b = 0 and 17 values from 1e-3 to 1e5 for random encodings and counts",
)
def examine(size: Size) -> list[Figure]:
    """|b| over lambda_b for random encodings."""
    bench = Bench()
    rng = np.random.default_rng(29)
    bias = Worst("b, solver", tolerance=1e-6, reason="near a threshold b is known to about the gradient's square root")
    rate = Worst("lambda_b b at 1e5 against 3e4", tolerance=1e-3, reason="the next term is of order 1/lambda_b = 3e-5")
    path = Worst("b, singular values and loss, solver's path", tolerance=1e-5, reason="as b")
    rises = []
    for _ in range(4 if size == "quick" else 40):
        problem = random_problem(rng, *random_shape(rng), lambda_b=1.0, strength=0.2)
        before, last = np.inf, np.zeros(problem.code_length)
        before_last = last
        grid = [0.0, *np.geomspace(1e-3, 1e5, 17).tolist()]
        along = ncsolve.path(problem, lambda_b=grid)
        for index, lambda_b in enumerate(grid):
            at = problem.replace(lambda_b=lambda_b)
            prediction, run = bench.compared(at)
            bias.add(prediction.bias, run.bias)
            path.add(along.bias[index], run.bias)
            path.add(along.singular_values[index], run.singular_values)
            path.add(along.loss[index], run.loss)
            length = float(np.linalg.norm(run.bias))
            rises.append((length - before) / length if before < np.inf else 0.0)
            before = length
            before_last, last = last, lambda_b * run.bias
        rate.add(before_last, last)
    return bench.figures(
        bias,
        at_most(
            "rise of |b| from one lambda_b to the next, relative", 1e-7, rises,
            reason="b of 1e-5 is known to 1e-12 or better",
        ),
        rate, path,
    )

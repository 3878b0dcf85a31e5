"""The convex program: the same optimum, from cvxpy."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, count
from ncsolve.verify._problems import random_problem, scaled_problem
from ncsolve.verify.convex import SOLVERS, solve_convex

import ncsolve
from ncsolve import encodings


@claim(
    name="convex-program", sources=("zhou2022", "ncsolve"), theorems=("factorization", "bias", "certificate"),
    weight=20,
    statement="the non-convex problem has the minimum of a convex one with the nuclear norm, and of its dual",
    run="cvxpy with Clarabel and SCS, primal and dual programs over one column per sample",
)
def examine(size: Size) -> list[Figure]:
    """Primal and dual values of Clarabel and SCS for registered and random encodings."""
    rng = np.random.default_rng(71)
    primal = Worst("primal value, relative", tolerance=1e-6, reason="Clarabel stops at 1e-10, SCS at 1e-9, at best")
    dual = Worst("dual value, relative", tolerance=1e-6, reason="as the primal value")
    bias = Worst("b", tolerance=1e-4, reason="the value is flat at the minimum: b is known to its square root")
    values = Worst("singular values of Z", tolerance=1e-3, reason="as b, and a convex solver's zero is not exact")
    names = ("onehot", "smoothed", "signed", "thermometer") if size == "quick" else encodings.names()
    problems = [
        scaled_problem(
            np.array(encodings.make(name, classes=4, seed=2).matrix), [2, 1, 2, 1], strength=0.3, ratio=2.0,
            lambda_b=lambda_b,
        )
        for name in names if name != "affine"
        for lambda_b in ((0.2,) if size == "quick" else (0.0, 0.2, math.inf))
    ]
    problems += [
        random_problem(
            rng, code_length=int(rng.integers(1, 5)), classes=3, most=2, lambda_b=(0.0, 0.5, math.inf)[trial % 3]
        )
        for trial in range(3 if size == "quick" else 60)
    ]
    unsolved, runs = 0, 0
    for problem in problems:
        prediction = ncsolve.solve(problem)
        for solver in SOLVERS:
            found = solve_convex(problem, solver=solver)
            runs += 1
            unsolved += not (found.primal_status.startswith("optimal") and found.dual_status.startswith("optimal"))
            primal.add(prediction.loss, found.primal)
            dual.add(prediction.loss, found.dual)
            bias.add(prediction.bias, found.bias, size=float(np.abs(problem.encoding.matrix).max()))
            largest = float(np.linalg.norm(problem.encoding.matrix * np.sqrt(np.array(list(problem.counts))), 2))
            values.add(prediction.singular_values, found.singular_values, size=largest)
    return [
        primal.figure(), dual.figure(), bias.figure(), values.figure(),
        count("programs that a solver gave up on", 0, unsolved, comparisons=runs),
    ]

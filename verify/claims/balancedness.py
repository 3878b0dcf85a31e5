"""Every minimizer is balanced: lambda_w W^T W = lambda_h H H^T."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import random_problem, random_shape
from ncsolve.verify._samples import Point
from ncsolve.verify.critical import examine as look


@claim(
    name="balancedness", sources=("zhou2022", "ncsolve"), theorems=("factorization",),
    statement="at every critical point lambda_w W^T W = lambda_h H H^T; the solver's minimizer is one",
    run="L-BFGS and Newton on random problems, and the gradient of the definition at the solver's minimizer",
)
def examine(size: Size) -> list[Figure]:
    """At the end of descent and at the solver's minimizer."""
    bench = Bench()
    rng = np.random.default_rng(79)
    found = Worst("|lw W^T W - lh H H^T|, descent, relative", tolerance=1e-8, reason="a gradient of 1e-11")
    solved = Worst("|lw W^T W - lh H H^T|, solver, relative", tolerance=1e-11, reason="rounding")
    gradient = Worst("gradient at the solver's minimizer, relative", tolerance=1e-11, reason="rounding")
    for _ in range(12 if size == "quick" else 200):
        problem = random_problem(rng, *random_shape(rng), lambda_b=float(np.exp(rng.normal())), strength=0.3)
        prediction, run = bench.compared(problem)
        found.add(0.0, look(problem, run.point).balance)
        point = look(problem, Point(W=prediction.W, H=run.samples.spread(prediction.class_means), b=prediction.bias))
        solved.add(0.0, point.balance)
        gradient.add(0.0, point.gradient)
    return bench.figures(found, solved, gradient)

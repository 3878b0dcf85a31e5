"""No descent run ends below the predicted optimum, and for d >= min(m, K) all end at it: no spurious minima."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._dual import lower_bound
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import random_problem, random_shape
from ncsolve.verify.descent import descend

import ncsolve

_TOLERANCES = {"gd": 1e-7, "momentum": 1e-7, "adam": 1e-7, "lbfgs": 1e-8, "newton": 1e-11}


@claim(
    name="global-optimum", sources=("zhou2022", "massion2026", "ncsolve"), theorems=("bias", "certificate"),
    weight=19,
    statement="every descent run with d >= min(m, K) ends at the predicted optimum, none below: no spurious minima",
    run="gradient descent, momentum, Adam, L-BFGS and Newton from several random starts on random problems",
)
def examine(size: Size) -> list[Figure]:
    """All five methods from several random starts on random problems."""
    bench = Bench()
    rng = np.random.default_rng(67)
    reached = Worst(
        "loss of every run, relative", tolerance=1e-9,
        reason="the loss is flat at the minimum: a gradient of 1e-7 leaves about its square over the curvature",
    )
    bound = Worst(
        "lower bound by weak duality, relative", tolerance=1e-8,
        reason="the bound is first order in the gradient, 1e-11, over the strength of the decay",
    )
    for trial in range(4 if size == "quick" else 32):
        problem = random_problem(
            rng, *random_shape(rng), lambda_b=(0.0, 0.3, 3.0, float("inf"))[trial % 4], strength=0.25
        )
        prediction = ncsolve.solve(problem)
        for method, tolerance in _TOLERANCES.items():
            for seed in range(3 if size == "quick" else 6):
                run = descend(
                    problem, method=method, seed=seed, tolerance=tolerance, max_steps=200_000, trace=False,
                    progress=False,
                )
                bench.count([run], prediction)
                reached.add(prediction.loss, run.loss)
                if method == "newton":
                    bound.add(prediction.loss, lower_bound(run.samples, run.point))
    return bench.figures(reached, bound)

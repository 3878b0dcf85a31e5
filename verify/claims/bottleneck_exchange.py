"""A bottleneck under codes with |w| > |a|: the label mean takes a dimension at once; and general codes (T8)."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._bench import Lowest
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_most
from ncsolve.verify.descent._starts import layered_starts

import ncsolve
from ncsolve import UFM, encodings


@claim(
    name="bottleneck-exchange", sources=("ncsolve",), theorems=("bottleneck",),
    weight=3,
    statement="signed codes, d < K - 1: the label mean takes a dimension from the contrasts at the closed lambda_b; "
    "other codes: the best of starts, above its lower bound",
    run="L-BFGS from random starts of three sizes and from ones that fit the labels, beside the transition and for "
    "random codes",
)
def examine(size: Size) -> list[Figure]:
    """Signed codes beside the transition, and random codes against the best of starts and its lower bound."""
    loss = Lowest("loss beside the transition, relative", tolerance=1e-9, reason="L-BFGS to a gradient of 1e-11")
    mean = Worst("is the label mean in the class means", tolerance=0.0, reason="yes or no")
    best = Worst("best found for random codes, relative", tolerance=1e-9, reason="as the loss")
    bound = []
    seeds = range(3 if size == "quick" else 8)
    for k, d in ((6, 3),) if size == "quick" else ((6, 3), (5, 2), (7, 5)):
        problem = UFM(encoding=encodings.signed(k), counts=3, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1.0, dim=d)
        at = ncsolve.solve(problem).transition
        assert at is not None
        for factor in (0.98, 1.02):
            beside = problem.replace(lambda_b=at * factor)
            prediction = ncsolve.solve(beside)
            lowest = loss.of(
                prediction, (run for seed in seeds for run in layered_starts(beside, seed=seed, merged=True))
            )
            share = float(np.linalg.norm(lowest.class_means.sum(axis=1)) / np.linalg.norm(lowest.class_means))
            mean.add(float(factor > 1), float(share > 1e-3))
    rng = np.random.default_rng(12)
    for _ in range(2 if size == "quick" else 8):
        problem = UFM(
            encoding=rng.standard_normal((3, 5)), counts=rng.integers(1, 5, size=5).tolist(), lambda_w=0.01,
            lambda_h=0.02, lambda_b=float(np.exp(rng.normal())), dim=2,
        )
        prediction = ncsolve.solve(problem)
        losses = [run.loss for seed in seeds for run in layered_starts(problem, seed=seed, merged=True)]
        best.add(prediction.loss, min(losses))
        bound += [(prediction.lower_bound - x) / prediction.loss for x in losses]
    return [
        loss.figure(), mean.figure(), best.figure(),
        at_most("descent below the optimum, relative", 1e-12, loss.below, reason="no point can be below the minimum"),
        at_most("descent below the lower bound, relative", 1e-12, bound, reason="no point can be below a lower bound"),
    ]

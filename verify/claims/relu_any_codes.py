"""Nonnegative features, any codes and counts: the minimum, and lower bounds by weak duality (T10, T12)."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_most
from ncsolve.verify.descent._starts import layered_starts

import ncsolve
from ncsolve import UFM, encodings


@claim(
    name="relu-any-codes", sources=("ncsolve",), theorems=("relu", "copositive"),
    weight=3,
    statement="H >= 0, any codes and counts: no point is below the lower bound, and none is found below the minimum",
    run="L-BFGS on the feature of every sample, squared and projected, from random starts and from ones that fit the "
    "labels; imbalanced one-hot codes and random codes",
)
def examine(size: Size) -> list[Figure]:
    """Imbalanced one-hot codes, orthogonal and leaning together, and random codes."""
    loss = Worst("loss, relative", tolerance=1e-7, reason="L-BFGS on squares ends in flat valleys")
    below, bound = [], []
    first = UFM(
        encoding=encodings.onehot(4), counts=[9, 4, 2, 1], lambda_w=5e-3, lambda_h=5e-3, lambda_b=1.0, features="relu"
    )
    problems = [first, first.replace(lambda_b=1e-3)]
    rng = np.random.default_rng(11)
    for k in (3, 4) if size == "quick" else (2, 3, 3, 4, 4, 5, 6, 6):
        problems.append(UFM(
            encoding=rng.standard_normal((int(rng.integers(2, 5)), k)), counts=rng.integers(1, 6, size=k).tolist(),
            lambda_w=0.02, lambda_h=0.01, lambda_b=float(np.exp(rng.normal())), features="relu",
        ))
    for problem in problems:
        prediction = ncsolve.solve(problem)
        losses = [
            run.loss for seed in range(2 if size == "quick" else 5)
            for run in layered_starts(problem, seed=seed, merged=False)
        ]
        loss.add(prediction.loss, min(losses))
        below += [(prediction.loss - x) / prediction.loss for x in losses]
        bound += [(prediction.lower_bound - x) / prediction.loss for x in losses]
    return [
        loss.figure(),
        at_most("descent below the loss, relative", 1e-10, below, reason="no start finds a better point"),
        at_most("descent below the lower bound, relative", 1e-12, bound, reason="no point can be below a lower bound"),
    ]

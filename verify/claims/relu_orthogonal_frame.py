"""Nonnegative features, one-hot codes: an orthogonal frame for every lambda_b (T10)."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Lowest
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_most
from ncsolve.verify._problems import balanced
from ncsolve.verify.descent import descend_layered

import ncsolve


@claim(
    name="relu-orthogonal-frame", sources=("ncsolve",), theorems=("relu",),
    weight=3,
    statement="one-hot codes, balanced classes, t^2 < (K-1)/K, H >= 0: an orthogonal frame for every lambda_b, with no "
    "transition",
    run="L-BFGS with squared and with projected features from many starts, d = K + 1, for five lambda_b",
)
def examine(size: Size) -> list[Figure]:
    """Below, at and above the lambda_b at which linear features would leave the simplex ETF."""
    loss = Lowest("loss", tolerance=1e-9, reason="L-BFGS on squares ends in flat valleys")
    cosine = Worst("cosine of class means", tolerance=1e-3, reason="as the loss, to half its digits")
    gram = Worst("squared length of class means, relative", tolerance=1e-3, reason="as the cosines")
    bias = Worst("bias, relative", tolerance=1e-4, reason="as the cosines")
    cases = [(3, 2, 0.3)] if size == "quick" else [(2, 2, 0.3), (3, 2, 0.3), (4, 1, 0.5), (5, 2, 0.2)]
    # Every third descent ends where a class is stuck at zero.
    seeds = range(5 if size == "quick" else 8)
    for k, n, t in cases:
        for lambda_b in (0.0, 0.5 * t / (1 - t), 2 * t / (1 - t), 20.0, math.inf):
            problem = balanced(k, n, t=t, lambda_b=lambda_b, dim=k + 1).replace(features="relu")
            prediction = ncsolve.solve(problem)
            best = loss.of(prediction, (
                descend_layered(problem, seed=seed, constraint=how)
                for seed in seeds for how in ("squared", "projected")
            ))
            cosine.add(np.zeros(k * (k - 1) // 2), metrics.cosines(class_means=best.class_means))
            if k == 2 and lambda_b == 0.0:
                continue  # the bias may lie anywhere between two codes: only the loss and the cosine are unique
            gram.add(np.diag(prediction.gram), np.sum(best.class_means**2, axis=0))
            if math.isfinite(lambda_b):
                bias.add(prediction.bias, best.bias)
    return [
        loss.figure(), cosine.figure(), gram.figure(), bias.figure(),
        at_most("descent below the optimum, relative", 1e-12, loss.below, reason="no point can be below the minimum"),
    ]

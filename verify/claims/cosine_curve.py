"""The whole transition: the cosine between class means as a function of lambda_b."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import balanced, transition_of

_POINTS = 40


@claim(
    name="cosine-curve", sources=("massion2026",), theorems=("onehot", "affine-geometry"),
    weight=7,
    statement="one-hot codes: the cosine rises continuously from -1/(K-1) at lb* towards 0 as lambda_b grows",
    run="L-BFGS and Newton at 40 values of lambda_b between 0.1 lb* and 1000 lb*, every pair of classes",
)
def examine(size: Size) -> list[Figure]:
    """cos at 40 values of lambda_b from a tenth of lb* to a thousand times lb*, one of them lb* itself."""
    bench = Bench()
    curve = Worst("cos(lambda_b)", tolerance=1e-6, reason="Newton to a gradient of 1e-11 gives 1e-8 or better")
    rise = Worst("rise of cos from one lambda_b to the next", tolerance=1e-6, reason="as the curve")
    cases = [(4, 2, 0.3, 1.0)]
    if size == "full":
        cases += [(2, 2, 0.5, 1.0), (3, 3, 0.2, 4.0), (6, 2, 0.6, 0.5)]
    for k, n, t, ratio in cases:
        problem = balanced(k, n, t=t, lambda_b=1.0, ratio=ratio)
        threshold = transition_of(problem)
        before = -math.inf
        for lambda_b in [*np.geomspace(0.1, 1000.0, _POINTS - 1).tolist(), 1.0]:
            at = problem.replace(lambda_b=lambda_b * threshold)
            prediction, run = bench.compared(at)
            found = metrics.cosines(class_means=run.class_means)
            predicted = math.nan if prediction.cosines is None else prediction.cosines.mean
            curve.add(np.full(k * (k - 1) // 2, predicted), found, size=1.0)
            if found is not None and lambda_b != 1.0:
                rise.add(max(before, float(found.mean())), float(found.mean()), size=1.0)
                before = max(before, float(found.mean()))
    return bench.figures(curve, rise)

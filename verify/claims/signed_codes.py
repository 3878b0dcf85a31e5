"""Signed codes lose self-duality although the geometry is as regular as that of one-hot codes."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._problems import balanced

from ncsolve.encodings import onehot, signed


@claim(
    name="signed-codes", sources=("massion2026", "ncsolve"), theorems=("signed", "self-duality"),
    statement="signed codes, K > 2, lambda_b > lb*: the mean direction enters W and H with opposite signs, so W^T is "
    "not a multiple of the class means; the frame ends obtuse for K = 3, orthogonal for K = 4, acute above",
    run="L-BFGS and Newton with signed and one-hot codes at lambda_b = 5, 50, inf",
)
def examine(size: Size) -> list[Figure]:
    """NC3 of W^T against the class means, and the mean direction in both, above lb*."""
    bench = Bench()
    duality = Worst("NC3, signed, solver", tolerance=1e-6, reason="Newton to a gradient of 1e-11")
    opposite = Worst("cosine of the mean directions of W and H, signed", tolerance=1e-6, reason="as NC3")
    same = Worst("NC3, one-hot", tolerance=1e-6, reason="as NC3")
    regular = Worst("spread of the cosines, signed", tolerance=1e-6, reason="as NC3")
    end = Worst("cos at lambda_b = inf = (K - 4)/(K - 2 - t + (K - 1)(2 - t))", tolerance=1e-6, reason="as NC3")
    lost = []
    for k, n, t in ((3, 2, 0.2), (4, 2, 0.4), (5, 3, 0.3), (6, 1, 0.4), (8, 1, 0.5))[: 3 if size == "quick" else 5]:
        for lambda_b in (5.0, 50.0, math.inf):
            problem = balanced(k, n, t=t, lambda_b=lambda_b, encoding=signed(k))
            prediction, run = bench.compared(problem)
            error = metrics.self_duality(run.point.W.T, run.class_means)
            predicted = prediction.nc.nc3
            duality.add(predicted, error, size=1.0)
            lost.append(error)
            w, h = run.point.W.sum(axis=0), run.class_means.sum(axis=1)
            opposite.add(-1.0, float(w @ h) / float(np.linalg.norm(w) * np.linalg.norm(h)))
            cosines = metrics.cosines(class_means=run.class_means)
            regular.add(0.0, math.nan if cosines is None else float(np.ptp(cosines)))
            if lambda_b == math.inf:
                found = math.nan if cosines is None else float(cosines.mean())
                end.add((k - 4) / (k - 2 - t + (k - 1) * (2 - t)), found, size=1.0)
            problem = balanced(k, n, t=t, lambda_b=lambda_b, encoding=onehot(k))
            run = bench.settle(problem)
            same.add(0.0, metrics.self_duality(run.point.W.T, run.class_means))
    return bench.figures(
        duality,
        at_least("NC3, signed, lambda_b > lb*", 0.1, lost, reason="a property that is lost, not one that is blurred"),
        opposite, regular, end, same,
    )

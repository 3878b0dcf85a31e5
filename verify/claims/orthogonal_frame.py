"""Tirer & Bruna 2022: without a bias, one-hot codes give an orthogonal frame."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import balanced


@claim(
    name="orthogonal-frame", sources=("tirer2022", "massion2026"), theorems=("no-bias", "onehot"),
    statement="one-hot codes, balanced classes, no bias: the class means are orthogonal and of equal length",
    run="L-BFGS and Newton at lambda_b = inf for several K, n and lambdas, d = K + 1",
)
def examine(size: Size) -> list[Figure]:
    """Cosines, lengths and the distance to the frame at lambda_b = inf."""
    bench = Bench()
    cosine = Worst("cosine of class means", tolerance=1e-7, reason="Newton to a gradient of 1e-11, cosines near 0")
    frame = Worst("distance to an orthogonal frame", tolerance=1e-7, reason="as the cosines")
    gram = Worst("Gram matrix, relative", tolerance=1e-7, reason="Newton to a gradient of 1e-11")
    cases = [(2, 2, 0.3, 1.0), (3, 2, 0.1, 4.0), (4, 3, 0.5, 0.3), (5, 2, 0.8, 1.0)]
    if size == "full":
        cases += [(k, n, t, r) for k in (2, 3, 6, 8) for n in (1, 4) for t, r in ((0.05, 1.0), (0.9, 9.0))]
    for k, n, t, ratio in cases:
        problem = balanced(k, n, t=t, lambda_b=math.inf, ratio=ratio, dim=k + 1)
        prediction, run = bench.compared(problem)
        cosine.add(np.zeros(k * (k - 1) // 2), metrics.cosines(class_means=run.class_means))
        frame.add(0.0, metrics.orthogonal_distance(class_means=run.class_means))
        gram.add(prediction.gram, run.gram)
    return bench.figures(cosine, frame, gram)

"""The orthogonal frame is reached like 1/lambda_b."""

from __future__ import annotations

import math

from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import balanced


@claim(
    name="orthogonal-limit", sources=("massion2026", "tirer2022"), theorems=("onehot",),
    statement="one-hot codes: cos ~ -t/(K lambda_b (1 - t)) as lambda_b grows; the limit is the orthogonal frame",
    run="L-BFGS and Newton at lambda_b = 1e2, 1e3, 1e4 for several K, n and lambdas",
)
def examine(size: Size) -> list[Figure]:
    """lambda_b cos at large lambda_b, and the slope of log|cos|."""
    bench = Bench()
    curve = Worst("lambda_b cos, relative", tolerance=1e-5, reason="cos of 1e-4 known to 1e-9")
    constant = Worst("limit of lambda_b cos, relative", tolerance=2e-3, reason="the next term is 1/lambda_b = 1e-3")
    slope = Worst("slope of log|cos| in log lambda_b", tolerance=2e-3, reason="as the limit")
    cases = [(3, 2, 0.3, 1.0), (4, 2, 0.6, 2.0)]
    if size == "full":
        cases += [(2, 2, 0.5, 1.0), (5, 3, 0.2, 0.5), (8, 2, 0.7, 1.0)]
    for k, n, t, ratio in cases:
        found = {}
        for lambda_b in (1e2, 1e3, 1e4):
            problem = balanced(k, n, t=t, lambda_b=lambda_b, ratio=ratio)
            prediction, run = bench.compared(problem)
            cosines = metrics.cosines(class_means=run.class_means)
            found[lambda_b] = math.nan if cosines is None else float(cosines.mean())
            predicted = math.nan if prediction.cosines is None else prediction.cosines.mean
            curve.add(lambda_b * predicted, lambda_b * found[lambda_b])
        constant.add(-t / (k * (1 - t)), 1e4 * found[1e4])
        slope.add(-1.0, math.log10(found[1e4] / found[1e3]))
    return bench.figures(curve, constant, slope)

"""The transition needs d >= K: with d = K - 1 the simplex ETF holds for every finite lambda_b (T8)."""

from __future__ import annotations

from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._problems import balanced

import ncsolve


@claim(
    name="bottleneck", sources=("ncsolve",), theorems=("bottleneck",),
    statement="one-hot, d = K - 1: a simplex ETF and b = mu/(1 + lambda_b) for every finite lambda_b",
    run="L-BFGS and Newton from six starts with d = K - 1, and with d = K, above lb*",
)
def examine(size: Size) -> list[Figure]:
    """d = K - 1 against d = K above lb*."""
    bench = Bench()
    narrow = Worst("distance to a simplex ETF, d = K - 1", tolerance=1e-6, reason="Newton to a gradient of 1e-11")
    bias = Worst("b = mu/(1 + lambda_b), d = K - 1", tolerance=1e-8, reason="as the distance")
    loss = Worst("loss, d = K - 1", tolerance=1e-12, reason="rounding")
    excess, wide = [], []
    for k, n, t in ((3, 2, 0.3), (4, 1, 0.5), (5, 2, 0.2), (6, 2, 0.6))[: 2 if size == "quick" else 4]:
        for factor in (1.5, 5.0, 50.0):
            problem = balanced(k, n, t=t, lambda_b=factor * t / (1 - t))
            prediction = ncsolve.solve(problem)
            # In the bottleneck there can be worse local minima: the best of six starts.
            run = bench.settle(problem, prediction=prediction, seeds=range(6), dim=k - 1)
            loss.add(ncsolve.solve(problem.replace(dim=k - 1)).loss, run.loss)
            narrow.add(0.0, metrics.simplex_distance(class_means=run.class_means))
            bias.add(run.samples.targets.mean(axis=1) / (1 + problem.lambda_b), run.bias)
            excess.append((run.loss - prediction.loss) / prediction.loss)
            distance = metrics.simplex_distance(class_means=bench.settle(problem, prediction=prediction).class_means)
            wide.append(distance)
    return bench.figures(
        loss, narrow, bias,
        at_least("distance to a simplex ETF, d = K", 1e-2, wide, reason="the same problems are past the transition"),
        at_least("loss above that with d = K, relative", 1e-6, excess, reason="the bottleneck costs something"),
    )

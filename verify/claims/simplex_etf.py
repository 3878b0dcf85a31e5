"""Zhou et al. 2022, Massion et al. 2026: a simplex ETF for every lambda_b up to lb*, and for none above."""

from __future__ import annotations

import math

from ncsolve.verify import metrics
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._problems import balanced, transition_of


@claim(
    name="simplex-etf", sources=("zhou2022", "massion2026"), theorems=("onehot",),
    statement="one-hot codes, balanced: a simplex ETF exactly for lambda_b <= lb*, not above",
    run="L-BFGS and Newton at 12 values of lambda_b around lb* for several K, n and lambdas",
)
def examine(size: Size) -> list[Figure]:
    """The distance to a simplex ETF below, at and above the threshold, and the Gram matrix."""
    bench = Bench()
    below = Worst(
        "distance to a simplex ETF, lambda_b <= lb*", tolerance=1e-6,
        reason="at lb* itself the Hessian is singular and the distance is about the 2/3 power of the gradient",
    )
    gram = Worst("Gram matrix, relative", tolerance=1e-6, reason="as above")
    solver = Worst("NC2, both distances, solver", tolerance=1e-6, reason="as above")
    above = []
    cases = [(3, 2, 0.3, 1.0), (4, 2, 0.5, 3.0)]
    if size == "full":
        cases += [(2, 3, 0.2, 1.0), (5, 2, 0.7, 0.5), (6, 1, 0.4, 1.0), (8, 2, 0.3, 2.0)]
    for k, n, t, ratio in cases:
        problem = balanced(k, n, t=t, lambda_b=1.0, ratio=ratio)
        threshold = transition_of(problem)
        for factor in (0.0, 0.1, 0.5, 0.9, 0.99, 1.0, 1.02, 1.1, 2.0, 10.0, 1000.0, math.inf):
            at = problem.replace(lambda_b=factor * threshold)
            prediction, run = bench.compared(at)
            distance = metrics.simplex_distance(class_means=run.class_means)
            gram.add(prediction.gram, run.gram)
            for claimed, own in (
                (prediction.nc.nc2_simplex, distance),
                (prediction.nc.nc2_orthogonal, metrics.orthogonal_distance(class_means=run.class_means)),
            ):
                solver.add(claimed, own, size=1.0)
            if factor <= 1:
                below.add(0.0, distance)
            else:
                above.append(distance)
    return bench.figures(
        below,
        at_least(
            "distance to a simplex ETF, lambda_b >= 1.02 lb*", 1e-3, above,
            reason="two percent above the threshold the mean direction already has a hundredth of the others' size",
        ),
        gram, solver,
    )

"""What the metrics of the field cannot see."""

from __future__ import annotations

import math

from ncsolve.verify import metrics, peers
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._problems import balanced, gram_unit


@claim(
    name="peers-metrics", sources=("papyan2020", "zhu2021", "ncsolve"), theorems=(),
    statement="with centred means the ETF error is blind to lambda_b; the usual NC3 is a distance to an ETF",
    run="L-BFGS and Newton on both sides of lb*, the metrics of the field and ours on the same class means",
)
def examine(size: Size) -> list[Figure]:
    """The usual metrics and ours on either side of the transition."""
    bench = Bench()
    blind = Worst("ETF error, centred means, every lambda_b", tolerance=1e-6, reason="Newton to a gradient of 1e-11")
    duality = Worst("NC3 between W and the means, not centred", tolerance=1e-6, reason="as the ETF error")
    gram = Worst("distance to the predicted Gram matrix", tolerance=1e-6, reason="as the ETF error")
    seen, usual = [], []
    for k, n, t in ((3, 2, 0.3), (4, 2, 0.5), (6, 2, 0.4), (8, 1, 0.2))[: 2 if size == "quick" else 4]:
        means = {}
        for factor in (0.5, 3.0, 30.0, math.inf):
            problem = balanced(k, n, t=t, lambda_b=factor * t / (1 - t))
            prediction, run = bench.compared(problem)
            means[factor] = run.class_means
            blind.add(0.0, peers.simplex_etf_error(run.class_means))
            error = metrics.self_duality(run.point.W.T, run.class_means)
            duality.add(0.0, error)
            unit = 1e-3 * gram_unit(problem)
            gram.add(0.0, metrics.gram_distance(class_means=run.class_means, predicted=prediction.gram, unit=unit))
            if factor == math.inf:
                usual.append(peers.zhu_classifier_etf_error(run.point.W))
        distances = [metrics.simplex_distance(class_means=means[factor]) for factor in (0.5, math.inf)]
        seen.append((distances[1] or 0.0) - (distances[0] or 0.0))
    return bench.figures(
        blind,
        at_least("simplex distance at inf less that at lb*/2", 0.1, seen, reason="the transition is in plain view"),
        duality,
        at_least(
            "usual structure error of an exactly self-dual W, lambda_b = inf", 0.1, usual,
            reason="it is the distance to an ETF, so it fails on an orthogonal frame that is self-dual",
        ),
        gram,
    )

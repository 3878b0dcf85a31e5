"""The centring role of the bias: up to lb* the label mean is the bias's alone, and the features are centred."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import balanced, gram_unit, random_problem, random_shape, transition_of


@claim(
    name="bias-centring", sources=("massion2026",), theorems=("eigenvector", "affine"),
    statement="up to lb* the bias is mu/(1 + lambda_b) and the features have mean zero: the bias centres the labels",
    run="L-BFGS and Newton below and above lb*, one-hot; random encodings at lambda_b = 0",
)
def examine(size: Size) -> list[Figure]:
    """Bias and global feature mean in the complete centring regime, one-hot and, at lambda_b = 0, any codes."""
    bench = Bench()
    rng = np.random.default_rng(17)
    bias = Worst("b = mu/(1 + lambda_b)", tolerance=1e-8, reason="Newton to a gradient of 1e-11; b has curvature > 1")
    mean = Worst(
        "global mean of the features, squared", tolerance=1e-8,
        reason="a direction that dies at lb* is the root of a vanishing singular value, so its square is compared",
    )
    free = Worst("mean output W h, lambda_b = 0", tolerance=1e-8, reason="as the bias")
    centring = Worst("<b, mu>/|mu|^2 above lb*", tolerance=1e-8, reason="as the bias")
    cases = [(3, 2, 0.4, 1.0), (4, 2, 0.2, 3.0), (5, 1, 0.7, 0.5)]
    for k, n, t, ratio in cases if size == "quick" else [*cases, (2, 4, 0.5, 1.0), (8, 2, 0.3, 1.0)]:
        problem = balanced(k, n, t=t, lambda_b=1.0, ratio=ratio)
        threshold = transition_of(problem)
        for factor in (0.0, 0.3, 0.9, 1.5, 5.0):
            at = problem.replace(lambda_b=factor * threshold)
            prediction, run = bench.compared(at)
            labels = run.samples.targets.mean(axis=1)
            if factor < 1:
                bias.add(labels / (1 + at.lambda_b), run.bias)
                mean.add(0.0, float(np.sum(run.point.H.mean(axis=1) ** 2)) / gram_unit(at))
            else:
                predicted = prediction.centring
                centring.add(predicted, float(run.bias @ labels / (labels @ labels)))
    for _ in range(6 if size == "quick" else 100):
        problem = random_problem(rng, *random_shape(rng), lambda_b=0.0)
        run = bench.settle(problem)
        output = (run.point.W @ run.point.H).mean(axis=1)
        free.add(np.zeros(output.size), output, size=float(np.abs(run.samples.targets).max()))
    return bench.figures(bias, mean, centring, free)

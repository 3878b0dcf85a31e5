"""A free bias is the label mean, for any encoding and any counts."""

from __future__ import annotations

import numpy as np
from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst
from ncsolve.verify._problems import gram_unit, random_problem


@claim(
    name="free-bias", sources=("massion2026",), theorems=("centring",),
    weight=20,
    statement="lambda_b = 0: b = mu exactly, whatever the encoding and the counts",
    run="L-BFGS and Newton on more than 200 random encodings with m < K, m = K and m > K and random counts",
)
def examine(size: Size) -> list[Figure]:
    """Random encodings with m < K, m = K and m > K, imbalanced."""
    bench = Bench()
    rng = np.random.default_rng(23)
    mean = Worst("b = mu", tolerance=1e-8, reason="Newton to a gradient of 1e-11; b has curvature 1")
    bias = Worst("b, solver", tolerance=1e-8, reason="as b = mu")
    gram = Worst("Gram matrix, relative", tolerance=1e-5, reason="a singular value near the threshold is known to 1e-7")
    for trial in range(201 if size == "quick" else 1002):
        k = int(rng.integers(2, 5))
        m = (int(rng.integers(1, k)), k, k + int(rng.integers(1, 3)))[trial % 3]
        problem = random_problem(rng, code_length=m, classes=k, lambda_b=0.0)
        prediction, run = bench.compared(problem)
        mean.add(run.samples.targets.mean(axis=1), run.bias)
        bias.add(prediction.bias, run.bias)
        gram.add(prediction.gram, run.gram, size=max(float(np.abs(prediction.gram).max()), 1e-3 * gram_unit(problem)))
    return bench.figures(mean, bias, gram)

"""The size of the paper's experiments: K = 10 classes and up to 1000 free features."""

from __future__ import annotations

import math

from ncsolve.verify._bench import Bench
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst

import ncsolve
from ncsolve.encodings import onehot, signed, smoothed


@claim(
    name="paper-scale", sources=("massion2026", "zhou2022"), theorems=("onehot",),
    statement="K = 10, n = 100, lambda_w = lambda_h = 5e-4: loss, geometry and bias as predicted",
    run="L-BFGS from a random start over all features (10 x 100 quick, 10 x 1000 full)",
)
def examine(size: Size) -> list[Figure]:
    """K = 10, n = 10 (quick) or 100 (full), t = 0.05, around the threshold and far from it."""
    bench = Bench()
    loss = Worst("loss, relative", tolerance=1e-8, reason="L-BFGS to a gradient of 1e-8; the loss is flat there")
    gram = Worst("Gram matrix, relative", tolerance=1e-4, reason="a gradient of 1e-8 over curvatures of 1e-4")
    bias = Worst("b", tolerance=1e-4, reason="as the Gram matrix")
    n = 10 if size == "quick" else 100
    decay = 0.005 / math.sqrt(n)  # lambda_w = lambda_h = 5e-4 at n = 100
    for encoding in (onehot(10),) if size == "quick" else (onehot(10), smoothed(10, 0.1), signed(10)):
        for lambda_b in (0.005, 0.5, math.inf):
            problem = ncsolve.UFM(encoding=encoding, counts=n, lambda_w=decay, lambda_h=decay, lambda_b=lambda_b)
            prediction = ncsolve.solve(problem)
            run = bench.settle(problem, prediction=prediction, method="lbfgs", tolerance=1e-8)
            loss.add(prediction.loss, run.loss)
            gram.add(prediction.gram, run.gram)
            bias.add(prediction.bias, run.bias, size=1.0)
    return bench.figures(loss, gram, bias)

"""Inverse design for deep heads and nonnegative features (T11): descent finds the wanted Gram matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ncsolve.verify._bench import Lowest
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_most
from ncsolve.verify.descent._starts import layered_starts
from numpy.typing import NDArray

from ncsolve import design


@claim(
    name="designs-beyond", sources=("ncsolve",), theorems=("deep-design",),
    weight=2,
    statement="for deep heads and for H >= 0, imbalanced classes: the designed encoding has a global minimizer with "
    "the wanted Gram matrix",
    run="L-BFGS on all layers, features and b from many starts, five designs with counts 6, 3, 1",
)
def examine(size: Size) -> list[Figure]:
    """An orthogonal frame and a hierarchy with H >= 0; simplex and orthogonal frames under deep heads."""
    gram = Worst("Gram matrix against the target, relative", tolerance=1e-4,
                 reason="half the digits of the loss, in which descent stops")
    loss = Lowest("loss, relative", tolerance=1e-8, reason="L-BFGS ends in flat valleys")
    counts = [6, 3, 1]
    tree = design.hierarchy_gram({"a": ["cat", "dog"], "b": ["car"]})[1]
    wanted: list[tuple[NDArray[np.float64], dict[str, Any]]] = [
        (design.orthogonal_gram(3), {"features": "relu", "lambda_b": 0.5}),
        (tree, {"features": "relu", "lambda_b": 2.0}),
        (design.simplex_gram(3), {"depth": 2, "lambda_b": math.inf}),
        (design.orthogonal_gram(3), {"depth": 3, "lambda_b": math.inf}),
        (design.centred_gram(design.simplex_gram(3), counts), {"depth": 2, "lambda_b": 0.5}),
    ]
    for target, model in wanted:
        target = target / (np.trace(target) / len(counts))
        made = design.encoding_for(target, counts=counts, lambda_w=5e-3, lambda_h=5e-3, **model)
        prediction = made.minimizer
        best = loss.of(prediction, (
            run for seed in range(3 if size == "quick" else 10)
            for run in layered_starts(prediction.problem, seed=seed, merged=True)
        ))
        gram.add(target, best.class_means.T @ best.class_means)
    return [
        gram.figure(), loss.figure(),
        at_most("descent below the optimum, relative", 1e-10, loss.below, reason="no start finds a better point"),
    ]

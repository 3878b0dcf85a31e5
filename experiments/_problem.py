"""The problem of a run: how many samples each class has, its code and the weight decays."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard

import ncsolve
from experiments._run import Run

__all__ = ["codes_of", "counts_of", "lambda_h_of"]

Array = NDArray[np.float64]


def counts_of(run: Run, classes: int) -> tuple[int, ...]:
    """Samples of each class (K,): the first half of the classes has more under imbalance."""
    few = max(round(run.per_class / run.imbalance), 1)
    return tuple(run.per_class if 2 * k < classes else few for k in range(classes))


def lambda_h_of(run: Run, counts: tuple[int, ...]) -> float:
    """The weight decay of the features that has the threshold t: lambda_h = t^2/(N K lambda_w)."""
    return run.threshold**2 / (sum(counts) * len(counts) * run.lambda_w)


def codes_of(run: Run, counts: tuple[int, ...]) -> Array:
    """The label encoding (m, K) of a run.

    Besides what ``ncsolve encodings`` lists there is "hadamard", the first K columns of the next of Sylvester's
    matrices, of length 1; and "designed:simplex" (T11), whose global minimum for these counts and weight decays has
    class means that form a simplex ETF, at the size that is natural.
    """
    classes = len(counts)
    if run.encoding == "hadamard":
        length = 2 ** math.ceil(math.log2(classes))
        return np.asarray(hadamard(length)[:, :classes] / math.sqrt(length), dtype=np.float64)
    if run.encoding == "designed:simplex":
        lambda_h = lambda_h_of(run, counts)
        scale = ncsolve.design.natural_scale(counts, run.lambda_w, lambda_h, classes)
        wanted = ncsolve.design.scaled_gram(ncsolve.design.simplex_gram(classes), scale)
        design = ncsolve.design.encoding_for(
            wanted, counts=counts, lambda_w=run.lambda_w, lambda_h=lambda_h, lambda_b=run.lambda_b,
        )
        return np.array(design.encoding)
    return np.array(ncsolve.encodings.make(run.encoding, classes=classes).matrix)

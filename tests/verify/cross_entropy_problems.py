"""Problems under cross-entropy: the rows of ``tests/cases.py`` by their short names, and some of the verifier alone."""

from __future__ import annotations

import math

import numpy as np

import ncsolve
from ncsolve import encodings
from tests.cases import CASES

__all__ = ["OWN", "PROBLEMS", "SOFT", "made"]

SOFT = np.array([[0.5, 0.0, 0.2, 0.0], [0.2, 1.0, 0.3, 0.1], [0.3, 0.0, 0.5, 0.9]])


def made(codes: object, counts: object, *lambdas: float, **model: object) -> ncsolve.UFM:
    """A problem with lambda_w, lambda_h and lambda_b."""
    lambda_w, lambda_h, lambda_b = lambdas
    return ncsolve.UFM(
        encoding=codes, counts=counts, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, loss="cross-entropy",
        **model,
    )


OWN = {
    "collapsed": made(encodings.onehot(3), 2, 0.3, 0.3, 0.1),
    "merged, no bias": made(encodings.smoothed(4, 0.1), [9, 4, 1, 1], 6e-2, 1e-1, math.inf),
    "soft labels, free bias": made(SOFT, [3, 2, 1, 2], 1e-2, 4e-2, 0.0),
    "least at its own class": made([[0.0, 1.0], [1.0, 0.0]], 3, 2e-2, 2e-2, 0.1),
    "relu, no bias": made(encodings.smoothed(4, 0.1), [9, 4, 2, 1], 2e-2, 2e-2, math.inf, features="relu"),
    "two relu classes": made(encodings.onehot(2), 4, 6e-3, 4e-3, 0.0, features="relu"),
}
PROBLEMS = OWN | {
    name.removeprefix("cross-entropy").lstrip(", ") or "one-hot": case.made
    for name, case in CASES.items() if not case.squared
}

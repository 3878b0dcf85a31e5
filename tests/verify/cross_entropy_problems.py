"""Problems under cross-entropy: a row for every way in which the solver finds a minimizer."""

from __future__ import annotations

import math

import numpy as np

import ncsolve
from ncsolve import encodings

SOFT = np.array([[0.5, 0.0, 0.2, 0.0], [0.2, 1.0, 0.3, 0.1], [0.3, 0.0, 0.5, 0.9]])


def _ufm(codes: object, counts: object, *lambdas: float, **model: object) -> ncsolve.UFM:
    lambda_w, lambda_h, lambda_b = lambdas
    return ncsolve.UFM(
        encoding=codes, counts=counts, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, loss="cross-entropy",
        **model,
    )


PROBLEMS = {
    "one-hot": _ufm(encodings.onehot(4), 3, 1e-2, 2e-2, 0.1),
    "smoothed": _ufm(encodings.smoothed(3, 0.2), 3, 2e-2, 1e-2, math.inf),
    "collapsed": _ufm(encodings.onehot(3), 2, 0.3, 0.3, 0.1),
    "imbalanced": _ufm(encodings.onehot(4), [6, 3, 3, 1], 1e-2, 2e-2, 0.1),
    "merged": _ufm(encodings.smoothed(4, 0.1), [9, 4, 1, 1], 6e-2, 1e-1, math.inf),
    "soft labels": _ufm(SOFT, [3, 2, 1, 2], 2e-2, 2e-2, 0.1),
    "soft labels, free bias": _ufm(SOFT, [3, 2, 1, 2], 1e-2, 4e-2, 0.0),
    "least at its own class": _ufm([[0.0, 1.0], [1.0, 0.0]], 3, 2e-2, 2e-2, 0.1),
    "relu": _ufm(encodings.onehot(3), 4, 5e-3, 5e-3, 0.1, features="relu"),
    "relu, no bias": _ufm(encodings.smoothed(4, 0.1), [9, 4, 2, 1], 2e-2, 2e-2, math.inf, features="relu"),
    "two relu classes": _ufm(encodings.onehot(2), 4, 6e-3, 4e-3, 0.0, features="relu"),
}

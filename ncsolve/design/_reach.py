"""Which targets can be class means of ReLU features: what is checked before T11 is used for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ncsolve._models.relu.nonnegative_factor import nonnegative_turn
from ncsolve.design._codes import factor
from ncsolve.errors import OpenProblemError, ProblemError

__all__ = ["check_nonnegative"]

Array = NDArray[np.float64]
# An entry below this share of the largest is a negative inner product, not rounding.
_NOISE = 1e-13


def check_nonnegative(target: Array, lambda_b: float, depth: int, rows: int) -> None:
    """That nonnegative features of ``rows`` dimensions can have the target's Gram matrix (K, K), as far as is known."""
    if depth > 1:
        raise OpenProblemError(
            f"ReLU features under a deep head are an open problem; got features = 'relu' with depth = {depth}, set "
            "depth = 1 or features = 'linear'"
        )
    i, k = np.unravel_index(int(np.argmin(target)), target.shape)
    if target[i, k] < -_NOISE * float(target.max()):
        raise ProblemError(
            "class means of ReLU features have no negative inner product, because the features are nonnegative; the "
            f"target has {target[i, k]:.6g} between class {i} and class {k}, use a Gram matrix with entries >= 0 "
            "(orthogonal, a hierarchy) or features = 'linear'"
        )
    if lambda_b == 0.0:
        raise OpenProblemError(
            "which ReLU class means a free bias (lambda_b = 0) can reach is an open problem: T11 needs Q n = 0, which "
            "no nonzero Gram matrix of nonnegative features has; use lambda_b > 0"
        )
    if nonnegative_turn(factor(target), rows) is None:
        raise OpenProblemError(
            f"ReLU class means need a factor of the target with entries >= 0 and at most {rows} rows, and none was "
            "found (from 5 classes on there may be none, and to tell is a hard problem); raise the diagonal, or use "
            "features = 'linear'"
        )

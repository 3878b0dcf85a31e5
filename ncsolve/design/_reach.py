"""T11 for ReLU features: the codes of linear ones, where a nonnegative factor of the target is known."""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import Array
from ncsolve._models.open_problems import check_known
from ncsolve._models.relu.nonnegative_factor import nonnegative_turn
from ncsolve._problem.ufm import UFM
from ncsolve.design._codes import DesignedCodes, designed_codes, factor
from ncsolve.errors import OpenProblemError, ProblemError

__all__ = ["nonnegative_codes"]

# An entry below this share of the largest is a negative inner product, not rounding.
_NOISE = 1e-13


def nonnegative_codes(target: Array, problem: UFM, code_length: int | None) -> DesignedCodes:
    """Those of ``designed_codes``, where nonnegative features can have the target's Gram matrix (K, K)."""
    check_known(problem)
    k = target.shape[0]
    _check_nonnegative(target, problem.lambda_b, k if k <= 4 else 2 * k)  # the dim that UFM takes for any codes
    return designed_codes(target, problem, code_length)


def _check_nonnegative(target: Array, lambda_b: float, rows: int) -> None:
    """That nonnegative features of ``rows`` dimensions can have it, as far as is known."""
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

"""Eigenvalues of a Hessian, also where LAPACK's first choice gives up."""

from __future__ import annotations

import numpy as np
import scipy.linalg
from ncsolve.verify._types import Array

__all__ = ["symmetric_eigen"]


def symmetric_eigen(matrix: Array) -> tuple[Array, Array]:
    """Eigenvalues (n,), ascending, and eigenvectors (n, n) of a symmetric matrix.

    >>> symmetric_eigen(np.diag([2.0, 1.0]))[0]
    array([1., 2.])
    """
    try:
        values, vectors = np.linalg.eigh(matrix)
    except np.linalg.LinAlgError:
        # Divide and conquer has been seen to fail on a finite, well scaled matrix; the QR iteration is slower and has
        # not.
        values, vectors = scipy.linalg.eigh(matrix, driver="ev")
    return np.asarray(values), np.asarray(vectors)

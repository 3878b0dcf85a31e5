"""Left singular vectors and singular values of A, for the price of one symmetric eigendecomposition.

Squaring A loses digits: S = A A^T is known to eps s_max^2, and with it a singular value s to a relative error of
eps (s_max/s)^2 / 2.  Where that is too much, the eigenvectors are split in two.  Those of the large singular values
are good.  Those of the small ones are freed from what they have of the large ones (a first-order rotation, with
A A^T applied without squaring), and the problem is solved again in their span, where the largest singular value is
small as well.  The result has the backward error of a singular value decomposition, eps s_max.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
from scipy.linalg.blas import dsyrk

from ncsolve._arrays import EPS, Array

__all__ = ["left_basis"]

# Below this many rows the singular values cost nothing.
_SMALL = 8
# The relative error that squaring may leave in h(g) = min(1, T/sqrt(g)) of a singular value above the threshold.
_ACCURACY = 2e-13
# An eigenvalue of S below this many eps s_max^2 may be anything: it is looked at again whatever the threshold is.
_UNKNOWN = 1e4
# The rotation is of first order: above this its square would show.
_ROTATION = 1e-8


def left_basis(a: Array, threshold: float, floor: float) -> tuple[Array, Array]:
    """Singular vectors (n, n) and values (n,), ascending, of an (n, k) array with n <= k.

    Values are as accurate as h needs them for this threshold, and exactly zero where they are rounding; ``floor`` is
    what a zero may look like because of how ``a`` was computed.
    """
    return _resolve(a, threshold, floor, max(a.shape) * EPS)


def _resolve(a: Array, threshold: float, floor: float, size: float) -> tuple[Array, Array]:
    rows = a.shape[0]
    if rows <= _SMALL:
        basis, roots = _singular(a)
        return basis, np.where(roots > max(floor, size * roots[-1]), roots, 0.0)
    basis, values = _eigh(a)
    top = max(float(values[-1]), 0.0)
    s_max = float(np.sqrt(top))
    floor = max(floor, size * s_max)
    if s_max <= floor:
        return basis, np.zeros(rows)
    needed = EPS * top > _ACCURACY * threshold * threshold
    cut = EPS * top * (1.0 / _ACCURACY if needed else _UNKNOWN)
    count = _widest_gap(values, cut) if needed else int(np.count_nonzero(values <= cut))
    roots = np.sqrt(np.maximum(values, 0.0))
    if count == 0:
        return basis, roots
    if 2 * count > rows and needed:
        return _direct(a, floor)
    # What the small vectors have of the large ones looks like this in the small block.
    floor = max(floor, 16.0 * EPS * top / float(roots[count]))
    small, large = basis[:, :count], basis[:, count:]
    if needed:
        image = large.T @ (a @ (a.T @ small))
        image /= values[count:, None] - values[:count]
        if float(np.abs(image).max()) > _ROTATION:
            return _direct(a, floor)
        small, basis[:, count:] = small - large @ image, large + small @ image.T
    block = small.T @ a
    if float(np.linalg.norm(block)) <= floor:
        basis[:, :count], roots[:count] = small, 0.0
        return basis, roots
    turn, inner = _resolve(block, threshold, floor, size)
    basis[:, :count], roots[:count] = small @ turn, inner
    if inner[-1] > roots[count]:  # by rounding, where there is no gap
        order = np.argsort(roots, kind="stable")
        basis, roots = basis[:, order], roots[order]
    return basis, roots


def _widest_gap(values: Array, cut: float) -> int:
    """How many values are below the widest gap between neighbours at ``cut`` to 4 ``cut``."""
    first = int(np.searchsorted(values, cut, side="right"))
    last = min(int(np.searchsorted(values, 4.0 * cut, side="right")), values.size - 1)
    if first == 0:
        return 0
    gaps = values[first : last + 1] - values[first - 1 : last]
    return first + int(np.argmax(gaps))


def _eigh(a: Array) -> tuple[Array, Array]:
    """Eigenvectors and eigenvalues of ``a a^T``, in place in the array that LAPACK reads and writes."""
    square = dsyrk(1.0, np.ascontiguousarray(a).T, trans=1, lower=1)
    values, basis = scipy.linalg.eigh(square, lower=True, driver="evd", overwrite_a=True, check_finite=False)
    return basis, values


def _direct(a: Array, floor: float) -> tuple[Array, Array]:
    basis, roots = _singular(a)
    return basis, np.where(roots > floor, roots, 0.0)


def _singular(a: Array) -> tuple[Array, Array]:
    try:
        u, s, _ = scipy.linalg.svd(a, full_matrices=False, check_finite=False)
    except np.linalg.LinAlgError:  # LAPACK's divide and conquer can fail to converge; its QR iteration does not
        u, s, _ = scipy.linalg.svd(a, full_matrices=False, check_finite=False, lapack_driver="gesvd")
    return u[:, ::-1].copy(), s[::-1].copy()

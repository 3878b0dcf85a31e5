"""NC4: how far the boundaries of the nearest class mean and of the nearest code are apart, over all pairs of classes.

For classes k, l the boundaries are hyperplanes with normals (h_k - h_l, (|h_k|^2 - |h_l|^2)/2s) and, of a classifier,
(y_k - y_l, (c_k - c_l)/2s).  Inner products of these differences come from Gram matrices, which costs no more than
three products of matrices for all pairs; what cancels in them is bounded, and only the pairs that may be the worst are
measured from the differences themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import EPS, Array, Index
from ncsolve.checks.measured import measured, positive_number
from ncsolve.errors import ProblemError

__all__ = ["SAME", "Boundaries", "boundary_mismatch", "nc4_mismatch", "worst_boundary"]

# Class means nearer than this, over their root mean square, are one point: there is no boundary.
SAME = 1e-13
# A sine that is below this for every pair is rounding, and need not be measured again.
_ROUNDING = 1e-12
# Sines that agree to this, relatively, are equal: one of them is measured.
_EQUAL = 1e-9
# Entries of the arrays that are alive at a time.
_CHUNK = 2**20


def nc4_mismatch(
    means: ArrayLike, stretch: ArrayLike, codes_minus_bias_square: ArrayLike, kappa: float, scale: float | None = None
) -> tuple[float, tuple[int, int]] | None:
    r"""NC4, how far the boundaries of the nearest class mean and of the nearest code are apart, at worst.

    For classes k, l and features h in the span of the means the boundaries are (T7)

    .. math:: \kappa \langle h, \Sigma (h_k - h_l) \rangle = \tfrac12 (\|e_k - b\|^2 - \|e_l - b\|^2), \qquad
              \langle h, h_k - h_l \rangle = \tfrac12 (\|h_k\|^2 - \|h_l\|^2).

    Returned is the largest sine of the angle between the two hyperplanes (in features scaled to unit root mean
    square, so that offsets count too) and the classes where it occurs; None if no two class means differ.

    Parameters: ``means`` (p, K) class means in the eigenbasis of Sigma, ``stretch`` (p,) the eigenvalues of Sigma,
    ``codes_minus_bias_square`` (K,) the squares ||e_k - b||^2, ``kappa`` = sqrt(lambda_h/lambda_w), ``scale`` the root
    mean square of the class means where ``means`` are only some of them.  Raises ProblemError for shapes that do not
    fit.  Source: T7 of docs/theory.md.

    >>> worst, classes = nc4_mismatch([[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0], [1.0, 1.0], 1.0)
    >>> round(worst, 6), classes
    (0.316228, (0, 1))
    """
    h = measured(means, "class means", "(p, K)", empty=True)
    sigma = measured(stretch, "the eigenvalues of Sigma", "(p,)", empty=True)
    code = measured(codes_minus_bias_square, "the squares ||e_k - b||^2", "(K,)", empty=True)
    kappa = positive_number(kappa, "kappa = sqrt(lambda_h/lambda_w)")
    if sigma.shape != h.shape[:1] or code.shape != h.shape[1:]:
        raise ProblemError(
            f"class means (p, K), eigenvalues (p,) and squares (K,) must fit; got {h.shape}, {sigma.shape} and "
            f"{code.shape}"
        )
    return boundary_mismatch(h, kappa * sigma[:, None] * h, code, scale)


def boundary_mismatch(
    h: Array, normal: Array, code: Array, scale: float | None = None, own: Array | None = None,
    same: float = SAME,
) -> tuple[float, tuple[int, int]] | None:
    """``nc4_mismatch`` of any classifier: ``normal`` (p, K) holds W^T e_k in the basis of the class means h (p, K).

    ``own`` (2, K): what each class mean, and each normal, has in a dimension of its own.  ``same``: class means nearer
    than this, over their root mean square, are one.
    """
    k = h.shape[1]
    own = np.zeros((2, k)) if own is None else own
    if scale is None:
        scale = math.sqrt(float(np.sum(h * h)) / k) if h.size else 0.0
    return worst_boundary(Boundaries(h=h, normal=normal, code=code, own=own, scale=scale, same=same))


@dataclass(frozen=True, kw_only=True, eq=False)
class Boundaries:
    """Class means ``h`` (p, K), the classifier's vectors ``normal`` (p, K) and ``code`` (K,) = ||e_k - b||^2.

    ``own`` (2, K): entries that each class has in a dimension of its own, of its mean and of its normal.  ``scale`` is
    the root mean square length of the class means.  Class means nearer than ``same``, over ``scale``, are one point.
    """

    h: Array
    normal: Array
    code: Array
    own: Array
    scale: float
    same: float = SAME

    @cached_property
    def lengths(self) -> Array:
        """||h_k||^2 (K,)."""
        return np.asarray(np.sum(self.h * self.h, axis=0) + self.own[0] ** 2)

    def sines(self, first: Index, second: Index) -> Array:
        """The sine of the angle between the two boundaries of each pair (n,), from differences; -1 where there is no
        boundary."""
        s = 2 * self.scale
        delta = self.h[:, first] - self.h[:, second]
        right = np.vstack((delta, self.own[0, first], -self.own[0, second]))
        apart = np.sqrt(np.sum(right * right, axis=0)) > self.same * self.scale
        right = np.vstack((right, (self.lengths[first] - self.lengths[second]) / s))
        left = np.vstack((
            self.normal[:, first] - self.normal[:, second], self.own[1, first], -self.own[1, second],
            (self.code[first] - self.code[second]) / s,
        ))
        square = np.sum(right * right, axis=0)
        part = left - right * (np.sum(left * right, axis=0) / np.where(apart, square, 1.0))
        size = np.sqrt(np.sum(left * left, axis=0))
        return np.where(apart, np.sqrt(np.sum(part * part, axis=0)) / np.where(size > 0, size, 1.0), -1.0)


def worst_boundary(boundaries: Boundaries) -> tuple[float, tuple[int, int]] | None:
    """The largest sine and the two classes where it occurs; None if no two class means differ."""
    k = boundaries.code.size
    if boundaries.scale == 0.0 or k < 2:
        return None
    best, where = -1.0, (0, 0)
    step = max(1, _CHUNK // (boundaries.h.shape[0] + 3))
    for first, second, upper in _candidates(boundaries, k * (k - 1) // 2 <= step):
        for start in range(0, first.size, step):
            if upper[start] <= best * (1 + _EQUAL):  # the bounds descend
                break
            part = slice(start, start + step)
            sines = boundaries.sines(first[part], second[part])
            at = int(np.argmax(sines))
            if sines[at] > best:
                best, where = float(sines[at]), (int(first[start + at]), int(second[start + at]))
    return None if best < 0 else (min(best, 1.0), where)


def _candidates(boundaries: Boundaries, few: bool) -> Iterator[tuple[Index, Index, Array]]:
    """Pairs in chunks, each with upper bounds of their sines, descending; those that cannot be the worst are left
    out, unless there are ``few``."""
    k = boundaries.code.size
    if few:
        first, second = np.triu_indices(k, 1)
        yield first, second, np.full(first.size, np.inf)
        return
    bounds = _Bounds(boundaries)
    rows = max(1, _CHUNK // k)
    floor = 0.0
    for start in range(0, k - 1, rows):
        first, second, lower, upper = bounds.of(np.arange(start, min(start + rows, k - 1)))
        if first.size == 0:
            continue
        floor = max(floor, float(lower.max()))
        # Where all are equal up to rounding one pair tells how much.
        equal = float(upper.max()) <= _ROUNDING
        keep = np.array([int(np.argmax(upper))]) if equal else np.flatnonzero(upper >= floor)
        keep = keep[np.argsort(-upper[keep], kind="stable")]
        yield first[keep], second[keep], upper[keep]


class _Bounds:
    """Lower and upper bounds of the sines of all pairs, from inner products."""

    def __init__(self, boundaries: Boundaries) -> None:
        b = self.all = boundaries
        s = 2 * b.scale
        # Sines do not change if a multiple of one normal is taken from the other; with the best multiple of all what is
        # left is small wherever the boundaries agree, and nothing cancels in it.
        right = np.vstack((b.h, b.lengths / s))
        left = np.vstack((b.normal, b.code / s))
        right, left = right - right.mean(axis=1, keepdims=True), left - left.mean(axis=1, keepdims=True)
        total = float(np.sum(right * right) + np.sum(b.own[0] ** 2))
        ratio = float(np.sum(left * right) + np.sum(b.own[0] * b.own[1])) / total if total > 0 else 0.0
        self.right, self.left, self.rest = right, left, left - ratio * right
        self.own = np.vstack((b.own, b.own[1] - ratio * b.own[0]))
        self.noise = 8 * EPS * math.sqrt(right.shape[0] + 8)

    def of(self, rows: Index) -> tuple[Index, Index, Array, Array]:
        """The pairs (k, l), k in ``rows`` and l > k, that may have a boundary, and both bounds of their sines."""
        columns = np.arange(int(rows[0]) + 1, self.all.code.size)
        pairs = columns[None, :] > rows[:, None]
        square, square_size = self._squared(self.right, self.own[0], rows, columns)
        whole, whole_size = self._squared(self.left, self.own[1], rows, columns)
        rest, rest_size = self._squared(self.rest, self.own[2], rows, columns)
        cross = self._cross(rows, columns)
        # Two class means of length zero have none.
        dead = self.all.lengths <= (self.all.same * self.all.scale / 4) ** 2
        pairs &= ~(dead[rows, None] & dead[None, columns])
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.maximum(rest - cross * cross / square, 0.0)
            error = self.noise * (np.sqrt(rest_size) + np.sqrt(np.maximum(rest, 0.0) / square * square_size)) ** 2
            upper = np.sqrt((part + error) / (whole - self.noise * whole_size))
            lower = np.sqrt(np.maximum(part - error, 0.0) / (whole + self.noise * whole_size))
        # Differences that cancel are known too badly for bounds: these pairs are measured.
        close = ~((square > 64 * self.noise * square_size) & (whole > 64 * self.noise * whole_size))
        upper, lower = np.where(close, np.inf, upper), np.where(close, 0.0, lower)
        i, j = np.nonzero(pairs)
        return rows[i], columns[j], lower[i, j], upper[i, j]

    @staticmethod
    def _squared(vectors: Array, own: Array, rows: Index, columns: Index) -> tuple[Array, Array]:
        """Squared norms of the differences, and the size of what cancels in them."""
        square = np.sum(vectors * vectors, axis=0)
        size = square[rows, None] + square[None, columns]
        extra = own[rows, None] ** 2 + own[None, columns] ** 2
        return np.maximum(size - 2 * vectors[:, rows].T @ vectors[:, columns], 0.0) + extra, size + extra

    def _cross(self, rows: Index, columns: Index) -> Array:
        """Inner products of the differences of ``rest`` and ``right``."""
        on = np.sum(self.rest * self.right, axis=0)
        extra = self.own[0] * self.own[2]
        return np.asarray(
            (on + extra)[rows, None] + (on + extra)[None, columns]
            - self.rest[:, rows].T @ self.right[:, columns] - self.right[:, rows].T @ self.rest[:, columns]
        )

"""Eigensystem of a diagonal plus rank one matrix, from its secular equation.

``diag(s**2) + z z^T`` with ``s`` strictly increasing has the eigenvalues ``g_j`` that solve

    f(g) = 1 + sum_i z_i^2 / (s_i^2 - g) = 0,        s_j^2 < g_j < s_{j+1}^2,

and the eigenvectors ``v_ij = z_i q_ij / sqrt(f'(g_j))`` with ``q_ij = 1/(s_i^2 - g_j)``.  All roots are
found together: every quantity is a row of an array, so one sweep costs O(r^2) whatever r is.  Many z for the
same s (the points of a path) are solved in the same sweeps: ``z`` may have a leading axis, and so has all else.

Roots are kept as offsets from the nearest pole, so that ``q`` is accurate entry by entry even where a root all but
touches a pole.  The poles are the rounded squares, taken as exact numbers: that moves every eigenvalue by one
rounding of itself, and leaves differences of poles that are exact to one rounding as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._spectrum.secular_roots import RootFinder
from ncsolve._spectrum.workspace import Scratch

__all__ = ["EXACT", "SecularRoots", "SecularSystem", "solve_secular"]

# The relative error of a root's distance from its pole that is asked for: below rounding.
EXACT = 1e-17
# Entries of z below this are lifted to it: a zero would put a root on a pole.  It is far below every
# rounding error of a problem in which T = 1, and its square and inverse square are still normal numbers.
_TINY = 1e-50
_ARRAYS = ("z", "lifted", "values", "cauchy", "slopes")


@dataclass(frozen=True, kw_only=True)
class SecularRoots:
    """Where the roots are: ``origins`` (..., r), the index of the nearest pole, and ``offsets`` (..., r) from it."""

    origins: Index
    offsets: Array


@dataclass(frozen=True, kw_only=True)
class SecularSystem:
    """Eigenvalues ``values`` (..., r), ``cauchy`` (..., r, r) with ``q_ij`` at row j, slopes ``f'(g_j)`` (..., r).

    ``z`` (..., r) is as given, to rounding; ``lifted`` is the same with no zero in it.
    """

    z: Array
    lifted: Array
    values: Array
    cauchy: Array
    slopes: Array
    roots: SecularRoots

    @property
    def projections(self) -> Array:
        """``V^T z``, which the secular equation makes equal to ``-1/sqrt(f'(g_j))``."""
        return -1.0 / np.sqrt(self.slopes)

    def apply(self, h: Array) -> Array:
        """``V diag(h) V^T z`` in O(r^2), without forming ``V``."""
        return -self.z * _row(h / self.slopes, self.cauchy)

    def vectors(self) -> Array:
        """The orthonormal eigenvectors ``V``, one a column (..., r, r)."""
        scaled = self.cauchy * self.lifted[..., None, :]
        scaled /= np.sqrt(self.slopes)[..., None]
        return np.swapaxes(scaled, -1, -2)

    def to_eigenbasis(self, x: Array) -> Array:
        """``V^T x`` (..., r)."""
        return _column(self.cauchy, self.lifted * x) / np.sqrt(self.slopes)

    def from_eigenbasis(self, y: Array) -> Array:
        """``V y`` (..., r)."""
        return self.lifted * _row(y / np.sqrt(self.slopes), self.cauchy)

    def rotate(self, x: Array) -> Array:
        """``V x`` (r, k) for x (r, k), at a single point."""
        return np.asarray(self.lifted[:, None] * (self.cauchy.T @ (x / np.sqrt(self.slopes)[:, None])))

    def rotate_back(self, x: Array) -> Array:
        """``V^T x`` (r, k) for x (r, k), at a single point."""
        return np.asarray((self.cauchy @ (self.lifted[:, None] * x)) / np.sqrt(self.slopes)[:, None])

    def moved(self, y: Array) -> SecularRoots:
        """A guess at the roots when z moves by ``V y``: eigenvalues change by 2 y V^T z + y^2 to first order."""
        offsets = self.roots.offsets + y * (2.0 * self.projections + y)
        return SecularRoots(origins=self.roots.origins, offsets=offsets)

    @staticmethod
    def empty(points: int, r: int) -> SecularSystem:
        """Room for the systems of some points."""
        rows = {name: np.empty((points, r)) for name in ("z", "lifted", "values", "slopes")}
        roots = SecularRoots(origins=np.empty((points, r), dtype=np.intp), offsets=np.empty((points, r)))
        return SecularSystem(cauchy=np.empty((points, r, r)), roots=roots, **rows)

    def take(self, points: Index | int) -> SecularSystem:
        """The systems of some points, or of one, without the leading axis."""
        roots = SecularRoots(origins=self.roots.origins[points], offsets=self.roots.offsets[points])
        return SecularSystem(roots=roots, **{name: getattr(self, name)[points] for name in _ARRAYS})

    def put(self, points: Index, other: SecularSystem) -> None:
        """Overwrite the systems of some points."""
        self.roots.origins[points] = other.roots.origins
        self.roots.offsets[points] = other.roots.offsets
        for name in _ARRAYS:
            getattr(self, name)[points] = getattr(other, name)


def solve_secular(
    s: Array, z: Array, start: SecularRoots | None = None, *, close: bool = False, tolerance: float = EXACT,
    scratch: Scratch | None = None,
) -> SecularSystem:
    """Solve the secular equation of ``diag(s^2) + z z^T`` for all its roots.

    Parameters: ``s`` (r,) strictly increasing and non-negative, ``z`` (..., r), both finite; ``start`` (..., r), a
    guess at the roots, and ``close``, whether it may be right to rounding; ``tolerance``, the relative error that the
    roots' distances from their poles may have.
    Raises ConvergenceError when a root is not found (which no test has seen happen).
    """
    scratch = Scratch() if scratch is None else scratch
    shape, r = z.shape, s.size
    flat = z.reshape(-1, r)
    lifted = np.where(np.abs(flat) < _TINY, np.copysign(_TINY, flat), flat)
    weights, poles = lifted * lifted, s * s
    cauchy, slopes = scratch.matrix(*flat.shape, r), np.empty(flat.shape)
    if r == 1:
        cauchy[:, 0], slopes[...] = -1.0 / weights, 1.0 / weights
        origins, offsets = np.zeros(flat.shape, dtype=np.intp), weights
    else:
        finder = RootFinder(poles, weights, scratch)
        if start is None:
            finder.start_cold()
        else:
            finder.start_near(start.origins.reshape(flat.shape), start.offsets.reshape(flat.shape))
        finder.solve(tolerance, close, cauchy, slopes)
        origins, offsets = finder.origins, finder.offsets
        if finder.weights_changed:
            lifted = np.copysign(np.sqrt(weights), lifted)
            z = lifted.reshape(shape)
    return SecularSystem(
        z=z,
        lifted=lifted.reshape(shape),
        values=(poles[origins] + offsets).reshape(shape),
        cauchy=cauchy.reshape(*shape, r),
        slopes=slopes.reshape(shape),
        roots=SecularRoots(origins=origins.reshape(shape), offsets=offsets.reshape(shape)),
    )


def _row(x: Array, matrix: Array) -> Array:
    """``x^T matrix`` for every point."""
    return np.asarray(np.matmul(x[..., None, :], matrix)[..., 0, :])


def _column(matrix: Array, x: Array) -> Array:
    """``matrix x`` for every point."""
    return np.asarray(np.matmul(matrix, x[..., None])[..., 0])

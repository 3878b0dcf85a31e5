"""Eigensystem of a diagonal plus rank one matrix, from its secular equation.

``diag(s**2) + z z^T`` with ``s`` strictly increasing has the eigenvalues ``g_j`` that solve

    f(g) = 1 + sum_i z_i^2 / (s_i^2 - g) = 0,        s_j^2 < g_j < s_{j+1}^2,

and the eigenvectors ``v_ij = z_i q_ij / sqrt(f'(g_j))`` with ``q_ij = 1/(s_i^2 - g_j)``.  All roots are
found together: every quantity is a row of an array, so one sweep costs O(r^2) whatever r is.

Roots are kept as offsets from the nearest pole, and the differences of poles as
``(s_i - s_j)(s_i + s_j)``, so that ``q`` is accurate entry by entry even where a root all but touches a pole.

Source: Li 1993, "Solving secular equations stably and efficiently" (LAPACK working note 89), the "middle
way"; the same iteration stands in LAPACK's dlasd4, which the tests compare with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncsolve.errors import ConvergenceError

__all__ = ["SecularSystem", "solve_secular"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_MAX_SWEEPS = 80
# Rows are worked on in chunks of about this many entries: few calls, and arrays that stay in the last cache.
_CHUNK = 262144
# Entries of z below this are lifted to it: a zero would put a root on a pole.  It is far below every
# rounding error of a problem in which T = 1, and its square and inverse square are still normal numbers.
_TINY = 1e-70


@dataclass(frozen=True, kw_only=True)
class SecularSystem:
    """Eigenvalues ``values`` (r,), ``cauchy`` (r, r) with ``q_ij`` at row j, and slopes ``f'(g_j)`` (r,)."""

    z: Array
    values: Array
    cauchy: Array
    slopes: Array
    offsets: Array
    origins: Index

    @property
    def projections(self) -> Array:
        """``V^T z``, which the secular equation makes equal to ``-1/sqrt(f'(g_j))``."""
        return -1.0 / np.sqrt(self.slopes)

    def apply(self, h: Array) -> Array:
        """``V diag(h) V^T z`` in O(r^2), without forming ``V``."""
        return -self.z * ((h / self.slopes) @ self.cauchy)

    def vectors(self) -> Array:
        """The orthonormal eigenvectors ``V``, one a column (r, r)."""
        return ((self.cauchy * self.z) / np.sqrt(self.slopes)[:, None]).T

    def to_eigenbasis(self, x: Array) -> Array:
        """``V^T x`` (r,)."""
        return (self.cauchy @ (self.z * x)) / np.sqrt(self.slopes)

    def from_eigenbasis(self, y: Array) -> Array:
        """``V y`` (r,)."""
        return self.z * ((y / np.sqrt(self.slopes)) @ self.cauchy)


def solve_secular(
    s: Array, z: Array, start: SecularSystem | None = None, shift: Array | None = None,
    tolerance: float = 4e-16,
) -> SecularSystem:
    """Solve the secular equation of ``diag(s^2) + z z^T`` for all its roots.

    Parameters: ``s`` (r,) strictly increasing and non-negative, ``z`` (r,), both finite; ``start``, a solved
    system with the same ``s``, whose roots, moved by ``shift`` (r,), are taken as the first guess;
    ``tolerance``, at which f counts as zero, relative to the sum of the sizes of its terms.
    Raises ConvergenceError when a root is not found (which no test has seen happen).
    """
    r = s.size
    z = np.where(np.abs(z) < _TINY, np.copysign(_TINY, z), z)
    weights = z * z
    if r == 1:
        value = s * s + weights
        return SecularSystem(
            z=z, values=value, cauchy=-1.0 / weights[:, None], slopes=1.0 / weights,
            offsets=weights.copy(), origins=np.zeros(1, dtype=np.intp),
        )
    gaps = (s[1:] - s[:-1]) * (s[1:] + s[:-1])
    reach = np.append(gaps, weights.sum())  # root j lies in (0, reach_j) above pole j
    if start is None:
        origins, offsets, low, high = _first_guess(s, weights, reach)
    else:
        origins = start.origins
        offsets = start.offsets + shift if shift is not None else start.offsets.copy()
        at_low = origins == np.arange(r)
        low = np.where(at_low, 0.0, -reach)
        high = np.where(at_low, reach, 0.0)
        inside = (offsets > low) & (offsets < high)
        offsets = np.where(inside, offsets, start.offsets)
    cauchy = np.empty((r, r))
    slopes = np.empty(r)

    def find(index: Index) -> None:
        _solve_rows(s, weights, reach, index, origins, offsets, low, high, cauchy, slopes, tolerance)

    _for_row_chunks(r, find)
    values = s[origins] ** 2 + offsets
    return SecularSystem(z=z, values=values, cauchy=cauchy, slopes=slopes, offsets=offsets, origins=origins)


def _for_row_chunks(r: int, task: Callable[[Index], None]) -> None:
    """Run ``task`` on consecutive chunks of the rows 0..r-1."""
    rows = max(1, _CHUNK // r)
    for first in range(0, r, rows):
        task(np.arange(first, min(first + rows, r)))


def _solve_rows(
    s: Array, weights: Array, reach: Array, todo: Index, origins: Index, offsets: Array, low: Array, high: Array,
    cauchy: Array, slopes: Array, tolerance: float,
) -> None:
    """Find the roots ``todo``; fill their entries of offsets, cauchy and slopes."""
    r = s.size
    work = np.empty((2, todo.size, r))
    for _ in range(_MAX_SWEEPS):
        k = todo.size
        q, t = work[0, :k], work[1, :k]
        _differences(s, origins[todo], q, t)
        q -= offsets[todo, None]
        np.reciprocal(q, out=q)
        np.abs(q, out=t)
        f = 1.0 + q @ weights
        size = 1.0 + t @ weights
        t *= q
        signed = t @ weights  # phi' - psi'
        np.multiply(q, q, out=t)
        slope = t @ weights  # phi' + psi' = f'
        cauchy[todo] = q
        slopes[todo] = slope
        # f is summed from r rounded terms: below this it is noise, and the root is as good as it can be.
        left = np.abs(f) > tolerance * size
        if not left.any():
            return
        todo, f, slope, signed = todo[left], f[left], slope[left], signed[left]
        old = offsets[todo]
        low[todo] = lo = np.where(f < 0, old, low[todo])
        high[todo] = hi = np.where(f > 0, old, high[todo])
        step = _middle_way(f, slope, signed, *_pole_distances(todo, origins, old, reach), todo == r - 1)
        new = old + step
        new = np.where((new > lo) & (new < hi), new, 0.5 * (lo + hi))
        offsets[todo] = new
        todo = todo[new != old]
        if todo.size == 0:
            return
    raise ConvergenceError(
        f"the secular equation of {r} poles left {todo.size} roots unsolved after {_MAX_SWEEPS} sweeps; "
        "please report the problem that shows this"
    )


def _differences(s: Array, origins: Index, out: Array, work: Array) -> None:
    """``s_i^2 - s_o(j)^2`` for every root j (row) and pole i (column), without squaring first."""
    so = s[origins, None]
    np.subtract(s, so, out=out)
    np.add(s, so, out=work)
    out *= work


def _first_guess(
    s: Array, weights: Array, reach: Array
) -> tuple[Index, Array, Array, Array]:
    """Nearest pole, offset and bracket of every root, from f at the middle of its interval."""
    r = s.size
    here = np.arange(r)
    f_mid = np.empty(r)

    def evaluate(index: Index) -> None:
        q, t = np.empty((2, index.size, r))
        _differences(s, index, q, t)
        q -= 0.5 * reach[index, None]
        np.reciprocal(q, out=q)
        f_mid[index] = 1.0 + q @ weights

    _for_row_chunks(r, evaluate)
    near_right = (f_mid < 0) & (here < r - 1)
    origins = np.where(near_right, here + 1, here)
    w_left = weights
    w_right = np.append(weights[1:], 0.0)
    # Keep the two poles that matter, freeze the rest at the midpoint, and solve the quadratic
    # rest + w_left/(-x) + w_right/(reach - x) = 0 for the distance x from the left pole.
    rest = f_mid + 2.0 * (w_left - w_right) / reach
    last = here == r - 1
    rest[-1] = max(rest[-1], 1.0)
    a = rest * reach + w_left + w_right
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(np.maximum(a * a - 4.0 * rest * w_left * reach, 0.0))
        x = np.where(a > 0, 2.0 * w_left * reach / (a + root), (a - root) / (2.0 * rest))
        x_last = np.minimum(w_left / rest, reach)
        # the same quadratic for the distance y = reach - x from the right pole
        ay = -rest * reach + w_left + w_right
        y = np.where(ay > 0, 2.0 * w_right * reach / (ay + root), -(ay - root) / (2.0 * rest))
    x = np.where(last, x_last, x)
    offsets = np.where(near_right, -y, x)
    below = f_mid < 0
    low = np.where(near_right, -0.5 * reach, np.where(below, 0.5 * reach, 0.0))
    high = np.where(near_right, 0.0, np.where(below, reach, 0.5 * reach))
    ok = (offsets > low) & (offsets < high)
    offsets = np.where(ok, offsets, 0.5 * (low + high))
    # The bracket of the last root is closed on the right: rounding may put the root on it.
    high[-1] *= 1.0 + 1e-12
    return origins, offsets, low, high


def _pole_distances(
    index: Index, origins: Index, off: Array, reach: Array
) -> tuple[Array, Array]:
    at_left = origins[index] == index
    d_left = np.where(at_left, -off, -reach[index] - off)
    d_right = np.where(at_left, reach[index] - off, -off)
    return d_left, d_right


def _middle_way(
    f: Array, slope: Array, signed: Array,
    d_left: Array, d_right: Array, last: NDArray[np.bool_],
) -> Array:
    """Step to the root of c + p/(d_left - x) + q/(d_right - x), which has the value and both one-sided slopes of f."""
    phi = 0.5 * (slope + signed)
    psi = 0.5 * (slope - signed)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        c = f - d_left * psi - d_right * phi
        a = (d_left + d_right) * f - d_left * d_right * slope
        b = d_left * d_right * f
        root = np.sqrt(np.abs(a * a - 4.0 * b * c))
        step = np.where(a <= 0, (a - root) / (2.0 * c), 2.0 * b / (a + root))
        # The last root has no pole above it: one pole and a constant.
        step_last = d_left + d_left * d_left * slope / (f - d_left * slope)
        step = np.where(last, step_last, step)
        # A model that moves against the sign of f is spoiled by rounding: Newton's step instead.
        return np.where(f * step >= 0, -f / slope, step)

"""The bias equation for many lambda_b: a coarse grid first, then the points between, from what is known around them.

The solution is a smooth function of log lambda_b except where an eigenvalue of G passes the threshold.  Each level
halves the spacing, begins at a polynomial through the solutions around, and so needs one Newton step or none.
Points are solved in chunks, all in the same array operations; a point that has not converged with its chunk goes on
without it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._bias.equation import BiasSolution, newton, start_values
from ncsolve._spectrum.rank_one_update import SecularRoots
from ncsolve._spectrum.workspace import Scratch
from ncsolve.errors import ConvergenceError

__all__ = ["solve_bias_path"]

# The coarsest level has about this many points.
_COARSE = 16
# Interpolation goes through this many points; it is local, and of an order that one more level makes exact.
_NODES = 8
# Where the weights of the nodes add up to more than this in size, the grid is too uneven: a line through two nodes.
_UNEVEN = 12.0
# Neighbours further apart than this in log lambda_b say nothing of what is between them.
_APART = 2.0
# With neighbours this near the interpolated eigenvalues are all but right.
_NEAR = 0.2
# A guess that is any good needs a step or two, and one near a threshold a few.
_PATIENCE = 12
# A chunk's matrices have about this many entries.
_CHUNK = 262144


def solve_bias_path(s: Array, m: Array, lambda_b: Array) -> Iterator[tuple[Index, BiasSolution]]:
    """Solve F(z) = 0 for every 0 < lambda_b < inf (n,), strictly increasing; yields chunks in no particular order.

    Each chunk holds the numbers of its points and their solution, eigensystems included, which is valid until the
    next chunk is asked for.  Parameters ``s`` and ``m`` are those of ``solve_bias_equation``.
    Raises ConvergenceError when the residual of a point stays above its tolerance.
    """
    known = _Known(s, np.log(lambda_b))
    scratch = Scratch()
    together = max(1, _CHUNK // (s.size * s.size))
    for level in _levels(lambda_b.size):
        spacing = known.spacing(level)
        alone = spacing > _APART
        for points, guessed in ((level[alone], False), (level[~alone], True)):
            close = guessed and bool((spacing[~alone] < _NEAR).all())
            for first in range(0, points.size, together):
                chunk = points[first : first + together]
                found = _from_guess(s, m, lambda_b, chunk, known, close, scratch) if guessed else None
                if found is None:
                    cold = start_values(s, m, lambda_b[chunk], scratch)
                    found = newton(s, m, lambda_b[chunk], cold, scratch=scratch)
                known.add(chunk, found)
                yield chunk, found
                scratch.give(found.system.cauchy)


def _from_guess(
    s: Array, m: Array, lambda_b: Array, chunk: Index, known: _Known, close: bool, scratch: Scratch
) -> BiasSolution | None:
    z, roots = known.guess(chunk)
    try:
        return newton(s, m, lambda_b[chunk], z, roots, close=close, max_steps=_PATIENCE, scratch=scratch)
    except ConvergenceError:  # where directions differ by many orders of magnitude a polynomial can mislead
        return None


def _levels(n: int) -> Iterator[Index]:
    """Every point once: a coarse grid with both ends, then the middles."""
    stride = 1
    while n > _COARSE * stride:
        stride *= 2
    yield np.union1d(np.arange(0, n, stride), n - 1)
    while stride > 1:
        stride //= 2
        middles = np.arange(stride, n, 2 * stride)
        yield middles[middles != n - 1]


class _Known:
    """The solutions so far, and what they say about the points between them."""

    def __init__(self, s: Array, x: Array) -> None:
        self._x = x
        self._gaps = np.append(np.diff(s * s), 1.0)  # the last root has no pole on its right: never used
        self._solved = np.zeros(x.size, dtype=bool)
        self._z = np.empty((x.size, s.size))
        self._right = np.empty((x.size, s.size), dtype=bool)
        # Logarithms of each root's distances from the poles on its left and on its right.
        self._log_left, self._log_right = np.empty((2, x.size, s.size))

    def add(self, points: Index, found: BiasSolution) -> None:
        roots = found.system.roots
        right = roots.origins > np.arange(roots.origins.shape[1])
        near = np.abs(roots.offsets)
        log_near, log_far = np.log(near), np.log(np.maximum(self._gaps - near, 1e-300))
        self._solved[points], self._z[points], self._right[points] = True, found.z, right
        self._log_left[points] = np.where(right, log_far, log_near)
        self._log_right[points] = np.where(right, log_near, log_far)

    def spacing(self, points: Index) -> Array:
        """Distance between the solved points on both sides; inf where there are none."""
        solved = np.flatnonzero(self._solved)
        if solved.size < 2:
            return np.full(points.size, np.inf)
        above = np.searchsorted(solved, points)
        return self._x[solved[above]] - self._x[solved[above - 1]]

    def guess(self, points: Index) -> tuple[Array, SecularRoots]:
        """Interpolated z and roots (p, r); every root is seen from the pole it has at the nearest solved point."""
        solved = np.flatnonzero(self._solved)
        above = np.searchsorted(solved, points)
        count = min(_NODES, solved.size)
        first = np.clip(above - count // 2, 0, solved.size - count)
        weights = np.zeros((points.size, solved.size))
        rows = np.arange(points.size)[:, None]
        nodes = first[:, None] + np.arange(count)
        x = self._x[points]
        local = _lagrange(self._x[solved[nodes]], x)
        uneven = np.abs(local).sum(axis=1) > _UNEVEN
        weights[rows, nodes] = np.where(uneven[:, None], 0.0, local)
        left, right = self._x[solved[above - 1]], self._x[solved[above]]
        share = (x - left) / (right - left)
        weights[uneven, above[uneven] - 1] = 1.0 - share[uneven]
        weights[uneven, above[uneven]] = share[uneven]
        low, high = int(nodes.min()), int(nodes.max()) + 1
        weights, used = weights[:, low:high], solved[low:high]
        nearest = np.where(share > 0.5, solved[above], solved[above - 1])
        upper = self._right[nearest]
        distance = np.exp(np.where(upper, weights @ self._log_right[used], weights @ self._log_left[used]))
        here = np.arange(upper.shape[1])
        return weights @ self._z[used], SecularRoots(
            origins=here + upper, offsets=np.where(upper, -distance, distance)
        )


def _lagrange(nodes: Array, x: Array) -> Array:
    """Weights (p, k) of the values at the nodes (p, k) in the polynomial through them, at x (p,)."""
    k = nodes.shape[1]
    factors = (x[:, None, None] - nodes[:, None, :]) / np.where(
        np.eye(k, dtype=bool), 1.0, nodes[:, :, None] - nodes[:, None, :]
    )
    factors[:, np.arange(k), np.arange(k)] = 1.0
    return np.asarray(factors.prod(axis=2))

"""The derivative of the bias equation: the Daleckii-Krein formula in the eigenbasis of G, factored for solving.

With w = V^T z the derivative is ``diag(lb + h + (D w^2)) + (w_i D_ij w_j)``, where D holds the divided differences of
h.  Between directions below the threshold (h = 1) D is zero, so that their block is diagonal and is eliminated first:
what is left to factor has one row for each direction above the threshold.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.blas import dsyrk
from scipy.linalg.lapack import dpotrf, dpotrs

from ncsolve._arrays import Array, Index
from ncsolve._spectrum.rank_one_update import SecularSystem
from ncsolve._spectrum.workspace import Scratch

__all__ = ["Jacobian", "gain"]


def gain(values: Array) -> Array:
    """``h(g) = min(1, 1/sqrt(g))``, the share of a direction that stays in the residual (T = 1)."""
    return 1.0 / np.sqrt(np.maximum(values, 1.0))


class Jacobian:
    """The factored derivative of F, for every point in the eigenbasis of its G."""

    def __init__(self, system: SecularSystem, lambda_b: Array, scratch: Scratch) -> None:
        points, r = system.values.shape
        self.system = system
        self.memory = scratch.matrix(points, r * r)
        low = np.count_nonzero(system.values <= 1.0, axis=1)
        self._parts: list[_Part] = []
        used = 0
        for count in np.unique(low).tolist():  # neighbours on a path agree in this number, or nearly
            same = np.flatnonzero(low == count)
            rows = same if same.size < points else slice(None)
            memory = self.memory[used : used + same.size].reshape(-1)
            used += same.size
            self._parts.append(
                _Part(rows, system.values[rows], system.projections[rows], lambda_b[rows], count, memory)
            )

    def solve(self, force: Array) -> Array:
        """The Newton step for a force (p, r), in the eigenbasis."""
        right = -self.system.to_eigenbasis(force)
        y = np.empty_like(right)
        for part in self._parts:
            y[part.rows] = part.solve(right[part.rows])
        return y


class _Part:
    """The points ``rows`` that have ``low`` directions below the threshold."""

    def __init__(
        self, rows: Index | slice, values: Array, w: Array, lambda_b: Array, low: int, memory: Array
    ) -> None:
        self.rows, self.low = rows, low
        points, r = values.shape
        high = r - low
        above = memory[: points * high * high].reshape(points, high, high)
        mixed = memory[points * high * high : points * high * r].reshape(points, high, low)
        diagonal = _fill(above, mixed, values, w, lambda_b, low)
        self.broken = {}
        below = diagonal[:, :low]
        self.scale = 1.0 / np.sqrt(np.where(below > 0, below, 1.0))
        mixed *= self.scale[:, None, :]
        self.above, self.mixed = above, mixed
        for i in range(points):
            if high == 0:
                continue
            if low:
                dsyrk(-1.0, mixed[i].T, beta=1.0, c=above[i].T, trans=1, overwrite_c=1)
            _, info = dpotrf(above[i].T, overwrite_a=1, clean=0)
            if info != 0 or not (below[i] > 0).all():
                # Rounding can hide the last digits of a Jacobian that is positive definite only by lambda_b: a
                # gradient step in the metric of its diagonal is still a descent direction.
                self.broken[i] = np.maximum(diagonal[i], lambda_b[i])

    def solve(self, right: Array) -> Array:
        y = right.copy()
        below, above = y[:, : self.low], y[:, self.low :]
        below *= self.scale
        above -= np.matmul(self.mixed, below[:, :, None])[:, :, 0]
        for i in range(y.shape[0]):
            if above.shape[1]:
                above[i] = dpotrs(self.above[i].T, above[i])[0]
        below -= np.matmul(above[:, None, :], self.mixed)[:, 0, :]
        below *= self.scale
        for i, diagonal in self.broken.items():
            y[i] = right[i] / diagonal
        return y


def _fill(above: Array, mixed: Array, values: Array, w: Array, lambda_b: Array, low: int) -> Array:
    """The two blocks of the derivative, and its whole diagonal (p, r), which is also put into the first block."""
    diagonal = lambda_b[:, None] + gain(values)
    root = np.sqrt(values[:, low:])
    w_low, w_high = w[:, :low], w[:, low:]
    # Both above: D = -1/(ab(a + b)) with a, b the roots of the eigenvalues.
    np.add(root[:, :, None], root[:, None, :], out=above)
    np.divide(-1.0, above, out=above)
    scaled = w_high / root
    diagonal[:, low:] += np.matmul(above, (scaled * w_high)[:, :, None])[:, :, 0] / root
    above *= scaled[:, :, None]
    above *= scaled[:, None, :]
    # One above and one below: D = -(1 - 1/a)/(a^2 - g).
    np.subtract(values[:, low:, None], values[:, None, :low], out=mixed)
    np.divide(((1.0 - root) / root)[:, :, None], mixed, out=mixed)
    diagonal[:, low:] += np.matmul(mixed, (w_low * w_low)[:, :, None])[:, :, 0]
    diagonal[:, :low] += np.matmul((w_high * w_high)[:, None, :], mixed)[:, 0, :]
    mixed *= w_high[:, :, None]
    mixed *= w_low[:, None, :]
    index = np.arange(root.shape[1])
    above[:, index, index] += diagonal[:, low:]
    return diagonal

"""Root finding for the secular equation: many rows at once, each row one root of one point.

A row knows its root by its distance x from the pole on one side, which is the nearer one.  All rows make a step at
the same time, so that one sweep costs O(r^2) whatever r is; few need a third one.
"""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import Array, Index, Mask
from ncsolve._spectrum.secular_step import consistent_weights, first_guess, third_order_step
from ncsolve._spectrum.workspace import Scratch
from ncsolve.errors import ConvergenceError

__all__ = ["RootFinder"]

# Work arrays have about this many entries: few calls, and arrays that stay in the cache.
_BLOCK = 131072
_SWEEPS = 4
_MAX_SWEEPS = 100
# f is a sum of rounded terms: below this, relative to the sum of their sizes, it is noise.
_NOISE = 4e-16
# A step this small, relative to x, is taken even if it leaves the bracket.
_TRUSTED = 1e-9
# A root further than this share of its interval from its origin belongs to the pole on the other side.
_FAR = 2.0 / 3.0
# What f may be at a root, relative to the sizes of its terms: far above noise, far below any wrong root.
_ACCEPT = 1e-12
# What f may be, relative to the same, for a guess to be taken as it is, and for one step of Newton's to do.
_CLOSE = 1e-15
_SQUARE = 1e-8
# Eigenvectors that are further from orthonormal get consistent weights.
_ORTHONORMAL = 1e-13


class RootFinder:
    """The roots of p points: ``right`` (p, r), whether a root is measured from the pole above it, and ``x`` (p, r).

    ``poles`` (r,) are shared; ``weights`` (p, r) are the squares of z; the last root has no pole above it and
    lies within ``reach`` (p,) of the pole below.
    """

    def __init__(self, poles: Array, weights: Array, scratch: Scratch) -> None:
        self.poles = poles
        self.weights = weights
        self.scratch = scratch
        self.weights_changed = False
        self.here = np.arange(poles.size)
        self.gaps = np.append(np.diff(poles), np.inf)
        # By rounding the last root may stand on the end of its bracket.
        self.reach = np.empty(weights.shape)
        self.reach[:, :-1] = self.gaps[:-1]
        self.reach[:, -1] = weights.sum(axis=1) * (1.0 + 1e-12)

    @property
    def origins(self) -> Index:
        """The pole that each root is measured from (p, r)."""
        return self.here + self.right

    @property
    def offsets(self) -> Array:
        """The root less its origin (p, r)."""
        return np.where(self.right, -self.x, self.x)

    def start_cold(self) -> None:
        """Begin with f at the middle of every interval."""
        self.right = np.zeros(self.weights.shape, dtype=bool)
        self.x = 0.5 * self.reach
        self.right, self.x, self.low, self.high = first_guess(self._values(), self.weights, self.reach)

    def start_near(self, origins: Index, offsets: Array) -> None:
        """Begin at a guess (p, r); one outside its interval is put back inside."""
        self.right = origins > self.here
        self.x = np.where(self.right, -offsets, offsets)
        far = self.x > _FAR * self.gaps
        self.x = np.where(far, self.gaps - self.x, self.x)
        self.right ^= far
        self.low, self.high = np.zeros_like(self.x), self.reach.copy()
        outside = ~((self.x > 0) & (self.x < self.high))
        self.x[outside] = 0.5 * self.high[outside]

    def solve(self, tolerance: float, close: bool, cauchy: Array, slopes: Array) -> None:
        """Find all roots to a relative error of ``tolerance`` of their distance from the pole.

        ``close`` says that the guess may be all but right, so that it is worth while to look before a step is made.
        Fills ``cauchy`` (p, r, r) and ``slopes`` (p, r); may change ``weights``.
        """
        self.cauchy, self.slopes = cauchy, slopes
        rows = self._look() if close else None
        if rows is None:
            moving = self._sweeps(tolerance)
            rows = moving | self._wrong(self._finish(), tolerance)
        if rows.any():
            point, row = np.nonzero(rows)
            step = max(1, _BLOCK // self.poles.size)
            for first in range(0, point.size, step):
                part = slice(first, first + step)
                self._finish_alone(point[part], row[part], tolerance)
        if tolerance <= _CLOSE:
            defect = np.abs(self.norms * self.weights - 1.0).max(axis=1)
            for i in np.flatnonzero(~(defect <= _ORTHONORMAL)).tolist():
                self._make_consistent(i)

    def _look(self) -> Mask | None:
        """Take the guess as it is, or after one step of Newton's, but for a few rows; None if it is not that good."""
        f = self._finish()
        size = self.slopes * self.x
        moving = np.abs(f) > _CLOSE * (1.0 + size)
        if 8 * int(np.count_nonzero(moving)) <= moving.size:
            return moving
        if (np.abs(f) <= _SQUARE * size).all():  # the step squares the error
            self.x -= np.where(self.right, -f, f) / self.slopes
            return self._wrong(self._finish(), 0.0)
        return None

    def _wrong(self, f: Array, tolerance: float) -> Mask:
        """Rows where f is not zero: 1 + f' x is a lower bound of the sizes of its terms."""
        return np.abs(f) > (_ACCEPT + 2.0 * tolerance) * (1.0 + self.slopes * self.x)

    def _sweeps(self, tolerance: float) -> Mask:
        """Steps for all rows, then for all that need one; returns the few that need more care."""
        every = (slice(None), slice(None))
        moving = self._move(every, *self._moments(), tolerance)
        for _ in range(_SWEEPS):
            count = int(np.count_nonzero(moving))
            if count == 0 or (self.x.shape[0] > 1 and 8 * count <= moving.size):
                break
            if self.x.shape[0] > 1:
                moving = self._move(every, *self._moments(), tolerance)
            else:  # one point: its rows share their weights, and any of them can be taken together
                rows = np.nonzero(moving[0])[0]
                moving[0, rows] = self._move((0, rows), *self._moments_of(rows), tolerance)
        return moving

    def _blocks(self) -> list[tuple[slice, slice]]:
        """Slices of points and of rows: whole points where several fit in a block, else rows of one."""
        points, r = self.weights.shape
        together = max(1, _BLOCK // (r * r))
        rows = r if together > 1 else max(1, min(r, _BLOCK // r))
        return [
            (slice(p, min(p + together, points)), slice(k, min(k + rows, r)))
            for p in range(0, points, together)
            for k in range(0, r, rows)
        ]

    def _distances(self, p: slice, k: slice, offsets: Array, out: Array) -> None:
        """``poles - root`` (points, rows, r): the pole nearest to the root is taken off first, then the offset."""
        right = self.right[p, k]
        if right.shape[0] > 1 and (right == right[0]).all():
            base = self.poles - self.poles[self.here[k] + right[0]][:, None]
            np.subtract(base, offsets[p, k, None], out=out)
        else:
            np.subtract(self.poles, self.poles[self.here[k] + right][:, :, None], out=out)
            out -= offsets[p, k, None]

    def _values(self) -> Array:
        """f (p, r)."""
        f, offsets = np.empty_like(self.x), self.offsets
        for p, k in self._blocks():
            q, _ = self.scratch.pair(*self.x[p, k].shape, self.poles.size)
            self._distances(p, k, offsets, q)
            np.divide(1.0, q, out=q)
            f[p, k] = _dot(q, self.weights[p])
        return 1.0 + f

    def _moments(self) -> tuple[Array, Array, Array]:
        """f, f' x and f'' x^2 / 2 (p, r)."""
        f, slope, curve = np.empty((3, *self.x.shape))
        offsets = self.offsets
        for p, k in self._blocks():
            q, t = self.scratch.pair(*self.x[p, k].shape, self.poles.size)
            self._distances(p, k, offsets, q)
            np.divide(self.x[p, k, None], q, out=q)
            weights = self.weights[p]
            f[p, k] = _dot(q, weights)
            np.multiply(q, q, out=t)
            slope[p, k] = _dot(t, weights)
            t *= q
            curve[p, k] = _dot(t, weights)
        return 1.0 + f / self.x, slope / self.x, curve / self.x

    def _moments_of(self, rows: Index) -> tuple[Array, Array, Array]:
        """The same for some rows of the only point (n,)."""
        f, slope, curve = np.empty((3, rows.size))
        x, offsets = self.x[0, rows], self.offsets[0, rows]
        origins = self.poles[rows + self.right[0, rows]]
        weights = self.weights[0]
        step = max(1, _BLOCK // self.poles.size)
        for first in range(0, rows.size, step):
            k = slice(first, min(first + step, rows.size))
            q, t = self.scratch.pair(k.stop - k.start, self.poles.size)
            np.subtract(self.poles, origins[k, None], out=q)
            q -= offsets[k, None]
            np.divide(x[k, None], q, out=q)
            f[k] = q @ weights
            np.multiply(q, q, out=t)
            slope[k] = t @ weights
            t *= q
            curve[k] = t @ weights
        return 1.0 + f / x, slope / x, curve / x

    def _move(
        self, at: tuple[Index, Index] | tuple[int, Index] | tuple[slice, slice], f: Array, slope: Array, curve: Array,
        tolerance: float,
    ) -> Mask:
        """One step for the rows ``at``; returns those that have not settled."""
        x, low, high, mirrored = self.x[at], self.low[at], self.high[at], self.right[at]
        f, curve = np.where(mirrored, -f, f), np.where(mirrored, -curve, curve)
        low, high = np.where(f < 0, x, low), np.where(f > 0, x, high)
        gaps = self.gaps[at[1]]
        step = third_order_step(f, slope, curve, x / (gaps - x))
        new = x + step * x
        size = np.abs(step)
        # At the root rounding decides the sign of f, and with it the bracket.
        inside = ((new > low) & (new < high)) | ((size < _TRUSTED) & (new < gaps))
        new = np.where(inside, new, 0.5 * (low + high))
        moving = ~inside | (size**3 > tolerance)
        far = new > _FAR * gaps
        if far.any():  # nearer to the other pole: the distance from there has more digits
            new = np.where(far, gaps - np.minimum(new, gaps * (1.0 - 1e-15)), new)
            low, high = np.where(far, gaps - high, low), np.where(far, gaps - low, high)
            self.right[at] = mirrored ^ far
            moving |= far
        self.x[at], self.low[at], self.high[at] = new, low, high
        return moving

    def _finish(self) -> Array:
        """q and the slopes at the roots that have been found; returns f."""
        f, offsets = np.empty_like(self.x), self.offsets
        self.norms = np.zeros_like(self.x)  # of the rows of V, less the factor of z
        for p, k in self._blocks():
            q, (t, _) = self.cauchy[p, k], self.scratch.pair(*self.x[p, k].shape, self.poles.size)
            self._distances(p, k, offsets, q)
            np.divide(1.0, q, out=q)
            f[p, k] = _dot(q, self.weights[p])
            np.multiply(q, q, out=t)
            self.slopes[p, k] = slopes = _dot(t, self.weights[p])
            self.norms[p] += np.matmul(1.0 / slopes[:, None, :], t)[:, 0, :]
        return 1.0 + f

    def _finish_alone(self, point: Index, row: Index, tolerance: float) -> None:
        """The few rows that need more care: the sizes of the terms, and a change of origin."""
        every = (point, row)
        np.subtract.at(self.norms, point, self.cauchy[every] ** 2 / self.slopes[every][:, None])
        for _ in range(_MAX_SWEEPS):
            x, right = self.x[point, row], self.right[point, row]
            q = self.poles - self.poles[row + right][:, None]
            q -= np.where(right, -x, x)[:, None]
            np.divide(1.0, q, out=q)
            terms = self.weights[point] * q
            f = 1.0 + terms.sum(axis=1)
            sizes = 1.0 + np.abs(terms).sum(axis=1)
            self.cauchy[point, row] = q
            q *= x[:, None]
            terms *= q
            slope = terms.sum(axis=1)
            self.slopes[point, row] = slope / x
            left = np.abs(f) > _NOISE * sizes
            terms *= q
            curve = terms.sum(axis=1)[left]
            point, row, x, f, sizes = point[left], row[left], x[left], f[left], sizes[left]
            self._move((point, row), f, slope[left], curve, tolerance)
            # No step is left that floating point can make: that is a root, but not anywhere.
            going = (self.x[point, row] != x) | (np.abs(f) > _ACCEPT * sizes)
            point, row = point[going], row[going]
            if point.size == 0:
                np.add.at(self.norms, every[0], self.cauchy[every] ** 2 / self.slopes[every][:, None])
                return
        raise ConvergenceError(
            f"the secular equation of {self.poles.size} poles left {point.size} roots unsolved after {_MAX_SWEEPS} "
            "sweeps; please report the problem that shows this"
        )

    def _make_consistent(self, point: int) -> None:
        """Where a root all but meets a pole of almost no weight, its distance may be rounding and V not orthogonal."""
        weights = consistent_weights(self.poles, self.cauchy[point])
        squares = self.cauchy[point] ** 2
        self.weights[point], self.slopes[point], self.weights_changed = weights, squares @ weights, True
        defect = float(np.abs((1.0 / self.slopes[point]) @ squares * weights - 1.0).max())
        if not defect <= _ACCEPT:
            raise ConvergenceError(
                f"the eigenvectors of a diagonal plus rank one matrix must be orthonormal and miss it by {defect:.1e}; "
                "please report the problem that shows this"
            )


def _dot(matrix: Array, weights: Array) -> Array:
    """``matrix w`` for every point."""
    return np.asarray(np.matmul(matrix, weights[:, :, None])[:, :, 0])

"""The slow and steady way: Newton's method on Q itself, with the nuclear norm smoothed less and less.

    sum_k n_k l(outputs of column k, code k) + T sum sqrt(z_i^2 + m^2) + T sum sqrt(g_a - 1) c_a + lambda_b/2 ||b||^2

is convex, and where its gradient vanishes no singular value of G exceeds tau, so that the duality gap is at most
T m min(m, K).  The matrix of a Newton step has the square of the size of Q: this is for small problems that factors
are slow at, of soft labels with a tiny T, whose probabilities are of any magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._frames.softmax_fit import bent, fit
from ncsolve._models.cross_entropy.dual_bound import best_bound
from ncsolve._models.cross_entropy.objective import Objective
from ncsolve._models.cross_entropy.point import Point
from ncsolve._models.cross_entropy.start import thresholded

__all__ = ["small_enough", "smoothed", "smoothed_norm"]

_MOST_UNKNOWNS = 1700
_MOST_STEPS = 50
_SHARPER = 0.1
_GOOD_GAP = 1e-11
_BEST_GAP = 1e-13
_LEAST_LENGTH = 1e-9
_LEAST_WIDTH = 1e-13  # of the smoothing, over the largest singular value


def small_enough(objective: Objective) -> bool:
    """Whether a Newton step on Q takes a fraction of a second."""
    m, k = objective.columns.shape
    return m * k <= _MOST_UNKNOWNS


def smoothed(objective: Objective, start: Point) -> Point:
    """The minimizer, from a start; with the rank that a step of proximal gradient descent finds."""
    m, k = objective.columns.shape
    row = best = np.concatenate((start.matrix.ravel(), start.bias, start.within))
    largest = width = float(np.linalg.norm(start.matrix, 2))
    least = math.inf
    while width > _LEAST_WIDTH * largest:
        smooth = _Smooth(objective=objective, width=width)
        row = _centre(smooth, row)
        gap = smooth.gap(row)
        if gap < least:
            least, best = gap, row
        elif gap < _GOOD_GAP:  # rounding is all that is left
            break
        if least < _BEST_GAP:
            break
        width *= _SHARPER
    matrix, bias, within = best[: m * k].reshape(m, k), best[m * k : m * k + m], best[m * k + m :]
    rank = thresholded(objective, replace(start, bias=bias, within=within), matrix).rank
    return start.of(matrix, rank, bias=bias, within=within)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Smooth:
    """The smoothed objective, of a row of all entries of Q, of the bias and within groups."""

    objective: Objective
    width: float

    def parts(self, row: Array) -> tuple[Array, Array, Array]:
        m, k = self.objective.columns.shape
        return row[: m * k].reshape(m, k), row[m * k : m * k + m] * self.objective.free, row[m * k + m :]

    def value(self, row: Array) -> float:
        objective, columns = self.objective, self.objective.columns
        matrix, bias, within = self.parts(row)
        losses = fit(columns, columns.forward(matrix, bias, within)).losses
        price = float(np.sum(np.hypot(np.linalg.svd(matrix, compute_uv=False), self.width)))
        price += float(columns.within_price @ within)
        return float(columns.samples @ losses) + objective.threshold * price + objective.ridge / 2 * float(bias @ bias)

    def gap(self, row: Array) -> float:
        """The duality gap over the loss, of the problem that is not smoothed."""
        objective, columns = self.objective, self.objective.columns
        matrix, bias, within = self.parts(row)
        residual = fit(columns, columns.forward(matrix, bias, within)).residual
        tau, bias = objective.threshold / columns.total, bias * columns.bias_scale
        bias = bias - columns.alike @ bias / np.sum(columns.alike)
        loss = replace(self, width=0.0).value(row) / columns.total
        return (loss - best_bound(columns, residual, tau, objective.lambda_b, bias).bound) / loss

    def model(self, row: Array) -> tuple[Array, Array]:
        """Gradient and Hessian."""
        objective, columns = self.objective, self.objective.columns
        matrix, bias, within = self.parts(row)
        found = fit(columns, columns.forward(matrix, bias, within))
        threshold = objective.threshold
        norm_slope, norm_bend = smoothed_norm(matrix, self.width)
        ridge = objective.lambda_b if objective.free else 1.0
        same = np.sqrt(columns.alike / np.sum(columns.alike))

        def gather(slopes: tuple[Array, Array, Array]) -> Array:
            return np.concatenate((slopes[0].ravel(), slopes[1] * objective.free, slopes[2]))

        def bend(change: Array) -> Array:
            matrix, bias, within = self.parts(change)
            row = gather(columns.backward(bent(columns, found, columns.forward(matrix, bias, within))))
            row[: matrix.size] += threshold * norm_bend(matrix).ravel()
            shift = change[matrix.size : matrix.size + same.size]
            row[matrix.size : matrix.size + same.size] += ridge * shift + same * (same @ shift)
            return row

        slope = gather(columns.backward(found.residual))
        slope[: matrix.size] += threshold * norm_slope.ravel()
        slope[matrix.size : matrix.size + same.size] += ridge * bias
        slope[matrix.size + same.size :] += threshold * columns.within_price
        return slope, np.array([bend(each) for each in np.eye(row.size)])


def _centre(smooth: _Smooth, row: Array) -> Array:
    """Newton's method with a line search."""
    value, last, first = smooth.value(row), math.inf, row.size - smooth.objective.columns.within.size
    for _ in range(_MOST_STEPS):
        slope, hessian = smooth.model(row)
        diagonal = np.diag(hessian).copy()
        diagonal[first:] = np.maximum(diagonal[first:], 1e-3 * smooth.objective.settled)
        np.fill_diagonal(hessian, diagonal * (1 + 16 * EPS))
        unit = 1 / np.sqrt(diagonal)
        step = -unit * np.linalg.solve(unit[:, None] * hessian * unit, unit * slope)
        fall = float(-slope @ step)
        length, new = 1.0, smooth.value(row + step)
        while not new <= value - length * fall / 10 + 64 * EPS * abs(value):
            length /= 2
            if length < _LEAST_LENGTH:
                return row
            new = smooth.value(row + length * step)
        row, value = row + length * step, new
        noise = fall <= 64 * EPS * abs(value) and fall >= last / 2  # no digits are left
        if fall <= 1e-3 * smooth.objective.threshold * smooth.width or noise:
            break
        last = fall
    return row


def smoothed_norm(matrix: Array, width: float) -> tuple[Array, Callable[[Array], Array]]:
    """The gradient of sum sqrt(z_i^2 + m^2) of singular values, and the Hessian as a map (Daleckii and Krein)."""
    m, k = matrix.shape
    left, values, right = np.linalg.svd(matrix)
    z = np.zeros(max(m, k))
    z[: values.size] = values
    size = np.hypot(z, width)
    slope = z / size
    # The slopes' sum over that of values, and their difference over that of values, where it may vanish.
    values_sum, slopes_sum = z[:, None] + z, slope[:, None] + slope
    ratio = np.divide(values_sum, slopes_sum, where=slopes_sum > 0, out=np.full_like(values_sum, width))
    together, apart = 1 / ratio, ratio * (np.outer(width / size, width / size) / np.outer(size, size))

    def bend(change: Array) -> Array:
        inside = np.zeros((z.size, z.size))
        inside[:m, :k] = left.T @ change @ right.T
        inside = apart * (inside + inside.T) / 2 + together * (inside - inside.T) / 2
        return np.asarray(left @ inside[:m, :k] @ right)

    return (left[:, : values.size] * slope[: values.size]) @ right[: values.size], bend

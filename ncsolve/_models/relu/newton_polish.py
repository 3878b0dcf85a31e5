"""From the end of a descent over F >= 0 to a point where the gradient vanishes up to rounding.

A class mean that nearly vanishes, or that may lean on several others, makes the loss almost flat along many entries:
descent then stops far from the minimum, and the Hessian there has small eigenvalues of both signs.  So a step is
damped Newton's, its damping found by trial: entries that F - gradient/lambda_h makes negative are set to zero, the
others move by the Hessian's eigenvectors over |eigenvalue| + damping.  A step counts if it lowers the loss, or, once
losses differ by rounding only, the gradient.  Where none does, W and b are kept and every class mean is found exactly,
by nonnegative least squares, which never goes up and settles which entries are zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._models.relu.ridge import Ridge

__all__ = ["polish"]

# The Hessian of the entries that are not zero: beyond so many least squares must do, and beyond fewer time is short.
_MOST_ENTRIES, _MANY_ENTRIES = 1500, 200
_STEPS, _FEW_STEPS, _SWEEPS = 300, 20, 30
_DAMPING = tuple(10.0**e for e in range(-13, 1))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Point:
    features: Array
    loss: float
    gradient: Array
    slope: float


def polish(ridge: Ridge, features: Array) -> Array:
    """A stationary point (d, K) near ``features``, at no higher loss."""
    point, sweeps = _at(ridge, features), 0
    for _ in range(_STEPS if features.size <= _MANY_ENTRIES else _FEW_STEPS):
        if point.slope <= 4 * EPS * ridge.problem.lambda_h * float(np.linalg.norm(point.features)):
            break
        found = _newton(ridge, point)
        if found is None:
            sweeps += 1
            swept = _at(ridge, _least_squares(ridge, point.features))
            same = np.array_equal(swept.features > 0, point.features > 0)
            if sweeps > _SWEEPS or (same and swept.slope >= 0.9 * point.slope):
                break  # no other entries are zero: what is left is rounding
            found = swept
        point = found
    return point.features


def _at(ridge: Ridge, features: Array) -> _Point:
    loss, gradient = ridge.value(features)
    return _Point(features=features, loss=loss, gradient=gradient, slope=ridge.slope(features))


def _newton(ridge: Ridge, point: _Point) -> _Point | None:
    """The best of the damped steps, or None if none is better than the point."""
    free = point.features > point.gradient / ridge.problem.lambda_h
    start = np.where(free, point.features, 0.0)
    if not 0 < int(free.sum()) <= _MOST_ENTRIES:
        return None
    values, vectors = np.linalg.eigh(ridge.hessian(start, free))
    size = np.abs(values)
    pull = vectors.T @ ridge.value(start)[1][free]
    tried = []
    for damping in _DAMPING:
        moved = np.array(start)
        moved[free] -= vectors @ (pull / (size + damping * size.max()))
        tried.append(_at(ridge, np.maximum(moved, 0.0)))
    noise = 8 * EPS * point.loss
    lowest = min(tried, key=lambda new: new.loss)
    if lowest.loss < point.loss - noise:
        return lowest
    flattest = min((new for new in tried if new.loss <= point.loss + noise), key=lambda new: new.slope, default=point)
    return flattest if flattest.slope < 0.9 * point.slope else None


def _least_squares(ridge: Ridge, features: Array) -> Array:
    """The best class means for the W and b of a point, each by itself."""
    from scipy.optimize import nnls

    problem = ridge.problem
    weights, bias = ridge.head(features)
    d, n = features.shape[0], problem.samples
    matrix = np.concatenate((weights, math.sqrt(n * problem.lambda_h) * np.eye(d)))
    new = np.empty_like(features)
    for k, column in enumerate((ridge.codes - np.outer(bias, ridge.root)).T):
        new[:, k] = nnls(matrix, np.concatenate((column, np.zeros(d))))[0]
    return new

"""The problem of location of T10: min over b of sum_k huber(sqrt(n_k) ||e_k - b||)/N + lambda_b/2 ||b||^2.

Convex with a continuous gradient: the kink of Huber's function is in its second derivative, and e_k = b lies in its
quadratic part.  Newton's method with an exact line search converges from anywhere; the search looks at the slope along
the step, which rises, and never at values, whose differences lose half the digits.
"""

from __future__ import annotations

import math

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._problem.ufm import UFM

__all__ = ["location"]

_STEPS = 500
# Curvatures below this share of their bound are raised to it: between two far codes a free bias has none at all, and
# the line search finds the length of the step.
_FLATTEST = 1e-13


def location(problem: UFM) -> Array:
    """The bias (m,) that solves the problem of location, to rounding."""
    lb, n, threshold = problem.lambda_b, problem.samples, problem.threshold
    if lb == math.inf:
        return np.zeros(problem.code_length)
    codes, counts = problem.encoding.matrix, problem.counts.array.astype(np.float64)
    mean = codes @ (counts / n)
    # The bias lies in the span of the codes, and a free one in their affine hull: only there do the codes bend the
    # problem.
    basis, sizes, _ = np.linalg.svd(codes - (mean[:, None] if lb == 0.0 else 0.0), full_matrices=False)
    basis = basis[:, sizes > EPS * max(codes.shape) * sizes[0]]
    root, length = np.sqrt(counts), np.linalg.norm(codes, axis=0)

    def slope(bias: Array) -> tuple[Array, Array, Array, float]:
        """Gradient, shifted codes, the pull of each, and the size of what cancels in the gradient."""
        shifted = codes - bias[:, None]
        distance = root * np.linalg.norm(shifted, axis=0)
        pull = np.where(distance > threshold, threshold * counts / np.where(distance > 0, distance, 1.0), counts) / n
        offset = float(np.linalg.norm(bias))
        return lb * bias - shifted @ pull, shifted, pull, lb * offset + float(pull @ (length + offset))

    bias = mean / (1.0 + lb)
    best, least, stalled = bias, math.inf, 0
    for _ in range(_STEPS):
        gradient, shifted, pull, size = slope(bias)
        left = float(np.linalg.norm(gradient)) / (size or 1.0)
        stalled = 0 if left < least / 2 else stalled + 1
        if left < least:
            best, least = bias, left
        if least <= 2 * EPS or (stalled > 8 and least <= 1e-13):
            break
        inside = basis.T @ gradient
        direction = basis @ _newton(inside, basis.T @ shifted, pull, root, threshold, lb)
        direction -= (gradient - basis @ inside) / (lb + float(np.sum(pull)))  # rounding, else nothing is there
        bias = bias + _step(lambda point: slope(point)[0], bias, gradient, direction)
    return best


def _newton(gradient: Array, shifted: Array, pull: Array, root: Array, threshold: float, lambda_b: float) -> Array:
    distance = np.linalg.norm(shifted, axis=0)
    bent = np.where(root * distance > threshold, pull / np.where(distance > 0, distance, 1.0) ** 2, 0.0)
    most = lambda_b + float(np.sum(pull))
    values, vectors = np.linalg.eigh(most * np.eye(gradient.size) - (shifted * bent) @ shifted.T)
    return np.asarray(-vectors @ ((vectors.T @ gradient) / np.maximum(values, _FLATTEST * most)))


def _step(slope: object, y: Array, gradient: Array, direction: Array) -> Array:
    """The multiple of a direction at whose end the slope along it is small."""
    from scipy.optimize import brentq

    assert callable(slope)
    start = float(gradient @ direction)

    def along(t: float) -> float:
        return float(slope(y + t * direction) @ direction)

    low, high = 0.0, 1.0
    ahead = along(high)
    for _ in range(60):
        if ahead >= start / 4:  # start < 0
            break
        low, high = high, 4 * high
        ahead = along(high)
    if ahead > -start / 4:
        high = brentq(along, low, high, xtol=1e-300, rtol=1e-10, maxiter=200)
    return high * direction

r"""Newton's method on factors A = W V: the problem is then smooth, and its minima are global.

.. math:: \min_{W, V} \tfrac12 \operatorname{tr} W V C V^T W^T - \langle W V, B \rangle
          + \tfrac{\tau}{2} (\|W\|_F^2 + \|V\|_F^2)

With as many columns of W as A can have ranks every local minimum is the global one.  Steps are found by conjugate
gradients, preconditioned by the Hessian in W and that in V alone; along a step the objective is a quartic, whose
minimum is taken.  Between steps the factors are balanced.  It stops on the duality gap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._models.metric.dual_bound import duality_gap
from ncsolve._models.trust_region import truncated_newton

__all__ = ["Factored", "newton"]

_STEPS = 200
# Of the gradient, in the preconditioner's norm, that the inner iterations leave: two digits a step.
_FORCING = 1e-2
# Over the preconditioned gradient: beyond it a step is cut, as along negative curvature, where it has no end.
_FAR = 1e6
# Roots of a cubic are real up to this imaginary part.
_REAL = 1e-9
# Directions that the start has lost are seen again from this part of the largest factor on.
_SEED = 1e-3
# Below this part of e the objective falls by no more than rounding; of such steps so many may leave the gap as it is.
_STILL, _PATIENCE = EPS, 4
# What the gap leaves of A is its root; Newton steps square that.
_POLISH = 4

Pair = tuple[Array, Array]


@dataclass(frozen=True, kw_only=True, eq=False)
class Factored:
    """The problem in eigenvectors of C: its eigenvalues ``squares`` (p,), B as ``target`` (k, p), e and tau."""

    squares: Array
    target: Array
    energy: float
    tau: float

    def slope(self, a: Array) -> Array:
        """G = B - A C (k, p)."""
        return np.asarray(self.target - a * self.squares)

    def excess(self, a: Array) -> float:
        """By how much |G|_2 exceeds tau, and <G, A> misses tau |A|_*, both over these: of first order in A."""
        slope, nuclear = self.slope(a), float(np.linalg.norm(a, "nuc"))
        if nuclear == 0.0:
            return 0.0
        missed = abs(1.0 - float(np.sum(slope * a)) / (self.tau * nuclear))
        return max(float(np.linalg.norm(slope, 2)) / self.tau - 1.0, 0.0) + missed

    def relative_gap(self, a: Array) -> float:
        """The duality gap of A over its objective."""
        slope, nuclear = self.slope(a), float(np.linalg.norm(a, "nuc"))
        product = float(np.sum(slope * a))
        square = max(self.energy - float(np.sum(a * self.target)) - product, 0.0)
        loss = square / 2 + self.tau * nuclear
        return duality_gap(square, slope, product, nuclear, self.tau) / loss if loss > 0.0 else 0.0


def newton(problem: Factored, start: Array, tolerance: float) -> Array:
    """A (k, p), whose relative duality gap is below the tolerance unless rounding is in the way."""
    w, v = _balanced(start, _SEED)
    best, best_gap, waited, fall = start, problem.relative_gap(start), 0, problem.energy
    for _ in range(_STEPS):
        a = w @ v
        gap = problem.relative_gap(a)
        waited = waited + 1 if fall <= _STILL * problem.energy and gap > best_gap / 2 else 0
        if gap <= best_gap:
            best, best_gap = a, gap
        if best_gap <= tolerance or waited > _PATIENCE:
            return _polished(problem, best)
        slope = problem.slope(a)
        gradient = (problem.tau * w - slope @ v.T, problem.tau * v - w.T @ slope)
        step = _step(problem, (w, v), slope, gradient)
        length, fall = _length(problem, (w, v), slope, gradient, step)
        w, v = _balanced(_moved((w, v), step, length))
    return best


def _polished(problem: Factored, a: Array) -> Array:
    """A few more steps, while the excess falls: the gap is of second order in it, so that it ends at its root."""
    excess = problem.excess(a)
    for _ in range(_POLISH):
        w, v = _balanced(a)
        slope = problem.slope(w @ v)
        gradient = (problem.tau * w - slope @ v.T, problem.tau * v - w.T @ slope)
        w, v = _moved((w, v), _step(problem, (w, v), slope, gradient), 1.0)
        after = problem.excess(w @ v)
        if after >= excess:
            break
        a, excess = w @ v, after
    return a


def _balanced(a: Array | Pair, least: float = 0.0) -> Pair:
    """Factors of A with equal Gram matrices, each column at least so large beside the largest."""
    if isinstance(a, tuple):
        left, r = np.linalg.qr(a[0])
        right, s = np.linalg.qr(a[1].T)
        inner, values, outer = np.linalg.svd(r @ s.T)
        left, right_t = left @ inner, outer @ right.T
    else:
        left, values, right_t = np.linalg.svd(a, full_matrices=False)
    root = np.sqrt(values)
    root = np.maximum(root, least * root[0])
    return left * root, root[:, None] * right_t


def _step(problem: Factored, at: Pair, slope: Array, gradient: Pair) -> Pair:
    """The step of Newton's method, or a long one where the curvature is negative."""
    w, v = at
    tau, squares, shapes = problem.tau, problem.squares, (w.shape, v.shape)
    inner_values, inner = np.linalg.eigh((v * squares) @ v.T)
    inner_values = np.maximum(inner_values, 0.0)
    weights = np.sum(w * w, axis=0)[:, None]  # W^T W is diagonal where the factors are balanced

    def precondition(row: Array) -> Array:
        a, b = _pair(row, *shapes)
        return _row((((a @ inner) / (inner_values + tau)) @ inner.T, b / (weights * squares + tau)))

    def product(row: Array) -> Array:
        a, b = _pair(row, *shapes)
        moved = (a @ v + w @ b) * squares
        return _row((moved @ v.T - slope @ b.T + tau * a, w.T @ moved - a.T @ slope + tau * b))

    start = _row(gradient)
    radius = _FAR * math.sqrt(float(start @ precondition(start)))
    return _pair(truncated_newton(start, product, precondition, radius, _FORCING).step, *shapes)


def _length(problem: Factored, at: Pair, slope: Array, gradient: Pair, step: Pair) -> tuple[float, float]:
    """Where the objective is least along a step, and by how much it falls there: a quartic whose terms are summed
    without the objective itself, so that it is known when that no longer changes in double precision."""
    first, second = step[0] @ at[1] + at[0] @ step[1], step[0] @ step[1]
    quartic = np.array([
        0.5 * float(np.sum(second * second * problem.squares)),
        float(np.sum(first * second * problem.squares)),
        0.5 * (float(np.sum(first * first * problem.squares)) + problem.tau * _inner(step, step))
        - float(np.sum(slope * second)),
        _inner(gradient, step),
        0.0,
    ])
    turns = np.roots(np.polyder(quartic))
    ahead = [float(t.real) for t in turns if abs(t.imag) <= _REAL * abs(t) and t.real > 0.0]
    values = [float(np.polyval(quartic, t)) for t in ahead]
    if not values or min(values) >= 0.0:
        return 0.0, 0.0
    return ahead[int(np.argmin(values))], -min(values)


def _inner(a: Pair, b: Pair) -> float:
    return float(np.sum(a[0] * b[0]) + np.sum(a[1] * b[1]))


def _moved(at: Pair, step: Pair, length: float) -> Pair:
    return at[0] + length * step[0], at[1] + length * step[1]


def _row(pair: Pair) -> Array:
    return np.concatenate((pair[0].ravel(), pair[1].ravel()))


def _pair(row: Array, first: tuple[int, ...], second: tuple[int, ...]) -> Pair:
    size = math.prod(first)
    return row[:size].reshape(first), row[size:].reshape(second)

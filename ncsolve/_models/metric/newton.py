r"""Newton's method on factors A = W V: the problem is then smooth, and its minima are global.

.. math:: \min_{W, V} \tfrac12 \operatorname{tr} W V C V^T W^T - \langle W V, B \rangle
          + \tfrac{\tau}{2} (\|W\|_F^2 + \|V\|_F^2)

With as many columns of W as A can have ranks every local minimum is the global one.  Steps are found by conjugate
gradients, preconditioned by the Hessian in W and that in V alone; along a step the objective is a quartic, whose
minimum is taken.  Between steps the factors are balanced.  It stops on the duality gap, which is computed at a
proximal step from A.
"""

from __future__ import annotations

import math

import numpy as np

from ncsolve._arrays import EPS, RANK_NOISE, Array
from ncsolve._models.metric.dual_bound import Proof, System, proof_of
from ncsolve._models.metric.eigenproblem import Eigenproblem
from ncsolve._models.trust_region import truncated_newton

__all__ = ["newton"]

_STEPS = 200
# Of the gradient, in the preconditioner's norm, that the inner iterations leave: two digits a step.
_FORCING = 1e-2
# Over the preconditioned gradient: beyond it a step is cut, as along negative curvature, where it has no end.
_FAR = 1e6
# Roots of a cubic are real up to this imaginary part.
_REAL = 1e-9
# Directions that the start has lost are seen again from this part of the largest factor on.
_SEED = 1e-3
# So many steps that lower the objective by no more than its rounding may leave the gap as it is.
_PATIENCE = 2
# The gap is of second order in A, which at this is right to ten digits of the largest singular value and more.
_GOAL = 1e-24

Pair = tuple[Array, Array]


def newton(problem: Eigenproblem, start: Array) -> tuple[System, Proof]:
    """The system of A where steps no longer lower the gap that it proves."""
    w, v = _balanced(start, _SEED)
    best, waited = _proved(problem, start), 0
    for _ in range(_STEPS):
        slope = problem.slope(w @ v)
        gradient = (problem.tau * w - slope @ v.T, problem.tau * v - w.T @ slope)
        step = _step(problem, (w, v), slope, gradient)
        length, fall = _length(problem, (w, v), slope, gradient, step)
        w, v = _balanced(_moved((w, v), step, length))
        here = _proved(problem, w @ v)
        waited = waited + 1 if fall <= EPS and here[1].gap > best[1].gap / 2 else 0
        best = min(best, here, key=lambda found: found[1].gap)
        if waited > _PATIENCE or best[1].gap <= _GOAL:
            break
    return best


def _proved(problem: Eigenproblem, a: Array) -> tuple[System, Proof]:
    """A without what Newton's method leaves of directions that the minimum has not, and what that proves.

    One proximal step, in which the singular values shrink by tau over the largest curvature, which is 1, takes these
    out and leaves a minimum as it is.
    """
    left, values, right = np.linalg.svd(a + problem.slope(a), full_matrices=False)
    values = np.maximum(values - problem.tau, 0.0)
    kept = values > RANK_NOISE * values[0]
    system = System(left[:, kept], values[kept], right[kept])
    return system, proof_of(problem, system)


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


def _step(problem: Eigenproblem, at: Pair, slope: Array, gradient: Pair) -> Pair:
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


def _length(problem: Eigenproblem, at: Pair, slope: Array, gradient: Pair, step: Pair) -> tuple[float, float]:
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

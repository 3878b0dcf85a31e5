"""The minimizer of the convex problem: in closed form, or by Newton's method from a reweighted start."""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import RANK_NOISE, Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._models.metric.aligned import aligned
from ncsolve._models.metric.newton import Factored, newton
from ncsolve._models.metric.reduced import Reduced
from ncsolve._models.metric.reweighting import reweighted

__all__ = ["singular_system"]

_ALIGNED = MethodChoice(
    method="closed-form", theorem="T15",
    reason="aligned moments: each right singular vector of the moments with the labels is an eigenvector of those of z",
)
_NEWTON = MethodChoice(
    method="newton", theorem="T15",
    reason="convex in A = W (V, c): Newton's method on factors of A, which stops on the duality gap",
)
# Newton's method goes on to where rounding is all that is left: the gap is of first order in the gradient.
_GOAL = 1e-12


def singular_system(problem: Reduced, *, general: bool) -> tuple[Array, Array, Array, MethodChoice]:
    """Left vectors (m, r), values (r,), descending, and right vectors (p + 1, r) of A, and how they were found.

    ``general`` leaves out the closed form.
    """
    if not general and (found := aligned(problem)) is not None:
        return *found, _ALIGNED
    squares, basis = problem.spectrum
    outer, b, inner = np.linalg.svd(problem.B @ basis, full_matrices=False)
    if not b.size or b[0] <= problem.tau * (1.0 + RANK_NOISE):
        return outer[:, :0], b[:0], basis[:, :0], _NEWTON
    seen = b > RANK_NOISE * b[0]  # A has no other left directions than B
    outer = outer[:, seen]
    in_basis = Factored(
        squares=squares, target=b[seen][:, None] * inner[seen], energy=problem.energy, tau=problem.tau
    )
    a = newton(in_basis, reweighted(squares, in_basis.target, problem.tau), _GOAL)
    left, values, right = _kept(in_basis, a)
    return outer @ left, values, basis @ right.T, _NEWTON


def _kept(problem: Factored, a: Array) -> tuple[Array, Array, Array]:
    """A without what Newton's method leaves of directions that the minimum has not.

    One proximal step, in which the singular values shrink by tau over the largest curvature, takes these out and leaves
    a minimum as it is; it is kept if the gap says so.
    """
    rate = 1.0 / float(problem.squares.max())
    left, values, right = np.linalg.svd(a + rate * problem.slope(a), full_matrices=False)
    values = np.maximum(values - rate * problem.tau, 0.0)
    values[values <= RANK_NOISE * values[0]] = 0.0
    kept = values > 0.0
    shorter = (left[:, kept] * values[kept]) @ right[kept]
    if problem.relative_gap(shorter) > max(2 * problem.relative_gap(a), _GOAL):
        left, values, right = np.linalg.svd(a, full_matrices=False)
        kept = values > RANK_NOISE * values[0]
    return left[:, kept], values[kept], right[kept]

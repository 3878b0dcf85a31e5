"""The minimizer of the convex problem: in closed form, or by Newton's method from a reweighted start."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._models.metric.aligned import aligned
from ncsolve._models.metric.dual_bound import Proof, System, proof_of
from ncsolve._models.metric.eigenproblem import Eigenproblem, eigenproblem
from ncsolve._models.metric.newton import newton
from ncsolve._models.metric.reduced import Reduced
from ncsolve._models.metric.reweighting import reweighted

__all__ = ["Solution", "solved"]

_ALIGNED = MethodChoice(
    method="closed-form", theorem="T15",
    reason="aligned moments: each right singular vector of the moments with the labels is an eigenvector of those of z",
)
_NEWTON = MethodChoice(
    method="newton", theorem="T15",
    reason="convex in A = W (V, c): Newton's method on factors of A, which stops on the duality gap",
)
# A closed form whose gap is more than rounding of the moments makes, relative to e, is not aligned enough.
_CLOSED = 1e-15


class Solution(NamedTuple):
    """``left`` (m, r), ``values`` (r,), descending, and ``right`` (p + 1, r) of A, its ``objective`` by the moments,
    what that proves (the ``gap`` above the minimum at most, and the ``slope`` (m, p + 1) that the dual admits), and
    how it was found."""

    left: Array
    values: Array
    right: Array
    objective: float
    gap: float
    slope: Array
    choice: MethodChoice


def solved(problem: Reduced, *, general: bool) -> Solution:
    """The minimizer; ``general`` leaves out the closed form."""
    inside = eigenproblem(problem)
    if inside is None or not inside.target.size:
        left, slope = np.zeros((len(problem.B), 0)), np.zeros_like(problem.B)
        return Solution(
            left, np.zeros(0), np.zeros((len(problem.C), 0)), problem.energy / 2, 0.0, slope,
            _NEWTON if general else _ALIGNED,
        )
    closed = None if general else aligned(inside.scaled)
    if closed is not None:
        left, values, right = closed
        proof = proof_of(inside, System(inside.outer.T @ left, values, right.T @ inside.basis))
        if proof.gap <= _CLOSED:
            return _solution(inside, proof, _ALIGNED, left, values, right)
    system, proof = newton(inside, reweighted(inside.squares, inside.target, inside.tau))
    return _solution(inside, proof, _NEWTON, inside.outer @ system.left, system.values, inside.basis @ system.right.T)


def _solution(
    inside: Eigenproblem, proof: Proof, choice: MethodChoice, left: Array, values: Array, right: Array
) -> Solution:
    slope = inside.outer @ proof.slope @ inside.basis.T * (inside.energy / inside.size)
    return Solution(
        left, inside.size * values, right, proof.objective * inside.energy, proof.gap * inside.energy, slope, choice
    )

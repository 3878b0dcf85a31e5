r"""What a singular system of A proves: by how much its objective may be above the minimum (T15).

With :math:`G = B - A C` any matrix :math:`G'` of singular values up to :math:`\tau` whose rows C reaches is the slope
at another point, :math:`A + (G - G') C^+`, which the condition of the dual admits, so that

.. math:: F(A) - F^* \le \tau \|A\|_* - \langle G', A \rangle + \tfrac12 \operatorname{tr} (G - G') C^+ (G - G')^T .

For :math:`A = U s V^T` take :math:`G' = \tau U V^T` and across it G itself, its singular values cut at tau: the first
two terms cancel, and what is left is of second order in how far A is from the minimum, and in rounding.  Eigenvectors
that rounding has taken from C, along which B has the norm :math:`\rho \tau`, shrink the slope by
:math:`\sqrt{1 + \rho^2}` at most, which costs less than :math:`\rho^2` of the objective.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ncsolve._arrays import Array
from ncsolve._models.metric.eigenproblem import Eigenproblem

__all__ = ["Proof", "System", "proof_of"]


class System(NamedTuple):
    """A singular system: ``left`` (k, r), ``values`` (r,), descending, and ``right`` (r, p)."""

    left: Array
    values: Array
    right: Array

    @property
    def product(self) -> Array:
        """A (k, p)."""
        return np.asarray((self.left * self.values) @ self.right)


class Proof(NamedTuple):
    """The ``objective`` of a system, its ``gap`` above the minimum at most, and the ``slope`` G' (k, p) for that."""

    objective: float
    gap: float
    slope: Array


def proof_of(problem: Eigenproblem, system: System) -> Proof:
    """What a system proves of its own objective."""
    a, left, right = system.product, system.left, system.right
    slope = problem.slope(a)
    across = slope - left @ (left.T @ slope)
    across -= (across @ right.T) @ right
    outer, values, inner = np.linalg.svd(across, full_matrices=False)
    admitted = problem.tau * left @ right + (outer * np.minimum(values, problem.tau)) @ inner
    loss = max(1.0 - float(np.sum(a * (problem.target + slope))), 0.0) / 2 + problem.tau * float(system.values.sum())
    gap = 0.5 * float(np.sum((slope - admitted) ** 2 / problem.squares)) + (problem.lost / problem.tau) ** 2 * loss
    return Proof(objective=loss, gap=gap, slope=admitted)

"""The convex problem in eigenvectors of C, in units in which C and the labels have size one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import EPS, RANK_NOISE, Array
from ncsolve._models.metric.reduced import Reduced

__all__ = ["Eigenproblem", "eigenproblem"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Eigenproblem:
    """``squares`` (p,), the eigenvalues of C, B as ``target`` (k, p), and ``tau``; the energy e is 1.

    ``outer`` (m, k) and ``basis`` (p + 1, p) lead back to B's own coordinates, ``size`` and ``energy`` to its units: A
    there is ``size`` times that here, a slope ``energy / size`` times and a loss ``energy`` times.  ``scaled`` is the
    problem in its own coordinates and these units.  ``lost`` is the norm of B along the eigenvectors that are left out.
    """

    squares: Array
    target: Array
    tau: float
    outer: Array
    basis: Array
    size: float
    energy: float
    scaled: Reduced
    lost: float

    def slope(self, a: Array) -> Array:
        """G = B - A C (k, p)."""
        return np.asarray(self.target - a * self.squares)


def eigenproblem(problem: Reduced) -> Eigenproblem | None:
    """None where nothing is to be learnt: the labels or the previous features are all alike.

    A singular value of the root below what rounding leaves of the largest is left out.
    """
    vectors, sizes, inner = np.linalg.svd(problem.root, full_matrices=False)
    largest = float(sizes[0])
    kept = sizes > len(sizes) * EPS * largest
    if not (largest > 0.0 and problem.energy > 0.0):
        return None
    energy = math.sqrt(problem.energy)
    along = (problem.labels @ inner.T) * (sizes / largest) / energy
    outer, b, turned = np.linalg.svd(along[:, kept], full_matrices=False)
    seen = b > RANK_NOISE * max(float(b[0]), EPS)  # A has no other left directions than B
    scaled = Reduced(
        root=problem.root / largest, labels=problem.labels / energy, energy=1.0, tau=problem.tau / largest / energy
    )
    return Eigenproblem(
        squares=(sizes[kept] / largest) ** 2, target=b[seen][:, None] * turned[seen], tau=scaled.tau,
        outer=outer[:, seen], basis=vectors[:, kept], size=energy / largest, energy=problem.energy, scaled=scaled,
        lost=float(np.linalg.norm(along[:, ~kept])),
    )

r"""A first approximation of A: the nuclear norm as the best of weighted squares, again and again.

:math:`\|A\|_* = \min_P \tfrac12 \operatorname{tr} (P^{-1} A A^T + P)`, and for given P the minimizer is that of
squares.  In the eigenvectors of P and of C it is :math:`A_{ij} = B_{ij} p_i / (p_i c_j + \tau)`, and then
:math:`P = (A A^T)^{1/2}`.  Directions that A keeps converge fast; those that die do so slowly, and rounding ends
some too early, so that Newton's method takes over.
"""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import Array

__all__ = ["reweighted"]

_STEPS = 30
# Where the largest change of P over its largest eigenvalue is below this, more steps add nothing for a start.
_STILL = 1e-8


def reweighted(squares: Array, target: Array, tau: float) -> Array:
    """A (k, p) for eigenvalues of C (p,) and B (k, p) in the eigenvectors of C, roughly."""
    k = target.shape[0]
    turned, weights = target, np.full(k, float(np.linalg.norm(target, 2)) / max(float(squares.mean()), tau))
    turn = np.eye(k)
    found = turned
    for _ in range(_STEPS):
        found = turned * weights[:, None] / (weights[:, None] * squares + tau)
        values, vectors = np.linalg.eigh(found @ found.T)
        before, weights = weights, np.sqrt(np.maximum(values, 0.0))
        found, turned, turn = vectors.T @ found, vectors.T @ turned, turn @ vectors
        if np.abs(np.sort(before) - weights).max() <= _STILL * weights[-1]:
            break
    return turn @ found

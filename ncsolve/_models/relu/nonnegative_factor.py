"""Turning class means into the nonnegative orthant: whether a Gram matrix has a known nonnegative factor.

Matrices that have one are the completely positive ones; telling them is hard in general.  The symmetric root is one
for orthogonal frames, hierarchies (inverse M-matrices) and whatever has nonnegative roots; else turns and the orthant
are projected on in turn (Groetzner & Duer 2020), which finds a factor where one lies inside the orthant.
"""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import Array

__all__ = ["nonnegative_turn"]

# Entries this small against the largest singular value are set to zero: rounding of the class means, and the loss,
# which is stationary there, changes by the square of it.
_CLIP = 2e-13
_STARTS, _STEPS, _SEED = 5, 1000, 0
# Beyond so many classes the projections take too long.
_MOST_CLASSES = 40


def nonnegative_turn(means: Array, rows: int) -> tuple[Array, Array] | None:
    """R (p, r) with orthonormal columns and R H >= 0 up to rounding, and R H with that set to zero; None if not found.

    ``means`` H (r, K); p is K for the symmetric root, else ``rows`` (or r, if that is more).
    """
    outer, values, inner = np.linalg.svd(means, full_matrices=False)
    if values[0] == 0.0:
        return None
    clip = _CLIP * float(values[0])
    root = (inner.T * values) @ inner
    if root.min() >= -clip:
        return inner.T @ outer.T, np.maximum(root, 0.0)
    k = means.shape[1]
    if (means.T @ means).min() < -clip * float(values[0]) or k > _MOST_CLASSES:
        return None
    live = int(np.count_nonzero(values > clip))
    start = np.zeros((max(rows, live), k))
    start[:live] = values[:live, None] * inner[:live]
    rng = np.random.default_rng(_SEED)
    for _ in range(_STARTS):
        turn = np.linalg.qr(rng.standard_normal((start.shape[0], start.shape[0])))[0]
        for _ in range(_STEPS):
            turned = turn @ start
            if turned.min() >= -clip:
                return turn[:, :live] @ outer[:, :live].T, np.maximum(turned, 0.0)
            left, _, right = np.linalg.svd(np.maximum(turned, 0.0) @ start.T)
            turn = left @ right
    return None

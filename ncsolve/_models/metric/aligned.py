r"""The closed form of aligned moments (T15): the right singular vectors of B are eigenvectors of C.

With :math:`B = \sum_i b_i u_i v_i^T` and :math:`C v_i = c_i v_i` the minimizer is
:math:`A = \sum_i \frac{(b_i - \tau)^+}{c_i} u_i v_i^T`.  Balanced affine one-hot codes on a regular frame of previous
features, with the mean of these across it, are an example.
"""

from __future__ import annotations

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import EPS, RANK_NOISE, Array
from ncsolve._models.metric.reduced import Reduced

__all__ = ["aligned"]

# Moments are sums of products over classes: what rounding leaves of singular values, relative to B, and of an
# alignment, relative to C and to B.
_ROUNDING, _ALIGNED = 64 * EPS, 64 * EPS


def aligned(problem: Reduced) -> tuple[Array, Array, Array] | None:
    """Left vectors (m, r), values (r,), descending, and right vectors (p + 1, r) of A, or None."""
    left, b, right_t = np.linalg.svd(problem.B, full_matrices=False)
    right, tau = right_t.T, problem.tau
    if not np.any(b > tau * (1.0 + RANK_NOISE)):
        return left[:, :0], b[:0], right[:, :0]
    seen = b > _ROUNDING * b[0] * max(problem.B.shape)
    left, b, right = left[:, seen], b[seen], right[:, seen]
    image = problem.C @ right
    inner = right.T @ image
    inner = (inner + inner.T) / 2
    size = float(np.linalg.norm(problem.C)) * b.size
    if np.linalg.norm(image - right @ inner) > _ALIGNED * size:
        return None
    if np.linalg.norm(inner * (b[:, None] - b[None, :])) > _ALIGNED * size * b[0]:
        return None
    for group in _groups(b):  # equal b leave a rotation free, which C decides
        turn = np.linalg.eigh(inner[group, group])[1]
        left[:, group], right[:, group] = left[:, group] @ turn, right[:, group] @ turn
    c = np.sum(right * (problem.C @ right), axis=0)
    kept = b > tau * (1.0 + RANK_NOISE)
    values = np.zeros_like(b)
    values[kept] = _formulas.metric_singular_value(b[kept], c[kept], tau)
    order = np.argsort(-values, kind="stable")[: int(np.count_nonzero(values))]
    return left[:, order], values[order], right[:, order]


def _groups(b: Array) -> list[slice]:
    """Runs of equal values of a descending list."""
    cuts = np.flatnonzero(-np.diff(b) > _ROUNDING * b[0] * b.size) + 1
    return [slice(int(i), int(j)) for i, j in zip([0, *cuts], [*cuts, b.size], strict=True)]

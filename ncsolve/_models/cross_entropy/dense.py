"""Cross-entropy with any codes in the simplex and any counts (T16): the convex core, solved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._frames.columns import dense_columns
from ncsolve._models.cross_entropy.minimize import minimize
from ncsolve._models.cross_entropy.objective import Objective
from ncsolve.processes.threads import single_threaded

__all__ = ["DenseSolution", "solve_dense"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DenseSolution:
    """Z = ``left`` (m, r) diag(``z``) ``right``^T (K, r), r its rank, and the bias (m,), which sums to zero.

    ``lower_bound`` is no more than the least loss.
    """

    left: Array
    z: Array
    right: Array
    bias: Array
    loss: float
    lower_bound: float


def solve_dense(codes: Array, counts: Array, tau: float, lambda_b: float) -> DenseSolution:
    """The minimizer of sum n_k l(z_k/sqrt(n_k) + b, e_k)/N + tau ||Z||_* + lambda_b/2 ||b||^2.

    ``codes`` (m, K) are in the simplex, ``counts`` (K,) positive, tau = sqrt(lambda_w lambda_h), lambda_b in [0, inf];
    for lambda_b = 0 every output has mass in a code.

    >>> import numpy as np
    >>> found = solve_dense(np.eye(3), np.array([20.0, 10.0, 2.0]), 0.05, 0.1)
    >>> found.z.round(6), found.loss - found.lower_bound < 1e-12
    (array([5.855324, 0.329839]), True)
    """
    columns = dense_columns(np.asarray(codes, dtype=np.float64), np.asarray(counts, dtype=np.float64))
    objective = Objective(columns=columns, threshold=columns.total * float(tau), lambda_b=float(lambda_b))
    with single_threaded():
        found = minimize(objective)
    left, z, right = found.point.singular()
    return DenseSolution(
        left=left, z=z, right=right, bias=found.point.bias * columns.bias_scale, loss=found.loss,
        lower_bound=found.lower_bound,
    )

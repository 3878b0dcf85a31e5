"""Cross-entropy with one-hot or smoothed codes: classes of equal count are alike (T16), K is no size of the problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._frames.columns import grouped_columns
from ncsolve._models.cross_entropy.minimize import minimize
from ncsolve._models.cross_entropy.objective import Objective
from ncsolve.processes.threads import single_threaded

__all__ = ["GroupedSolution", "solve_grouped"]


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupedSolution:
    """The minimizer by G groups of g_a classes of equal count n_a.

    ``left`` (G, r) diag(``z``) ``right``^T is the singular value decomposition of Q, in the orthonormal basis
    1_a/sqrt(g_a): those are singular values of Z once each.  ``within`` (G,) are the others, g_a - 1 times each, zero
    for a group of one class, and where class means coincide.  ``bias`` (G,) is that of a class, and sums to zero over
    classes.
    """

    left: Array
    z: Array
    right: Array
    within: Array
    bias: Array
    loss: float
    lower_bound: float


def solve_grouped(
    counts: Array, multiplicities: Array, alpha: float, tau: float, lambda_b: float
) -> GroupedSolution:
    """The minimizer for codes (1 - alpha) 1_k + alpha/K, with ``multiplicities`` (G,) classes of each count (G,).

    tau = sqrt(lambda_w lambda_h), 0 <= alpha < 1, lambda_b in [0, inf].

    >>> import numpy as np
    >>> found = solve_grouped(np.array([60.0, 12.0, 5.0]), np.array([1, 3, 2]), 0.0, 6e-6**0.5, 0.05)
    >>> round(found.loss, 13), found.loss - found.lower_bound < 1e-12
    (0.2562802841449, True)
    """
    counts = np.asarray(counts, dtype=np.float64)
    many = np.asarray(multiplicities, dtype=np.float64)
    threshold = float(counts @ many) * float(tau)
    columns = grouped_columns(counts, many, alpha, threshold)
    objective = Objective(columns=columns, threshold=threshold, lambda_b=float(lambda_b))
    with single_threaded():
        found = minimize(objective)
    left, z, right = found.point.singular()
    within = np.zeros_like(counts)
    within[columns.within] = found.point.within / columns.within_price
    return GroupedSolution(
        left=left, z=z, right=right, within=within, bias=found.point.bias * columns.bias_scale, loss=found.loss,
        lower_bound=found.lower_bound,
    )

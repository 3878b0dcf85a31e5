"""A lower bound for H >= 0 from any point, by weak duality (T12 with a copositive condition).

For multipliers l_k with lw lh D - [n_k n_l <l_k, l_l>] copositive no point has a loss below
sum n_k <l_k, e_k> - N/2 sum n_k ||l_k||^2 - ||sum n_k l_k||^2/(2 lb).  Copositive is shown as positive semidefinite
plus entrywise nonnegative; multipliers that miss the condition are scaled until they meet it, so that what a solver
of limited accuracy returned is never trusted.
"""

from __future__ import annotations

import math
import warnings
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncsolve._problem import UFM

__all__ = ["dual_bound", "multipliers"]

Array = NDArray[np.float64]


def multipliers(problem: UFM, weights: Array, means: Array, bias: Array) -> Array:
    """l_k = (e_k - b - W h_k)/N of a point (m, K)."""
    return np.asarray((problem.encoding.matrix - bias[:, None] - weights @ means) / problem.samples)


def dual_bound(problem: UFM, dual: Array, slack: Array | None = None, *, programme: bool = True) -> float:
    """The bound of multipliers (m, K).

    ``slack`` (K, K) is the nonnegative part of the condition.  If None, it is what makes every entry nonnegative, and
    where that is not enough what a small ``programme`` finds.
    """
    counts, total = problem.counts.array.astype(np.float64), problem.samples
    if problem.lambda_b == 0.0:  # needs sum n_k l_k = 0
        dual = dual - (dual @ counts / total)[:, None]
    gram = dual.T @ dual * np.sqrt(np.outer(counts, counts))  # D^(-1/2) [n_k n_l <l_k, l_l>] D^(-1/2)
    allowed = problem.lambda_w * problem.lambda_h
    if slack is None:
        slack = np.maximum(-gram, 0.0)  # enough where the frame is orthogonal
        np.fill_diagonal(slack, 0.0)
        if programme and _top(gram + slack) > allowed * (1 + 1e-12):
            slack = _best_slack(gram / allowed) * allowed
    largest = max(_top(gram + slack), 1e-300)
    scale = min(1.0, math.sqrt(allowed / largest))
    gain = float(np.sum(counts * np.sum(dual * problem.encoding.matrix, axis=0)))
    cost = total / 2 * float(np.sum(counts * np.sum(dual * dual, axis=0)))
    if 0.0 < problem.lambda_b < math.inf:
        pull = dual @ counts
        cost += float(pull @ pull) / (2 * problem.lambda_b)
    if cost > 0:
        scale = min(scale, gain / (2 * cost))
    return max(scale * gain - scale * scale * cost, 0.0)


def _top(matrix: Array) -> float:
    return float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1])


def _best_slack(gram: Array) -> Array:
    """The nonnegative R (K, K) that makes the largest eigenvalue of gram + R smallest."""
    cp: Any = import_module("cvxpy")  # which has no types

    size = gram.shape[0]
    slack = cp.Variable((size, size), symmetric=True)
    constraints = [slack >= 0, cp.diag(slack) == 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            cp.Problem(cp.Minimize(cp.lambda_max(gram + slack)), constraints).solve(
                solver=cp.CLARABEL, tol_gap_abs=1e-13, tol_gap_rel=1e-13, tol_feas=1e-13
            )
        except cp.error.SolverError:
            return np.zeros_like(gram)
    if slack.value is None:
        return np.zeros_like(gram)
    found = np.maximum((slack.value + slack.value.T) / 2, 0.0)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)

"""A lower bound for H >= 0 from any point, by weak duality (T12 with a copositive condition).

For multipliers l_k with lw lh D - [n_k n_l <l_k, l_l>] copositive no point has a loss below
sum n_k <l_k, e_k> - N/2 sum n_k ||l_k||^2 - ||sum n_k l_k||^2/(2 lb).  Copositive is shown as positive semidefinite
plus entrywise nonnegative; multipliers that miss the condition are scaled until they meet it, so that what a solver
of limited accuracy returned is never trusted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._models.relu.copositive_part import nonnegative_part, top
from ncsolve._problem.ufm import UFM

__all__ = ["Dual", "dual_bound", "feasible", "multipliers"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dual:
    """Multipliers l_k (m, K) that meet the condition up to rounding, and the bound that they give.

    ``slack`` is R (K, K), nonnegative: lw lh I - D^(1/2) [<l_k, l_l>] D^(1/2) - R is positive semidefinite.
    """

    vectors: Array
    slack: Array
    bound: float


def multipliers(problem: UFM, weights: Array, means: Array, bias: Array) -> Array:
    """l_k = (e_k - b - W h_k)/N of a point (m, K)."""
    return np.asarray((problem.encoding.matrix - bias[:, None] - weights @ means) / problem.samples)


def dual_bound(problem: UFM, dual: Array, slack: Array | None = None) -> float:
    """The bound of multipliers (m, K); ``slack`` (K, K) is the nonnegative part, found by a small programme if None."""
    return feasible(problem, dual, slack).bound


def feasible(problem: UFM, dual: Array, slack: Array | None = None, rows: Array | None = None) -> Dual:
    """Multipliers (m, K) scaled until they meet the condition; ``rows`` (d, K) of weighted features sharpen R."""
    counts, total = problem.counts.array.astype(np.float64), problem.samples
    if problem.lambda_b == 0.0:  # needs sum n_k l_k = 0
        dual = dual - (dual @ counts / total)[:, None]
    weighted = dual * np.sqrt(counts)
    gram, allowed = weighted.T @ weighted, problem.lambda_w * problem.lambda_h
    if slack is None:
        slack = nonnegative_part(gram / allowed, rows) * allowed
    scale = min(1.0, math.sqrt(allowed / max(top(gram + slack), 1e-300)))
    gain = float(np.sum(counts * np.sum(dual * problem.encoding.matrix, axis=0)))
    cost = total / 2 * float(np.sum(weighted * weighted))
    if 0.0 < problem.lambda_b < math.inf:
        pull = dual @ counts
        cost += float(pull @ pull) / (2 * problem.lambda_b)
    if cost > 0:
        scale = min(scale, gain / (2 * cost))
    if scale <= 0:
        return Dual(vectors=np.zeros_like(dual), slack=np.zeros_like(gram), bound=0.0)
    return Dual(vectors=scale * dual, slack=scale**2 * slack, bound=max(scale * gain - scale**2 * cost, 0.0))

"""The minimum of the convex core under cross-entropy, and the bound that proves it (T16)."""

from __future__ import annotations

import numpy as np

from ncsolve import _formulas
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.protocol import Frame, Guarantee
from ncsolve._frames.softmax import SoftmaxFrame
from ncsolve._models.cross_entropy.dense import DenseSolution, solve_dense
from ncsolve._models.cross_entropy.grouped import GroupedSolution, solve_grouped
from ncsolve._problem.ufm import UFM

__all__ = ["convex_frame"]

# Where loss and dual bound differ by less, relatively, the point is called the global minimum.
_PROVED = 1e-9


def convex_frame(problem: UFM, choice: MethodChoice) -> Frame:
    """By distinct count for one-hot and smoothed codes, on factors for all others."""
    affine = problem.encoding.affine
    if affine is not None and affine.a > 0.0:
        counts = problem.counts
        grouped = solve_grouped(
            np.array(counts.values, dtype=np.float64), np.array(counts.multiplicities, dtype=np.float64),
            1.0 - affine.a, problem.tau, problem.lambda_b,
        )
        return SoftmaxFrame(
            problem=problem, choice=choice, left=grouped.left, z=grouped.z, right=grouped.right,
            within_z=grouped.within, group_bias=grouped.bias, guarantee=_guarantee(grouped),
        )
    found = solve_dense(
        problem.encoding.matrix, problem.counts.array.astype(np.float64), problem.tau, problem.lambda_b
    )
    root = np.sqrt(found.z)
    values = np.zeros(min(problem.code_length, problem.classes))
    values[: found.z.size] = found.z
    kw = _formulas.weight_scale(problem.lambda_w, problem.lambda_h)
    kh = _formulas.feature_scale(problem.lambda_w, problem.lambda_h)
    return FactoredFrame(
        problem=problem, choice=choice, stack=(kw * found.left * root,),
        means=kh * (found.right * root).T / np.sqrt(problem.counts.array), bias=found.bias, values=values,
        guarantee=_guarantee(found),
    )


def _guarantee(found: GroupedSolution | DenseSolution) -> Guarantee:
    proved = found.loss - found.lower_bound <= _PROVED * found.loss
    return Guarantee(
        kind="global" if proved else "best found", lower_bound=found.lower_bound,
        reason="the dual bound of cross-entropy (T16)",
    )


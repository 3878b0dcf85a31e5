"""The residual of a minimum, which tells how far any other point is from it (T13)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._frames.protocol import Frame
from ncsolve._problem.ufm import UFM, weighted_codes

__all__ = ["Residual", "convex_residual", "residual_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Residual:
    r"""The residual :math:`\Lambda` of the minimum, a column :math:`l_k` for the samples of class k: minus the slope of
    the fit in the outputs :math:`O^*`, so that it is :math:`(Y - O^*)/N` for MSE and :math:`(Y - P^*)/N`, with the
    probabilities :math:`P^*`, for cross-entropy.

    ``outputs`` (m, K) are those of the minimum, bias included, and ``bias`` (m,) is its bias.  ``left`` (m, r),
    ``values`` (r,), descending, and ``right`` (K, r) are the singular system of :math:`[\sqrt{n_k}\, l_k]`; ``active``
    counts the directions that the minimum keeps, where a value is tau.  ``minimum`` is the loss that a gap is counted
    from, where that is not the minimizer's: of probabilities that meet the conditions of the dual it is their bound,
    and the identity holds for them as it does at the minimum.

    Source: T3, T13 and T16 of docs/theory.md.
    """

    problem: UFM
    outputs: Array
    bias: Array
    left: Array
    values: Array
    right: Array
    active: int
    minimum: float | None = None


def convex_residual(problem: UFM, frame: Frame) -> Residual:
    """Of MSE and linear features: singular vectors of M - b u^T, and min(g, T)/N of its singular values g."""
    codes, u = weighted_codes(problem)
    left, g, right = np.linalg.svd(codes - np.outer(frame.bias, u), full_matrices=False)
    values = np.where(g > problem.threshold, problem.tau, np.minimum(g / problem.samples, problem.tau))
    return Residual(
        problem=problem, outputs=problem.encoding.matrix - problem.samples * ((left * values) @ right) / u,
        bias=frame.bias, left=left, values=values, right=right.T, active=int(np.sum(g > problem.threshold)),
    )


def residual_of(problem: UFM, frame: Frame) -> Residual:
    """Of any frame under MSE, from its outputs."""
    codes, u = weighted_codes(problem)
    dim = problem.feature_dim
    outputs = frame.weights(dim) @ frame.class_means(dim) + frame.bias[:, None]
    left, values, right = np.linalg.svd((codes - outputs * u) / problem.samples, full_matrices=False)
    return Residual(
        problem=problem, outputs=outputs, bias=frame.bias, left=left, values=values, right=right.T, active=frame.rank,
    )

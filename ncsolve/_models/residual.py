"""The residual of a minimum, which tells how far any other point is from it (T13)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncsolve._arrays import Array
from ncsolve._frames.protocol import Frame
from ncsolve._problem.ufm import UFM, weighted_codes

__all__ = ["Residual", "convex_residual", "residual_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Residual:
    r"""The residual :math:`\Lambda = (Y - O^*)/N` of the minimum, a column :math:`l_k` for the samples of class k.

    ``left`` (m, r), ``values`` (r,), descending, and ``right`` (K, r) are the singular system of
    :math:`[\sqrt{n_k}\, l_k]`; ``active`` counts the directions that the minimum keeps, where a value is tau.
    ``bias`` (m,) is that of the minimum.

    Source: T3 and T13 of docs/theory.md.
    """

    problem: UFM
    bias: Array
    left: Array
    values: Array
    right: Array
    active: int

    @cached_property
    def outputs(self) -> Array:
        """The outputs of the minimum (m, K), bias included."""
        weighted = (self.left * self.values) @ self.right.T
        _, u = weighted_codes(self.problem)
        return np.asarray(self.problem.encoding.matrix - self.problem.samples * weighted / u)


def convex_residual(problem: UFM, frame: Frame) -> Residual:
    """Of linear features: singular vectors of M - b u^T, and min(g, T)/N of its singular values g."""
    codes, u = weighted_codes(problem)
    left, g, right = np.linalg.svd(codes - np.outer(frame.bias, u), full_matrices=False)
    return Residual(
        problem=problem, bias=frame.bias, left=left,
        values=np.where(g > problem.threshold, problem.tau, np.minimum(g / problem.samples, problem.tau)),
        right=right.T, active=int(np.sum(g > problem.threshold)),
    )


def residual_of(problem: UFM, frame: Frame) -> Residual:
    """Of any frame, from its outputs."""
    codes, u = weighted_codes(problem)
    dim = problem.feature_dim
    outputs = frame.weights(dim) @ frame.class_means(dim)
    rest = (codes - np.outer(frame.bias, u) - outputs * u) / problem.samples
    left, values, right = np.linalg.svd(rest, full_matrices=False)
    return Residual(problem=problem, bias=frame.bias, left=left, values=values, right=right.T, active=frame.rank)

"""The arrays of a minimizer of the metric UFM, from the singular system of A."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.pairs import ClassPairs, pairs_between
from ncsolve._models.metric.reduced import extended_means
from ncsolve._problem.metric_problem import MetricProblem

__all__ = ["MetricFrame", "MetricLossTerms"]


@dataclass(frozen=True, kw_only=True)
class MetricLossTerms:
    """The four terms of the objective of two layers: ``fit``, ``head`` (W), ``hidden`` (V and c) and ``bias``.

    >>> MetricLossTerms(fit=0.25, head=0.5, hidden=0.5, bias=0.0).total
    1.25
    """

    fit: float
    head: float
    hidden: float
    bias: float

    @property
    def total(self) -> float:
        """The objective."""
        return math.fsum((self.fit, self.head, self.hidden, self.bias))

    def scaled(self, factor: float) -> MetricLossTerms:
        """All terms times a factor (another convention)."""
        return MetricLossTerms(
            fit=self.fit * factor, head=self.head * factor, hidden=self.hidden * factor, bias=self.bias * factor
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class MetricFrame:
    """A = U diag(s) V^T with ``left`` (m, r), ``values`` (r,) and ``right`` (p + 1, r), the last row for c.

    The loss, which is ``objective`` by the moments that were solved, is at most ``gap`` above the minimum.  ``slope``
    (m, p + 1) proves it: a residual's moments (Y - O)(z; s_c)^T / N with outputs O next to those of this A, whose
    singular values are at most tau.

    W = (lv/lw)^(1/4) U s^(1/2) and (V, c/s_c) = (lw/lv)^(1/4) s^(1/2) V^T, with the entry s_c that c multiplies.
    """

    problem: MetricProblem
    choice: MethodChoice
    left: Array
    values: Array
    right: Array
    objective: float
    gap: float
    slope: Array

    @property
    def rank(self) -> int:
        """The rank of A."""
        return int(self.values.size)

    @cached_property
    def product(self) -> Array:
        """A (m, p + 1), by which (z; s_c) is multiplied."""
        return np.asarray((self.left * self.values) @ self.right.T)

    @cached_property
    def bias(self) -> Array:
        """b (m,)."""
        problem = self.problem
        if math.isinf(problem.lambda_b):
            return np.zeros(problem.code_length)
        mean = extended_means(problem) @ problem.shares
        return np.asarray((problem.label_mean - self.product @ mean) / (1.0 + problem.lambda_b))

    def weights(self, dim: int) -> Array:
        """W (m, d)."""
        scale = (self.problem.lambda_v / self.problem.lambda_w) ** 0.25
        return np.pad(scale * self.left * np.sqrt(self.values), ((0, 0), (0, dim - self.rank)))

    def hidden(self, dim: int) -> Array:
        """(V, c/s_c) (d, p + 1)."""
        scale = (self.problem.lambda_w / self.problem.lambda_v) ** 0.25
        return np.pad(scale * np.sqrt(self.values)[:, None] * self.right.T, ((0, dim - self.rank), (0, 0)))

    @cached_property
    def means(self) -> Array:
        """Class means of h (r, K)."""
        return np.asarray(self.hidden(self.rank) @ extended_means(self.problem))

    @cached_property
    def outputs(self) -> Array:
        """The outputs of the class means (m, K)."""
        return np.asarray(self.product @ extended_means(self.problem) + self.bias[:, None])

    def gram(self) -> Array:
        """Inner products of the class means of h (K, K)."""
        return np.asarray(self.means.T @ self.means)

    def pairs(self) -> ClassPairs:
        """The same, pair by pair."""
        return pairs_between(self.means)

    def dimensions(self, zero: float) -> int:
        """The rank of the class means, counting singular values above ``zero`` of the largest."""
        sizes = np.linalg.svd(self.means, compute_uv=False)
        return int(np.count_nonzero(sizes > zero * sizes.max(initial=0.0)))

    def singular_values(self) -> tuple[Array, NDArray[np.int64]]:
        """All min(m, p + 1) singular values of A, each once."""
        size = min(self.problem.code_length, self.problem.dim + 1)
        return np.pad(self.values, (0, size - self.rank)), np.ones(size, dtype=np.int64)

    def loss_terms(self) -> MetricLossTerms:
        """From the definition, over class means and the covariance within."""
        problem, spread = self.problem, self.product[:, :-1]
        apart = problem.encoding.matrix - self.outputs
        fit = float(problem.shares @ np.sum(apart**2, axis=0) + np.sum((spread @ problem.moments.within_root) ** 2)) / 2
        penalty = problem.tau / 2 * float(self.values.sum())
        bias = 0.0 if math.isinf(problem.lambda_b) else problem.lambda_b / 2 * float(self.bias @ self.bias)
        return MetricLossTerms(fit=fit, head=penalty, hidden=penalty, bias=bias)

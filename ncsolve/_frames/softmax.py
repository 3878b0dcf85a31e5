"""The grouped frame of an affine one-hot problem under cross-entropy: loss and gradient from the definition (T16)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.columns import Columns, grouped_columns
from ncsolve._frames.coupled_block import BlockGradient, LossTerms
from ncsolve._frames.grouped import GroupedFrame
from ncsolve._frames.protocol import GLOBAL, Guarantee
from ncsolve._frames.softmax_fit import Fit, fit
from ncsolve._problem.counts import ClassCounts
from ncsolve._problem.ufm import UFM

__all__ = ["SoftmaxFrame"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SoftmaxFrame(GroupedFrame):
    """Z as the singular system of its quotient and what it is within groups, and the bias of each group."""

    problem: UFM
    choice: MethodChoice
    left: Array
    z: Array
    right: Array
    within_z: Array
    group_bias: Array
    guarantee: Guarantee = field(default=GLOBAL)
    ties: str = ""
    known_gram: tuple[float, float] | None = None
    convex = False
    sign = 1.0

    @property
    def counts(self) -> ClassCounts:
        return self.problem.counts

    @property
    def lambdas(self) -> tuple[float, float, float]:
        return self.problem.lambda_w, self.problem.lambda_h, self.problem.lambda_b

    @cached_property
    def _columns(self) -> Columns:
        affine = self.problem.encoding.affine
        assert affine is not None
        return grouped_columns(self.group_counts, self.sizes, 1.0 - affine.a, 0.0)

    @cached_property
    def _fit(self) -> Fit:
        columns = self._columns
        within = (self.within_z * np.sqrt(self.sizes - 1))[columns.within]
        return fit(columns, columns.forward(
            (self.left * self.z) @ self.right.T, self.group_bias / columns.bias_scale, within
        ))

    def shifted_singular_values(self) -> Array:
        """N times those of the residual: T in the directions that are kept, and T at most in the others."""
        quotient, within = self._residual
        values = np.linalg.svd(quotient, compute_uv=False)
        return np.concatenate((values, np.abs(within)[self.sizes > 1]))

    @cached_property
    def _residual(self) -> tuple[Array, Array]:
        """[sqrt(n_k) (e_k - p_k)] as a quotient (G, G) and within the groups (G,)."""
        quotient, within = self._columns.weighted(self._fit.residual)
        return -quotient, -within

    def loss_terms(self) -> LossTerms:
        lw, lh, lb = self.lambdas
        nuclear = float(self.z.sum()) + float(np.sum((self.sizes - 1) * self.within_z))
        penalty = float(_formulas.penalty_loss(nuclear, math.sqrt(lw) * math.sqrt(lh)))
        loss = float(self._columns.samples @ self._fit.losses) / self.problem.samples
        square = float(np.sum(self.sizes * self.group_bias**2))
        bias = float(_formulas.bias_loss(square, lb)) if math.isfinite(lb) else 0.0
        return LossTerms(fit=loss, weights=penalty, features=penalty, bias=bias)

    def gradient(self) -> BlockGradient:
        """Of W, H and b, from the definition, on the quotient and within each group."""
        (lw, lh, lb), (kw, kh) = self.lambdas, self._scales()
        n = self.problem.samples
        quotient, within = self._residual
        w, f = kw * self.left * np.sqrt(self.z), kh * self.right * np.sqrt(self.z)
        in_w, in_h, times = kw * np.sqrt(self.within_z), kh * np.sqrt(self.within_z), self.sizes - 1
        square = float(np.sum((lw * w - quotient @ f / n) ** 2) + np.sum((lh * f - quotient.T @ w / n) ** 2))
        square += float(np.sum(times * ((lw * in_w - within * in_h / n) ** 2 + (lh * in_h - within * in_w / n) ** 2)))
        size = math.sqrt(float(np.sum(self.sizes * self.group_counts)))  # of [sqrt(n_k) e_k], before it cancels
        norms = [float(np.sum(x * x)) + float(np.sum(times * y * y)) for x, y in ((w, in_w), (f, in_h))]
        largest = [max(float(np.linalg.norm(x, 2)) if x.size else 0.0, float(y.max(initial=0.0)))
                   for x, y in ((w, in_w), (f, in_h))]
        scale = lw**2 * norms[0] + lh**2 * norms[1] + (size / n) ** 2 * (largest[0] ** 2 + largest[1] ** 2)
        if math.isfinite(lb):
            root_p, root_n = np.sqrt(self.sizes), np.sqrt(self.group_counts)
            push, pull = lb * root_p * self.group_bias, quotient @ (root_p * root_n) / n
            square += float(np.sum((push - pull) ** 2))
            scale += float(push @ push) + 1.0 / self.problem.classes
        return BlockGradient(square=square, scale_square=scale)

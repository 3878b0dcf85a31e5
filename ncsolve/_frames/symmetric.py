"""The frame of an affine one-hot problem under MSE: the convex problem, group by group.

No K x K array is formed unless it is asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.coupled_block import BlockGradient, Core, LossTerms, check_fit
from ncsolve._frames.grouped import GroupedFrame
from ncsolve._frames.protocol import ConvexFrame
from ncsolve._problem.counts import ClassCounts

__all__ = ["SymmetricFrame"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SymmetricFrame(GroupedFrame, ConvexFrame):
    """The grouped frame of the convex problem (T3): each singular value of M - b u^T shrinks by T.

    Within a group that is |a| sqrt(n); ``core`` is the quotient.
    """

    core: Core
    counts: ClassCounts
    a: float
    known_gram: tuple[float, float] | None = None

    @property
    def choice(self) -> MethodChoice:
        return self.core.choice

    @property
    def left(self) -> Array:
        return self.core.left

    @property
    def z(self) -> Array:
        return self.core.z

    @property
    def right(self) -> Array:
        return self.core.right

    @property
    def sign(self) -> float:
        return math.copysign(1.0, self.a)

    @property
    def lambdas(self) -> tuple[float, float, float]:
        return self.core.lambda_w, self.core.lambda_h, self.core.lambda_b

    @property
    def group_bias(self) -> Array:
        return self.core.bias / np.sqrt(self.sizes)

    @cached_property
    def within_sigma(self) -> Array:
        """Singular value of M within each group (G,)."""
        return abs(self.a) * np.sqrt(self.group_counts)

    @cached_property
    def within_z(self) -> Array:
        """Singular value of Z within each group (G,), zero where the group has one class."""
        shrunk = np.asarray(_formulas.soft_threshold(self.within_sigma, self.core.threshold))
        noise = shrunk <= 4e-15 * self.within_sigma
        return np.where(noise | (self.sizes == 1), 0.0, shrunk)

    def shifted_singular_values(self) -> Array:
        """Of M - b u^T: those that depend on the bias in descending order, then those that do not, one for every
        distinct count that two classes share.

        The place of an entry is the same for all values of a weight decay or of the smoothing, so that each entry is a
        continuous function of it.
        """
        return np.concatenate((-np.sort(-self.core.sigma), self.within_sigma[self.sizes > 1]))

    def loss_terms(self) -> LossTerms:
        core = self.core
        part = core.loss_terms()
        kw, kh = self._scales()
        w, f = kw * np.sqrt(self.within_z), kh * np.sqrt(self.within_z)
        times = self.sizes - 1
        rest = _formulas.residual_singular_value(self.within_sigma, core.threshold)
        fit, size = (float(np.sum(times * x * x)) / (2 * core.samples) for x in (rest, self.within_sigma))
        check_fit(fit, float(np.sum(times * (self.within_sigma - w * f) ** 2)) / (2 * core.samples), size)
        return LossTerms(
            fit=part.fit + fit,
            weights=part.weights + core.lambda_w * float(np.sum(times * w * w)) / 2,
            features=part.features + core.lambda_h * float(np.sum(times * f * f)) / 2,
            bias=part.bias,
        )

    def gradient(self) -> BlockGradient:
        core = self.core
        part = core.gradient()
        kw, kh = self._scales()
        w, f = kw * np.sqrt(self.within_z), kh * np.sqrt(self.within_z)
        times = self.sizes - 1
        n, lw, lh = core.samples, core.lambda_w, core.lambda_h
        residual = self.within_sigma - w * f
        square = (lw * w - residual * f / n) ** 2 + (lh * f - residual * w / n) ** 2
        scale = (self.within_sigma / n) ** 2 * (f * f + w * w) + (lw * w) ** 2 + (lh * f) ** 2
        return BlockGradient(
            square=part.square + float(np.sum(times * square)),
            scale_square=part.scale_square + float(np.sum(times * scale)),
        )

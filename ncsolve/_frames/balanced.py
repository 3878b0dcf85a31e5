"""T5: the frame of a balanced affine one-hot problem, a handful of numbers whatever K and N are.

Loss and gradient are evaluated from the definition on the two invariant subspaces, the mean direction and its
complement; arrays are left to ``SymmetricFrame``, which is built when one is asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ncsolve import _formulas
from ncsolve._arrays import RANK_NOISE, Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.coupled_block import BlockGradient, Core, LossTerms, check_fit
from ncsolve._frames.pairs import ClassPairs
from ncsolve._frames.protocol import ConvexFrame
from ncsolve._frames.symmetric import SymmetricFrame
from ncsolve._problem.counts import ClassCounts
from ncsolve._problem.regular import RegularProblem
from ncsolve._problem.ufm import UFM

__all__ = ["BALANCED", "BalancedFrame", "balanced_frame"]

BALANCED = MethodChoice(
    method="closed-form", theorem="T5", reason="balanced counts and an affine one-hot encoding a I + q J"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class BalancedFrame(ConvexFrame):
    """Singular values along the mean direction and across it, and their gap, in units of sqrt(n); b = beta mu."""

    counts: ClassCounts
    regular: RegularProblem
    lambda_w: float
    lambda_h: float
    lambda_b: float
    beta: float
    along_sigma: float
    along_z: float
    across_z: float
    gap: float
    # Of the residual, min(sigma, T): a difference would lose it where T is tiny.
    along_rest: float
    across_rest: float

    @property
    def choice(self) -> MethodChoice:
        return BALANCED

    @cached_property
    def symmetric(self) -> SymmetricFrame:
        """The same minimizer with its arrays."""
        _, w, _, n, k = self.regular
        root_n = math.sqrt(n)
        core = Core(
            choice=BALANCED,
            codes=np.array([[w * root_n]]),
            u=np.array([math.sqrt(n * k)]),
            bias=np.array([self.beta * w / math.sqrt(k)]),
            basis=np.ones((1, 1)),
            turn=None,
            sigma=np.array([self.along_sigma * root_n]),
            samples=n * k,
            lambda_w=self.lambda_w,
            lambda_h=self.lambda_h,
            lambda_b=self.lambda_b,
        )
        on = _formulas.affine_gram_diagonal(self.across_z, self.along_z, n, k, self.lambda_w, self.lambda_h)
        off = _formulas.affine_gram_off_diagonal(self.gap, n, k, self.lambda_w, self.lambda_h)
        return SymmetricFrame(core=core, counts=self.counts, a=self.regular.a, known_gram=(on, off))

    @property
    def rank(self) -> int:
        return (self.along_z > 0) + (self.counts.classes - 1) * (self.across_z > 0)

    @property
    def bias(self) -> Array:
        return self.symmetric.bias

    def weights(self, dim: int) -> Array:
        return self.symmetric.weights(dim)

    def class_means(self, dim: int) -> Array:
        return self.symmetric.class_means(dim)

    def gram(self) -> Array:
        return self.symmetric.gram()

    def pairs(self) -> ClassPairs:
        return self.symmetric.pairs()

    def singular_values(self) -> tuple[Array, NDArray[np.int64]]:
        return self.symmetric.singular_values()

    def shifted_singular_values(self) -> Array:
        return self.symmetric.shifted_singular_values()

    def _parts(self) -> tuple[tuple[int, float, float, float, float], ...]:
        """(multiplicity, code, weight, weighted feature, residual) of the two subspaces, in absolute units."""
        a, w, _, n, k = self.regular
        root_n = math.sqrt(n)
        kw = _formulas.weight_scale(self.lambda_w, self.lambda_h)
        kh = _formulas.feature_scale(self.lambda_w, self.lambda_h)
        along, across = math.sqrt(self.along_z * root_n), math.sqrt(self.across_z * root_n)
        shifted = abs(w) * root_n * (1.0 - self.beta)
        return (
            (1, shifted, kw * along, kh * along, self.along_rest * root_n),
            (k - 1, abs(a) * root_n, kw * across, kh * across, self.across_rest * root_n),
        )

    def loss_terms(self) -> LossTerms:
        n = self.counts.total
        fit = weights = features = 0.0
        for times, code, w, f, rest in self._parts():
            if times:
                check_fit(rest**2, (code - w * f) ** 2, (abs(self.regular.w) * math.sqrt(n) + code) ** 2)
            fit += times * rest**2 / (2 * n)
            weights += times * self.lambda_w * w * w / 2
            features += times * self.lambda_h * f * f / 2
        square = (self.beta * self.regular.w) ** 2 / self.counts.classes
        bias = _formulas.bias_loss(square, self.lambda_b) if math.isfinite(self.lambda_b) else 0.0
        return LossTerms(fit=fit, weights=weights, features=features, bias=float(bias))

    def gradient(self) -> BlockGradient:
        n, k = self.counts.total, self.counts.classes
        square = scale = 0.0
        for times, code, w, f, _ in self._parts():
            rest = (code - w * f) / n
            square += times * ((self.lambda_w * w - rest * f) ** 2 + (self.lambda_h * f - rest * w) ** 2)
            scale += times * ((code / n) ** 2 * (w * w + f * f) + (self.lambda_w * w) ** 2 + (self.lambda_h * f) ** 2)
        if math.isfinite(self.lambda_b):
            _, shifted, w, f, _ = self._parts()[0]
            size = abs(self.regular.w) / math.sqrt(k)
            push = self.lambda_b * self.beta * size
            pull = (shifted - w * f) / math.sqrt(n)  # the mean residual: R u / N on the mean direction
            square += (push - pull) ** 2
            scale += push * push + size * size
        return BlockGradient(square=square, scale_square=scale)


def balanced_frame(problem: UFM, lambda_b: float) -> BalancedFrame:
    """Evaluate T5 for a regular problem with this lambda_b in place of its own."""
    assert problem.regular is not None
    a, w, t, _, k = problem.regular
    beta = _formulas.affine_bias_fraction(w, t, lambda_b) if w != 0.0 else 0.0
    kept = _formulas.affine_mean_singular_value(w, t, lambda_b)
    residual = _formulas.affine_mean_residual(w, t, lambda_b)
    across = _formulas.affine_perp_singular_value(a, t) if k > 1 else 0.0
    return BalancedFrame(
        counts=problem.counts, regular=problem.regular, lambda_w=problem.lambda_w, lambda_h=problem.lambda_h,
        lambda_b=lambda_b, beta=float(beta),
        along_sigma=float(kept + residual), along_z=float(kept) if kept > RANK_NOISE * abs(w) else 0.0,
        across_z=float(across) if across > RANK_NOISE * abs(a) else 0.0,
        gap=float(_formulas.affine_singular_value_gap(a, w, t, lambda_b)), along_rest=float(residual),
        across_rest=min(abs(a), t),
    )

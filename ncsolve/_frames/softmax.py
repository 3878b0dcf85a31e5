"""The grouped frame of an affine one-hot problem under cross-entropy: loss and gradient from the definition (T16)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.coupled_block import BlockGradient, LossTerms
from ncsolve._frames.grouped import GroupedFrame
from ncsolve._frames.protocol import GLOBAL, Guarantee
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
    def _codes(self) -> tuple[float, float]:
        """What a code has at its own class and at others."""
        affine = self.problem.encoding.affine
        assert affine is not None
        return affine.a + affine.q, affine.q

    @cached_property
    def _outputs(self) -> tuple[Array, Array]:
        """The output of its own class (G,), and of one other class of each group (G, G), for a sample of each group (a
        column)."""
        root_p, root_n = np.sqrt(self.sizes), np.sqrt(self.group_counts)
        between = (self.left * self.z) @ self.right.T
        between.flat[:: root_n.size + 1] -= self.within_z
        between = between / (root_p[:, None] * (root_p * root_n)) + self.group_bias[:, None]
        return between.diagonal() + self.within_z / root_n, between

    @cached_property
    def _softmax(self) -> tuple[Array, Array, Array]:
        """Probabilities in the shape of ``_outputs``, and the cross-entropy of a sample of each group (G,)."""
        own, other = self._outputs
        others = self.sizes[:, None] - np.eye(self.sizes.size)
        there = others > 0
        top = np.maximum(own, np.where(there, other, -np.inf).max(axis=0))
        grown, rest = np.exp(own - top), np.where(there, np.exp(np.minimum(other - top, 0.0)), 0.0)
        added = (others * rest).sum(axis=0)
        total = grown + added
        at_own, at_other = self._codes
        # log of the sum: of 1 + what the others add, where the class itself is on top
        lse = np.where(own == top, np.log1p(added), np.log(total))
        loss = lse + at_own * (top - own) + at_other * np.where(there, others * (top - other), 0.0).sum(axis=0)
        return grown / total, rest / total, loss

    @property
    def probabilities(self) -> tuple[Array, Array]:
        """Softmax probabilities: of its own class (G,), of one other class of each group (G, G; column: the sample)."""
        return self._softmax[0], self._softmax[1]

    def shifted_singular_values(self) -> Array:
        """N times those of the residual: T in the directions that are kept, and T at most in the others."""
        quotient, within = self._residual
        values = np.linalg.svd(quotient, compute_uv=False)
        return np.concatenate((values, np.abs(within)[self.sizes > 1]))

    @cached_property
    def _residual(self) -> tuple[Array, Array]:
        """[sqrt(n_k) (e_k - p_k)] as a quotient (G, G) and within the groups (G,)."""
        p_own, p_other = self.probabilities
        at_own, at_other = self._codes
        root_p, root_n = np.sqrt(self.sizes), np.sqrt(self.group_counts)
        within = ((at_own - at_other) - (p_own - p_other.diagonal())) * root_n
        single = self.sizes == 1
        quotient = (at_other - p_other) * (root_p[:, None] * (root_p * root_n))
        quotient.flat[:: root_n.size + 1] = np.where(single, (at_own - p_own) * root_n, quotient.diagonal() + within)
        return quotient, np.where(single, 0.0, within)

    def loss_terms(self) -> LossTerms:
        lw, lh, lb = self.lambdas
        nuclear = float(self.z.sum()) + float(np.sum((self.sizes - 1) * self.within_z))
        penalty = float(_formulas.penalty_loss(nuclear, math.sqrt(lw) * math.sqrt(lh)))
        fit = float(np.sum(self.sizes * self.group_counts * self._softmax[2])) / self.problem.samples
        square = float(np.sum(self.sizes * self.group_bias**2))
        bias = float(_formulas.bias_loss(square, lb)) if math.isfinite(lb) else 0.0
        return LossTerms(fit=fit, weights=penalty, features=penalty, bias=bias)

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

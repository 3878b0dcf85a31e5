"""The frame of a minimizer that is given by its factors: bottlenecks (T8), deep heads (T9), ReLU features (T10).

Loss and gradient are evaluated from the definition, layer by layer; nothing here knows a theorem.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.coupled_block import BlockGradient, LossTerms, check_fit
from ncsolve._frames.pairs import ClassPairs, check_size, pad, pairs_between
from ncsolve._frames.protocol import GLOBAL, Guarantee
from ncsolve._problem.ufm import UFM, weighted_codes

__all__ = ["FactoredFrame"]


@dataclass(frozen=True, kw_only=True, eq=False)
class FactoredFrame:
    """Layers (W_1, ..., W_L) from the features to the output, class means (p, K) and bias (m,).

    The inner width p is that of the directions in use; ``values`` (min(m, K),) are the singular values of Z.
    ``ties`` says in words what else is a minimizer, where it is not unique.  ``fit`` is that term of the loss where it
    is known without the differences of the definition, of which only rounding is left where the weight decay is tiny.
    """

    problem: UFM
    choice: MethodChoice
    stack: tuple[Array, ...]
    means: Array
    bias: Array
    values: Array
    guarantee: Guarantee = field(default=GLOBAL)
    ties: str = ""
    fit: float | None = None
    convex = False
    symmetric = None
    gap = None

    @property
    def rank(self) -> int:
        return int(np.count_nonzero(self.values))

    @property
    def span(self) -> int:
        """Dimensions that the class means span; with H >= 0 more than the rank, where W does not see them all."""
        if not self.problem.spec.nonnegative:
            return self.rank
        live = self.means[np.any(self.means != 0.0, axis=1)]
        apart = np.all(np.count_nonzero(live, axis=0) <= 1)  # no class has two of the features: they are orthogonal
        return live.shape[0] if apart else int(np.linalg.matrix_rank(live))

    @cached_property
    def product(self) -> Array:
        """W = W_L ... W_1 (m, p)."""
        return reduce(lambda inner, outer: outer @ inner, self.stack)

    def layers(self, dim: int) -> tuple[Array, ...]:
        """The layers with every inner width ``dim``."""
        padded = [pad(pad(layer, dim).T, dim).T for layer in self.stack[:-1]]
        return (*padded, pad(self.stack[-1], dim))

    def weights(self, dim: int) -> Array:
        return pad(self.product, dim)

    def class_means(self, dim: int) -> Array:
        return np.ascontiguousarray(pad(self.means.T, dim).T)

    def gram(self) -> Array:
        check_size(self.problem.classes, self.problem.classes, "the Gram matrix")
        return self.means.T @ self.means

    def pairs(self) -> ClassPairs:
        return pairs_between(self.means)

    def singular_values(self) -> tuple[Array, NDArray[np.int64]]:
        return self.values, np.ones(self.values.size, dtype=np.int64)

    def shifted_singular_values(self) -> Array:
        """Of M - b u^T, descending; under cross-entropy N times those of the residual."""
        codes, u = weighted_codes(self.problem)
        if not self.problem.spec.squared:
            return np.asarray(np.linalg.svd(self._residual * u, compute_uv=False), dtype=np.float64)
        return np.asarray(np.linalg.svd(codes - np.outer(self.bias, u), compute_uv=False), dtype=np.float64)

    def dimensions(self, zero: float) -> int:
        """The rank of the class means, counting singular values above ``zero`` of the largest where they have noise.

        Under H >= 0 Z has a lower one where a free bias takes the label mean out of it.
        """
        if self.problem.spec.nonnegative:
            values = np.linalg.svd(self.means, compute_uv=False) ** 2
        elif self.choice.method == "descent":
            values = self.values
        else:
            return self.rank
        return int(np.count_nonzero(values > zero * max(float(values.max(initial=0.0)), 1e-300)))

    @cached_property
    def _outputs(self) -> Array:
        """W H + b 1^T, one column per class."""
        return self.product @ self.means + self.bias[:, None]

    @cached_property
    def _residual(self) -> Array:
        """The slope of the loss in the outputs, of MSE outputs minus codes."""
        return self.problem.spec.fit.slope(self._outputs, self.problem.encoding.matrix)

    def loss_terms(self) -> LossTerms:
        problem = self.problem
        n = problem.counts.array.astype(np.float64)
        weights = sum(
            decay * float(np.sum(layer * layer)) / 2
            for decay, layer in zip(problem.lambda_w_layers, self.stack, strict=True)
        )
        finite = math.isfinite(problem.lambda_b)
        fit = float(n @ problem.spec.fit.of_columns(self._outputs, problem.encoding.matrix)) / problem.samples
        if self.fit is not None:
            shifted = np.abs(problem.encoding.matrix) + np.abs(self.bias)[:, None]
            check_fit(self.fit, fit, float(np.sum(n * shifted**2)) / (2 * problem.samples))
        return LossTerms(
            fit=fit if self.fit is None else self.fit,
            weights=float(weights),
            features=problem.lambda_h * float(np.sum(n * self.means**2)) / 2,
            bias=problem.lambda_b * float(self.bias @ self.bias) / 2 if finite else 0.0,
        )

    def gradient(self) -> BlockGradient:
        """Of the full objective; for H >= 0 what is left of it where the constraint does not hold it."""
        problem = self.problem
        codes, root = weighted_codes(problem)
        residual, features = self._residual * root / problem.samples, self.means * root
        inputs = [features]  # of each layer
        for layer in self.stack[:-1]:
            inputs.append(layer @ inputs[-1])
        square = scale = 0.0
        back = residual
        codes = codes / problem.samples
        size = float(np.linalg.norm(codes))  # before anything cancels in the residual
        for decay, layer, entering in zip(
            reversed(problem.lambda_w_layers), reversed(self.stack), reversed(inputs), strict=True
        ):
            slope = back @ entering.T + decay * layer
            square += float(np.sum(slope * slope))
            scale += float(np.sum((decay * layer) ** 2)) + (size * _largest(entering)) ** 2
            size *= _largest(layer)
            back = layer.T @ back
        slope = back + problem.lambda_h * features
        if problem.spec.nonnegative:
            slope = np.where(features > 0, slope, np.minimum(slope, 0.0))
        square += float(np.sum(slope * slope))
        scale += float(np.sum((problem.lambda_h * features) ** 2)) + size * size
        if math.isfinite(problem.lambda_b):
            push, pull = problem.lambda_b * self.bias, residual @ root
            square += float(np.sum((push + pull) ** 2))
            scale += float(push @ push) + float(np.sum((np.abs(codes) @ root) ** 2))
        return BlockGradient(square=square, scale_square=scale)


def _largest(matrix: Array) -> float:
    """The largest singular value, 0 where there is none: numpy before 2.3 has no norm of an empty matrix."""
    return float(np.linalg.norm(matrix, 2)) if matrix.size else 0.0


"""The frame of a problem without symmetry: one block holds everything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.coupled_block import BlockGradient, Core, LossTerms
from ncsolve._frames.pairs import ClassPairs, check_size, pad, pairs_between
from ncsolve._frames.protocol import ConvexFrame
from ncsolve._problem.counts import ClassCounts

__all__ = ["DenseFrame"]


@dataclass(frozen=True, kw_only=True, eq=False)
class DenseFrame(ConvexFrame):
    """Arrays of a problem without symmetry."""

    core: Core
    counts: ClassCounts
    gap = None

    @property
    def choice(self) -> MethodChoice:
        return self.core.choice

    @property
    def symmetric(self) -> None:
        return None

    @property
    def rank(self) -> int:
        return int(self.core.z.size)

    @property
    def bias(self) -> Array:
        return self.core.bias

    def weights(self, dim: int) -> Array:
        return pad(self.core.weights, dim)

    def class_means(self, dim: int) -> Array:
        means = self.core.features / np.sqrt(self.counts.array)
        return np.ascontiguousarray(pad(means.T, dim).T)

    def gram(self) -> Array:
        check_size(self.counts.classes, self.counts.classes, "the Gram matrix")
        means = self.core.features / np.sqrt(self.counts.array)
        return means.T @ means

    def pairs(self) -> ClassPairs:
        return pairs_between(self.core.features / np.sqrt(self.counts.array))

    def singular_values(self) -> tuple[Array, NDArray[np.int64]]:
        values = np.zeros(min(self.core.codes.shape))
        values[: self.rank] = self.core.z
        return values, np.ones(values.size, dtype=np.int64)

    def shifted_singular_values(self) -> Array:
        """Of M - b u^T, descending."""
        return -np.sort(-self.core.sigma)

    def loss_terms(self) -> LossTerms:
        return self.core.loss_terms()

    def gradient(self) -> BlockGradient:
        return self.core.gradient()

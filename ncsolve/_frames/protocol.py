"""What a minimizer needs to know of its arrays, and what frames of the convex problem (T3) have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.coupled_block import BlockGradient, LossTerms
from ncsolve._frames.pairs import ClassPairs

if TYPE_CHECKING:
    from ncsolve._frames.grouped import GroupedFrame

__all__ = ["GLOBAL", "ConvexFrame", "Frame", "Guarantee", "OneLayerFrame"]


@dataclass(frozen=True, kw_only=True)
class Guarantee:
    """What is known of a point: its ``kind`` is "global" (a theorem) or "best found" (the best of many starts).

    For "best found" ``lower_bound`` is a number that no point's loss is below, and ``reason`` says why.
    """

    kind: str
    lower_bound: float | None = None
    reason: str = ""

    def below(self, loss: float) -> float:
        """What no point's loss is below, where this one has the given loss: that loss itself where it is global."""
        return loss if self.lower_bound is None else min(self.lower_bound, loss)


GLOBAL = Guarantee(kind="global")


class Frame(Protocol):
    """The arrays of a minimizer, made on demand, and what is known of them.

    ``convex`` says whether they are of the convex problem in Z and b (T3), the paper's model with room for it, so that
    singular values of Z are those of M - b u^T less T; ``symmetric`` the same frame group by group, where classes of
    one count are alike; ``gap`` by how much the singular value of the label mean exceeds that of the contrasts, where
    that is known without a difference; ``ties`` what else is a minimizer, in words; ``span`` the dimensions of the
    class means.
    """

    @property
    def convex(self) -> bool: ...
    @property
    def choice(self) -> MethodChoice: ...
    @property
    def guarantee(self) -> Guarantee: ...
    @property
    def ties(self) -> str: ...
    @property
    def symmetric(self) -> GroupedFrame | None: ...
    @property
    def gap(self) -> float | None: ...
    @property
    def rank(self) -> int: ...
    @property
    def span(self) -> int: ...
    @property
    def bias(self) -> Array: ...
    def weights(self, dim: int) -> Array: ...
    def layers(self, dim: int) -> tuple[Array, ...]: ...
    def class_means(self, dim: int) -> Array: ...
    def gram(self) -> Array: ...
    def pairs(self) -> ClassPairs: ...
    def singular_values(self) -> tuple[Array, NDArray[np.int64]]: ...
    def shifted_singular_values(self) -> Array: ...
    def dimensions(self, zero: float) -> int: ...
    def loss_terms(self) -> LossTerms: ...
    def gradient(self) -> BlockGradient: ...


class OneLayerFrame:
    """What is the same in every frame of one layer whose class means span as many dimensions as Z has."""

    if TYPE_CHECKING:

        @property
        def rank(self) -> int: ...
        def weights(self, dim: int) -> Array: ...

    @property
    def span(self) -> int:
        return self.rank

    def layers(self, dim: int) -> tuple[Array, ...]:
        return (self.weights(dim),)

    def dimensions(self, zero: float) -> int:
        """The rank of the class means, counting singular values above ``zero`` of the largest where they have noise."""
        return self.rank


class ConvexFrame(OneLayerFrame):
    """What is the same in every frame of the convex problem, whose minimum is the global one."""

    convex = True
    guarantee = GLOBAL
    ties = ""

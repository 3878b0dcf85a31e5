"""A minimizer's arrays: what every frame gives, and the frame of a problem without symmetry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.coupled_block import BlockGradient, Core, LossTerms
from ncsolve._frames.guarantee import GLOBAL, Guarantee
from ncsolve._problem.counts import ClassCounts
from ncsolve.errors import SizeError

if TYPE_CHECKING:
    from ncsolve._frames.symmetric import SymmetricFrame

__all__ = ["ClassPairs", "DenseFrame", "Frame", "check_size", "choose_evenly", "pad",
           "pairs_between"]

Array = NDArray[np.float64]
_MAX_ENTRIES = 2**27
# Figures over pairs of classes compare at most this many: four million pairs take a second and 100 MB.
_MOST_PAIRED = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassPairs:
    """Inner products of class means, each with how often it occurs.

    ``diagonal`` (G,) with ``diagonal_count``; ``inner`` (P,) between different classes of the diagonal entries
    ``first`` and ``second`` (P,), with ``inner_count`` over ordered pairs.  Where the pairs of ``sampled`` entries
    stand for all, the diagonal still is that of all classes, and ``inner_count`` adds up to all pairs.
    """

    diagonal: Array
    diagonal_count: Array
    inner: Array
    inner_count: Array
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    sampled: int | None = None  # how many classes (or distinct counts) stand for all, if not all were compared


class Frame(Protocol):
    """What a minimizer needs to know of its arrays."""

    @property
    def choice(self) -> MethodChoice: ...
    @property
    def symmetric(self) -> SymmetricFrame | None: ...
    @property
    def guarantee(self) -> Guarantee: ...

    @property
    def rank(self) -> int: ...
    @property
    def bias(self) -> Array: ...
    def weights(self, dim: int) -> Array: ...
    def class_means(self, dim: int) -> Array: ...
    def gram(self) -> Array: ...
    def pairs(self) -> ClassPairs: ...
    def singular_values(self) -> tuple[Array, NDArray[np.int64]]: ...
    def loss_terms(self) -> LossTerms: ...
    def gradient(self) -> BlockGradient: ...


def check_size(rows: int, columns: int, what: str) -> None:
    if rows * columns > _MAX_ENTRIES:
        raise SizeError(
            f"{what} would be a {rows} x {columns} array of {rows * columns * 8 / 1e9:.1f} GB; "
            "use the minimizer's blocks (one entry per distinct count)"
        )


def choose_evenly(size: int) -> tuple[NDArray[np.intp], int | None]:
    """All of 0 .. size-1 with None, or _MOST_PAIRED of them, evenly spaced, with that number."""
    if size <= _MOST_PAIRED:
        return np.arange(size), None
    return np.linspace(0, size - 1, _MOST_PAIRED).round().astype(np.intp), _MOST_PAIRED


def pairs_between(means: Array) -> ClassPairs:
    """The pairs of class means (p, K), each a class of its own."""
    classes = means.shape[1]
    chosen, sampled = choose_evenly(classes)
    gram = means[:, chosen].T @ means[:, chosen]
    first, second = np.triu_indices(chosen.size, 1)
    times = 1.0 if sampled is None else classes * (classes - 1) / (chosen.size * (chosen.size - 1))
    return ClassPairs(
        diagonal=np.diag(gram).copy() if sampled is None else np.sum(means * means, axis=0),
        diagonal_count=np.ones(classes), inner=gram[first, second], inner_count=np.full(first.size, 2.0 * times),
        first=chosen[first], second=chosen[second], sampled=sampled,
    )


def pad(array: Array, dim: int) -> Array:
    """Columns of zeros up to ``dim`` columns."""
    check_size(array.shape[0], dim, "W or the class means")
    return np.pad(array, ((0, 0), (0, dim - array.shape[1])))


@dataclass(frozen=True, kw_only=True, eq=False)
class DenseFrame:
    """Arrays of a problem without symmetry: one block holds everything."""

    core: Core
    counts: ClassCounts
    guarantee: ClassVar[Guarantee] = GLOBAL

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

    def loss_terms(self) -> LossTerms:
        return self.core.loss_terms()

    def gradient(self) -> BlockGradient:
        return self.core.gradient()

"""How many samples each class has, kept compressed: balanced counts of a million classes are two numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ncsolve.checks.arguments import is_whole
from ncsolve.checks.arrays import Frozen, as_array, read_only, remedy
from ncsolve.errors import ProblemError, shown

__all__ = ["ClassCounts"]

_MAX_SAMPLES = 2**62


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassCounts(Frozen):
    """Samples per class, grouped by value: ``values[g]`` samples in each of ``multiplicities[g]`` classes.

    ``inverse`` (K,) maps a class to its group; ``None`` when there is one group.
    """

    values: tuple[int, ...]
    multiplicities: tuple[int, ...]
    inverse: NDArray[np.intp] | None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ClassCounts):
            return NotImplemented
        if (self.values, self.multiplicities) != (other.values, other.multiplicities):
            return False
        return self.inverse is None or np.array_equal(self.groups, other.groups)

    def __hash__(self) -> int:
        return hash((self.values, self.multiplicities))

    @classmethod
    def of(cls, counts: int | Sequence[int] | ArrayLike, classes: int) -> ClassCounts:
        """Read one count for all classes, or one per class.  Raises ProblemError."""
        if is_whole(counts):
            n = int(counts)
            _check_positive(n, "every class")
            _check_total(n * classes)
            return cls(values=(n,), multiplicities=(classes,), inverse=None)
        array = _as_integers(counts)
        if array.size != classes:
            raise ProblemError(
                f"counts must have one entry per class: got {array.size} counts for {classes} classes (the columns "
                "of the encoding); give as many counts as classes, or transpose the encoding"
            )
        low = int(array.min())
        if low < 1:
            _check_positive(low, f"class {int(array.argmin())}")
        _check_total(int(array.sum(dtype=object)) if array.max() > 2**62 // array.size else int(array.sum()))
        if (array == array[0]).all():
            return cls(values=(int(array[0]),), multiplicities=(classes,), inverse=None)
        values, inverse, multiplicities = np.unique(array, return_inverse=True, return_counts=True)
        return cls(
            values=tuple(values.tolist()), multiplicities=tuple(multiplicities.tolist()), inverse=inverse.reshape(-1)
        )

    def __len__(self) -> int:
        return self.classes

    def __iter__(self) -> Iterator[int]:
        return iter(self.array.tolist())

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[np.generic]:
        return np.array(self.array, dtype=dtype)  # the caller's own

    @cached_property
    def classes(self) -> int:
        """K, the number of classes."""
        return sum(self.multiplicities)

    @cached_property
    def total(self) -> int:
        """N, the number of samples."""
        return sum(n * p for n, p in zip(self.values, self.multiplicities, strict=True))

    @property
    def balanced(self) -> bool:
        return len(self.values) == 1

    @property
    def array(self) -> NDArray[np.int64]:
        """Samples per class (K,)."""
        values = np.array(self.values, dtype=np.int64)
        return read_only(np.repeat(values, self.multiplicities) if self.inverse is None else values[self.inverse])

    @property
    def groups(self) -> NDArray[np.intp]:
        """Group of each class (K,)."""
        return read_only(np.zeros(self.classes, dtype=np.intp)) if self.inverse is None else self.inverse


def _as_integers(counts: object) -> NDArray[np.int64]:
    array = as_array(counts)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iuf":
        raise ProblemError(
            "counts must be a positive integer or a sequence with one positive integer (up to 2^62) per class; got "
            + shown(counts) + remedy(counts)
        )
    if array.dtype.kind == "f":
        whole = np.isfinite(array) & (array == np.floor(array)) & (np.abs(array) < 2.0**62)
        if not whole.all():
            k = int(np.argmin(whole))
            raise ProblemError(f"counts must be whole numbers; class {k} has {array[k]:g}, round it or drop the class")
    elif array.max() > _MAX_SAMPLES:
        _check_total(int(array.max()))
    return array.astype(np.int64)


def _check_positive(n: int, whose: str) -> None:
    if n < 1:
        raise ProblemError(f"counts must be at least 1; {whose} has {shown(n)}, remove empty classes from the problem")


def _check_total(total: int) -> None:
    if total > _MAX_SAMPLES:
        raise ProblemError(f"the number of samples must not exceed 2^62; got {shown(total)}, scale the counts down")

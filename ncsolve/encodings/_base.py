"""What an encoding is: a code of length m for each of K classes, the columns of E (m, K)."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve.checks.arguments import MAX_ENTRIES
from ncsolve.checks.arrays import Frozen, as_array, as_floats, remedy
from ncsolve.errors import EncodingError, SizeError, shown

__all__ = ["AffineOneHot", "ArrayEncoding", "Encoding", "check_size", "from_array"]


class Encoding(Frozen, ABC):
    """A label encoding: ``classes`` K, ``code_length`` m, the codes as the columns of ``matrix`` (m, K), a ``name``.

    Subclass it for codes that are computed; arrays need only ``from_array``.  Encodings of one kind are equal if their
    names and codes are.

    >>> import ncsolve
    >>> isinstance(ncsolve.encodings.onehot(3), Encoding)
    True
    """

    name: str

    @property
    @abstractmethod
    def classes(self) -> int:
        """K, the number of classes."""

    @property
    @abstractmethod
    def code_length(self) -> int:
        """m, the length of a code."""

    @property
    @abstractmethod
    def matrix(self) -> Array:
        """E (m, K), one code a column, read-only."""

    @property
    def affine(self) -> AffineOneHot | None:
        """The encoding as a member a I + q J of the affine one-hot family, or None if it is not in it."""
        return None


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayEncoding(Encoding):
    """Codes given one by one, the columns of ``codes`` (m, K).  Raises EncodingError as ``from_array`` does.

    >>> import numpy as np
    >>> ArrayEncoding(codes=np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])).code_length
    2
    """

    codes: Array
    name: str = "array"

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", _check_codes(self.codes))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ArrayEncoding):
            return NotImplemented
        return self.name == other.name and np.array_equal(self.codes, other.codes)

    def __hash__(self) -> int:
        return hash((self.name, self.codes.shape))

    @property
    def classes(self) -> int:
        return int(self.codes.shape[1])

    @property
    def code_length(self) -> int:
        return int(self.codes.shape[0])

    @property
    def matrix(self) -> Array:
        return self.codes

    @cached_property
    def affine(self) -> AffineOneHot | None:
        k = self.classes
        if self.code_length != k or k == 1:
            return None
        q = float(self.codes[0, 1])
        on = float(self.codes[0, 0])
        if not (np.diag(self.codes) == on).all() or np.count_nonzero(self.codes == q) < k * (k - 1) + k * (on == q):
            return None
        return AffineOneHot(num_classes=k, a=on - q, q=q, row_sum=math.fsum((on, (k - 1) * q)), name=self.name)


@dataclass(frozen=True, kw_only=True)
class AffineOneHot(Encoding):
    r"""An encoding of the affine one-hot family, :math:`E = a I + q J` with J the all-ones matrix.

    One-hot, label smoothing, signed and centred simplex codes are its members.  It is never stored as an
    array, so a million classes cost three numbers.  ``row_sum`` is :math:`w = a + K q`, given rather than
    computed where it is known exactly.  Source: T5 of docs/theory.md.

    >>> import ncsolve
    >>> code = ncsolve.encodings.signed(4)
    >>> code.a, code.q, code.row_sum
    (2.0, -1.0, -2.0)
    """

    num_classes: int
    a: float
    q: float
    row_sum: float
    name: str

    @property
    def classes(self) -> int:
        return self.num_classes

    @property
    def code_length(self) -> int:
        return self.num_classes

    @property
    def affine(self) -> AffineOneHot:
        return self

    @cached_property
    def matrix(self) -> Array:
        if self.num_classes**2 > MAX_ENTRIES:
            raise SizeError(
                f"the codes of {self.num_classes} classes would fill a {self.num_classes} x {self.num_classes} array; "
                "solve() does not need it, use encoding.a and encoding.q"
            )
        codes = np.full((self.num_classes, self.num_classes), self.q)
        codes.flat[:: self.num_classes + 1] = self.a + self.q
        codes.setflags(write=False)
        return codes


def from_array(codes: ArrayLike, *, name: str = "array") -> ArrayEncoding:
    """Take the columns of an array (m, K) as the codes of K classes.

    Raises EncodingError for an array that is not two-dimensional, is empty, or holds NaN or infinity.

    >>> from_array([[1, 0, 0.5], [0, 1, 0.5]]).classes
    3
    """
    return ArrayEncoding(codes=np.array(_as_floats(codes)), name=name)


def check_size(rows: int, columns: int) -> None:
    """Refuse an array of codes that would fill more than a gigabyte, before it is made."""
    if rows * columns > MAX_ENTRIES:
        size = f"{rows * columns * 8 / 1e9:.1f}" if rows * columns < 10**18 else "billions of"
        raise EncodingError(
            f"codes of length {shown(rows)} for {columns} classes would fill {size} GB; the limit is "
            f"{MAX_ENTRIES} numbers, use shorter codes or fewer classes"
        )


def _as_floats(codes: ArrayLike) -> Array:
    array = as_array(codes)
    if array.dtype.kind not in "iufb":
        raise EncodingError(
            "an encoding must be an array of real numbers with one code per column (m rows, K columns); "
            f"got {type(codes).__name__} that is none{remedy(codes)}"
        )
    return as_floats(array, "codes", EncodingError)


def _check_codes(codes: ArrayLike) -> Array:
    array = _as_floats(codes)
    if array.ndim != 2 or array.size == 0:
        raise EncodingError(
            f"an encoding must be a two-dimensional array (m, K) with m, K >= 1; got shape {array.shape}, "
            "put the code of class k in column k"
        )
    if not np.isfinite(array).all():
        i, k = np.argwhere(~np.isfinite(array))[0]
        raise EncodingError(f"codes must be finite; entry {i} of the code of class {k} is {array[i, k]}, replace it")
    size = np.abs(array).max()
    if size > 1e50:
        raise EncodingError(f"codes must not exceed 1e50; the largest is {size:g}, rescale them")
    if 0.0 < size < 1e-50:  # their squares would leave the range of floats
        raise EncodingError(f"codes must not all be below 1e-50; the largest is {size:g}, rescale them")
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array

"""Arrays that come from outside are real numbers of a stated kind; arrays of results are read-only."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve.errors import NCSolveError, ProblemError

__all__ = ["array_property", "as_array", "freeze_fields", "number_list", "read_only", "real_array", "remedy"]

T = TypeVar("T")


def as_array(value: object) -> NDArray[np.generic]:
    """What numpy makes of a value: an empty array of objects if nothing can be made of it, whatever the reason."""
    try:
        return np.asarray(value)
    except Exception:  # ragged lists, tensors with gradients or on another device, objects that fail
        return np.empty(0, dtype=object)


def real_array(value: ArrayLike, what: str, error: type[NCSolveError] = ProblemError) -> NDArray[np.float64]:
    """``value`` as an array of floats; ProblemError, naming ``what``, for anything else (text, ragged or complex)."""
    array = as_array(value)
    if array.dtype.kind not in "iufb":
        raise error(
            f"{what} must be a rectangular array of real numbers; got {type(value).__name__} that is none"
            + remedy(value)
        )
    return array.astype(np.float64)


def read_only(value: T) -> T:
    """The same array, or tuple of arrays, through which nobody can change it; other things as they are."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        view = value.view()
        view.flags.writeable = False
        return view
    if isinstance(value, tuple) and any(isinstance(entry, np.ndarray) for entry in value):
        return tuple(read_only(entry) for entry in value)  # type: ignore[return-value]
    return value


def freeze_fields(owner: object) -> None:
    """Make the arrays of a frozen dataclass read-only; for ``__post_init__``."""
    for name, value in list(vars(owner).items()):
        object.__setattr__(owner, name, read_only(value))


class array_property(cached_property[T]):
    """A cached property, an array or a tuple of them, that nobody can change: results are saved and compared."""

    def __init__(self, func: Callable[[Any], T]) -> None:
        super().__init__(func)
        self.func = lambda owner: read_only(func(owner))


def number_list(value: object, what: str) -> NDArray[np.float64]:
    """``value`` as a vector (n,) of floats, n >= 1, or ProblemError."""
    array = as_array(value)
    if array.dtype.kind not in "iufb" or array.ndim != 1 or array.size == 0:
        shape = f"shape {array.shape}" if array.dtype.kind in "iufb" else type(value).__name__
        raise ProblemError(f"{what} must be a non-empty sequence of numbers; got {shape}{remedy(value)}")
    return array.astype(np.float64)


def remedy(value: object) -> str:
    """What to do with a tensor of another package."""
    return ", pass tensor.detach().cpu().numpy()" if hasattr(type(value), "__array__") else ""

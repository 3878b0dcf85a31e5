"""Arrays that come from outside are real numbers of a stated kind; arrays of results are read-only."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve.errors import ProblemError

__all__ = ["array_property", "freeze_fields", "read_only", "real_array"]

T = TypeVar("T")


def real_array(value: ArrayLike, what: str) -> NDArray[np.float64]:
    """``value`` as an array of floats; ProblemError, naming ``what``, for anything else (text, ragged or complex)."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # ragged
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "iufb":
        raise ProblemError(
            f"{what} must be a rectangular array of real numbers; got {type(value).__name__} that is none"
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

"""Arrays that come from outside are real numbers of a stated kind; arrays of results are read-only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve._arrays import Array, Index
from ncsolve.errors import NCSolveError, ProblemError

__all__ = [
    "Frozen", "array_property", "as_array", "as_floats", "check_labels", "number_list", "read_only", "real_array",
    "remedy",
]

T = TypeVar("T")


def as_array(value: object) -> NDArray[np.generic]:
    """What numpy makes of a value: an empty array of objects if nothing can be made of it, whatever the reason."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):  # numpy would give what is under the mask
        return np.empty(0, dtype=object)
    try:
        return np.asarray(value)
    except Exception:  # ragged lists, tensors with gradients or on another device, objects that fail
        return np.empty(0, dtype=object)


def real_array(value: ArrayLike, what: str) -> Array:
    """``value`` as an array of floats; ProblemError, naming ``what``, for anything else (text, ragged or complex)."""
    array = as_array(value)
    if array.dtype.kind not in "iufb":
        raise ProblemError(
            f"{what} must be a rectangular array of real numbers; got {type(value).__name__} that is none"
            + remedy(value)
        )
    return as_floats(array, what)


def as_floats(array: NDArray[np.generic], what: str, error: type[NCSolveError] = ProblemError) -> Array:
    """Numbers as floats.  Raises the error for longer ones that would become 0 or inf."""
    with np.errstate(over="ignore", under="ignore"):
        floats = array.astype(np.float64)
    if array.dtype.itemsize > floats.itemsize:
        lost = ((floats == 0.0) | np.isinf(floats)) & (floats != array)
        if lost.any():
            first = array[lost].flat[0]
            raise error(f"{what} must hold numbers that a float can hold; got {first!s}, which would become "
                        f"{floats[lost].flat[0]:g}")
    return floats


def read_only(value: T) -> T:
    """The same array, or tuple of arrays, through which nobody can change it; other things as they are."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        view = value.view()
        view.flags.writeable = False
        return view
    if isinstance(value, tuple) and any(isinstance(entry, np.ndarray) for entry in value):
        return tuple(read_only(entry) for entry in value)  # type: ignore[return-value]
    return value


class Frozen:
    """A frozen dataclass whose arrays are read-only, in copies and after pickling, too: numpy forgets it there."""

    def __post_init__(self) -> None:
        vars(self).update((name, read_only(value)) for name, value in list(vars(self).items()))

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update((name, read_only(value)) for name, value in state.items())


class array_property(cached_property[T]):
    """A cached property, an array or a tuple of them, that nobody can change: results are saved and compared."""

    def __init__(self, func: Callable[[Any], T]) -> None:
        super().__init__(func)
        self.func = lambda owner: read_only(func(owner))


def number_list(value: object, what: str) -> Array:
    """``value`` as a vector (n,) of floats, n >= 1, or ProblemError."""
    array = as_array(value)
    if array.dtype.kind not in "iuf" or array.ndim != 1 or array.size == 0:
        shape = f"shape {array.shape}" if array.dtype.kind in "iuf" else type(value).__name__
        raise ProblemError(f"{what} must be a non-empty sequence of numbers; got {shape}{remedy(value)}")
    return as_floats(array, what)


def remedy(value: object) -> str:
    """What to do with an array of objects, with one that is masked, and with a tensor of another package."""
    if isinstance(value, np.ma.MaskedArray):
        return ", drop or fill what is masked" if np.ma.is_masked(value) else ""
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "to_numpy"):
        return ", pass x.astype(float)" if getattr(getattr(value, "dtype", None), "kind", "") == "O" else ""
    return ", pass tensor.detach().cpu().numpy()" if hasattr(type(value), "__array__") else ""


def check_labels(labels: Sequence[object] | ArrayLike, classes: int) -> Index:
    """Class numbers (N,) in 0 .. classes-1, or ProblemError."""
    array = as_array(labels)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iu":
        raise ProblemError(
            f"labels must be a non-empty array (N,) of class numbers; got shape {array.shape} of {array.dtype}"
            + _label_remedy(array, labels)
        )
    if array.min() < 0 or array.max() >= classes:
        wrong = int(array.min()) if array.min() < 0 else int(array.max())
        raise ProblemError(f"labels must lie in 0 .. {classes - 1}; got {wrong}")
    return array.astype(np.intp)


def _label_remedy(array: NDArray[Any], labels: object) -> str:
    """What makes class numbers of these labels."""
    if array.size and array.ndim == 2:
        return ", pass labels.ravel()" if 1 in array.shape else ", pass labels.argmax(axis=1) of one-hot rows"
    if array.size and array.ndim == 1 and isinstance(labels, (np.ndarray, list, tuple)):
        real = array.dtype.kind == "f" and bool(np.isfinite(array).all())
        if array.dtype.kind == "b" or (real and bool(np.all(array == np.floor(array)))):
            return ", pass numpy.asarray(labels).astype(int)"
        return ", pass numpy.unique(labels, return_inverse=True)[1]"
    return remedy(labels)

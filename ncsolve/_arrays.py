"""Arrays that come from outside: real numbers of a stated kind, or one clear line."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve.errors import NCSolveError, ProblemError

__all__ = ["as_array", "number_list", "real_array"]


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

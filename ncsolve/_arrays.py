"""Arrays that come from outside: real numbers of a stated kind, or one clear line."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve.errors import ProblemError

__all__ = ["real_array"]


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

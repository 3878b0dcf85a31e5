"""What nearly every module names of arrays: their types, and what rounding leaves of their entries."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["EPS", "RANK_NOISE", "Array", "Index", "Mask"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]

EPS = float(np.finfo(np.float64).eps)
# What is left of a singular value at its threshold, relative to it, is rounding: the rank must not hang on noise.
RANK_NOISE = 16 * EPS

"""The types of arrays that most files of verify name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "ClassNumbers"]

Array = NDArray[np.float64]
ClassNumbers = NDArray[np.integer[Any]]

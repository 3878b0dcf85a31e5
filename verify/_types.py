"""The types of arrays that files of verify name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Labels"]

Array = NDArray[np.float64]
# The class of every sample.
Labels = NDArray[np.integer[Any]]

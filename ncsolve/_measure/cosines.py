"""The cosines between measured class means: never a mean without its spread and its worst pair."""

from __future__ import annotations

from typing import Any

import numpy as np

from ncsolve._arrays import Array

__all__ = ["spread_of"]


def spread_of(cosines: Array) -> dict[str, Any] | None:
    """Smallest, largest and mean cosine, their standard deviation, and the classes of the smallest and largest.

    The mean of centred class means is about -1/(K-1) for any frame at all: it tells nothing without the spread.
    None where fewer than two class means are not zero.
    """
    first, second = np.triu_indices(cosines.shape[0], 1)
    values = cosines[first, second]
    real = np.flatnonzero(np.isfinite(values))
    if real.size == 0:
        return None
    values = values[real]
    low, high = int(real[np.argmin(values)]), int(real[np.argmax(values)])
    return {
        "min": float(values.min()), "max": float(values.max()), "mean": float(values.mean()),
        "deviation": float(values.std()), "least_pair": [int(first[low]), int(second[low])],
        "greatest_pair": [int(first[high]), int(second[high])],
    }

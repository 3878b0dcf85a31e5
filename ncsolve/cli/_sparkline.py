"""A curve in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["sparkline"]

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 60) -> str:
    """Bars for the values, the lowest for the smallest one; blanks where a value is NaN.

    >>> sparkline([0.0, 1.0, 2.0, float("nan"), 3.0])
    '▁▃▆ █'
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size > width:
        array = array[np.linspace(0, array.size - 1, width).round().astype(int)]
    real = array[np.isfinite(array)]
    if real.size == 0:
        return ""
    low, high = float(real.min()), float(real.max())
    flat = high - low <= 1e-12 * max(abs(low), abs(high))
    return "".join(
        " " if not np.isfinite(value) else _BARS[0 if flat else round((value - low) / (high - low) * (len(_BARS) - 1))]
        for value in array.tolist()
    )

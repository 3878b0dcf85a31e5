"""Where a property begins, from runs alone."""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["bisect"]


def bisect(alive: Callable[[float], bool], low: float, high: float, *, relative: float) -> float:
    """Where ``alive`` turns from false at ``low`` to true at ``high``, by bisection of the logarithm; NaN if it does
    not."""
    if alive(low) or not alive(high):
        return math.nan
    while high / low > 1 + relative:
        middle = math.sqrt(low * high)
        if alive(middle):
            high = middle
        else:
            low = middle
    return math.sqrt(low * high)

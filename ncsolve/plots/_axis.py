"""The axis of a parameter: logarithmic for weight decays and counts, with places for 0 and infinity at its ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array
from ncsolve.plots._style import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ParameterAxis"]

# Beyond the finite values 0 and inf stand this part of the axis away.
_GAP = 0.1


class ParameterAxis:
    """Where the values of a parameter stand on an axis."""

    def __init__(self, name: str, values: Array) -> None:
        self.name = name
        self.logarithmic = name not in ("alpha", "t")
        inner = values[(values > 0) & np.isfinite(values)] if self.logarithmic else values
        if inner.size == 0:
            inner = np.array([1.0])
        self.low, self.high = float(inner.min()), float(inner.max())
        if self.low == self.high and self.logarithmic:
            self.low, self.high = self.low / 2, self.high * 2
        self.zero = self.logarithmic and bool((values == 0).any())
        self.infinity = bool(np.isinf(values).any())
        step = (self.high / self.low) ** _GAP if self.logarithmic else 1.0
        self.at_zero, self.at_infinity = self.low / step, self.high * step

    def place(self, values: Array) -> Array:
        """Coordinates of values."""
        if not self.logarithmic:
            return values
        return np.where(values == 0, self.at_zero, np.where(np.isinf(values), self.at_infinity, values))

    def place_change(self, value: float) -> tuple[float, str]:
        """Where a change of regime is drawn, and what is to be said if that is not to scale."""
        if not self.logarithmic or self.low <= value <= self.high:
            return value, ""
        if value < self.low:
            return math.sqrt(self.at_zero * self.low), ", towards 0"
        return math.sqrt(self.at_infinity * self.high), r", towards $\infty$"

    def dress(self, ax: Axes, *, vertical: bool = False) -> None:
        """Scale, limits, ticks and label."""
        axis = ax.yaxis if vertical else ax.xaxis
        (ax.set_ylabel if vertical else ax.set_xlabel)(label(self.name))
        limit = ax.set_ylim if vertical else ax.set_xlim
        if not self.logarithmic:
            if self.high > self.low:
                limit(self.low, self.high)
            return
        (ax.set_yscale if vertical else ax.set_xscale)("log")
        low = self.at_zero if self.zero else self.low
        high = self.at_infinity if self.infinity else self.high
        limit(low, high)
        ticks, labels = self._ticks()
        axis.set_ticks(ticks, labels)
        for end, near, there in ((self.at_zero, self.low, self.zero), (self.at_infinity, self.high, self.infinity)):
            if there:  # from here on the axis is not to scale
                (ax.axhspan if vertical else ax.axvspan)(*sorted((end, near)), color="0.93", linewidth=0, zorder=0)
        minor = [] if self.high / self.low > 1e4 else self._minor()
        axis.set_ticks(minor, [""] * len(minor), minor=True)

    def _ticks(self) -> tuple[list[float], list[str]]:
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        if last - first >= 1:
            step = max(1, (last - first) // 6 + 1) if last - first > 6 else 1
            powers = range(first, last + 1, step)
            ticks = [10.0**p for p in powers]
            labels = [f"$10^{{{p}}}$" if abs(p) > 3 else f"{10.0**p:g}" for p in powers]
        else:
            ticks = [float(f"{x:.1g}") for x in np.geomspace(self.low, self.high, 5)]
            ticks = sorted({x for x in ticks if self.low <= x <= self.high})
            labels = [f"{x:g}" for x in ticks]
        if self.zero:
            ticks, labels = [self.at_zero, *ticks], ["0", *labels]
        if self.infinity:
            ticks, labels = [*ticks, self.at_infinity], [*labels, "∞"]
        return ticks, labels

    def _minor(self) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        marks = [m * 10.0**p for p in range(first, last + 1) for m in range(2, 10)]
        return [x for x in marks if self.low <= x <= self.high]

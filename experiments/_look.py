"""The look of the suite's figures: an axis for lambda_b with places for 0 and infinity, and points over seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments._summary import Facts, Row, interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOURS", "MARKERS", "BiasAxis", "curve", "level", "look", "seeds"]

Array = NDArray[np.float64]

# Okabe and Ito 2008: told apart by the colour-blind, as in the other figures of the documentation.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
# 0 and infinity stand this many factors of ten from the finite values.
_APART = 0.35


@contextmanager
def look() -> Iterator[None]:
    """Sizes of what is drawn after the axes are made; their own are those of ``ncsolve.plots.new_figure``."""
    import matplotlib

    with matplotlib.rc_context({
        "legend.fontsize": 8.0, "legend.frameon": False, "lines.linewidth": 1.6, "font.size": 9.0,
        "font.family": "DejaVu Sans", "mathtext.fontset": "dejavusans",
    }):
        yield


class BiasAxis:
    """Where values of lambda_b stand on an axis of powers of ten."""

    def __init__(self, values: Sequence[float]) -> None:
        finite = [value for value in values if 0.0 < value < math.inf] or [1.0]
        self.low, self.high = min(finite), max(finite)
        self.zero, self.infinity = 0.0 in values, math.inf in values

    def grid(self, points: int = 160) -> Array:
        """Values close enough for a curve, and the ends."""
        inner = np.geomspace(self.low * 10 ** (-_APART / 2), self.high * 10 ** (_APART / 2), points)
        return np.concatenate(([0.0] if self.zero else [], inner, [math.inf] if self.infinity else []))

    def place(self, values: Any) -> Array:
        """Logarithms to base ten, with 0 and infinity beside the finite values."""
        given = np.asarray(values, dtype=float)
        with np.errstate(divide="ignore"):
            logs = np.log10(given)
        places: Array = np.clip(logs, math.log10(self.low) - _APART, math.log10(self.high) + _APART)
        return places

    def dress(self, ax: Axes) -> None:
        """Ticks at the powers of ten and at the ends, where the axis is not to scale."""
        lowest, highest = self.place([0.0, math.inf])
        first, last = math.log10(self.low), math.log10(self.high)
        powers = range(math.ceil(first - 0.01), math.floor(last + 0.01) + 1)
        ticks, labels = [float(power) for power in powers], [f"{10.0**power:g}" for power in powers]
        if self.zero:
            ax.axvspan(lowest - 0.15, lowest + _APART / 2, color="0.94", linewidth=0, zorder=0)
            ticks, labels = [lowest, *ticks], ["0", *labels]
        if self.infinity:
            ax.axvspan(highest - _APART / 2, highest + 0.15, color="0.94", linewidth=0, zorder=0)
            ticks, labels = [*ticks, highest], [*labels, "∞"]
        ax.set_xticks(ticks, labels)
        minor = [math.log10(m * 10.0**p) for p in range(math.floor(first), math.ceil(last) + 1) for m in range(2, 10)]
        ax.set_xticks([x for x in minor if first - 0.01 <= x <= last + 0.01], minor=True)
        ax.set_xlim(lowest - 0.15 if self.zero else first - 0.1, highest + 0.15 if self.infinity else last + 0.1)
        ax.set_xlabel(r"weight decay of the bias  $\lambda_b$")


def curve(ax: Axes, axis: BiasAxis, values: Array, exact: Array, **options: Any) -> None:
    """The exact curve over the finite values, and a dash at 0 and at infinity."""
    inner = (values > 0.0) & np.isfinite(values)
    drawn: dict[str, Any] = {"color": "0.15", "linewidth": 1.3, "zorder": 2} | options
    ax.plot(axis.place(values[inner]), exact[inner], **drawn)
    for place, height in zip(axis.place(values[~inner]), exact[~inner], strict=True):
        ax.plot([place - 0.11, place + 0.11], [height] * 2, **drawn | {"label": "_"})


def seeds(
    ax: Axes, x: Array, rows: Sequence[Row], value: Callable[[Facts], float], number: int, label: str, *,
    size: float = 5.0, hollow: bool = False,
) -> None:
    """Each row at its place x: every run as a faint point, and the mean with Student's 95 % interval.

    Of networks that agree, larger hollow markers stand around smaller ones.
    """
    colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
    for place, row in zip(x, rows, strict=True):
        own = [value(fact) for fact in row.facts]
        ax.plot([place] * len(own), own, marker, color=colour, alpha=0.25, markersize=3.0, markeredgewidth=0, zorder=3)
    found = [interval(value(fact) for fact in row.facts) for row in rows]
    ax.errorbar(
        x, [mean for mean, _ in found], yerr=[0.0 if math.isnan(half) else half for _, half in found], fmt=marker,
        color=colour, markersize=size, elinewidth=1.1, capsize=2.5, zorder=4 - hollow / 2, label=label,
        markerfacecolor="none" if hollow else colour, markeredgecolor=colour if hollow else "white",
        markeredgewidth=1.1 if hollow else 0.5,
    )


def level(ax: Axes, value: float, text: str, *, right: bool = False) -> None:
    """A dotted line across, with words at its left end, or at its right."""
    ax.axhline(value, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    ax.annotate(
        text, (1.0 if right else 0.0, value), xycoords=("axes fraction", "data"), xytext=(-4 if right else 4, 3),
        textcoords="offset points", ha="right" if right else "left", fontsize=7.5, color="0.35",
    )

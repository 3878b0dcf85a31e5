"""Figure: the gap of every run, and what it proves of the frame beside the truth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments._look import COLOURS, MARKERS
from experiments._selected import Selected
from experiments._summary import FAILED
from ncsolve import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["gaps"]

VERDICTS = (
    "collapsed as predicted", "collapsed as predicted but for some class means", "not finished", "another model",
)


def gaps(table: dict[str, Any]) -> Figure | None:
    """A dot a run: left the loss above the minimum, right how much larger the proved distance is than the true one."""
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    found = Selected(table, {one["name"]: one["title"] for one in table["variations"]})
    if not found:
        return None
    count = len(found.rows)
    figure, (left, right) = plots.new_figure(1, 2, (9.2, 1.2 + 0.24 * count), sharey=True, width_ratios=(1.5, 1))
    for number, verdict in enumerate(VERDICTS):
        gap, ratio, places = [], [], []
        for y, rows in enumerate(found.rows.values()):
            facts = [fact for row in rows for fact in row.facts if fact.verdict != FAILED]
            for j, fact in enumerate(facts):
                if fact.told == verdict:
                    gap.append(fact.gap if fact.gap > 0 else math.nan)
                    ratio.append(fact.certified / fact.distance if fact.distance > 0 else math.nan)
                    places.append(y + 0.6 * ((j + 0.5) / len(facts) - 0.5))  # in the order of lambda_b and seeds
        options: dict[str, Any] = {
            "color": COLOURS[number], "marker": MARKERS[number], "linestyle": "", "markersize": 3.2, "alpha": 0.7,
            "markeredgewidth": 0, "label": verdict,
        }
        if places:
            left.plot(gap, places, **options)
            right.plot(ratio, places, **options)
    tolerance = {one["measured"]["verdict"]["gap_tolerance"] for own in found.records.values() for one in own}
    for allowed in tolerance:
        left.axvline(allowed, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    right.axvline(1.0, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    left.set_yticks(np.arange(count), list(found.titles.values()))
    left.set_ylim(count - 0.5, -0.5)
    for ax, text in ((left, "loss above the minimum, over the minimum"),
                     (right, "certified over true distance")):
        ax.set_xscale("log")
        ax.set_xlabel(text)
        ax.grid(axis="y", color="0.93", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
    right.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    right.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    right.xaxis.set_minor_locator(NullLocator())
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure

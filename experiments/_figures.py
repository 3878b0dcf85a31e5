"""The figures of docs/networks.md, one function each, from the table of runs alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import ncsolve
from experiments._gaps import gaps
from experiments._look import COLOURS, MARKERS, curve, level, look, seeds
from experiments._minority import minority
from experiments._selected import Selected, isotropic_cosine
from experiments._shown import SHOWN
from experiments._summary import Facts
from ncsolve import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "draw_all"]

Table = dict[str, Any]

# Markers whose points lie on one another: hollow ones of these sizes.
_AROUND = {"cnn": 6.5, "resnet": 9.5, "vit": 10.5, "smoothed": 7.0, "hadamard": 10.5, "cross-entropy-smoothed": 9.0}
# Where there is no curve, points of several networks stand beside each other, this many factors of ten apart.
_BESIDE = 0.03


def draw_all(table: Table, folder: Path) -> list[Path]:
    """Draw every figure that the table has runs for; the files, which are the same for the same table."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, draw in FIGURES.items():
        with look():
            figure = draw(table)
        if figure is not None:
            files.append(folder / f"networks_{name}.svg")
            plots.save_figure(figure, files[-1], force=True)
    return files


def architectures(table: Table) -> Figure | None:
    """cos(lambda_b): the exact curve, the networks on it, and how far the worst pair of classes of each is from it."""
    found = Selected(table, SHOWN["cosines"].titles)
    if not found:
        return None
    figure, (upper, lower) = plots.new_figure(2, 1, (6.6, 5.4), sharex=True, height_ratios=(2.6, 1))
    axis = found.axis()
    path = ncsolve.path(found.problem(next(iter(found.titles))), lambda_b=axis.grid())
    curve(upper, axis, path.values, path.cosines[:, 1], linewidth=1.8, label="exact")
    classes = path.problem.classes
    level(upper, -1 / (classes - 1), f"simplex ETF, −1/(K−1) = −1/{classes - 1}", right=True)
    level(upper, 0.0, "orthogonal frame")
    for change in path.changes:
        place = float(axis.place(change.value))
        for ax in (upper, lower):
            ax.axvline(place, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        upper.annotate(
            rf"$\lambda_b^* = {change.value:.3g}$", (place, 0.5), xycoords=("data", "axes fraction"), xytext=(-5, 0),
            textcoords="offset points", ha="right", fontsize=8.5, color="0.25",
        )
    for i, (name, title) in enumerate(found.titles.items()):
        x = axis.place([row.lambda_b for row in found.rows[name]])
        _seeds(upper, found, name, x, lambda fact: fact.cosine, i, title)
        beside = x + _BESIDE * (i - (len(found.titles) - 1) / 2)
        for place, row in zip(beside, found.rows[name], strict=True):
            apart = [fact.apart if math.isfinite(fact.apart) else math.nan for fact in row.facts]
            lower.plot([place] * len(apart), apart, MARKERS[i], color=COLOURS[i], markersize=3.5, alpha=0.6,
                       markeredgewidth=0)
    upper.set_ylabel("mean cosine between class means")
    upper.legend(loc="lower right", bbox_to_anchor=(0.86, 0.14))
    lower.set_yscale("log")
    lowest, highest = lower.dataLim.intervaly
    if 0.0 < lowest <= highest < math.inf:  # whole powers of ten, so that the axis has more than one of them
        lower.set_ylim(10.0 ** math.floor(math.log10(lowest)), 10.0 ** math.ceil(math.log10(highest)))
    lower.set_ylabel("|cosine − exact|,\nworst pair of a run")
    axis.dress(upper)
    axis.dress(lower)
    upper.set_xlabel("")
    return figure


def centring(table: Table) -> Figure | None:
    """What part of the label mean the bias serves, over lambda_b, for several codes."""
    found = Selected(table, SHOWN["centring"].titles)
    if not found:
        return None
    figure, (ax,) = plots.new_figure(1, 1, (6.6, 4.0))
    axis = found.axis()
    for i, (name, title) in enumerate(found.titles.items()):
        problem = found.problem(name)
        path, mean = ncsolve.path(problem, lambda_b=axis.grid()), problem.label_mean
        curve(ax, axis, path.values, path.bias @ mean / (mean @ mean), color=COLOURS[i])
        x = axis.place([row.lambda_b for row in found.rows[name]])
        _seeds(ax, found, name, x, lambda fact: fact.centring, i, title)
    ax.set_ylabel(r"bias fraction  $\langle b, \mu\rangle / |\mu|^2$")
    ax.legend(loc="upper right", title="lines: exact", title_fontsize=8.0)
    axis.dress(ax)
    return figure


def plain_decay(table: Table) -> Figure | None:
    """Plain weight decay: acute frames, which the metric UFM predicts of each network, and no lambda_h does."""
    found = Selected(table, SHOWN["plain_decay"].titles)
    if not found:
        return None
    rows = found.rows["plain-decay"]
    figure, (ax,) = plots.new_figure(1, 1, (6.6, 4.0))
    axis = found.axis()
    x = axis.place([row.lambda_b for row in rows])
    alike: dict[float, list[float]] = {}
    for record in found.records["plain-decay"]:
        alike.setdefault(float(record["run"]["lambda_b"]), []).append(isotropic_cosine(record))
    values = np.array([row.lambda_b for row in rows])
    curve(ax, axis, values, np.array([np.mean(alike[value]) for value in values]), color="0.45",
          linestyle=(0, (6, 2)), label=r"UFM with the same $\lambda_H$ across the mean")
    for place, row in zip(x, rows, strict=True):
        wanted = [fact.predicted for fact in row.facts]
        ax.plot([place - 0.03] * len(wanted), wanted, "_", color="0.15", markersize=9.0, markeredgewidth=1.2, zorder=2)
    ax.plot([], [], "_", color="0.15", markersize=9.0, markeredgewidth=1.2, label="metric UFM, of each network")
    seeds(ax, x + 0.03, rows, lambda fact: fact.cosine, 0, found.titles["plain-decay"])
    level(ax, 0.0, "orthogonal frame")
    ax.set_ylabel("mean cosine between class means")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, columnspacing=1.4)  # over the panel: hides nothing
    axis.dress(ax)
    return figure


def losses(table: Table) -> Figure | None:
    """The mean squared error opens the frame of one-hot labels; cross-entropy never does."""
    found = Selected(table, SHOWN["losses"].titles)
    if not found:
        return None
    figure, (ax,) = plots.new_figure(1, 1, (6.6, 3.8))
    axis = found.axis()
    for i, (name, title) in enumerate(found.titles.items()):
        # Every point under cross-entropy is a descent: fewer of them.
        path = ncsolve.path(found.problem(name), lambda_b=axis.grid(160 if name == "reference" else 16))
        curve(ax, axis, path.values, path.cosines[:, 1], color=COLOURS[i])
        x = axis.place([row.lambda_b for row in found.rows[name]])
        _seeds(ax, found, name, x, lambda fact: fact.cosine, i, title)
    ax.set_ylabel("mean cosine between class means")
    ax.legend(loc="center left", bbox_to_anchor=(0.13, 0.76), title="lines: exact", title_fontsize=8.0)
    axis.dress(ax)
    return figure


def _seeds(
    ax: Axes, found: Selected, name: str, x: Any, value: Callable[[Facts], float], number: int, title: str
) -> None:
    size = _AROUND.get(name)
    seeds(ax, x, found.rows[name], value, number, title, size=4.0 if size is None else size, hollow=size is not None)


FIGURES: dict[str, Callable[[Table], Figure | None]] = {
    "cosines": architectures, "centring": centring, "minority": minority, "plain_decay": plain_decay,
    "losses": losses, "gaps": gaps,
}

"""Figure: how long the class means of the smaller classes are, over T and over lambda_b."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

import ncsolve
from experiments._look import COLOURS, curve, seeds
from experiments._selected import Selected, problem_of
from experiments._shown import SHOWN
from experiments._summary import Facts, Row
from ncsolve import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["minority"]

OVER_T = ("minority", "minority-designed")


def minority(table: dict[str, Any]) -> Figure | None:
    """Left over T, where one-hot codes lose the smaller classes at T^2 = n_min; right over lambda_b."""
    titles = SHOWN["minority"].titles
    over_t = Selected(table, {name: title for name, title in titles.items() if name in OVER_T})
    over_bias = Selected(table, {name: title for name, title in titles.items() if name not in OVER_T})
    if not over_t and not over_bias:
        return None
    figure, (left, right) = plots.new_figure(1, 2, (9.2, 3.9), sharey=True)
    if over_t:
        _over_threshold(left, over_t)
    if over_bias:
        _over_bias(right, over_bias)
    left.set_ylabel("length of the smaller classes' means,\nover the predicted one of the larger")
    left.set_ylim(bottom=-0.04)
    for ax, found in ((left, over_t), (right, over_bias)):
        ax.set_visible(bool(found))
    return figure


def _over_threshold(ax: Axes, found: Selected) -> None:
    first = next(iter(found.records.values()))[0]
    counts = np.array(first["problem"]["counts"], dtype=float)
    unit = math.sqrt(counts.sum() / counts.size / counts.min())  # T/sqrt(n_min) at t = 1
    for i, (name, rows) in enumerate(found.rows.items()):
        seeds(ax, np.array([row.threshold * unit for row in rows]), rows, _length, i, found.titles[name])
        if name == "minority":
            # Closer to the death at 1, where the curve falls as a square root does.
            there = np.linspace(0.9 * rows[0].threshold, 1.05 * rows[-1].threshold, 40)
            grid = np.sort(np.concatenate((there, (1.0 - np.geomspace(1e-3, 0.2, 20)) / unit, [1.0 / unit])))
            exact = [_exact(problem_of(found.records[name][0]["problem"] | {
                "lambda_h": t**2 / (counts.sum() * counts.size * first["problem"]["lambda_w"]),
            })) for t in grid]
            ax.plot(grid * unit, exact, color=COLOURS[i], linewidth=1.3, zorder=2)
        else:  # the codes are designed anew for each T: between the runs nothing is computed
            ax.plot([row.threshold * unit for row in rows], [_predicted(row) for row in rows], color=COLOURS[i],
                    linewidth=1.3, zorder=2)
    ax.axvline(1.0, color="0.45", linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    ax.annotate("$T^2 = n_{min}$", (1.0, 0.6), xytext=(5, 0), textcoords="offset points", fontsize=8.5, color="0.25")
    ax.set_xlabel(r"threshold  $T/\sqrt{n_{min}}$")
    ax.set_title("no bias, imbalance 10:1", fontsize=9.5)
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 0.05), title="lines: exact", title_fontsize=8.0)


def _over_bias(ax: Axes, found: Selected) -> None:
    axis = found.axis()
    for i, (name, rows) in enumerate(found.rows.items()):
        x = axis.place([row.lambda_b for row in rows])
        if name.startswith("designed"):  # each lambda_b has codes of its own
            ax.plot(x, [_predicted(row) for row in rows], color=COLOURS[i], linewidth=1.3, zorder=2)
        else:
            problem = found.problem(name)
            exact = np.array([_exact(problem.replace(lambda_b=value)) for value in axis.grid(60)])
            curve(ax, axis, axis.grid(60), exact, color=COLOURS[i])
        seeds(ax, x, rows, _length, i, found.titles[name], size=8.0 if name == "designed-10" else 4.5,
              hollow=name == "designed-10")
    axis.dress(ax)
    ax.set_title("$t$ = 0.2" if _one_threshold(found) else "", fontsize=9.5)
    ax.legend(loc="center", bbox_to_anchor=(0.5, 0.73), ncols=2)


def _one_threshold(found: Selected) -> bool:
    return {row.threshold for own in found.rows.values() for row in own} == {0.2}


def _length(fact: Facts) -> float:
    """Of the second half of the classes, over what is predicted of the first."""
    if not fact.squares:
        return math.nan
    return _ratio(np.array(fact.squares), np.array(fact.predicted_squares))


def _predicted(row: Row) -> float:
    known = [np.array(fact.predicted_squares) for fact in row.facts if fact.predicted_squares]
    return float(np.mean([_ratio(own, own) for own in known]))


def _exact(problem: ncsolve.UFM) -> float:
    squares = np.diag(ncsolve.solve(problem).gram)
    return _ratio(squares, squares)


def _ratio(squares: Any, wanted: Any) -> float:
    half = (len(squares) + 1) // 2  # as counts_of of experiments/_problem.py: these have more samples
    longest = float(np.sqrt(np.maximum(wanted[:half], 0.0)).mean())
    return float(np.sqrt(np.maximum(squares[half:], 0.0)).mean()) / longest if longest > 0 else math.nan

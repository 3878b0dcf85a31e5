"""Several encodings on the same classes: angles, distances, margins and losses side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._comparison import ComparedEncoding, Comparison
from ncsolve._models.words import model_words
from ncsolve._numbers.printed import between
from ncsolve._problem.convention import convention
from ncsolve._text import literal_math
from ncsolve.checks.arguments import check_kind
from ncsolve.errors import ProblemError
from ncsolve.geometry import simplex_cosine
from ncsolve.plots._style import COLOURS, new_figure, number, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["comparison_figure"]

# More rows than this do not fit on a page.
_MOST = 40


def comparison_figure(comparison: Comparison) -> Figure:
    """A row per encoding: range of angles between class means, their least distance, decoding margin, and loss.

    Raises ProblemError for more than 40 encodings.
    """
    check_kind("the comparison", comparison, Comparison, "make one with ncsolve.compare([...], ...)")
    rows = comparison.rows
    if len(rows) > _MOST:
        raise ProblemError(f"a figure compares up to {_MOST} encodings; got {len(rows)}, use fewer")
    height = 1.5 + 0.3 * len(rows)
    figure, axes = new_figure(1, 4, (9.6, height), sharey=True, width_ratios=(1.6, 1.0, 1.0, 1.0))
    with style():
        _angles(axes[0], rows)
        distances = [row.decoding.min_distance for row in rows]
        _dots(axes[1], distances, "least distance of\nclass means", COLOURS[2])
        margins = [None if row.decoding.margin_share is None else 100 * row.decoding.margin_share for row in rows]
        _dots(axes[2], margins, "decoding margin,\n% of the ideal", COLOURS[1])
        axes[2].axvline(0.0, color="0.4", linewidth=0.8, zorder=0)
        _dots(axes[3], [_loss(row, comparison.convention) for row in rows], _loss_words(comparison), COLOURS[0])
        _bounds(axes[3], comparison)
        for ax in axes:
            ax.set_ylim(len(rows) - 0.5, -0.5)
            ax.grid(axis="y", color="0.9", linewidth=0.6)
            ax.set_axisbelow(True)
            ax.tick_params(axis="y", length=0)
        axes[0].set_yticks(range(len(rows)), [_name(comparison, row) for row in rows])
        figure.suptitle(_title(comparison), fontsize=9.5)
    return figure


def _angles(ax: Axes, rows: tuple[ComparedEncoding, ...]) -> None:
    """Bars from the smallest to the largest angle, with a dot at the angle of the mean cosine."""
    classes = rows[0].minimizer.problem.classes
    if classes > 1:
        # The ETF is the wider angle: its name goes to the right, the other to the left, and they never meet.
        for cosine, words, side in ((simplex_cosine(classes), "simplex ETF", "left"), (0.0, "orthogonal", "right")):
            ax.axvline(_degrees(cosine), color="0.4", linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
            ax.annotate(
                words, (_degrees(cosine), 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                textcoords="offset points", fontsize=7.0, ha=side, va="bottom", color="0.3",
            )
    for place, row in enumerate(rows):
        cosines = row.cosines
        if cosines is None:
            ax.annotate("no two nonzero means", (0.02, place), xycoords=("axes fraction", "data"), fontsize=7.0,
                        va="center", color="0.3")
            continue
        low, high = _degrees(cosines.max), _degrees(cosines.min)
        ax.plot([low, high], [place, place], color=COLOURS[5], linewidth=5.0, solid_capstyle="round")
        ax.plot(_degrees(cosines.mean), place, "o", color=COLOURS[0])
    ax.set_xlim(-5.0, 185.0)
    ax.set_xticks(range(0, 181, 45))
    ax.set_xlabel("angles between class means, degrees\n(dot: mean cosine)")


def _dots(ax: Axes, values: list[float | None], words: str, colour: str) -> None:
    """A dot per row with its number; rows without a value say so."""
    known = [value for value in values if value is not None]
    for place, value in enumerate(values):
        if value is None:
            ax.annotate("none", (0.05, place), xycoords=("axes fraction", "data"), fontsize=7.0, va="center",
                        color="0.3")
            continue
        ax.plot(value, place, "o", color=colour)
        ax.annotate(
            number(value, 3), (value, place), xytext=(5, 0), textcoords="offset points", fontsize=7.0, va="center"
        )
    low, high = min([0.0, *known]), max([0.0, *known])
    spread = (high - low) or 1.0
    ax.set_xlim(low - 0.06 * spread, high + 0.45 * spread)  # room for the numbers
    ax.locator_params(axis="x", nbins=3)
    ax.set_xlabel(words)


def _bounds(ax: Axes, comparison: Comparison) -> None:
    """A line from the loss of a point that is only the best found down to its lower bound."""
    open_ones = [(i, row) for i, row in enumerate(comparison.rows) if row.minimizer.guarantee != "global"]
    for place, row in open_ones:
        low = row.minimizer.lower_bound / row.minimizer.loss * _loss(row, comparison.convention)
        ax.plot([low, _loss(row, comparison.convention)], [place, place], color=COLOURS[0], marker="|", zorder=1)
    if open_ones:
        ax.set_xlabel(f"{_loss_words(comparison)}\n(line: down to a lower bound)")


def _loss(row: ComparedEncoding, name: str) -> float:
    problem = row.minimizer.problem
    return row.minimizer.loss * convention(name, problem.loss).loss_factor(problem.samples, problem.code_length)


def _loss_words(comparison: Comparison) -> str:
    return "loss" if len(comparison.losses) == 1 else "loss,\neach by its own"


def _name(comparison: Comparison, row: ComparedEncoding) -> str:
    decoding = row.decoding
    gone = len(decoding.vanished) + sum(len(group) for group in decoding.merged)
    notes = [f"{gone} collapsed"] if gone else []
    if row.minimizer.guarantee != "global":
        notes.append(row.minimizer.guarantee)
    if row.minimizer.ties:
        notes.append("one of several")
    return literal_math(comparison.name_of(row)) + (f"\n({', '.join(notes)})" if notes else "")


def _title(comparison: Comparison) -> str:
    problems = [row.minimizer.problem for row in comparison.rows]
    if len(comparison.losses) > 1:  # which the rows name
        problems = [problem for problem in problems if problem.spec.fit.fits_codes]
    problem = problems[0]
    values = problem.counts.values
    w, h, b = (r"\infty" if value == math.inf else f"{value:g}" for value in comparison.lambdas)
    model = model_words(problem) if comparison.beyond else ""
    return (
        f"K = {problem.classes} classes of {between(values[0], values[-1])} samples, $\\lambda_W = {w}$, "
        f"$\\lambda_H = {h}$, $\\lambda_b = {b}$" + (f", {model}" if model else "")
    )


def _degrees(cosine: float) -> float:
    return float(np.degrees(np.arccos(min(1.0, max(-1.0, cosine)))))

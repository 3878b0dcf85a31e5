"""The gap of measured networks: its parts as a bar, and as curves over epochs or a weight decay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve._measure.measurement import Measurement
from ncsolve._problem.convention import CONVENTIONS, Convention
from ncsolve._text import literal_math
from ncsolve.checks.arguments import check_name
from ncsolve.checks.measured import measured
from ncsolve.errors import ProblemError
from ncsolve.plots._axis import ParameterAxis
from ncsolve.plots._fit import fit_labels, legend_inside
from ncsolve.plots._points import LAMBDAS, check_measurement, check_measurements, lambdas_of
from ncsolve.plots._style import COLOURS, LINES, new_axes, number, style, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["gap_bar", "gap_curves"]

_PAPER = CONVENTIONS["paper"]
# The parts, and the property that is missing where one is not 0.
_PARTS = {"fit": "fit (outputs)", "bias": "bias", "dual": "dual (NC3)", "feature": "feature (NC1, directions)"}
# What tells the pieces apart where there is no colour.
_HATCHES = ("", "////", "....", "xxxx")
_MARKS = ("o", "s", "^", "D")
# A number stands in a piece of the bar that is at least such a part of it.
_WRITTEN = 0.05
# A gap of so small a part of the minimum has no parts.
_ROUNDING = 1e-13
# Curves end so far below the smallest gap, as a part of it, and where rounding begins.
_DEPTH, _LOWEST = 1e-4, 1e-13


def gap_bar(measurement: Measurement, *, ax: Axes | None = None) -> Axes:
    """The four parts of the gap as one bar, in per cent of it; returns the axes.

    The title says how large the gap is, and how much of it is variation within the classes (NC1).  Where the minimum is
    only bounded, or the gap is 0, there are no parts.
    """
    found = check_measurement(measurement)
    ax = new_axes(ax, (5.6, 2.4))
    parts = found.parts
    with style():
        ax.set_title(_gap_words(found))
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_xlim(0.0, 100.0)
        ax.set_ylim(-0.5, 0.5)
        if parts is None or found.relative_gap <= _ROUNDING:
            why = "only a lower bound of the minimum is known" if parts is None else "the gap is rounding"
            ax.text(50.0, 0.0, f"no parts: {why}", ha="center", va="center")
            ax.set_xticks([])
            ax.spines["bottom"].set_visible(False)
        else:
            ax.set_xlabel("share of the gap, %")
            names = _PARTS | ({} if found.problem.spec.fit.fits_codes else {"fit": "fit (probabilities)"})
            _pieces(ax, {name: getattr(parts, name) / parts.total for name in _PARTS}, names)
        fit_labels(ax)
        legend_inside(ax, columns=4)
    return ax


def _pieces(ax: Axes, shares: dict[str, float], names: dict[str, str]) -> None:
    start = 0.0
    for i, (name, share) in enumerate(shares.items()):
        ax.barh(
            0.0, 100.0 * share, left=100.0 * start, height=0.8, color=COLOURS[i], hatch=_HATCHES[i],
            edgecolor="white", linewidth=0.6, label=f"{names[name]}: {_percent(share)}",
        )
        if share >= _WRITTEN:
            ax.text(
                100.0 * (start + share / 2), 0.0, name, ha="center", va="center", fontsize=8.0,
                bbox={"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
            )
        start += share


def _gap_words(found: Measurement) -> str:
    above = "the minimum" if found.guarantee == "global" else "a lower bound of the minimum"
    text = f"gap: {_percent(found.relative_gap)} of {above}"
    parts = found.parts
    if parts is None or found.relative_gap <= _ROUNDING:
        return text
    return f"{text}; {_percent(parts.within / parts.total)} of it is within the classes (NC1)"


def _percent(share: float) -> str:
    value = 100.0 * share
    return f"{value:.0f} %" if value >= 999.5 else f"{number(value, 3)} %"


def gap_curves(
    measurements: Sequence[Measurement], *, x: ArrayLike | str | None = None, label: str = "epoch",
    ax: Axes | None = None, convention: Convention = _PAPER,
) -> Axes:
    """The gap of several measurements over the minimum, and its four parts; returns the axes.

    Parameters
    ----------
    measurements : sequence of Measurement
        Of one network at several epochs, or of networks with several weight decays.
    x : array (n,) or "lambda_b", "lambda_w", "lambda_h", optional
        Where each stands; by default 0, 1, and so on.  The name of a weight decay takes it from the measurements.
    label : str
        What ``x`` is, where it is an array of your own.
    ax : matplotlib axes, optional
        To draw in; new ones by default.
    convention : Convention
        Of the weight decays on the axis.

    Raises
    ------
    ProblemError
        For no measurement, and an ``x`` of another length.
    UnknownNameError
        For the name of no weight decay.

    Notes
    -----
    The axis is logarithmic, and ends at a ten-thousandth of the smallest gap.  "Within classes" is the share of NC1 in
    fit and feature.  A line marks the gap that the verdict allows, where it is one for all.  Source: T13 of
    docs/theory.md.

    Examples
    --------
    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding="onehot", classes=3, counts=4, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.5)
    >>> found, labels = ncsolve.solve(problem), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    >>> stats = ncsolve.FeatureStatistics(3, found.dim).update(found.class_means[:, labels].T, labels)
    >>> run = [ncsolve.measure(stats, grown * found.W, found.bias, problem) for grown in (0.2, 0.6, 0.9)]
    >>> ncsolve.plots.gap_curves(run, x=[1, 10, 100]).get_xlabel()
    'epoch'
    """
    found = check_measurements(measurements)
    if not found:
        raise ProblemError("curves need measurements; got none, make each with ncsolve.measure(...)")
    name = check_name("x", x, LAMBDAS) if isinstance(x, str) else None
    if name is not None:
        values = lambdas_of(found, name, convention)
    else:
        values = measured(np.arange(len(found)) if x is None else x, "x", "(n,)")
    if values.size != len(found):
        raise ProblemError(f"x must have a value for each of the {len(found)} measurements; got {values.size}")
    ax = new_axes(ax, (6.0, 3.8))
    order = np.argsort(values, kind="stable")
    with style():
        place = values[order]
        if name is not None:
            axis = ParameterAxis(name, place)
            place = axis.place(place)
        ax.set_yscale("log")
        columns = _relative([found[i] for i in order])
        _draw(ax, place, columns)
        allowed = {one.tolerances[0] for one in found}
        if len(allowed) == 1:
            (level,) = allowed
            ax.axhline(level, color="0.25", linewidth=1.0, linestyle=LINES[2], label=f"allowed, {number(level)}")
            columns["allowed"] = np.array([level])
        every = np.concatenate(list(columns.values()))
        if np.isfinite(every).any():
            least = float(np.nanmin(columns["total"], initial=math.inf))
            low = max(float(np.nanmin(every)), _DEPTH * least if math.isfinite(least) else 0.0, _LOWEST)
            ax.set_ylim(0.7 * low, 1.5 * max(float(np.nanmax(every)), low))
        ax.set_ylabel("gap over the minimum")
        if name is not None:
            axis.dress(ax)
        elif x is None:
            ax.set_xlabel("number of the measurement")
            ax.xaxis.set_major_locator(whole_numbers())
        else:
            ax.set_xlabel(literal_math(label))
        fit_labels(ax)
        legend_inside(ax, columns=3)
    return ax


def _relative(found: list[Measurement]) -> dict[str, Array]:
    """The gap and its parts over the minimum; NaN where one is not known, or 0."""
    columns: dict[str, list[float]] = {name: [] for name in ("total", *_PARTS, "within")}
    for one in found:
        parts, gap = one.parts, one.gap
        unit = one.relative_gap / gap if gap > 0.0 and math.isfinite(one.relative_gap) else math.nan
        columns["total"].append(gap * unit)
        for name in (*_PARTS, "within"):
            columns[name].append(math.nan if parts is None else getattr(parts, name) * unit)
    return {name: np.where(np.array(column) > 0.0, column, np.nan) for name, column in columns.items()}


def _draw(ax: Axes, place: Array, columns: dict[str, Array]) -> None:
    """The curves that have a point above 0."""
    looks: dict[str, dict[str, Any]] = {
        "total": {"color": "black", "linewidth": 2.0, "label": "gap"},
        "within": {"color": "0.45", "linestyle": LINES[4], "label": "within classes (NC1)"},
    }
    for i, name in enumerate(_PARTS):
        text = "dual (NC3)" if name == "dual" else name
        looks[name] = {"color": COLOURS[i], "linestyle": LINES[i], "marker": _MARKS[i], "label": text}
    for name, look in looks.items():
        if np.isfinite(columns[name]).any():
            ax.plot(place, columns[name], **look)

"""A path on a terminal: its sentences, the curve of the cosine, and a table of a few of its points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ncsolve._arrays import Array
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._sweeps.path import Path
from ncsolve._words.path import path_description
from ncsolve.cli._output import say
from ncsolve.cli._tables import say_lines, show, show_facts, table, width

__all__ = ["describe_path"]

_ROWS = 12
# What rounding leaves of the cosine of orthogonal class means.
_NOISE = 1e-14
# A curve that moves less, relatively, is flat.
_FLAT = 1e-12
_BARS = "▁▂▃▄▅▆▇█"


def describe_path(
    path: Path, columns: Mapping[str, Sequence[object]], convention: Convention, lambdas: Sequence[float | None]
) -> None:
    """Print a path; ``lambdas`` are (w, h, b) as typed, None for the one that varies."""
    chosen = path.even_points(_ROWS)
    rows = path_description(path, convention, lambdas, chosen)
    columns = dict(columns) | {name: _cosines(path, columns[name]) for name in ("cos_min", "cos_mean", "cos_max")}
    mean = np.array(columns["cos_mean"], dtype=np.float64)
    if np.isfinite(mean).any():
        rows.append(("mean cosine", _curve(mean)))
    show_facts(rows)
    say()
    cosines = {"cos_min": "cos min", "cos_mean": "cos mean", "cos_max": "cos max"}
    if np.nanmax(np.ptp(path.cosines, axis=1), initial=0.0) <= 1e-12:
        cosines = {"cos_mean": "cosine"}  # every pair of class means has it
    centring = {} if np.isnan(path.centring).all() else {"centring": "centring"}  # there is a label mean to take out
    names = {"loss": "loss", "bias_norm": "|b|"} | centring | cosines
    # Where no regime has a name there is nothing to say in its column.
    told = ["rank", *(["regime"] if set(path.regimes) != {"general"} else [])]
    shown = table(path.varied, *names.values(), *told)
    for i in chosen:
        cells = [_cell(columns[name][i], 5) for name in (path.varied, *names)]
        shown.add_row(*cells, *(str(columns[name][i]) for name in told))
    show(shown)
    if len(path) > len(chosen):
        say_lines(f"\n{len(chosen)} of {len(path)} points are shown; --out FILE saves all of them, with more columns")


def _curve(values: Array) -> str:
    """A curve in a line, or its value where there is no curve but rounding noise."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if high - low <= _FLAT * max(abs(low), abs(high)):
        return f"{number(low, 5)} at every point" + (" with a pair of class means" if np.isnan(values).any() else "")
    bars = _sparkline(values.tolist(), min(60, max((width() or 100) - 13, 8)))  # beside "mean cosine"
    return f"{bars}\nfrom {number(low, 5)} (lowest bar) to {number(high, 5)} (highest)"


def _sparkline(values: Sequence[float], width: int) -> str:
    """Bars for the values, the lowest for the smallest one; blanks where a value is NaN.

    >>> _sparkline([0.0, 1.0, 2.0, float("nan"), 3.0], 60)
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


def _cell(value: object, digits: int) -> str:
    if not isinstance(value, float):
        return str(value)
    return "-" if math.isnan(value) else number(value, digits)


def _cosines(path: Path, column: Sequence[object]) -> list[float]:
    """A column of cosines without the rounding noise of orthogonal class means.

    Where a regime is named and it is not the orthogonal one, balanced codes in the paper's model, a small cosine is
    known to its last digit: it comes from the gap between two singular values.
    """
    kept = ("simplex", "intermediate", "acute") if not path.beyond else ()
    return [
        0.0 if abs(value) <= _NOISE and regime not in kept else value
        for value, regime in zip(np.array(column, dtype=np.float64).tolist(), path.regimes, strict=True)
    ]

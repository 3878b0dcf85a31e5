"""A path in words and numbers: where the regime changes, the curve of the cosine, and a few of its points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._sweeps.in_convention import user_factor
from ncsolve._sweeps.path import Path
from ncsolve._words.collapse import collapse_of_path
from ncsolve._words.path import change_words, guarantee_words, path_model, problem_words
from ncsolve.cli._output import say
from ncsolve.cli._sparkline import sparkline
from ncsolve.cli._tables import facts, say_lines, show, table, width

__all__ = ["describe_path"]

_ROWS = 12
# What rounding leaves of the cosine of orthogonal class means.
_NOISE = 1e-14
# A curve that moves less, relatively, is flat.
_FLAT = 1e-12


def describe_path(
    path: Path, columns: Mapping[str, Sequence[object]], convention: Convention, lambdas: Sequence[float | None]
) -> None:
    """Print a path; ``lambdas`` are (w, h, b) as typed, None for the one that varies."""
    rows = facts()
    rows.add_row("problem", problem_words(path, convention, lambdas))
    if path.beyond:
        rows.add_row("model", path_model(path, convention))
        rows.add_row("guarantee", guarantee_words(path))
    if path.sampled_classes is not None:
        what = "distinct counts" if path.problem.encoding.affine is not None and not path.beyond else "classes"
        rows.add_row("compared", f"cosines, NC2 and NC4 compare {path.sampled_classes} of the {what}, evenly chosen")
    rows.add_row("changes", "\n".join(change_words(path, user_factor(path, convention))))
    chosen = path.even_points(_ROWS)
    remedy = collapse_of_path(path, chosen, convention)
    if remedy:
        rows.add_row("remedy", remedy)
    columns = dict(columns) | {name: _cosines(path, columns[name]) for name in ("cos_min", "cos_mean", "cos_max")}
    mean = np.array(columns["cos_mean"], dtype=np.float64)
    if np.isfinite(mean).any():
        rows.add_row("mean cosine", _curve(mean))
    show(rows)
    say()
    cosines = {"cos_min": "cos min", "cos_mean": "cos mean", "cos_max": "cos max"}
    if np.nanmax(np.ptp(path.cosines, axis=1), initial=0.0) <= 1e-12:
        cosines = {"cos_mean": "cosine"}  # every pair of class means has it
    names = {"loss": "loss", "bias_norm": "|b|", "centring": "centring"} | cosines
    shown = table(path.varied, *names.values(), "rank", "regime")
    for i in chosen:
        cells = [_cell(columns[name][i], 5) for name in (path.varied, *names)]
        shown.add_row(*cells, str(columns["rank"][i]), str(columns["regime"][i]))
    show(shown)
    if len(path) > len(chosen):
        say_lines(f"\n{len(chosen)} of {len(path)} points are shown; --out FILE saves all of them, with more columns")


def _curve(values: NDArray[np.float64]) -> str:
    """A curve in a line, or its value where there is no curve but rounding noise."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if high - low <= _FLAT * max(abs(low), abs(high)):
        return f"{number(low, 5)} at every point" + (" with a pair of class means" if np.isnan(values).any() else "")
    bars = sparkline(values.tolist(), min(60, max((width() or 100) - 13, 8)))  # beside "mean cosine"
    return f"{bars}\nfrom {number(low, 5)} (lowest bar) to {number(high, 5)} (highest)"


def _cell(value: object, digits: int) -> str:
    if isinstance(value, float):
        if math.isnan(value):
            return "-"
        return number(value, digits)
    return str(value)


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

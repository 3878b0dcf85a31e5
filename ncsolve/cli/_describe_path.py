"""A path in words and numbers: where the regime changes, the curve of the cosine, and a few of its points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ncsolve._models.room import may_bind
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._problem.sweep import VARIED, Sweep
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.bottleneck import binds_along
from ncsolve._sweeps.in_convention import user_factor
from ncsolve._sweeps.path import Path
from ncsolve._sweeps.threshold_crossings import RegimeChange
from ncsolve._words.collapse import collapse_of_path
from ncsolve._words.model import decays, room
from ncsolve.cli._output import say
from ncsolve.cli._sparkline import sparkline
from ncsolve.cli._tables import facts, say_lines, show, table, width

__all__ = ["describe_path", "model_words"]

_ROWS = 12
_CHANGES = 8
# What rounding leaves of the cosine of orthogonal class means.
_NOISE = 1e-14
# A curve that moves less, relatively, is flat.
_FLAT = 1e-12


def describe_path(
    path: Path, columns: Mapping[str, Sequence[object]], convention: Convention, lambdas: Sequence[float | None]
) -> None:
    """Print a path; ``lambdas`` are (w, h, b) as typed, None for the one that varies."""
    rows = facts()
    rows.add_row("problem", _problem(path, convention, lambdas))
    if path.beyond:
        rows.add_row("model", _model(path, convention))
        rows.add_row("guarantee", _guarantee(path))
    if path.sampled_classes is not None:
        what = "distinct counts" if path.problem.encoding.affine is not None and not path.beyond else "classes"
        rows.add_row("compared", f"cosines, NC2 and NC4 compare {path.sampled_classes} of the {what}, evenly chosen")
    factor = user_factor(path, convention)
    rows.add_row("changes", "\n".join(_changes(path, factor)))
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


def _problem(path: Path, convention: Convention, lambdas: Sequence[float | None]) -> str:
    problem = path.problem
    fixed = [f"{name} = {value:g}" for name, value in zip(("lambda_W", "lambda_H", "lambda_b"), lambdas, strict=True)
             if value is not None]
    what = VARIED[path.varied]
    if path.of_class is not None:
        names = problem.class_names
        what = f"samples of class {path.of_class if names is None else names[path.of_class]}"
    scale = "" if convention.name == "paper" else f"\nconvention {convention.name}: {convention.objective}"
    return (
        f"{problem.encoding.name} codes of length {problem.code_length}, K = {problem.classes} classes, "
        f"N = {problem.samples} samples; {', '.join(fixed)}\n"
        f"{path.varied} ({what}) varies over {len(path)} values{scale}"
    )


def _model(path: Path, convention: Convention) -> str:
    """What is different from the paper's model, and what is not unique."""
    problem = path.problem
    sweep = Sweep(problem=problem, name=path.varied, values=path.values, of_class=path.of_class)
    parts = [model_words(problem, narrow=binds_along(sweep))]
    if problem.depth > 1 and path.varied != "lambda_w":
        factor = convention.factors(problem.samples, problem.code_length)[0]
        parts[0] += ", weight decay of the layers " + decays(problem, factor)
    ties = [text for text in path.ties if text]
    if ties:
        parts.append(
            f"not unique at {len(ties)} of {len(path)} points; cosines and NC metrics are those of one minimizer: "
            + "; or ".join(sorted(set(ties))[:2])
        )
    return "\n".join(parts)


def model_words(problem: UFM, *, narrow: bool | None = None) -> str:
    """Bottleneck, deep head and ReLU features, in words, of a model that goes beyond the paper's."""
    parts = ["ReLU features, H >= 0"] if problem.features == "relu" else []
    if problem.depth > 1:
        parts.append(f"deep linear head of {problem.depth} layers")
    if may_bind(problem) if narrow is None else narrow:
        parts.append(f"bottleneck: {room(problem)} for {problem.classes} classes")
    return "; ".join(parts)


def _guarantee(path: Path) -> str:
    """How many points are global, and how far the others may be from it."""
    found = np.array([guarantee != "global" for guarantee in path.guarantees])
    if not found.any():
        return "global minimum at every point"
    gap = (path.loss - path.lower_bounds)[found] / path.loss[found]
    return (
        f"best found, not known to be the global minimum, at {np.count_nonzero(found)} of {len(path)} points; there "
        f"at most {number(100 * float(gap.max()), 3)} % of the loss is open (--out FILE has the lower bound of each)"
    )


def _changes(path: Path, factor: float) -> list[str]:
    changes = path.changes
    if not changes:
        ranks = sorted(set(path.rank.tolist()))
        if len(ranks) > 1:  # at lambda_b = 0 or inf itself, in the limit
            return ["none between the smallest and the largest value"]
        return [f"none: the rank is {ranks[0]} everywhere"]
    lines = [_change(path.varied, change, factor) for change in changes[:_CHANGES]]
    if len(changes) > _CHANGES:
        lines.append(f"... and {len(changes) - _CHANGES} more (--json lists all of them)")
    return lines


def _change(name: str, change: RegimeChange, factor: float) -> str:
    digits = 13 if change.accuracy < 1e-9 else 6
    value = f"{name} = {number(change.value / factor, digits)}"
    if name == "count":
        value = f"from {name} = {change.value:.0f} on"
    regime = change.regime_after
    if regime != change.regime_before:
        regime = f"{change.regime_before} to {regime}"
    if change.kind == "orthogonal":
        leaves = "out of" if change.regime_before == "orthogonal" else (
            "into" if change.regime_after == "orthogonal" else "through"
        )
        text = f"{value}: {leaves} an orthogonal frame ({regime})"
    elif change.kind == "exchange":
        text = f"{value}: a direction gives its dimension to another"
        if regime != "general":
            text += f" ({regime})"
    else:
        step = change.rank_after - change.rank_before
        verb = ("leaves zero" if abs(step) == 1 else "leave zero") if step > 0 else (
            "reaches zero" if abs(step) == 1 else "reach zero"
        )
        values = "a singular value" if abs(step) == 1 else f"{abs(step)} singular values"
        text = f"{value}: {values} of Z {verb}, rank {change.rank_before} to {change.rank_after}"
        if regime != "general":
            text += f" ({regime})"
    return text + _jump(change) + (f"; {change.theorem}" if change.theorem else "")


def _jump(change: RegimeChange) -> str:
    """Both sides of a discontinuity: the singular values that change, and the cosine."""
    if change.before is None or change.after is None:
        return ""
    sides = [side.singular_values for side in (change.before, change.after)]
    where = int(np.argmax(np.abs(sides[0] - sides[1])))
    text = f", a jump: z_{where + 1} from {number(sides[0][where], 5)} to {number(sides[1][where], 5)}"
    cosines = [side.cosines for side in (change.before, change.after)]
    if cosines[0] is not None and cosines[1] is not None:
        text += f", mean cosine from {number(cosines[0].mean, 5)} to {number(cosines[1].mean, 5)}"
    best = "best found" in (change.before.guarantee, change.after.guarantee)
    return text + ("; between the points that were found" if best else "")


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

"""A path in sentences: its problem and model, what is known of its points, and where the regime changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ncsolve._models.registry import model_of
from ncsolve._models.words import model_words
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._problem.sweep import VARIED
from ncsolve._sweeps.in_convention import user_factor
from ncsolve._sweeps.path import Path
from ncsolve._sweeps.threshold_crossings import RegimeChange
from ncsolve._words.collapse import collapse_of_path
from ncsolve._words.model import best_found, open_words

__all__ = ["path_description"]

_CHANGES = 8


def path_description(
    path: Path, convention: Convention, lambdas: Sequence[float | None], shown: Sequence[int]
) -> list[tuple[str, str]]:
    """What there is to say of a path, by name.

    ``lambdas`` are (w, h, b) as typed, None for the one that varies; ``shown`` are the points in the table.
    """
    compared = ""
    if path.sampled_classes is not None:
        what = "distinct counts" if path.problem.encoding.affine is not None and not path.beyond else "classes"
        compared = f"cosines, NC2 and NC4 compare {path.sampled_classes} of the {what}, evenly chosen"
    rows = (
        ("problem", _problem(path, convention, lambdas)),
        ("model", _model(path, convention) if path.beyond else ""),
        ("guarantee", _guarantee(path) if path.beyond else ""),
        ("compared", compared),
        ("changes", "\n".join(_changes(path, user_factor(path, convention)))),
        ("remedy", collapse_of_path(path, shown, convention)),
    )
    return [(name, text) for name, text in rows if text]


def _problem(path: Path, convention: Convention, lambdas: Sequence[float | None]) -> str:
    """The problem, and what varies."""
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
    problem, model = path.ufm, model_of(path.ufm)
    narrow = any(model.binds(path.sweep.problem_at(value)) for value in path.values.tolist())
    scale = None if path.varied == "lambda_w" else convention.factors(problem.samples, problem.code_length)[0]
    parts = [model_words(problem, narrow=narrow, scale=scale)]
    ties = [text for text in path.ties if text]
    if ties:
        parts.append(
            f"not unique at {len(ties)} of {len(path)} points; cosines and NC metrics are those of one minimizer: "
            + "; or ".join(sorted(set(ties))[:2])
        )
    return "\n".join(parts)


def _guarantee(path: Path) -> str:
    """How many points are global, and how far the others may be from it."""
    found = np.array([guarantee != "global" for guarantee in path.guarantees])
    if not found.any():
        return "global minimum at every point"
    gap = (path.loss - path.lower_bounds)[found] / path.loss[found]
    where = f", at {np.count_nonzero(found)} of {len(path)} points"
    return f"{best_found(where)}; there {open_words(float(gap.max()))} (--out FILE has the lower bound of each)"


def _changes(path: Path, factor: float) -> list[str]:
    """A line for each change; ``factor`` is that of ``user_factor``."""
    changes = path.changes
    if not changes:
        ranks = sorted(set(path.rank.tolist()))
        if len(ranks) > 1:  # at lambda_b = 0 or inf itself, in the limit
            return ["none between the smallest and the largest value"]
        return [f"none: the rank is {ranks[0]} everywhere"]
    lines = [_change(path, change, factor) for change in changes[:_CHANGES]]
    if len(changes) > _CHANGES:
        lines.append(f"... and {len(changes) - _CHANGES} more (--json lists all of them)")
    return lines


def _change(path: Path, change: RegimeChange, factor: float) -> str:
    name = path.varied
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
    else:
        step = change.rank_after - change.rank_before
        who, s = ("a singular value", "s") if abs(step) == 1 else (f"{abs(step)} singular values", "")
        verb = f"leave{s}" if step > 0 else f"reach{'es' if s else ''}"
        text = f"{value}: {who} of Z {verb} zero, rank {change.rank_before} to {change.rank_after}"
        if path.problem.spec.nonnegative:  # a class mean may die or come to life without a change in Z
            text = f"{value}: the class means span {change.rank_after} dimensions in place of {change.rank_before}"
    if change.kind != "orthogonal" and regime != "general":
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
    known = {change.before.guarantee, change.after.guarantee} == {"global"}
    return text + ("" if known else "; between the points that were found")

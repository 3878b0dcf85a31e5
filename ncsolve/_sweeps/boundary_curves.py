"""The boundaries of a phase diagram: closed forms where a theorem gives them, else curves through its rows' changes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._models.registry import model_of
from ncsolve._problem.sweep import Sweep
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.second_parameter import SecondParameter
from ncsolve._sweeps.shared_spectrum import convex_along
from ncsolve._sweeps.state_bisection import bisected_changes
from ncsolve._sweeps.threshold_crossings import RegimeChange, regime_changes
from ncsolve.checks.arrays import Frozen

__all__ = ["Boundary", "closed_forms", "joined", "refined", "smooth_values"]

# A closed form is a curve through this many points.
_SMOOTH = 400
# Where a curve ends between two rows, its end is followed through as many halvings of the interval.
_HALVINGS = 7

_Row = tuple[float, tuple[RegimeChange, ...]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Boundary(Frozen):
    """A curve on which the regime changes: ``lambda_b`` (p,) at the ``values`` (p,) of the second parameter.

    ``kind`` is that of ``RegimeChange``, with the regimes at smaller and at larger lambda_b; ``theorem`` is "T5" (or,
    beyond the paper's model, "T8", "T9" or "T10") where the whole curve is a closed form, else "": each point is then a
    root of its own, to a relative 1e-12 (1e-6 between points that were found by descent).  ``jump`` where the minimizer
    is discontinuous.
    """

    kind: str
    regime_before: str
    regime_after: str
    rank_before: int
    rank_after: int
    values: Array
    lambda_b: Array
    theorem: str = ""
    jump: bool = False


def changes_between(problem: UFM, ends: Array) -> tuple[RegimeChange, ...]:
    """The changes of a row that has not been solved at the points of the grid."""
    sweep = Sweep(problem=problem, name="lambda_b", values=ends)
    return bisected_changes(sweep, ()) if convex_along(sweep) is None else regime_changes(sweep)


def refined(
    second: SecondParameter, grid: Array, changes: list[tuple[RegimeChange, ...]]
) -> list[tuple[float, tuple[RegimeChange, ...]]]:
    """The changes of every row, and of rows between where a curve begins or ends: it is followed to the edge."""
    rows = list(zip(second.values.tolist(), changes, strict=True))
    if second.name in ("classes", "imbalance"):  # whole numbers: there is nothing between
        return rows
    ends = [second.problem_at(value) for value in second.values[[0, -1]].tolist()]
    if any(model_of(problem).descends(problem) for problem in ends):
        return rows  # each row more is a path of descents
    between = [
        row for first, last in itertools.pairwise(rows) for row in _between(second, grid, first, last, _HALVINGS)
    ]
    return sorted(rows + between, key=lambda row: row[0])


def _between(second: SecondParameter, grid: Array, first: _Row, last: _Row, halvings: int) -> Iterator[_Row]:
    """Rows towards every end of a curve between two rows: a curve may begin and end there."""
    if halvings == 0 or _kinds(first[1]) == _kinds(last[1]):
        return
    value = math.sqrt(first[0] * last[0])
    middle = value, changes_between(second.problem_at(value), grid[[0, -1]])
    yield middle
    yield from _between(second, grid, first, middle, halvings - 1)
    yield from _between(second, grid, middle, last, halvings - 1)


def _kinds(changes: Sequence[RegimeChange]) -> list[tuple[str, int, int]]:
    return [(change.kind, change.rank_before, change.rank_after) for change in changes]


def joined(rows: Sequence[tuple[float, tuple[RegimeChange, ...]]]) -> Iterator[Boundary]:
    """Curves through the changes of neighbouring rows that are of the same kind."""
    general = any("general" in (c.regime_before, c.regime_after) for _, changes in rows for c in changes)
    open_curves: dict[tuple[object, ...], list[tuple[float, RegimeChange]]] = {}
    for value, changes in rows:
        here: dict[tuple[object, ...], RegimeChange] = {}
        for change in changes:
            # The number of classes may vary, and with it the ranks: where regimes have names, they say what is what.
            ranks, names = (change.rank_before, change.rank_after), (change.regime_before, change.regime_after)
            what: tuple[object, ...] = ranks if general else names
            if change.kind == "exchange":  # at equal ranks the frame that it takes apart tells more
                what = (*ranks, *names)
            repeat = sum(key[:2] == (change.kind, what) for key in here)
            here[change.kind, what, repeat] = change
        for key in [key for key in open_curves if key not in here]:
            yield _boundary(open_curves.pop(key))
        for key, change in here.items():
            open_curves.setdefault(key, []).append((value, change))
    for points in open_curves.values():
        yield _boundary(points)


def _boundary(points: list[tuple[float, RegimeChange]]) -> Boundary:
    change = points[0][1]
    return Boundary(
        kind=change.kind, regime_before=change.regime_before, regime_after=change.regime_after,
        rank_before=change.rank_before, rank_after=change.rank_after, values=np.array([value for value, _ in points]),
        lambda_b=np.array([change.value for _, change in points]), jump=any(change.jump for _, change in points),
    )


def smooth_values(second: SecondParameter) -> Array:
    """Values of t or of a weight decay that a closed form is drawn through."""
    low, high = float(second.values[0]), float(second.values[-1])
    return np.geomspace(low, high, _SMOOTH) if second.name == "weight_decay" else np.linspace(low, high, _SMOOTH)


def closed_forms(second: SecondParameter, grid: Array) -> list[Boundary]:
    """T5 for balanced affine one-hot codes against t or the weight decay: lb* = t/(|w| - t) and t/(|w| - |a|)."""
    regular = second.problem.regular
    if regular is None or second.name not in ("t", "weight_decay"):
        return []
    a, w, k, root_n = abs(regular.a), abs(regular.w), regular.classes, math.sqrt(regular.n)
    low, high = float(second.values[0]), float(second.values[-1])
    dense = smooth_values(second)
    # Where the curves leave the diagram on its sides, they are drawn to the edge.
    edges = np.array([t for lb in (grid[0], grid[-1]) for t in (w * lb / (1 + lb), (w - a) * lb)])
    edges = edges if second.name == "t" else edges / (k * root_n)
    values = np.unique(np.concatenate((dense, edges[(edges > low) & (edges < high)])))
    t = np.array([second.problem_at(value).threshold for value in values.tolist()]) / root_n
    living = k - 1 if a > 0 else 0
    enters = np.array([_formulas.affine_threshold(w, x) if x < w else math.inf for x in t.tolist()])
    curves = [
        (enters, (t < w) & (t < a), "rank", "simplex", "intermediate", living),
        # Across the mean nothing is left from t = |a| on: then the mean direction is all.
        (enters, (t < w) & (t >= a), "rank", "collapsed", "acute", 0),
    ]
    if w > a > 0 and k > 1:
        crosses = np.array([_formulas.affine_orthogonal_lambda_b(a, w, x) for x in t.tolist()])
        curves.append((crosses, t < a, "orthogonal", "intermediate", "acute", k))
    found = []
    for lambda_b, here, kind, before, after, rank in curves:
        here = here & (lambda_b >= grid[0] * (1 - 1e-12)) & (lambda_b <= grid[-1] * (1 + 1e-12))
        if here.any():
            found.append(
                Boundary(
                    kind=kind, regime_before=before, regime_after=after, rank_before=rank,
                    rank_after=rank + (kind == "rank"), values=values[here], lambda_b=lambda_b[here], theorem="T5",
                )
            )
    return found

"""Boundaries without a closed form: curves through the changes of rows, followed between rows to their ends and
wherever they bend."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from ncsolve._arrays import Array
from ncsolve._models.registry import model_of
from ncsolve._problem.sweep import Sweep
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.boundary_curves import Boundary
from ncsolve._sweeps.second_parameter import SecondParameter
from ncsolve._sweeps.shared_spectrum import convex_along
from ncsolve._sweeps.state_bisection import bisected_changes
from ncsolve._sweeps.threshold_crossings import RegimeChange, regime_changes

__all__ = ["joined", "refined"]

# Where a curve ends between two rows, its end is followed through as many halvings of the interval.
_HALVINGS = 7
# A curve may be this part of the diagram away from its chords; it has so many points, found in so many passes.
_STRAIGHT, _MOST, _PASSES = 3e-3, 400, 16

_Row = tuple[float, tuple[RegimeChange, ...]]


def changes_between(problem: UFM, ends: Array) -> tuple[RegimeChange, ...]:
    """The changes of a row that has not been solved at the points of the grid."""
    sweep = Sweep(problem=problem, name="lambda_b", values=ends)
    return bisected_changes(sweep, ()) if convex_along(sweep) is None else regime_changes(sweep)


def refined(second: SecondParameter, grid: Array, changes: list[tuple[RegimeChange, ...]]) -> list[_Row]:
    """The changes of every row, and of rows between: where a curve begins or ends, and where it bends.

    Between numbers of classes there is nothing; between the whole counts of an imbalance there is the same problem with
    counts that are not whole.
    """
    rows = list(zip(second.values.tolist(), changes, strict=True))
    if second.name == "classes":
        return rows
    ends = [second.problem_at(value) for value in second.values[[0, -1]].tolist()]
    if any(model_of(problem).descends(problem) for problem in ends):
        return rows  # each row more is a path of descents
    between = [
        row for first, last in itertools.pairwise(rows) for row in _between(second, grid, first, last, _HALVINGS)
    ]
    rows = sorted(rows + between, key=lambda row: row[0])
    for _ in range(_PASSES):
        split = _bends(second, grid, rows)
        if not split or len(rows) + len(split) > _MOST:
            break
        rows = sorted(rows + [_row(second, grid, *pair) for pair in split], key=lambda row: row[0])
    return rows


def _row(second: SecondParameter, grid: Array, low: float, high: float) -> _Row:
    value = math.sqrt(low * high)
    return value, changes_between(second.problem_at(value), grid[[0, -1]])


def _between(second: SecondParameter, grid: Array, first: _Row, last: _Row, halvings: int) -> Iterator[_Row]:
    """Rows towards every end of a curve between two rows: a curve may begin and end there."""
    if halvings == 0 or _kinds(first[1]) == _kinds(last[1]):
        return
    middle = _row(second, grid, first[0], last[0])
    yield middle
    yield from _between(second, grid, first, middle, halvings - 1)
    yield from _between(second, grid, middle, last, halvings - 1)


def _kinds(changes: Sequence[RegimeChange]) -> list[tuple[str, int, int]]:
    return [(change.kind, change.rank_before, change.rank_after) for change in changes]


def _bends(second: SecondParameter, grid: Array, rows: list[_Row]) -> list[tuple[float, float]]:
    """Neighbouring rows between which some curve is not straight, or goes on beyond the last row that it is in."""
    width, height = math.log(grid[-1] / grid[0]), math.log(rows[-1][0] / rows[0][0])
    places = [
        {key: (math.log(change.value) / width, math.log(value) / height) for key, change in here.items()}
        for value, here in zip((value for value, _ in rows), _keyed(rows), strict=True)
    ]
    found = set()
    for i in range(1, len(rows) - 1):
        before, here, after = places[i - 1 : i + 2]
        for key, point in here.items():
            if key in before and key in after and _off_chord(before[key], point, after[key]) > _STRAIGHT:
                found |= {i - 1, i}
            for there, beyond, gap in ((before, after, i), (after, before, i - 1)):
                if key in there and key not in beyond:
                    ahead = abs(math.log(rows[gap + 1][0] / rows[gap][0])) / height
                    slope = abs(point[0] - there[key][0]) / max(abs(point[1] - there[key][1]), 1e-300)
                    if slope * ahead > 2 * _STRAIGHT:
                        found.add(gap)
    return [(rows[i][0], rows[i + 1][0]) for i in sorted(found) if rows[i + 1][0] > rows[i][0] * (1 + 1e-9)]


def _off_chord(first: tuple[float, float], point: tuple[float, float], last: tuple[float, float]) -> float:
    """Distance of a point from the line through its neighbours."""
    x, y = last[0] - first[0], last[1] - first[1]
    return abs(x * (point[1] - first[1]) - y * (point[0] - first[0])) / (math.hypot(x, y) or 1.0)


def _keyed(rows: Sequence[_Row]) -> list[dict[Hashable, RegimeChange]]:
    """The changes of each row by what is equal along one curve."""
    general = any("general" in (c.regime_before, c.regime_after) for _, changes in rows for c in changes)
    found = []
    for _, changes in rows:
        here: dict[Hashable, RegimeChange] = {}
        kinds: list[tuple[object, ...]] = []
        for change in changes:
            # The number of classes may vary, and with it the ranks: where regimes have names, they say what is what.
            ranks, names = (change.rank_before, change.rank_after), (change.regime_before, change.regime_after)
            what: tuple[object, ...] = ranks if general else names
            if change.kind == "exchange":  # at equal ranks the frame that it takes apart tells more
                what = (*ranks, *names)
            kind = (change.kind, what)
            here[*kind, kinds.count(kind)] = change
            kinds.append(kind)
        found.append(here)
    return found


def joined(rows: Sequence[_Row]) -> Iterator[Boundary]:
    """Curves through the changes of neighbouring rows that are of the same kind."""
    open_curves: dict[Hashable, list[tuple[float, RegimeChange]]] = {}
    for (value, _), here in zip(rows, _keyed(rows), strict=True):
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

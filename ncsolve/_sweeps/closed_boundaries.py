"""The boundaries of phase diagrams that a theorem gives where each point is solved on its own: T8, T9 and T10 for
regular problems, against t or the weight decay."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._models.protocol import Model, State
from ncsolve._models.registry import model_of
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.boundary_curves import Boundary, smooth_values
from ncsolve._sweeps.second_parameter import SecondParameter

__all__ = ["closed_boundaries"]

# The states on both sides are those so far, relatively, from the boundary.
_ASIDE = 1e-9
_ALONG = 200


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A point of a boundary: what must be equal along one curve is its ``kind``."""

    value: float
    lambda_b: float
    kind: tuple[str, str, str, int, int, str, bool]


def closed_boundaries(second: SecondParameter, grid: Array) -> list[Boundary]:
    """The closed forms in the diagram; empty where there are none."""
    model = model_of(second.problem)
    if second.name not in ("t", "weight_decay"):
        return []
    values = smooth_values(second).tolist()
    curves = max(len(model.known_changes(second.problem_at(value))) for value in values)
    found = [boundary for i in range(curves) for boundary in _through(model, second, grid, values, i)]
    return found + _vanishing(model, second, grid)


def _through(
    model: Model, second: SecondParameter, grid: Array, values: list[float], number: int
) -> Iterator[Boundary]:
    """The curves through the known changes of this number, from 0 on."""
    places = [_place(model, second, value, number) for value in values]
    inside = [place is not None and grid[0] <= place.lambda_b <= grid[-1] for place in places]
    points: list[_Place | None] = []
    for i, place in enumerate(places):
        if i and inside[i] != inside[i - 1]:
            points.append(_edge(model, second, grid, values[i - 1], values[i], number))
        points.append(place if inside[i] else None)
    yield from _curves(points)


def _vanishing(model: Model, second: SecondParameter, grid: Array) -> list[Boundary]:
    """Where all class means reach zero, if that is a curve of its own."""
    problem = second.problem
    lambda_b = np.geomspace(grid[0], grid[-1], _ALONG)
    t = [model.vanishing_t(problem.replace(lambda_b=lb)) for lb in lambda_b.tolist()]
    if None in t:
        return []
    k = problem.classes
    values = np.array(t, dtype=np.float64)
    if second.name == "weight_decay":
        values = values / (k * math.sqrt(problem.counts.values[0]))
    here = (values >= second.values[0]) & (values <= second.values[-1]) & np.array([
        _sides(model, second, value, lb) == (State("orthogonal", k), State("collapsed", 0))
        for value, lb in zip(values.tolist(), lambda_b.tolist(), strict=True)
    ])
    if not here.any():
        return []
    return [Boundary(
        kind="rank", regime_before="collapsed", regime_after="orthogonal", rank_before=0, rank_after=k,
        values=values[here], lambda_b=lambda_b[here], theorem="T10",
    )]


def _sides(
    model: Model, second: SecondParameter, value: float, lambda_b: float
) -> tuple[State | None, State | None]:
    """The states a little below and a little above a value of the second parameter."""
    below, above = (
        model.state(second.problem_at(value * factor).replace(lambda_b=lambda_b)) for factor in (1 - _ASIDE, 1 + _ASIDE)
    )
    return below, above


def _known(model: Model, problem: UFM, number: int) -> tuple[float, str] | None:
    return next(itertools.islice(model.known_changes(problem).items(), number, None), None)


def _place(model: Model, second: SecondParameter, value: float, number: int) -> _Place | None:
    problem = second.problem_at(value)
    known, transition = _known(model, problem, number), model.transition(problem)
    if known is None:
        return None
    at, theorem = known
    before, after = (model.state(problem.replace(lambda_b=at * factor)) for factor in (1 - _ASIDE, 1 + _ASIDE))
    if before is None or after is None:
        return None
    if before[:2] == after[:2] and before.regime != "general":
        return None
    exchange = before.mean != after.mean and before.contrasts != after.contrasts
    kind = "exchange" if exchange else "rank" if before.rank != after.rank else "orthogonal"
    jump = transition is not None and transition.first_order and transition.lambda_b == at
    return _Place(
        value=value, lambda_b=at,
        kind=(kind, before.regime, after.regime, before.rank, after.rank, theorem, jump),
    )


def _edge(
    model: Model, second: SecondParameter, grid: Array, left: float, right: float, number: int
) -> _Place | None:
    """Where the curve leaves the diagram on its sides, if it does so between these values."""
    from scipy.optimize import brentq

    for edge in (grid[0], grid[-1]):

        def beside(value: float, edge: float = float(edge)) -> float:
            known = _known(model, second.problem_at(value), number)
            return 50.0 if known is None else math.log(known[0] / edge)

        if beside(left) * beside(right) < 0 and max(beside(left), beside(right)) < 50.0:
            value = float(brentq(beside, left, right, xtol=1e-15 * right))
            place = _place(model, second, value, number)
            return None if place is None else _Place(value=value, lambda_b=float(edge), kind=place.kind)
    return None


def _curves(points: list[_Place | None]) -> Iterator[Boundary]:
    for kind, group in itertools.groupby(points, key=lambda place: None if place is None else place.kind):
        if kind is None:
            continue
        part = [place for place in group if place is not None]
        what, before, after, rank_before, rank_after, theorem, jump = kind
        yield Boundary(
            kind=what, regime_before=before, regime_after=after, rank_before=rank_before, rank_after=rank_after,
            values=np.array([place.value for place in part]), lambda_b=np.array([place.lambda_b for place in part]),
            theorem=theorem, jump=jump,
        )

"""The boundaries of phase diagrams beyond the paper's model that a theorem gives: T8, T9 and T10 for balanced codes
a I + q J, against t or the weight decay."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncsolve import _formulas
from ncsolve._models.layered.state import BalancedState, balanced_state, has_relu_state, relu_state
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.boundary_curves import Boundary, smooth_values
from ncsolve._sweeps.second_parameter import SecondParameter
from ncsolve._sweeps.state_bisection import beyond_transition

__all__ = ["beyond_boundaries"]

Array = NDArray[np.float64]
# The states on both sides are those so far, relatively, from the boundary.
_ASIDE = 1e-9
_ALONG = 200


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A point of a boundary: what must be equal along one curve is its ``kind``."""

    value: float
    lambda_b: float
    kind: tuple[str, str, str, int, int, str, bool]


def beyond_boundaries(second: SecondParameter, grid: Array) -> list[Boundary]:
    """The closed forms in the diagram; empty where there are none."""
    if second.name not in ("t", "weight_decay"):
        return []
    values = smooth_values(second).tolist()
    places = [_place(second, value) for value in values]
    inside = [place is not None and grid[0] <= place.lambda_b <= grid[-1] for place in places]
    points: list[_Place | None] = []
    for i, place in enumerate(places):
        if i and inside[i] != inside[i - 1]:
            points.append(_edge(second, grid, values[i - 1], values[i]))
        points.append(place if inside[i] else None)
    return list(_curves(points)) + _relu_collapse(second, grid)


def _relu_collapse(second: SecondParameter, grid: Array) -> list[Boundary]:
    """T10: above t = sqrt(((K - 1) a^2 + w^2 (lb/(1 + lb))^2)/K) all class means are zero, unless they are acute."""
    problem = second.problem
    if not has_relu_state(problem):
        return []
    affine, k, root_n = problem.encoding.affine, problem.classes, math.sqrt(problem.counts.values[0])
    assert affine is not None
    lambda_b = np.geomspace(grid[0], grid[-1], _ALONG)
    left = affine.row_sum * lambda_b / (1 + lambda_b)  # of the label mean, while all class means are zero
    t = np.array([_formulas.relu_spread_alive((k - 1) * affine.a**2 + x * x, k, 1.0) for x in left.tolist()])
    values = t if second.name == "t" else t / (k * root_n)
    here = (values >= second.values[0]) & (values <= second.values[-1]) & np.array([
        _sides(second, value, lb) == (("orthogonal", k), ("collapsed", 0))
        for value, lb in zip(values.tolist(), lambda_b.tolist(), strict=True)
    ])
    if not here.any():
        return []
    return [Boundary(
        kind="rank", regime_before="collapsed", regime_after="orthogonal", rank_before=0, rank_after=k,
        values=values[here], lambda_b=lambda_b[here], theorem="T10",
    )]


def _sides(second: SecondParameter, value: float, lambda_b: float) -> tuple[tuple[str, int], tuple[str, int]]:
    """The states a little below and a little above a value of the second parameter."""
    below, above = (
        relu_state(second.problem_at(value * factor).replace(lambda_b=lambda_b)) for factor in (1 - _ASIDE, 1 + _ASIDE)
    )
    return below, above


def _place(second: SecondParameter, value: float) -> _Place | None:
    problem = second.problem_at(value)
    found = beyond_transition(problem)
    if found is None:
        return None
    at, theorem = found
    (regime, rank), (new_regime, new_rank) = (
        _state(problem.replace(lambda_b=at * factor)) for factor in (1 - _ASIDE, 1 + _ASIDE)
    )
    if (regime, rank) == (new_regime, new_rank) and regime != "general":
        return None
    kind = "exchange" if theorem == "T8" else "rank" if rank != new_rank else "orthogonal"
    return _Place(
        value=value, lambda_b=at,
        kind=(kind, regime, new_regime, rank, new_rank, theorem, theorem in ("T8", "T9")),
    )


def _state(problem: UFM) -> tuple[str, int]:
    if has_relu_state(problem):
        return relu_state(problem)
    state: BalancedState = balanced_state(problem)
    return state.regime, state.rank


def _edge(second: SecondParameter, grid: Array, left: float, right: float) -> _Place | None:
    """Where the curve leaves the diagram on its sides, if it does so between these values."""
    from scipy.optimize import brentq

    for edge in (grid[0], grid[-1]):

        def beside(value: float, edge: float = float(edge)) -> float:
            found = beyond_transition(second.problem_at(value))
            return 50.0 if found is None else math.log(found[0] / edge)

        if beside(left) * beside(right) < 0 and max(beside(left), beside(right)) < 50.0:
            value = float(brentq(beside, left, right, xtol=1e-15 * right))
            place = _place(second, value)
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

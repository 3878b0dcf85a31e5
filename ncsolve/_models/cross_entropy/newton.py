"""Newton's method at a given rank.

That a point of this rank is the minimum is for the dual bound to say, not for this descent.  The step is cut to a ball
of the diagonal of the Hessian, in the gauge of the singular value decomposition.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._models.cross_entropy.objective import Objective, State
from ncsolve._models.cross_entropy.point import Point
from ncsolve._models.trust_region import next_radius, truncated_newton

__all__ = ["newton"]

_MOST_STEPS = 100
_MOST_FAILURES = 3
_DIGITS = 64 * EPS
_GOAL = 1e-14  # of the gradient, over the terms that cancel in it


def newton(objective: Objective, point: Point) -> tuple[State, int]:
    """The minimizer of this rank from a point, and the number of steps."""
    here = objective.at(point.moved(objective.centred(point, point.row) - point.row))
    radius, steps, failures = 0.0, 0, 0
    while steps < _MOST_STEPS and failures < _MOST_FAILURES:
        unit = objective.unit(here)
        size = float(np.linalg.norm(here.gradient))
        if size <= _GOAL * unit:
            break
        steps += 1
        diagonal = objective.diagonal(here)
        radius = radius or max(_norm(here.point.row, diagonal), _norm(here.gradient, 1 / diagonal))
        accuracy = max(min(0.1, math.sqrt(size / unit)), _GOAL * unit / (3 * size))
        step = truncated_newton(
            here.gradient, objective.product(here),
            functools.partial(_preconditioned, objective, here.point, diagonal), radius, accuracy,
        )
        there = objective.at(here.point.moved(step.step))
        if here.value - there.value < step.decrease / 4:
            there = min(there, objective.at(here.point.moved_along(step.step)), key=lambda state: state.value)
        noise, fall = _DIGITS * abs(here.value), here.value - there.value
        agreement = (fall + noise) / (step.decrease + noise)
        if max(step.decrease, abs(fall)) > noise:
            failures = 0
        elif _norm(there.gradient, 1 / diagonal) >= _norm(here.gradient, 1 / diagonal):  # nor has that digits left
            agreement, failures = -1.0, failures + 1
        radius = next_radius(radius, step.length, agreement)
        if agreement > 0.05:
            here = there
    return _settled(objective, here), steps


def _settled(objective: Objective, here: State) -> State:
    """With the bias where its own gradient vanishes, for a large lambda_b: what it costs there is rounding of the
    objective, which no step before saw.  The losses bend by 1/2 at most along it."""
    if objective.ridge <= 1.0:
        return here
    push = here.point.parts(here.gradient)[2]
    there = objective.at(replace(here.point, bias=here.point.bias - push / objective.ridge))
    return min(here, there, key=lambda state: float(np.linalg.norm(state.gradient)))


def _norm(row: Array, diagonal: Array) -> float:
    return math.sqrt(float(diagonal @ row**2))


def _preconditioned(objective: Objective, point: Point, diagonal: Array, row: Array) -> Array:
    return objective.centred(point, row / diagonal)

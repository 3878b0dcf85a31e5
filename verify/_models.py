"""What is compared for each model: the table that ``check`` looks a problem up in."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from ncsolve.verify import _descent_figures as descents
from ncsolve.verify import _point_figures as point
from ncsolve.verify._case import Case
from ncsolve.verify._definition import fit_size
from ncsolve.verify._descent_figures import Tick, Unique
from ncsolve.verify._figure import Figure, agreement, count
from ncsolve.verify._own_scalars import missing_transition, own_scalars
from ncsolve.verify.convex import solve_convex

from ncsolve import UFM, Minimizer, NCSolveError

__all__ = ["MODELS", "MOST_PARAMETERS", "Model", "Part", "model_of"]

# Above so many parameters with one feature per class there is no descent.
MOST_PARAMETERS = 5_000
# A part of the examination, which is told how to show its progress.
Part = Callable[[Tick], list[Figure]]
_CONVEX_ENTRIES = 120


@dataclass(frozen=True, kw_only=True)
class Model:
    """How problems of a model are examined.

    ``width`` of the features in descent holds every minimizer; ``parameters`` are counted with one feature per class;
    ``whole`` says whether descent can have one per sample.  ``constraints`` and ``optimality`` are figures of the
    solver's point; what is searched without it follows: descent, the transition, the convex program.
    """

    width: Callable[[UFM], int]
    parameters: Callable[[UFM, int], int]
    whole: Callable[[UFM, int], bool]
    constraints: tuple[Callable[[Case], list[Figure]], ...] = ()
    optimality: tuple[Callable[[Case], list[Figure]], ...] = (point.gradient, point.costs)
    descent: Callable[[Case, Tick], list[Figure]]
    transition: Callable[[Case], Part | None]
    convex: Callable[[Case], Part | None] = lambda case: None

    def definition(self, case: Case) -> list[Figure]:
        """Figures of the solver's point."""
        looks = (point.claimed_numbers, *self.constraints, own_scalars, *self.optimality)
        return [figure for look in looks for figure in look(case)]


def _all_directions(problem: UFM) -> int:
    return min(problem.feature_dim, min(problem.code_length, problem.classes) + 2)


def _size(problem: UFM, width: int, columns: int) -> int:
    inner = width * width * (problem.depth - 1)
    return width * (problem.code_length + columns) + inner + problem.code_length * math.isfinite(problem.lambda_b)


def _sides(case: Case) -> Part | None:
    """One dimension is gained at a transition; if the solver names none there is none."""
    dim, codes = case.problem.feature_dim, case.samples.codes
    room = dim >= min(codes.shape) or dim >= np.linalg.matrix_rank(codes)
    if case.prediction.transition is None:
        return (lambda tick: missing_transition(case.samples)) if room else None
    if not room and case.parameters <= MOST_PARAMETERS:
        return partial(descents.tied_losses, case)
    if case.parameters <= descents.NEWTON_MOST:
        return partial(descents.gained_dimension, case)
    case.skipped.append(f"the transition lambda_b: {case.parameters} parameters with one feature per class")
    return None


def _tie(case: Case) -> Part | None:
    known = case.prediction.transition is not None and case.parameters <= MOST_PARAMETERS
    return partial(descents.tied_losses, case) if known else None


def _not_compared(case: Case) -> Part | None:
    if case.prediction.transition is not None and case.parameters <= MOST_PARAMETERS:
        case.skipped.append("the transition lambda_b: no run compares the two sides of it")
    return None


def _none_named(case: Case) -> Part:
    """Nothing changes along lambda_b that the solver could name."""
    named = case.prediction.transition is not None
    return lambda tick: [count("transitions along lambda_b that the solver names", 0, named, reason="T16 has none")]


def _program(case: Case) -> Part | None:
    m, k = case.samples.codes.shape
    if m * k <= _CONVEX_ENTRIES:
        return partial(_convex, case)
    case.skipped.append(f"the convex program: {m} x {k} entries")
    return None


def _convex(case: Case, tick: Tick) -> list[Figure]:
    """cvxpy with Clarabel."""
    try:
        found = solve_convex(case.problem, merged=True)
    except NCSolveError as failure:  # it is not our solver that failed
        case.skipped.append(f"the convex program: {failure}")
        return []
    loss = case.prediction.loss
    size = max(abs(loss), 1e-2 * fit_size(case.samples) ** 2)
    return [
        agreement("cvxpy, primal value, relative", loss, found.primal, size=size, tolerance=1e-6,
                  reason="Clarabel stops at 1e-10 at best"),
        agreement("cvxpy, dual value, relative", loss, found.dual, size=size, tolerance=1e-5,
                  reason="as the primal value, with a thinner cone"),
    ]


def _unique(case: Case) -> Unique:
    """A closed form is unique up to rotation; of a convex program only its variables are."""
    if case.prediction.method == "closed-form":
        return Unique()
    return Unique(
        figures=2, note="the Gram matrix of the best run: the convex programme does not say that it is unique"
    )


def _unique_nonnegative(case: Case) -> Unique:
    problem = case.problem
    regular = problem.encoding.affine is not None and problem.counts.balanced
    if problem.lambda_b > 0.0 or regular:
        return _unique(case)
    # A whole segment of b can cost the same: what is unique is W H + b.
    return Unique(
        figures=1,
        note="b and the Gram matrix of the best run: of ReLU features and a free bias they may not be unique",
    )


_ONE_LAYER = Model(
    width=_all_directions,
    parameters=lambda problem, width: width * (problem.code_length + problem.classes),
    whole=lambda problem, width: problem.feature_dim * (problem.code_length + problem.samples) <= 30_000,
    optimality=(point.second_order,),
    descent=descents.one_minimum,
    transition=_sides,
    convex=_program,
)
_BOTTLENECK = Model(
    width=_all_directions,
    parameters=lambda problem, width: _size(problem, width, problem.classes),
    whole=lambda problem, width: _size(problem, width, problem.samples) <= 1_000,
    descent=partial(descents.many_minima, unique=_unique),
    transition=_tie,
)
_DEEP_HEAD = replace(_BOTTLENECK, constraints=(point.product,))
_RELU = replace(
    _BOTTLENECK,
    width=lambda problem: problem.feature_dim,
    constraints=(point.nonnegative,),
    descent=partial(descents.many_minima, unique=_unique_nonnegative),
    transition=_not_compared,
)
# By the loss, the features, whether the head has several layers, and whether a bottleneck (T8) binds.  What is not
# listed is an open problem: ReLU features under a deep head, and both, and bottlenecks, under cross-entropy.
MODELS = {
    ("mse", "linear", False, False): _ONE_LAYER,
    ("mse", "linear", False, True): _BOTTLENECK,
    ("mse", "linear", True, False): _DEEP_HEAD,
    ("mse", "linear", True, True): _DEEP_HEAD,
    ("mse", "relu", False, False): _RELU,
    ("mse", "relu", False, True): _RELU,
    ("cross-entropy", "linear", False, False): replace(_ONE_LAYER, transition=_none_named),
    ("cross-entropy", "relu", False, False): replace(
        _RELU, optimality=(point.gradient, point.costs, point.weak_duality), transition=_none_named,
    ),
}


def model_of(problem: UFM, prediction: Minimizer) -> Model:
    """The row of the table."""
    return MODELS[problem.loss, problem.features, problem.depth > 1, prediction.choice.theorem == "T8"]

"""When a feature dimension is a bottleneck (T8): it must be below the rank of the minimizer, not of the codes alone.

Whoever asks (a minimizer, a path, a phase diagram, a comparison, a report) asks here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from ncsolve._frames.dense import Frame
from ncsolve._frames.layered import FactoredFrame
from ncsolve._models.layered.kept_directions import keep
from ncsolve._models.room import may_bind
from ncsolve._problem.sweep import Sweep
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.shared_spectrum import PathArrays, solve_along
from ncsolve._sweeps.threshold_crossings import regime_changes

__all__ = ["binds", "binds_along", "plain_along"]


def binds(problem: UFM, frame: Frame) -> bool:
    """Whether the problem's dim is a bottleneck of its minimizer, which ``frame`` holds.

    With one linear layer, or balanced codes a I + q J, exactly if the minimizer without it has a higher rank.  Under
    another deep head or H >= 0, where that would be another problem to solve, if it may.
    """
    return may_bind(problem) and isinstance(frame, FactoredFrame) and _drops(problem)


def binds_along(sweep: Sweep) -> bool:
    """Whether the dim of a model that goes beyond the paper's is a bottleneck at one of the values of a sweep."""
    problems = map(sweep.problem_at, sweep.values.tolist())
    return any(may_bind(problem) and _drops(problem) for problem in problems)


def _drops(problem: UFM) -> bool:
    """Whether a direction finds no dimension, as far as that is known without solving."""
    affine, counts = problem.encoding.affine, problem.counts
    known = problem.depth > 1 and problem.features == "linear" and affine is not None and counts.balanced
    return not known or keep(problem).dropped


def plain_along(sweep: Sweep, progress: Callable[[int], None] | None = None) -> PathArrays | None:
    """The minimizers of a sweep of the paper's model; None if it is another, or if a bottleneck binds at some value or
    between the smallest and the largest."""
    if not sweep.problem.plain:
        return None
    room = sweep.problem.feature_dim
    sweep = dataclasses.replace(sweep, problem=sweep.problem.replace(dim=None))
    found = solve_along(sweep, progress)
    if room >= min(sweep.problem.code_length, sweep.problem.classes):
        return found
    if int(np.count_nonzero(found.singular_values, axis=1).max()) > room:
        return None
    between = max((max(change.rank_before, change.rank_after) for change in regime_changes(sweep)), default=0)
    return None if between > room else found

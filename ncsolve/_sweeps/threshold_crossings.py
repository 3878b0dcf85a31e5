"""Where a minimizer changes its regime as one parameter varies.

A singular value of Z is max(sigma - T, 0), so it leaves zero exactly where a singular value sigma of M - b u^T crosses
the threshold T.  In descending order each sigma is a continuous function of the parameter, and its crossings are
bracketed and found one by one: several in the same interval of the grid are all counted.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array
from ncsolve._frames.protocol import Frame
from ncsolve._frames.regimes import regime_of
from ncsolve._models.plain.model import PLAIN
from ncsolve._problem.sweep import Sweep
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.count_changes import rank_changes
from ncsolve._sweeps.crossings import Crossing, crossings
from ncsolve._sweeps.frames_along import FrameSource

if TYPE_CHECKING:
    from ncsolve._minimizer.minimizer import Minimizer

__all__ = ["RegimeChange", "named", "regime_changes", "search_points"]

# Crossings are looked for between points at least this near: twelve a decade, and fifty between alpha = 0 and 1.
_STEP = math.log(10.0) / 12
_ALPHA_STEP = 0.02
# A grid with 0 or inf in it is searched this many decades further, with fewer points: there the bias differs from a
# free bias, or from none, by a relative 1e-9.
_FURTHER, _FURTHER_STEP = 9, math.log(10.0) / 3
# Roots nearer than this, relatively, are one.
_SAME = 1e-10
# A root this near to the value of a theorem is that value.
_AGREE = 1e-7


@dataclass(frozen=True, kw_only=True)
class RegimeChange:
    """A value of the parameter where the minimizer changes its regime.

    ``value``; ``kind``, "rank" (singular values of Z leave or reach zero), "orthogonal" (the class means pass through
    an orthogonal frame) or, in a bottleneck, "exchange" (a direction gives its dimension to another); ``regime_before``
    and ``regime_after``, ``rank_before`` and ``rank_after`` in the direction of growing values; ``theorem``, "T5" or
    "T5b" (beyond the paper's model also "T8", "T9" or "T10") where a closed form gives the value, else "" for a
    bracketed root (relative accuracy 1e-12, or ``accuracy`` between points that were found by descent) and, for counts,
    the first whole number that belongs to the new regime.  Two changes that cancel within a step of the search are
    found from the dip between them; beyond the paper's model only where each class has its own closed form.

    ``jump`` where the minimizer is discontinuous, a transition of first order: ``before`` and ``after`` are then the
    minimizers on both sides, of equal loss up to the accuracy of the value (for counts those of neighbouring numbers).

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.smoothed(3, 0.1), counts=4, lambda_w=0.01, lambda_h=0.01,
    ...                       lambda_b=1)
    >>> for change in ncsolve.path(problem, lambda_b=[0, float("inf")]).changes:
    ...     print(f"{change.value:.6f}", change.kind, change.regime_before, change.regime_after)
    0.063830 rank simplex intermediate
    0.600000 orthogonal intermediate acute
    """

    value: float
    kind: str
    regime_before: str
    regime_after: str
    rank_before: int
    rank_after: int
    theorem: str = ""
    jump: bool = False
    before: Minimizer | None = None
    after: Minimizer | None = None
    accuracy: float = 1e-12


def regime_changes(sweep: Sweep, *, closed_forms: bool = True) -> tuple[RegimeChange, ...]:
    """Every change between the smallest and the largest value of a sweep, in ascending order.

    ``closed_forms`` replaces a root by the theorem's value where one gives it.
    """
    low, high = float(sweep.values.min()), float(sweep.values.max())
    if low == high:
        return ()
    source = FrameSource(sweep)
    if sweep.name == "count":
        return tuple(_whole_changes(source, sweep))
    back = math.exp if sweep.logarithmic else float
    points = search_points(sweep)
    if points.size < 2:
        return ()

    def measure(frame: Frame, x: float) -> Array:
        """sigma/T - 1 of every singular value, and last the gap whose sign tells an acute frame from an obtuse one."""
        ratio = frame.shifted_singular_values() / _problem_at(sweep, back(x)).threshold - 1.0
        return np.append(ratio, frame.gap or 0.0)

    def at(x: float) -> Array:
        return measure(source.at(back(x)), x)

    rows = {i: measure(frame, points[i]) for i, frame in source.along(np.array([back(x) for x in points.tolist()]))}
    hits = crossings(at, points, np.stack([rows[i] for i in range(points.size)]))
    return tuple(_changes(source, hits, points, back, closed_forms))


def search_points(sweep: Sweep) -> Array:
    """Where crossings are looked for: the values themselves and points between, as logarithms of weight decays."""
    values = sweep.values
    if not sweep.logarithmic:
        low, high = float(values.min()), float(values.max())
        between = np.linspace(low, high, 2 + int((high - low) / _ALPHA_STEP))
        return np.unique(np.concatenate((values, between)))
    inner = values[(values > 0.0) & (values < math.inf)]
    logs = np.log(inner) if inner.size else np.zeros(1)
    low, high = float(logs.min()), float(logs.max())
    parts = [logs, np.linspace(low, high, 2 + int((high - low) / _STEP))]
    further = np.arange(1, 3 * _FURTHER + 1) * _FURTHER_STEP
    if (values == 0.0).any():
        parts.append(low - further)
    if (values == math.inf).any():
        parts.append(high + further)
    return np.unique(np.concatenate(parts))


def _problem_at(sweep: Sweep, value: float) -> UFM:
    return sweep.problem if sweep.name == "lambda_b" else sweep.problem_at(value)


def named(value: float, theorems: dict[float, str]) -> tuple[float, str]:
    """The value of a theorem that a root is, and the theorem; else the root itself and ""."""
    near = (known for known in theorems if abs(value - known) <= _AGREE * known)
    value = next(near, value)
    return value, theorems.get(value, "")


def _changes(
    source: FrameSource, hits: list[Crossing], points: Array, back: Callable[[float], float], closed_forms: bool
) -> Iterator[RegimeChange]:
    """Regime and rank between the crossings, from a minimizer in the middle of each interval."""
    apart: list[float] = []
    for hit in hits:
        if not apart or hit.x - apart[-1] > _SAME * max(1.0, abs(hit.x)):
            apart.append(hit.x)
    ends = [float(points[0]), *apart, float(points[-1])]
    sides = [_side(source, back((left + right) / 2)) for left, right in itertools.pairwise(ends)]
    closed_forms = closed_forms and source.sweep.name == "lambda_b"
    theorems = PLAIN.known_changes(source.sweep.problem) if closed_forms else {}
    for x, before, after in zip(apart, sides, sides[1:], strict=False):
        if before == after:  # a singular value touches the threshold, or a collapsed frame has no angle
            continue
        value, theorem = named(back(x), theorems)
        yield RegimeChange(
            value=value, kind="rank" if before[1] != after[1] else "orthogonal", regime_before=before[0],
            regime_after=after[0], rank_before=before[1], rank_after=after[1], theorem=theorem,
        )


def _side(source: FrameSource, value: float) -> tuple[str, int]:
    frame = source.at(value)
    return regime_of(_problem_at(source.sweep, value), frame), frame.rank


def _whole_changes(source: FrameSource, sweep: Sweep) -> Iterator[RegimeChange]:
    """Changes of rank along whole numbers."""
    for value, (name, rank), (new_name, new_rank) in rank_changes(sweep, lambda value: _side(source, float(value))):
        yield RegimeChange(
            value=float(value), kind="rank", regime_before=name, regime_after=new_name, rank_before=rank,
            rank_after=new_rank,
        )

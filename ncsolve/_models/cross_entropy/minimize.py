"""The minimizer of the convex core with its duality gap: Newton's method at a rank, and the rank by thresholding."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ncsolve._models.cross_entropy.dual_bound import best_bound
from ncsolve._models.cross_entropy.newton import newton
from ncsolve._models.cross_entropy.objective import Objective, State
from ncsolve._models.cross_entropy.point import Point
from ncsolve._models.cross_entropy.smoothing import small_enough, smoothed
from ncsolve._models.cross_entropy.start import collapsed, guesses, may_collapse, thresholded

__all__ = ["Minimum", "minimize"]

_MOST_ROUNDS = 20
_PATIENCE = 150  # steps, where there is a steadier way
_DUST = 1e-6  # singular values below this, over the largest, are tried without
_SAME_GAP = 1e-12
_GOOD_GAP = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Minimum:
    """A point, its loss and a lower bound of all losses; the number of Newton steps that led to it."""

    point: Point
    loss: float
    lower_bound: float
    iterations: int

    @property
    def gap(self) -> float:
        """The duality gap over the loss."""
        return (self.loss - self.lower_bound) / self.loss if self.loss > 0.0 else 0.0


def minimize(objective: Objective) -> Minimum:
    """The best point found; its gap says how good it is."""
    point = min(guesses(objective), key=lambda each: objective.at(each).value)
    if may_collapse(objective):
        best = _descended(objective, collapsed(objective), 0)
        if best.gap <= _GOOD_GAP and thresholded(objective, best.point).rank == 0:
            return best
        best = _better(best, _descended(objective, point, best.iterations))
    else:
        best = _descended(objective, point, 0)
    for _ in range(_MOST_ROUNDS):
        point = thresholded(objective, best.point)
        if point.rank == best.point.rank and best.gap <= _SAME_GAP:
            break
        new = _descended(objective, point, best.iterations)
        stuck = point.rank == best.point.rank and new.gap >= best.gap / 10
        best = _better(best, new)
        if stuck or (best.iterations > _PATIENCE and small_enough(objective)):
            break
    if best.gap > _GOOD_GAP and small_enough(objective):
        point = smoothed(objective, best.point)
        best = _better(best, _measured(objective, objective.at(point), best.iterations))
        best = _better(best, _descended(objective, point, best.iterations))
    return _without_dust(objective, best)


def _better(old: Minimum, new: Minimum) -> Minimum:
    return replace(new if new.gap < old.gap else old, iterations=new.iterations)


def _descended(objective: Objective, point: Point, before: int) -> Minimum:
    """The minimizer of the rank of a point, after so many steps."""
    state, steps = newton(objective, point)
    return _measured(objective, state, before + steps)


def _measured(objective: Objective, state: State, steps: int) -> Minimum:
    columns = objective.columns
    dual = best_bound(
        columns, state.fit.residual, objective.threshold / columns.total, objective.lambda_b,
        state.point.bias * columns.bias_scale,
    )
    return Minimum(point=state.point, loss=state.value / columns.total, lower_bound=dual.bound, iterations=steps)


def _without_dust(objective: Objective, best: Minimum) -> Minimum:
    """The minimum without singular values that are zero but for what the descent left of them."""
    values = np.sum(best.point.weights**2, axis=0)  # of balanced factors
    rank = int(np.count_nonzero(values > _DUST * np.max(values, initial=0.0)))
    if rank == best.point.rank:
        return best
    kept = replace(best.point, weights=best.point.weights[:, :rank], features=best.point.features[:rank])
    new = _descended(objective, kept, best.iterations)
    return new if new.gap <= max(best.gap, _SAME_GAP) else best

"""The minimizer of the convex core with its duality gap: Newton's method at a rank, and the rank by thresholding."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ncsolve._arrays import Array
from ncsolve._models.cross_entropy.dual_bound import best_bound
from ncsolve._models.cross_entropy.newton import Objective, Point, newton
from ncsolve._models.cross_entropy.smoothing import small_enough, smoothed
from ncsolve._models.cross_entropy.softmax import Fit
from ncsolve._models.cross_entropy.start import collapsed, guesses, thresholded

__all__ = ["Minimum", "minimize"]

_MOST_ROUNDS = 20
_DUST = 1e-6  # singular values below this, over the largest, are tried without
_SAME_GAP = 1e-12
_GOOD_GAP = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Minimum:
    """A point, its fit, its loss and a lower bound of all losses; the number of Newton steps that led to it."""

    point: Point
    fit: Fit
    loss: float
    lower_bound: float
    iterations: int

    @property
    def gap(self) -> float:
        """The duality gap over the loss."""
        return (self.loss - self.lower_bound) / self.loss if self.loss > 0.0 else 0.0


def minimize(objective: Objective, start: Point | None = None) -> Minimum:
    """The best point found, from a start if there is one; its gap says how good it is."""
    best = _descended(objective, collapsed(objective), 0)
    if thresholded(objective, best.point).rank == 0:
        return best
    points = guesses(objective) + ([thresholded(objective, start)] if start is not None else [])
    point = min(points, key=lambda each: objective.value(each, objective.fit(each)))
    best = _descended(objective, collapsed(objective) if start is None else point, 0)
    if start is None:
        if thresholded(objective, best.point).rank == 0:
            return best
        best = _descended(objective, point, best.iterations)
    for _ in range(_MOST_ROUNDS):
        point = thresholded(objective, best.point)
        if point.rank == best.point.rank and best.gap <= _SAME_GAP:
            break
        new = _descended(objective, point, best.iterations)
        stuck = point.rank == best.point.rank and new.gap >= best.gap / 2
        best = replace(new if new.gap < best.gap else best, iterations=new.iterations)
        if stuck:
            break
    if best.gap > _GOOD_GAP and small_enough(objective):
        steady = _descended(objective, smoothed(objective, best.point), best.iterations)
        best = replace(steady if steady.gap < best.gap else best, iterations=steady.iterations)
    return _without_dust(objective, best)


def _descended(objective: Objective, point: Point, before: int) -> Minimum:
    """The minimizer of the rank of a point."""
    columns = objective.columns
    point, found, steps = newton(objective, point)
    bias = None
    if objective.lambda_b < math.inf:
        bias = point.bias * columns.bias_scale
        bias = bias - columns.alike @ bias / np.sum(columns.alike)
        point = replace(point, bias=bias / columns.bias_scale)
    dual = best_bound(columns, found.residual, objective.threshold / columns.total, objective.lambda_b, bias)
    return Minimum(
        point=point, fit=found, loss=objective.value(point, found) / columns.total, lower_bound=dual.bound,
        iterations=before + steps,
    )


def _without_dust(objective: Objective, best: Minimum) -> Minimum:
    """The minimum without singular values that are zero but for what the descent left of them."""
    values = singular_values(best.point)
    rank = int(np.count_nonzero(values > _DUST * np.max(values, initial=0.0)))
    if rank == best.point.rank:
        return best
    kept = replace(best.point, weights=best.point.weights[:, :rank], features=best.point.features[:rank])
    new = _descended(objective, kept, best.iterations)
    return new if new.gap <= max(best.gap, _SAME_GAP) else best


def singular_values(point: Point) -> Array:
    """The singular values of Q, from balanced factors, largest first (r,)."""
    return np.asarray(np.sum(point.weights**2, axis=0))

"""The objective of balanced factors, Q = W H, that cost T/2 (||W||^2 + ||H||^2) (T2): its slope and how it bends.

The convex problem, times N, in the unknowns of ``columns.py``:

    sum_k n_k l(outputs of column k, code k) + T/2 (||W||^2 + ||H||^2) + T sum sqrt(g_a - 1) c_a + lambda_b/2 ||b||^2
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._frames.columns import Columns
from ncsolve._frames.softmax_fit import Fit, bent, fit
from ncsolve._models.cross_entropy.point import Point

__all__ = ["Objective", "State"]


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """A point, its fit, the objective (where factors are balanced; above it elsewhere), the gradient of all entries
    in a row, and the gradient of the losses by Q (m, K)."""

    point: Point
    fit: Fit
    value: float
    gradient: Array
    slope: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Objective:
    """The objective for T = N tau and lambda_b (inf: no bias)."""

    columns: Columns
    threshold: float
    lambda_b: float

    @property
    def free(self) -> bool:
        """Whether there is a bias."""
        return self.lambda_b < math.inf

    @property
    def ridge(self) -> float:
        """The price of the bias that there is."""
        return self.lambda_b if self.free else 0.0

    @property
    def settled(self) -> Array:
        """How the objective bends within groups where the gradient vanishes, nearly: less where the own class is sure
        beyond that, by any factor."""
        return np.asarray(self.threshold * self.columns.within_price * self.columns.within_scale)

    def at(self, point: Point) -> State:
        """What there is to know at a point."""
        columns, threshold = self.columns, self.threshold
        found = fit(columns, columns.forward(point.matrix, point.bias, point.within))
        price = point.factors / 2 + float(columns.within_price @ point.within)
        slope, bias, within = columns.backward(found.residual)
        gradient = np.concatenate((
            (slope @ point.features.T + threshold * point.weights).ravel(),
            (point.weights.T @ slope + threshold * point.features).ravel(),
            self.free * bias + self.ridge * point.bias, within + threshold * columns.within_price,
        ))
        value = float(columns.samples @ found.losses) + threshold * price
        value += self.ridge / 2 * float(point.bias @ point.bias)
        return State(point=point, fit=found, value=value, gradient=gradient, slope=slope)

    def unit(self, state: State) -> float:
        """How large the terms are that cancel in the gradient: those of T, and where it moves nothing of the bias."""
        point, columns = state.point, self.columns
        if point.rank or point.within.size:
            return self.threshold * (1 + math.sqrt(point.factors))
        push = float(np.linalg.norm(state.fit.residual * np.sqrt(columns.samples)))
        return max(push, self.ridge * float(np.linalg.norm(point.bias)))

    def product(self, state: State) -> Callable[[Array], Array]:
        """The Hessian, as what it makes of a row of all entries."""
        columns, threshold, point = self.columns, self.threshold, state.point
        slope = state.slope

        def times(row: Array) -> Array:
            weights, features, bias, within = point.parts(row)
            matrix = weights @ point.features + point.weights @ features
            moved = bent(columns, state.fit, columns.forward(matrix, self.free * bias, within))
            of_matrix, of_bias, of_within = columns.backward(moved)
            return np.concatenate((
                (of_matrix @ point.features.T + slope @ features.T + threshold * weights).ravel(),
                (point.weights.T @ of_matrix + weights.T @ slope + threshold * features).ravel(),
                self.free * of_bias + self.ridge * bias, of_within,
            ))

        return times

    def diagonal(self, state: State) -> Array:
        """The diagonal of the Hessian, nearly: no less than what bounds it away from zero."""
        columns, point = self.columns, state.point
        single = columns.samples * state.fit.probabilities * state.fit.lacking
        rows = columns.fold(single)
        curved = rows * columns.scale**2
        bias = np.sum(rows, axis=1) * columns.bias_scale**2 + self.ridge
        within = single[-1, columns.within] * columns.within_scale**2
        return np.concatenate((
            (curved @ (point.features**2).T + self.threshold).ravel(),
            ((point.weights**2).T @ curved + self.threshold).ravel(),
            np.maximum(bias, 1e-14 * max(float(np.max(bias)), self.unit(state))),
            np.maximum(within, self.settled),
        ))

    def centred(self, point: Point, row: Array) -> Array:
        """The row of all entries without what shifts all outputs alike, which changes no probability."""
        weights, features, bias, within = point.parts(row)
        same = np.sqrt(self.columns.alike / np.sum(self.columns.alike))
        weights = weights - np.outer(same, same @ weights)
        return np.concatenate((weights.ravel(), features.ravel(), bias - same * (same @ bias), within))

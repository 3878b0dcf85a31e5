"""Newton's method at a given rank, on balanced factors: Q = W H costs T/2 (||W||^2 + ||H||^2) (T2).

The convex problem, times N, in the unknowns of ``columns.py``:

    sum_k n_k l(outputs of column k, code k) + T/2 (||W||^2 + ||H||^2) + T sum sqrt(g_a - 1) c_a + lambda_b/2 ||b||^2

Where all directions are in it that the minimizer has, no point but it is a local minimum; the step is cut to a ball of
the diagonal of the Hessian, in the gauge of the singular value decomposition.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._models.cross_entropy.columns import Columns
from ncsolve._models.cross_entropy.softmax import Fit, fit
from ncsolve._models.cross_entropy.trust_region import next_radius, truncated_newton

__all__ = ["Objective", "Point", "newton"]

_MOST_STEPS = 200
_MOST_FAILURES = 3
_DIGITS = 64 * EPS
_GOAL = 1e-14  # of the gradient, over T times the size of the factors


@dataclass(frozen=True, kw_only=True, eq=False)
class Point:
    """W (m, r), H (r, K), the bias (m,) and the values within groups (s,), in the units of ``columns.py``."""

    weights: Array
    features: Array
    bias: Array
    within: Array

    @property
    def matrix(self) -> Array:
        """Q (m, K)."""
        return np.asarray(self.weights @ self.features)

    @property
    def rank(self) -> int:
        """The number of directions r."""
        return int(self.weights.shape[1])

    @property
    def factors(self) -> float:
        """||W||^2 + ||H||^2."""
        return float(np.sum(self.weights**2) + np.sum(self.features**2))

    @property
    def row(self) -> Array:
        """All entries in a row."""
        return np.concatenate((self.weights.ravel(), self.features.ravel(), self.bias, self.within))

    def moved(self, step: Array) -> Point:
        """This point plus a step, which has all entries in a row."""
        weights, features, bias, within = self.parts(step)
        return Point(
            weights=self.weights + weights, features=self.features + features, bias=self.bias + bias,
            within=self.within + within,
        )

    def tangent(self, step: Array) -> Point:
        """The point nearby whose Q is moved by the step to first order: along a valley Q hardly moves."""
        weights, features, bias, within = self.parts(step)
        new = replace(self, bias=self.bias + bias, within=self.within + within)
        if self.rank == 0:
            return new
        matrix = self.matrix + weights @ self.features + self.weights @ features
        return new.of(*np.linalg.svd(matrix, full_matrices=False), rank=self.rank)

    def parts(self, row: Array) -> tuple[Array, Array, Array, Array]:
        """A row of all entries, cut up."""
        first = self.weights.size
        second = first + self.features.size
        third = second + self.bias.size
        return (
            row[:first].reshape(self.weights.shape), row[first:second].reshape(self.features.shape),
            row[second:third], row[third:],
        )

    def balanced(self) -> Point:
        """The factors by singular value decomposition."""
        if self.rank == 0:
            return self
        return self.of(*np.linalg.svd(self.matrix, full_matrices=False), rank=self.rank)

    def singular(self) -> tuple[Array, Array, Array]:
        """The singular value decomposition of Q: left (m, r), values (r,), right (K, r)."""
        left, values, right = np.linalg.svd(self.matrix, full_matrices=False)
        return left[:, : self.rank], values[: self.rank], right[: self.rank].T

    def of(self, left: Array, values: Array, right: Array, *, rank: int) -> Point:
        """The point with the first so many directions of a singular value decomposition for its factors."""
        root = np.sqrt(values[:rank])
        return replace(self, weights=left[:, :rank] * root, features=root[:, None] * right[:rank])


@dataclass(frozen=True, kw_only=True, eq=False)
class Objective:
    """The objective times N, for T and lambda_b (inf: no bias)."""

    columns: Columns
    threshold: float
    lambda_b: float

    def fit(self, point: Point) -> Fit:
        """Losses and probabilities at a point."""
        return fit(self.columns, self.columns.forward(point.matrix, point.bias, point.within))

    def value(self, point: Point, found: Fit) -> float:
        """The objective, where the factors are balanced; above it elsewhere."""
        ridge = self.lambda_b / 2 * float(point.bias @ point.bias) if self.lambda_b < math.inf else 0.0
        price = point.factors / 2 + float(self.columns.within_price @ point.within)
        return float(self.columns.samples @ found.losses) + self.threshold * price + ridge

    def gradient(self, point: Point, found: Fit) -> tuple[Array, Array]:
        """The gradient, all entries in a row, and that of the losses alone by Q (m, K)."""
        slope, bias, within = self.columns.backward(found.residual)
        bias = bias + self.lambda_b * point.bias if self.lambda_b < math.inf else 0.0 * bias
        within = within + self.threshold * self.columns.within_price
        return np.concatenate((
            (slope @ point.features.T + self.threshold * point.weights).ravel(),
            (point.weights.T @ slope + self.threshold * point.features).ravel(), bias, within,
        )), slope

    def product(self, point: Point, found: Fit, slope: Array) -> Callable[[Array], Array]:
        """The Hessian, as what it makes of a row of all entries."""
        columns, threshold, chances = self.columns, self.threshold, found.probabilities
        free = 1.0 if self.lambda_b < math.inf else 0.0
        ridge = self.lambda_b if free else 0.0

        def times(row: Array) -> Array:
            weights, features, bias, within = point.parts(row)
            matrix = weights @ point.features + point.weights @ features
            change = chances * columns.forward(matrix, free * bias, within)
            bent, of_bias, of_within = columns.backward(change - chances * np.sum(change, axis=0))
            return np.concatenate((
                (bent @ point.features.T + slope @ features.T + threshold * weights).ravel(),
                (point.weights.T @ bent + weights.T @ slope + threshold * features).ravel(),
                free * of_bias + ridge * bias, of_within,
            ))

        return times

    def centred(self, point: Point, row: Array) -> Array:
        """The row of all entries without what shifts all outputs alike, which costs and changes no probability."""
        weights, features, bias, within = point.parts(row)
        same = np.sqrt(self.columns.alike / np.sum(self.columns.alike))
        weights = weights - np.outer(same, same @ weights)
        return np.concatenate((weights.ravel(), features.ravel(), bias - same * (same @ bias), within))

    def diagonal(self, point: Point, found: Fit) -> Array:
        """The diagonal of the Hessian, nearly: no less than what bounds it away from zero."""
        columns = self.columns
        spread = columns.samples * columns.fold(found.probabilities * (1 - found.probabilities))
        bent = spread * columns.scale**2
        bias = np.sum(spread, axis=1) * columns.bias_scale**2 + (self.lambda_b if self.lambda_b < math.inf else 0.0)
        apart = found.probabilities[-1] * (1 - found.probabilities[-1]) * columns.samples
        within = apart[columns.within] * columns.within_scale**2
        row = np.concatenate((
            (bent @ (point.features**2).T + self.threshold).ravel(),
            ((point.weights**2).T @ bent + self.threshold).ravel(), bias, within,
        ))
        return np.asarray(np.maximum(row, 1e-14 * float(np.max(row))))


def newton(objective: Objective, point: Point) -> tuple[Point, Fit, int]:
    """The minimizer of this rank from a point: with its fit, and the number of steps."""
    point = point.moved(objective.centred(point, point.row) - point.row).balanced()
    found = objective.fit(point)
    value = objective.value(point, found)
    gradient, slope = objective.gradient(point, found)
    radius, steps, failures = 0.0, 0, 0
    while steps < _MOST_STEPS and failures < _MOST_FAILURES:
        unit = objective.threshold * (1 + math.sqrt(point.factors))
        size = float(np.linalg.norm(gradient))
        if size <= _GOAL * unit:
            break
        steps += 1
        diagonal = objective.diagonal(point, found)
        radius = radius or max(float(np.sqrt(diagonal @ each**2)) for each in (point.row, gradient / diagonal))
        accuracy = max(min(0.1, math.sqrt(size / unit)), _GOAL * unit / (3 * size))
        step = truncated_newton(
            gradient, objective.product(point, found, slope),
            functools.partial(_preconditioned, objective, point, diagonal), radius, accuracy,
        )
        new = point.moved(step.step).balanced()
        new_found = objective.fit(new)
        new_value = objective.value(new, new_found)
        if value - new_value < step.decrease / 4:
            other = point.tangent(step.step)
            other_found = objective.fit(other)
            other_value = objective.value(other, other_found)
            if other_value < new_value:
                new, new_found, new_value = other, other_found, other_value
        new_gradient, new_slope = objective.gradient(new, new_found)
        noise, fall = _DIGITS * abs(value), value - new_value
        agreement = (fall + noise) / (step.decrease + noise)
        if max(step.decrease, abs(fall)) > noise:
            failures = 0
        elif new_gradient @ (new_gradient / diagonal) >= gradient @ (gradient / diagonal):  # nor has it digits left
            agreement, failures = -1.0, failures + 1
        radius = next_radius(radius, step.length, agreement)
        if agreement > 0.05:
            point, found, value, gradient, slope = new, new_found, new_value, new_gradient, new_slope
    return point, found, steps


def _preconditioned(objective: Objective, point: Point, diagonal: Array, row: Array) -> Array:
    return objective.centred(point, row / diagonal)

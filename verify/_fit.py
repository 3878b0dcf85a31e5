"""What one sample adds to the fit, by loss: value, slope and curvature in its output, and the bias that fits best."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from ncsolve.verify._types import Array

__all__ = ["FITS", "Fit", "softmax"]

_STEPS, _HALVINGS, _LEVEL = 200, 60, 1e-14
# Where softmax saturates nothing else curves, and rounding of numbers of size one decides.
_RIDGE = 1e-15


class Fit(Protocol):
    """The loss of outputs o (m, N) against labels (m, N), one column a sample."""

    def values_and_slopes(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        """The loss of each sample (N,), and its gradient in the output (m, N)."""
        ...

    def curvatures(self, outputs: Array) -> Array:
        """Its second derivatives (N, m, m)."""
        ...

    def best_bias(self, outputs: Array, targets: Array, share: Array, lambda_b: float) -> Array:
        """The b (m,) of least cost beside given W H (m, N); columns have the ``share`` (N,) of the samples."""
        ...


class Squares:
    """MSE: |o - y|^2/2."""

    def values_and_slopes(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        residual = outputs - targets
        return np.asarray(np.sum(residual * residual, axis=0) / 2), residual

    def curvatures(self, outputs: Array) -> Array:
        m, n = outputs.shape
        return np.broadcast_to(np.eye(m), (n, m, m))

    def best_bias(self, outputs: Array, targets: Array, share: Array, lambda_b: float) -> Array:
        return np.asarray((targets - outputs) @ share / (1.0 + lambda_b))


class CrossEntropy:
    r"""Cross-entropy of softmax outputs: :math:`\log \sum_j \exp o_j - \langle y, o \rangle`.

    >>> value, slope = CrossEntropy().values_and_slopes(np.zeros((2, 1)), np.array([[1.0], [0.0]]))
    >>> round(float(value[0]), 12), slope.ravel()
    (0.69314718056, array([-0.5,  0.5]))
    """

    def values_and_slopes(self, outputs: Array, targets: Array) -> tuple[Array, Array]:
        # As labels sum to one, outputs may be counted from their largest: a loss next to zero then keeps its digits.
        below = outputs - outputs.max(axis=0)
        log_sum = np.logaddexp.reduce(below, axis=0)
        return np.asarray(log_sum - np.sum(targets * below, axis=0)), np.exp(below - log_sum) - targets

    def curvatures(self, outputs: Array) -> Array:
        chances = softmax(outputs).T
        return np.asarray(chances[:, :, None] * (np.eye(chances.shape[1]) - chances[:, None, :]))

    def best_bias(self, outputs: Array, targets: Array, share: Array, lambda_b: float) -> Array:
        """Newton's method; of a free bias, which is known but for a multiple of 1, the one that sums to zero."""
        m = outputs.shape[0]
        b = np.zeros(m)
        if math.isinf(lambda_b):
            return b
        cost, slope = self._beside(b, outputs, targets, share, lambda_b)
        for _ in range(_STEPS):
            chances = softmax(outputs + b[:, None])
            curvature = np.diag(chances @ share) - (chances * share) @ chances.T
            ridge = lambda_b + _RIDGE
            step = np.linalg.solve(curvature + ridge * np.eye(m) + 1.0 / m, slope)
            step -= step.mean()
            level = float(slope @ step) <= _LEVEL * cost  # what the step would gain is rounding: the slope decides
            for halving in range(1 if level else _HALVINGS):
                after = b - step / 2**halving
                new_cost, new_slope = self._beside(after, outputs, targets, share, lambda_b)
                if (np.linalg.norm(new_slope) < np.linalg.norm(slope)) if level else new_cost < cost:
                    break
            else:
                break
            b, cost, slope = after, new_cost, new_slope
        return b

    def _beside(
        self, b: Array, outputs: Array, targets: Array, share: Array, lambda_b: float
    ) -> tuple[float, Array]:
        values, slopes = self.values_and_slopes(outputs + b[:, None], targets)
        return float(values @ share) + lambda_b / 2 * float(b @ b), slopes @ share + lambda_b * b


FITS: dict[str, Fit] = {"mse": Squares(), "cross-entropy": CrossEntropy()}


def softmax(outputs: Array) -> Array:
    """The probabilities (m, N) of outputs (m, N)."""
    below = outputs - outputs.max(axis=0)
    return np.asarray(np.exp(below - np.logaddexp.reduce(below, axis=0)))

"""The objective as a function of the features alone: W and b solve a ridge regression."""

from __future__ import annotations

import math

import numpy as np

from ncsolve._arrays import Array, Mask
from ncsolve._problem.ufm import UFM, weighted_codes

__all__ = ["Ridge"]


class Ridge:
    """min over W and b for given weighted features F = H D^(1/2) (d, K), and descent over F >= 0."""

    def __init__(self, problem: UFM) -> None:
        self.problem = problem
        self.codes, self.root = weighted_codes(problem)
        lb, n = problem.lambda_b, problem.samples
        # The best bias for given W, (1 + lb) b = mean residual, leaves the fit in the metric I - u u^T/(N (1 + lb)).
        share = 0.0 if lb == math.inf else 1.0 / (1.0 + lb)
        self.share = share
        self.metric = np.eye(problem.classes) - share * np.outer(self.root, self.root) / n

    def head(self, features: Array) -> tuple[Array, Array]:
        """W (m, d) and b (m,)."""
        n, lw = self.problem.samples, self.problem.lambda_w
        inner = features @ self.metric
        square = inner @ features.T + n * lw * np.eye(features.shape[0])
        weights = np.linalg.solve(square, inner @ self.codes.T).T
        bias = self.share * (self.codes - weights @ features) @ self.root / n
        return np.asarray(weights, dtype=np.float64), bias

    def value(self, features: Array) -> tuple[float, Array]:
        """The loss and its gradient in F."""
        problem, n = self.problem, self.problem.samples
        weights, bias = self.head(features)
        residual = weights @ features + np.outer(bias, self.root) - self.codes
        loss = float(np.sum(residual * residual)) / (2 * n)
        loss += (problem.lambda_w * float(np.sum(weights**2)) + problem.lambda_h * float(np.sum(features**2))) / 2
        if math.isfinite(problem.lambda_b):
            loss += problem.lambda_b * float(bias @ bias) / 2
        return loss, weights.T @ residual / n + problem.lambda_h * features

    def descend(self, start: Array) -> Array:
        """A local minimum over F >= 0 by L-BFGS-B."""
        from scipy.optimize import minimize

        shape = start.shape

        def flat(x: Array) -> tuple[float, Array]:
            loss, slope = self.value(x.reshape(shape))
            return loss, slope.ravel()

        size = self.value(np.zeros(shape))[0]
        found = minimize(
            flat, start.ravel(), jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * start.size,
            options={"maxiter": 3000, "maxfun": 5000, "ftol": 1e-17, "gtol": 1e-11 * size, "maxcor": 20},
        )
        return np.asarray(found.x.reshape(shape))

    def hessian(self, features: Array, free: Mask) -> Array:
        """The second derivative in the free entries of F: that of the loss in (F, W, b) with W and b eliminated."""
        problem, n = self.problem, self.problem.samples
        weights, bias = self.head(features)
        residual = weights @ features + np.outer(bias, self.root) - self.codes
        inner = features @ self.metric
        inverse = np.linalg.inv(inner @ features.T + n * problem.lambda_w * np.eye(features.shape[0]))
        moved = inverse @ inner
        seen = self.metric - inner.T @ moved  # what a change of the features still does to the residual
        row, column = np.nonzero(free)
        rows, columns = np.ix_(row, row), np.ix_(column, column)
        second = (weights.T @ weights)[rows] * seen[columns] - inverse[rows] * (residual.T @ residual)[columns]
        cross = (weights.T @ residual)[np.ix_(row, column)].T * moved[np.ix_(row, column)]
        second = (second - cross - cross.T) / n
        return np.asarray(second + problem.lambda_h * np.eye(row.size))

    def slope(self, features: Array) -> float:
        """The length of the gradient, less what the constraint F >= 0 holds."""
        _, slope = self.value(features)
        return float(np.linalg.norm(np.where(features > 0, slope, np.minimum(slope, 0.0))))

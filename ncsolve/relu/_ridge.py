"""The objective as a function of the features alone: W and b solve a ridge regression."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ncsolve._problem import UFM

__all__ = ["Ridge"]

Array = NDArray[np.float64]
# Newton's method on the free entries needs their Hessian; beyond this many entries descent alone must do.
_MOST_ENTRIES = 1500


class Ridge:
    """min over W and b for given weighted features F = H D^(1/2) (d, K), and descent over F >= 0."""

    def __init__(self, problem: UFM) -> None:
        self.problem = problem
        self.root = np.sqrt(problem.counts.array.astype(np.float64))
        self.codes = problem.encoding.matrix * self.root
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
        return weights, bias

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

    def polish(self, features: Array) -> Array:
        """Newton's method on the entries that are not held at zero: descent stops at half the digits."""
        best, left = features, self._slope(features)
        for _ in range(12):
            scale = float(best.max(initial=0.0))
            _, slope = self.value(best)
            held = (best <= 1e-5 * scale) & (slope > -1e-6 * self.problem.lambda_h * scale)
            free = ~held
            if scale == 0.0 or not free.any() or int(free.sum()) > _MOST_ENTRIES:
                break
            start = np.where(held, 0.0, best)
            new = np.maximum(self._newton(start, free), 0.0)
            now = self._slope(new)
            if not now < left:
                break
            best, left = new, now
        return best

    def _newton(self, start: Array, free: NDArray[np.bool_]) -> Array:
        _, slope = self.value(start)
        places = np.argwhere(free)
        step = 1e-5 * float(start.max())
        columns = np.empty((len(places), len(places)))
        for i, (row, column) in enumerate(places):
            up, down = start.copy(), start.copy()
            up[row, column] += step
            down[row, column] -= step
            columns[i] = (self.value(up)[1][free] - self.value(down)[1][free]) / (2 * step)
        hessian = (columns + columns.T) / 2
        # Turns among the features leave the loss as it is: those directions are left out.
        moved = np.linalg.lstsq(hessian, -slope[free], rcond=1e-8)[0]
        new = start.copy()
        new[free] += moved
        return new

    def _slope(self, features: Array) -> float:
        _, slope = self.value(features)
        return float(np.linalg.norm(np.where(features > 0, slope, np.minimum(slope, 0.0))))

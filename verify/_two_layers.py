"""The last two layers of a network under plain weight decay, sample by sample: objective, descent and lower bound.

Everything is a sum over the samples z_i, from the definition

    1/(2N) sum_i |W (V z_i + c) + b - y_i|^2 + (lambda_w |W|^2 + lambda_v |V|^2 + lambda_c |c|^2 + lambda_b |b|^2)/2,

where lambda_c or lambda_b = inf means that there is no c or no b.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ncsolve.verify._types import Array, ClassNumbers
from scipy.optimize import minimize

import ncsolve

__all__ = ["Layers", "TwoLayers"]

# scipy ends where its line search finds no lower loss; with its memory dropped it goes on, a few times.
_RESTARTS, _MEMORY, _STEPS = 6, 30, 20_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Layers:
    """W (m, d), V (d, p), c (d,) and b (m,)."""

    W: Array
    V: Array
    c: Array
    b: Array

    @classmethod
    def of(cls, found: ncsolve.MetricMinimizer) -> Layers:
        """Those of a minimizer."""
        return cls(W=found.W, V=found.V, c=found.c, b=found.bias)

    def features(self, z: Array) -> Array:
        """h (d, N) of previous features (p, N)."""
        return np.asarray(self.V @ z + self.c[:, None])

    @property
    def product(self) -> Array:
        """W (V, c) (m, p + 1)."""
        return self.W @ np.column_stack((self.V, self.c))


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoLayers:
    """Previous features ``z`` (p, N), the class of each sample (N,), ``codes`` (m, K) and the weight decays."""

    z: Array
    labels: ClassNumbers
    codes: Array
    lambda_w: float
    lambda_v: float
    lambda_b: float
    lambda_c: float

    @property
    def samples(self) -> int:
        """N."""
        return self.labels.size

    @property
    def targets(self) -> Array:
        """Y (m, N)."""
        return self.codes[:, self.labels]

    @property
    def problem(self) -> ncsolve.MetricProblem:
        """The problem for the solver, of moments that are summed here."""
        one = np.vstack((self.z, np.ones(self.samples)))
        members = np.eye(self.codes.shape[1])[:, self.labels]
        return ncsolve.MetricProblem(
            second_moments=one @ one.T / self.samples, cross_moments=members @ one.T / self.samples,
            encoding=self.codes, counts=members.sum(axis=1).astype(int).tolist(), lambda_w=self.lambda_w,
            lambda_v=self.lambda_v, lambda_b=self.lambda_b, lambda_c=self.lambda_c,
        )

    def residual(self, at: Layers) -> Array:
        """What the outputs leave of the labels (m, N)."""
        return self.targets - at.W @ at.features(self.z) - at.b[:, None]

    def objective(self, at: Layers) -> float:
        """The loss, by its definition."""
        value = float(np.sum(self.residual(at) ** 2)) / self.samples
        for decay, weights in self._decays(at):
            value += decay * float(np.sum(weights**2))
        return value / 2

    def _decays(self, at: Layers) -> list[tuple[float, Array]]:
        pairs = [(self.lambda_w, at.W), (self.lambda_v, at.V), (self.lambda_c, at.c), (self.lambda_b, at.b)]
        return [(decay, weights) for decay, weights in pairs if math.isfinite(decay)]

    def gradient(self, at: Layers) -> Layers:
        """The slope in each of W, V, c and b; 0 in one that is absent."""
        rest = -self.residual(at) / self.samples
        below = at.W.T @ rest
        has_c, has_b = math.isfinite(self.lambda_c), math.isfinite(self.lambda_b)
        return Layers(
            W=rest @ at.features(self.z).T + self.lambda_w * at.W,
            V=below @ self.z.T + self.lambda_v * at.V,
            c=below.sum(axis=1) + self.lambda_c * at.c if has_c else 0 * at.c,
            b=rest.sum(axis=1) + self.lambda_b * at.b if has_b else 0 * at.b,
        )

    def start(self, rng: np.random.Generator, dim: int) -> Layers:
        """Random weights of d = ``dim`` features, whose outputs have the size of the labels."""
        m, p = self.codes.shape[0], self.z.shape[0]
        size = math.sqrt(float(np.abs(self.codes).max()) / (1.0 + float(np.abs(self.z).max())))
        W, V, c, b = (size * rng.standard_normal(shape) for shape in ((m, dim), (dim, p), (dim,), (m,)))
        return Layers(W=W, V=V, c=c * math.isfinite(self.lambda_c), b=b * math.isfinite(self.lambda_b))

    def descend(self, at: Layers, *, tolerance: float = 1e-11) -> Layers:
        """L-BFGS from a point until no entry of the gradient exceeds ``tolerance``."""
        shapes = [value.shape for value in (at.W, at.V, at.c, at.b)]
        ends = np.cumsum([math.prod(shape) for shape in shapes])[:-1]

        def layers(x: Array) -> Layers:
            parts = [part.reshape(shape) for part, shape in zip(np.split(x, ends), shapes, strict=True)]
            return Layers(W=parts[0], V=parts[1], c=parts[2], b=parts[3])

        def vector(of: Layers) -> Array:
            return np.concatenate([part.ravel() for part in (of.W, of.V, of.c, of.b)])

        def both(x: Array) -> tuple[float, Array]:
            return self.objective(layers(x)), vector(self.gradient(layers(x)))

        x = vector(at)
        for _ in range(_RESTARTS):
            found = minimize(
                both, x, jac=True, method="L-BFGS-B",
                options={"maxcor": _MEMORY, "ftol": 0.0, "gtol": tolerance, "maxiter": _STEPS, "maxfun": 2 * _STEPS},
            )
            x = found.x
            if found.nit == 0 or float(np.abs(vector(self.gradient(layers(x)))).max()) <= tolerance:
                break
        return layers(x)

    def multiplier(self, at: Layers) -> Array:
        """The residual of a point over N, l (m, N), scaled to where it gives its best bound on every loss.

        Weak duality wants |l (z; s)^T|_2 to be at most sqrt(lambda_w lambda_v), s^2 = lambda_v/lambda_c, and at
        lambda_b = 0 rows of l that sum to 0.
        """
        l = self.residual(at) / self.samples
        if self.lambda_b == 0.0:
            l = l - l.mean(axis=1, keepdims=True)
        linear, square = self._bound(l)
        most = math.sqrt(self.lambda_w * self.lambda_v) / max(float(np.linalg.norm(l @ self.extended.T, 2)), 1e-300)
        return (min(most, linear / square) if square > 0.0 else 0.0) * l

    def lower_bound(self, l: Array) -> float:
        """No loss is below <l, Y> - N/2 |l|^2 - |l 1|^2/(2 lambda_b)."""
        linear, square = self._bound(l)
        return linear - square / 2

    def _bound(self, l: Array) -> tuple[float, float]:
        linear, square = float(np.sum(l * self.targets)), self.samples * float(np.sum(l * l))
        if 0.0 < self.lambda_b < math.inf:
            square += float(np.sum(l.sum(axis=1) ** 2)) / self.lambda_b
        return linear, square

    @property
    def extended(self) -> Array:
        """(z; s) (p + 1, N): c is decayed like V as the weight of a constant s, which is 0 without c."""
        return np.vstack((self.z, np.full(self.samples, math.sqrt(self.lambda_v / self.lambda_c))))

    def parts(self, at: Layers, l: Array) -> tuple[float, float, float, float]:
        """What a point is above the bound of l by, as sums of squares: fit, bias, dual and feature."""
        hidden = np.column_stack((at.V, at.c / self.extended[-1, 0] if math.isfinite(self.lambda_c) else at.c))
        slope = l @ self.extended.T
        energy = self.lambda_w * self.lambda_v * float(np.sum(hidden**2)) - float(np.sum((slope @ hidden.T) ** 2))
        bias = self.lambda_b * at.b - l.sum(axis=1) if math.isfinite(self.lambda_b) else at.b
        return (
            float(np.sum((self.residual(at) - self.samples * l) ** 2)) / (2 * self.samples),
            float(np.sum(bias**2)) / (2 * self.lambda_b) if 0.0 < self.lambda_b < math.inf else 0.0,
            self.lambda_w / 2 * float(np.sum((at.W - slope @ hidden.T / self.lambda_w) ** 2)),
            energy / (2 * self.lambda_w),
        )

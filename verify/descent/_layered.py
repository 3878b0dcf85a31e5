"""Descent on all layers, the features and b of any model, straight from the definition.

Nonnegative features are either squares of free numbers ("squared") or kept in the orthant ("projected", L-BFGS-B).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ncsolve.verify._definition import Definition, Parts
from ncsolve.verify._samples import Samples, class_means
from ncsolve.verify._types import Array
from scipy.optimize import OptimizeResult, minimize

from ncsolve import UFM, NCSolveError
from ncsolve.checks.arrays import Frozen, array_property

__all__ = ["LayeredRun", "descend_from", "descend_layered"]

_CONSTRAINTS = ("squared", "projected")


@dataclass(frozen=True, kw_only=True, eq=False)
class LayeredRun(Frozen):
    """Where a descent ended: ``loss``, the ``layers`` from the features on, ``features`` (d, N) and ``bias`` (m,).

    ``losses`` are those of all steps, if they were wanted; ``name`` says what kind of start it was.
    """

    loss: float
    layers: tuple[Array, ...]
    features: Array
    bias: Array
    samples: Samples
    losses: Array
    name: str = ""

    @array_property
    def class_means(self) -> Array:
        """Means of the features of each class (d, K)."""
        return class_means(self.samples, self.features)

    @array_property
    def gram(self) -> Array:
        """Inner products of the class means (K, K)."""
        return self.class_means.T @ self.class_means

    @property
    def spread(self) -> float:
        """Largest distance of a feature from its class mean, relative to the largest feature."""
        size = float(np.linalg.norm(self.features, axis=0).max()) or 1.0
        apart = self.features - self.samples.spread(self.class_means)
        return float(np.linalg.norm(apart, axis=0).max()) / size

    @array_property
    def outputs(self) -> Array:
        """W_L ... W_1 H + b of the class means (m, K)."""
        point = Parts(self.class_means, self.layers, self.bias).point
        return point.W @ point.H + point.b[:, None]


def descend_layered(
    problem: UFM, *, seed: int, dim: int | None = None, constraint: str = "squared", size: float = 0.7,
    merged: bool = False, from_labels: bool = False,
) -> LayeredRun:
    """L-BFGS from a random start on every layer, the feature of every sample and b.

    ``constraint`` is how nonnegative features are kept so, ``size`` the standard deviation of the start; ``merged`` has
    one feature per class, weighted by its samples.  With ``from_labels`` the random start is added to one that fits
    the labels: features that are the codes, layers that are the identity, no bias (needs a width of at least m).
    """
    if constraint not in _CONSTRAINTS:
        raise NCSolveError(f"constraint must be squared or projected; got {constraint!r}")
    samples = Samples.of(problem, dim=dim, merged=merged)
    f = Definition(samples, square=samples.nonnegative and constraint == "squared", units="one")
    start = f.level(size * np.random.default_rng(seed).standard_normal(f.size))
    if from_labels:
        for part, shape in zip(np.split(start[: f.ends[-1]], f.ends[:-1]), f.shapes, strict=True):
            part += np.eye(*shape).ravel()
        codes = np.eye(samples.dim, samples.code_length) @ samples.targets
        start[: f.ends[0]] += (codes - np.eye(*f.shapes[0])).ravel()
        start[f.ends[-1] :] = 0.0
    return descend_from(f, start, trace=False)


def descend_from(f: Definition, start: Array, *, trace: bool, name: str = "") -> LayeredRun:
    """L-BFGS from a vector of f; features that are kept in the orthant start at the absolute value of theirs."""
    bounds = None
    if f.samples.nonnegative and not f.square:
        start = np.concatenate((np.abs(start[: f.ends[0]]), start[f.ends[0] :]))
        bounds = [(0.0, None)] * f.ends[0] + [(None, None)] * (start.size - f.ends[0])
    losses = [f.value(start)] if trace else []

    def record(intermediate_result: OptimizeResult) -> None:
        losses.append(float(intermediate_result.fun))

    found = minimize(
        f.value_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds, callback=record if trace else None,
        options={"maxiter": 8000, "maxfun": 12000, "ftol": 0.0, "gtol": 1e-11, "maxcor": 30},
    )
    features, layers, bias = f.parts(f.level(found.x))
    return LayeredRun(
        loss=float(found.fun) * f.unit, layers=layers, features=features, bias=bias, samples=f.samples,
        losses=np.array(losses) * f.unit, name=name,
    )

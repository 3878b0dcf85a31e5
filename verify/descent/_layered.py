"""Descent on deep heads and on nonnegative features, sample by sample, straight from the definition.

Nonnegative features are either squares of free numbers ("squared") or kept in the orthant ("projected", L-BFGS-B).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ncsolve import UFM, NCSolveError

__all__ = ["LayeredRun", "descend_layered"]

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class LayeredRun:
    """Where a descent ended: ``loss``, the ``layers`` from the features on, ``features`` (d, N) and ``bias`` (m,)."""

    loss: float
    layers: tuple[Array, ...]
    features: Array
    bias: Array
    labels: NDArray[np.intp]

    @property
    def class_means(self) -> Array:
        """Means of the features of each class (d, K)."""
        classes = int(self.labels.max()) + 1
        return np.stack([self.features[:, self.labels == k].mean(axis=1) for k in range(classes)], axis=1)

    @property
    def spread(self) -> float:
        """Largest distance of a feature from its class mean, relative to the largest feature."""
        size = float(np.linalg.norm(self.features, axis=0).max()) or 1.0
        return float(np.linalg.norm(self.features - self.class_means[:, self.labels], axis=0).max()) / size


def descend_layered(
    problem: UFM, *, seed: int, dim: int | None = None, constraint: str = "squared", size: float = 0.7,
    merged: bool = False, from_labels: bool = False,
) -> LayeredRun:
    """L-BFGS from a random start on every layer, the feature of every sample and b.

    ``constraint`` is how nonnegative features are kept so, ``size`` the standard deviation of the start; ``merged`` has
    one feature per class, weighted by its samples.  With ``from_labels`` the random start is added to one that fits
    the labels: features that are the codes, layers that are the identity, no bias (needs a width of at least m).
    """
    if constraint not in ("squared", "projected"):
        raise NCSolveError(f"constraint must be squared or projected; got {constraint!r}")
    width = problem.feature_dim if dim is None else dim
    m, lb = problem.code_length, problem.lambda_b
    counts = np.asarray(problem.counts)
    labels = np.arange(problem.classes) if merged else np.repeat(np.arange(problem.classes), counts)
    weight = counts.astype(float) if merged else np.ones(labels.size)
    targets = problem.encoding.matrix[:, labels]
    free, relu = math.isfinite(lb), problem.features == "relu"
    square = relu and constraint == "squared"
    shapes = [(width, labels.size)] + [(width, width)] * (problem.depth - 1) + [(m, width)]
    ends = np.cumsum([rows * columns for rows, columns in shapes])

    def unpack(x: Array) -> tuple[Array, list[Array], Array]:
        *parts, bias = np.split(x, ends)
        first, *layers = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return first, layers, bias if free else np.zeros(m)

    def value(x: Array) -> tuple[float, Array]:
        first, layers, bias = unpack(x)
        inputs = [first * first if square else first]
        for layer in layers:
            inputs.append(layer @ inputs[-1])
        residual = inputs.pop() + bias[:, None] - targets
        loss = float(np.sum(weight * residual**2)) / (2 * problem.samples)
        loss += problem.lambda_h * float(np.sum(weight * inputs[0] ** 2)) / 2
        loss += sum(d * float(np.sum(w * w)) for d, w in zip(problem.lambda_w_layers, layers, strict=True)) / 2
        back = weight * residual / problem.samples
        slopes = []
        if free:
            loss += lb * float(bias @ bias) / 2
            slopes.append(back.sum(axis=1) + lb * bias)
        decays = reversed(problem.lambda_w_layers)
        for decay, layer, entering in zip(decays, reversed(layers), reversed(inputs), strict=True):
            slopes.append(back @ entering.T + decay * layer)
            back = layer.T @ back
        back = back + problem.lambda_h * weight * inputs[0]
        slopes.append(2 * first * back if square else back)
        return loss, np.concatenate([slope.ravel() for slope in reversed(slopes)])

    start = size * np.random.default_rng(seed).standard_normal(int(ends[-1]) + (m if free else 0))
    if from_labels:
        for part, shape in zip(np.split(start[: ends[-1]], ends[:-1]), shapes, strict=True):
            part += np.eye(*shape).ravel()
        start[: ends[0]] += (np.eye(width, m) @ targets - np.eye(*shapes[0])).ravel()
        start[ends[-1] :] = 0.0
    bounds = None
    if relu and not square:
        start[: ends[0]] = np.abs(start[: ends[0]])
        bounds = [(0.0, None)] * int(ends[0]) + [(None, None)] * (start.size - int(ends[0]))
    found = minimize(
        value, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 8000, "maxfun": 12000, "ftol": 0.0, "gtol": 1e-11, "maxcor": 30},
    )
    first, layers, bias = unpack(found.x)
    return LayeredRun(
        loss=float(found.fun), layers=tuple(layers), features=first * first if square else first, bias=bias,
        labels=labels,
    )

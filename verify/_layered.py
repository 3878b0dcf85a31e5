"""The objective of deep heads and nonnegative features, and its gradient, from the definition and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ncsolve import UFM

__all__ = ["LayeredDefinition"]

Array = NDArray[np.float64]
# Of the labels: where all terms of a gradient are rounding, they are the measure.
_SMALL = 1e-6


class LayeredDefinition:
    r"""The objective as a function of one vector x that holds the features, the layers W_1 ... W_L and b.

    .. math:: f = \tfrac{1}{2N} \sum_j w_j \|W_L \cdots W_1 h_j + b - y_j\|^2 + \tfrac12 \sum_l \lambda_l \|W_l\|_F^2
              + \tfrac{\lambda_H}{2} \sum_j w_j \|h_j\|^2 + \tfrac{\lambda_b}{2} \|b\|^2

    with w_j = 1, or ``merged`` one column per class and w_j its samples.  ``square`` makes the features the squares
    of the entries of x.  With ``natural`` units a unit of x is about the size of a layer, of the features and of the
    bias at a minimum, and a unit of f is the mean square of the labels; else all units are one.

    >>> import ncsolve, numpy as np
    >>> problem = ncsolve.UFM(encoding=np.eye(2), counts=3, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0, depth=2)
    >>> f = LayeredDefinition(problem)
    >>> f.value_and_gradient(np.zeros(f.size))[0]
    0.5
    """

    def __init__(
        self, problem: UFM, *, dim: int | None = None, merged: bool = False, square: bool = False,
        natural: bool = False,
    ) -> None:
        self.problem, self.square = problem, square
        width = problem.feature_dim if dim is None else dim
        m, counts = problem.code_length, problem.counts.array
        self.width, self.has_bias = width, math.isfinite(problem.lambda_b)
        self.labels = np.arange(problem.classes) if merged else np.repeat(np.arange(problem.classes), counts)
        self.weight = counts.astype(float) if merged else np.ones(self.labels.size)
        self.samples, self.decays = problem.samples, problem.lambda_w_layers
        self.targets: Array = problem.encoding.matrix[:, self.labels]
        self.shapes = [(width, self.labels.size)] + [(width, width)] * (problem.depth - 1) + [(m, width)]
        self.ends = np.cumsum([rows * columns for rows, columns in self.shapes])
        self.size = int(self.ends[-1]) + (m if self.has_bias else 0)
        self.unit = 1.0
        self.units: list[Array | float] = [1.0] * (len(self.shapes) + 1)
        if natural:
            self._choose_units()

    def _choose_units(self) -> None:
        """At a minimum lambda_l |W_l|^2 is the same for all layers and for the features, and W H is like the labels."""
        p = self.problem
        total = math.sqrt(float(np.sum(self.weight * self.targets**2))) or 1.0
        self.unit = total * total / p.samples
        size = (total / math.sqrt(min(p.code_length, p.classes))) ** (1.0 / (p.depth + 1))
        decays = [p.lambda_h, *p.lambda_w_layers]
        mean = math.exp(sum(map(math.log, decays)) / len(decays))
        scales = [size * math.sqrt(mean / decay) for decay in decays]
        bias = math.sqrt(self.unit / (1.0 + p.lambda_b)) if self.has_bias else 1.0
        self.units = [scales[0] / np.sqrt(self.weight), *scales[1:], bias]

    def unpack(self, x: Array) -> tuple[Array, list[Array], Array]:
        """Features (d, N), layers from the features on, and bias (m,)."""
        first, layers, bias = self._parts(x)
        return (first * first if self.square else first) * self.units[0], layers, bias

    def pack(self, features: Array, layers: Sequence[Array], bias: Array) -> Array:
        """The vector of a point."""
        first = features / self.units[0]
        parts = [np.sqrt(first) if self.square else first]
        parts += [layer / unit for layer, unit in zip(layers, self.units[1:-1], strict=True)]
        if self.has_bias:
            parts.append(bias / self.units[-1])
        return np.concatenate([part.ravel() for part in parts])

    def _parts(self, x: Array) -> tuple[Array, list[Array], Array]:
        begins = [0, *self.ends[:-1]]
        first, *layers = [
            x[begin:end].reshape(shape) for begin, end, shape in zip(begins, self.ends, self.shapes, strict=True)
        ]
        layers = [layer * unit for layer, unit in zip(layers, self.units[1:-1], strict=True)]
        return first, layers, x[self.ends[-1] :] * self.units[-1] if self.has_bias else np.zeros(self.targets.shape[0])

    def loss_terms(self, features: Array, layers: Sequence[Array], bias: Array) -> tuple[float, float, float, float]:
        """Fit, weights, features and bias: the four parts of the objective."""
        _, residual = self._forward(features, layers, bias)
        return self._costs(features, layers, bias, residual)

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """f and its gradient in x."""
        first, layers, bias = self._parts(x)
        features = (first * first if self.square else first) * self.units[0]
        inputs, residual = self._forward(features, layers, bias)
        loss = sum(self._costs(features, layers, bias, residual))
        pulls = self._pulls(layers, inputs, residual)
        slopes = [
            (pull + held) * unit
            for pull, held, unit in zip(pulls, self._held(features, layers, bias), self.units, strict=False)
        ]
        if self.square:
            slopes[0] = 2 * first * slopes[0]
        return loss / self.unit, np.concatenate([slope.ravel() for slope in slopes]) / self.unit

    def stationarity(self, features: Array, layers: Sequence[Array], bias: Array) -> float:
        """Largest gradient of the features, of a layer or of b, over the terms that cancel in it.

        Where a nonnegative feature is zero only a slope that pulls it up counts.
        """
        inputs, residual = self._forward(features, layers, bias)
        pulls, holds = self._pulls(layers, inputs, residual), self._held(features, layers, bias)
        slopes = [pull + held for pull, held in zip(pulls, holds, strict=True)]
        if self.problem.features == "relu":
            slopes[0] = np.where(features > 0, slopes[0], np.minimum(slopes[0], 0.0))
        floors = self._floors(layers, inputs)
        terms = [
            max(float(np.linalg.norm(pull)), float(np.linalg.norm(held)), floor)
            for pull, held, floor in zip(pulls, holds, floors, strict=False)  # as many as there are without a bias
        ]
        if self.has_bias:
            mean = np.linalg.norm(self.targets @ self.weight) / self.samples
            size = math.sqrt(float(np.sum(self.weight * self.targets**2)) / self.samples)
            terms.append(max(float(mean), _SMALL * size))
        return max(float(np.linalg.norm(slope)) / term if term > 0 else 0.0
                   for slope, term in zip(slopes, terms, strict=True))

    def _forward(self, features: Array, layers: Sequence[Array], bias: Array) -> tuple[list[Array], Array]:
        """What enters each layer, and the residual."""
        inputs = [features]
        for layer in layers:
            inputs.append(layer @ inputs[-1])
        outputs = inputs.pop()
        return inputs, outputs + bias[:, None] - self.targets

    def _costs(
        self, features: Array, layers: Sequence[Array], bias: Array, residual: Array
    ) -> tuple[float, float, float, float]:
        p = self.problem
        return (
            float((self.weight * residual**2).sum()) / (2 * self.samples),
            sum(d * float((w * w).sum()) for d, w in zip(self.decays, layers, strict=True)) / 2,
            p.lambda_h * float((self.weight * features**2).sum()) / 2,
            p.lambda_b * float(bias @ bias) / 2 if self.has_bias else 0.0,
        )

    def _pulls(self, layers: Sequence[Array], inputs: Sequence[Array], residual: Array) -> list[Array]:
        """Gradients of the fit in the features, each layer and (if it is free) b."""
        back = share = self.weight * residual / self.samples
        pulls: list[Array] = []
        for layer, entering in zip(reversed(layers), reversed(inputs), strict=True):
            pulls.append(back @ entering.T)
            back = layer.T @ back
        pulls.append(back)
        pulls.reverse()
        return [*pulls, share.sum(axis=1)] if self.has_bias else pulls

    def _held(self, features: Array, layers: Sequence[Array], bias: Array) -> list[Array]:
        """Gradients of the decays in the same order."""
        p = self.problem
        held = [p.lambda_h * self.weight * features]
        held += [decay * layer for decay, layer in zip(self.decays, layers, strict=True)]
        return [*held, p.lambda_b * bias] if self.has_bias else held

    def _floors(self, layers: Sequence[Array], inputs: Sequence[Array]) -> list[float]:
        """A small part of what the labels alone would pull at the features and each layer."""
        reach = float(np.linalg.norm(self.weight * self.targets)) / self.samples
        floors: list[float] = []
        for layer, entering in zip(reversed(layers), reversed(inputs), strict=True):
            floors.append(_SMALL * reach * float(np.linalg.norm(entering)))
            reach *= float(np.linalg.norm(layer))
        return [_SMALL * reach, *reversed(floors)]

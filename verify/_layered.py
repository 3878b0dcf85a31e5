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
        *parts, bias = np.split(x, self.ends)
        first, *layers = [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]
        layers = [layer * unit for layer, unit in zip(layers, self.units[1:-1], strict=True)]
        return first, layers, bias * self.units[-1] if self.has_bias else np.zeros(self.problem.code_length)

    def loss_terms(self, features: Array, layers: Sequence[Array], bias: Array) -> tuple[float, float, float, float]:
        """Fit, weights, features and bias: the four parts of the objective."""
        p = self.problem
        residual = features
        for layer in layers:
            residual = layer @ residual
        residual = residual + bias[:, None] - self.targets
        return (
            float(np.sum(self.weight * residual**2)) / (2 * p.samples),
            sum(d * float(np.sum(w * w)) for d, w in zip(p.lambda_w_layers, layers, strict=True)) / 2,
            p.lambda_h * float(np.sum(self.weight * features**2)) / 2,
            p.lambda_b * float(bias @ bias) / 2 if self.has_bias else 0.0,
        )

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """f and its gradient in x."""
        first, layers, bias = self._parts(x)
        features = (first * first if self.square else first) * self.units[0]
        slopes, _ = self._slopes(features, layers, bias)
        slopes[0] = slopes[0] * self.units[0]
        if self.square:
            slopes[0] = 2 * first * slopes[0]
        scaled = [slopes[0], *(slope * unit for slope, unit in zip(slopes[1:], self.units[1:], strict=False))]
        loss = sum(self.loss_terms(features, layers, bias))
        return loss / self.unit, np.concatenate([slope.ravel() for slope in scaled]) / self.unit

    def stationarity(self, features: Array, layers: Sequence[Array], bias: Array) -> float:
        """Largest gradient of the features, of a layer or of b, over the terms that cancel in it.

        Where a nonnegative feature is zero only a slope that pulls it up counts.
        """
        slopes, terms = self._slopes(features, layers, bias)
        if self.problem.features == "relu":
            slopes[0] = np.where(features > 0, slopes[0], np.minimum(slopes[0], 0.0))
        return max(float(np.linalg.norm(slope)) / term if term > 0 else 0.0
                   for slope, term in zip(slopes, terms, strict=True))

    def _slopes(self, features: Array, layers: Sequence[Array], bias: Array) -> tuple[list[Array], list[float]]:
        """Gradients in the features, each layer and (if it is free) b; and the size of the terms in each."""
        p = self.problem
        inputs = [features]
        for layer in layers:
            inputs.append(layer @ inputs[-1])
        residual = inputs.pop() + bias[:, None] - self.targets
        back = self.weight * residual / p.samples
        reach = float(np.linalg.norm(self.weight * self.targets)) / p.samples  # of the labels, where back cancels
        slopes: list[Array] = []
        terms: list[float] = []
        decays = reversed(p.lambda_w_layers)
        for decay, layer, entering in zip(decays, reversed(layers), reversed(inputs), strict=True):
            pull = back @ entering.T
            slopes.append(pull + decay * layer)
            floor = _SMALL * reach * float(np.linalg.norm(entering))
            terms.append(max(float(np.linalg.norm(pull)), decay * float(np.linalg.norm(layer)), floor))
            back = layer.T @ back
            reach *= float(np.linalg.norm(layer))
        held = p.lambda_h * self.weight * features
        slopes.append(back + held)
        terms.append(max(float(np.linalg.norm(back)), float(np.linalg.norm(held)), _SMALL * reach))
        slopes.reverse()
        terms.reverse()
        if self.has_bias:
            share = self.weight * residual / p.samples
            slopes.append(share.sum(axis=1) + p.lambda_b * bias)
            mean = np.linalg.norm(self.targets @ self.weight) / p.samples
            terms.append(max(float(mean), _SMALL * math.sqrt(float(np.sum(self.weight * self.targets**2)) / p.samples)))
        return slopes, terms

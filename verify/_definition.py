"""The objective of every model, its gradient and its Hessian, written from the definition (T0) and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple, TypeAlias

import numpy as np
from ncsolve.verify._fit import FITS
from ncsolve.verify._samples import Point, Samples
from ncsolve.verify._types import Array

__all__ = ["Definition", "Parts", "fit_size"]

Units: TypeAlias = list[Array | float]
# Of the labels: where all terms of a gradient are rounding, they are the measure.
_SMALL = 1e-6


class Parts(NamedTuple):
    """A point: features (d, N), the layers from the features on, and b (m,)."""

    features: Array
    layers: tuple[Array, ...]
    bias: Array

    @property
    def point(self) -> Point:
        """The same with W, the product of the layers."""
        return Point(W=reduce(lambda inner, outer: outer @ inner, self.layers), H=self.features, b=self.bias)


class Definition:
    r"""The objective as a function of one vector x that holds the features, the layers W_1 ... W_L and b, if free.

    .. math:: f = \tfrac{1}{N} \sum_j w_j \ell(W_L \cdots W_1 h_j + b, y_j) + \tfrac12 \sum_l \lambda_l \|W_l\|_F^2
              + \tfrac{\lambda_H}{2} \sum_j w_j \|h_j\|^2 + \tfrac{\lambda_b}{2} \|b\|^2

    with w_j the samples that column j stands for, and the loss l of ``_fit.py``.  ``square`` makes the features the
    squares of the entries of x.
    x is in ``units``: "one", or "balanced", in which layers and features decay alike and b has curvature one (otherwise
    very different lambdas would decide which directions a gradient can see; where all are equal the units are 1), or
    "natural", in which besides they are about 1 at a minimum, and so is f at zero.

    >>> import ncsolve, numpy as np
    >>> problem = ncsolve.UFM(encoding=np.eye(2), counts=3, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0, depth=2)
    >>> f = Definition(Samples.of(problem))
    >>> round(f.value(np.zeros(f.size)), 12)
    0.5
    """

    def __init__(self, samples: Samples, *, square: bool = False, units: str = "balanced") -> None:
        s = self.samples = samples
        self.square = square
        self._fit = FITS[s.loss]
        self.shapes = [(s.dim, s.columns), *[(s.dim, s.dim)] * (s.depth - 1), (s.code_length, s.dim)]
        self.ends = [int(end) for end in np.cumsum([rows * columns for rows, columns in self.shapes])]
        self.size = self.ends[-1] + (s.code_length if s.has_bias else 0)
        self._blocks = [slice(begin, end) for begin, end in zip([0, *self.ends], self.ends, strict=False)]
        self._share = s.share
        self._decay_h = s.lambda_h * s.weights
        self.unit, self._units = _UNITS[units](samples)
        self._rates = [unit / self.unit for unit in self._units]

    @property
    def units(self) -> Array:
        """The unit of every entry of x."""
        shapes = [*self.shapes, (self.samples.code_length,)] if self.samples.has_bias else self.shapes
        parts = zip(self._units, shapes, strict=False)
        return np.concatenate([np.broadcast_to(unit, shape).ravel() for unit, shape in parts])

    def parts(self, x: Array) -> Parts:
        """The vector's features, layers and bias."""
        first, *layers = [x[block].reshape(shape) for block, shape in zip(self._blocks, self.shapes, strict=True)]
        bias = x[self.ends[-1] :] * self._units[-1] if self.samples.has_bias else np.zeros(self.samples.code_length)
        scaled = tuple(layer * unit for layer, unit in zip(layers, self._units[1:-1], strict=True))
        return Parts((first * first if self.square else first) * self._units[0], scaled, bias)

    def pack(self, parts: Parts) -> Array:
        """The vector of a point."""
        first = parts.features / self._units[0]
        blocks = [np.sqrt(first) if self.square else first]
        blocks += [layer / unit for layer, unit in zip(parts.layers, self._units[1:-1], strict=True)]
        if self.samples.has_bias:
            blocks.append(parts.bias / self._units[-1])
        return np.concatenate([block.ravel() for block in blocks])

    def point(self, x: Array) -> Point:
        """The vector's W, H and b."""
        return self.parts(x).point

    def vector(self, point: Point) -> Array:
        """The vector of a point of one layer."""
        return self.pack(Parts(point.H, (point.W,), point.b))

    def start(self, seed: int) -> Array:
        """A random vector: normal entries of such size that W H and b are about as large as the labels."""
        drawn = np.random.default_rng(seed).standard_normal(self.size)
        size, layers, end = fit_size(self.samples), self.ends[-1] - self.ends[0], self.ends[-1]
        drawn[:end] *= math.sqrt(size / math.sqrt(self.samples.dim))
        drawn = np.concatenate((drawn[layers:end], drawn[:layers], drawn[end:] * size))  # the layers are drawn first
        return self.level(drawn)

    def level(self, x: Array) -> Array:
        """x with what softmax does not see, a multiple of 1, taken out of b, as descents begin and end: nothing but a
        decay brings it down, and of a free bias the one that sums to zero stands for all."""
        if self.samples.loss != "cross-entropy" or not self.samples.has_bias:
            return x
        end = self.ends[-1]
        return np.concatenate((x[:end], x[end:] - x[end:].mean()))

    def value_and_gradient(self, x: Array) -> tuple[float, Array]:
        """f and its gradient in x."""
        parts = self.parts(x)
        inputs, outputs = self._forward(parts)
        values, errors = self._fit.values_and_slopes(outputs, self.samples.targets)
        held = self._held(parts)
        slopes = self._pulls(parts.layers, inputs, errors * self._share)
        for slope, hold, rate in zip(slopes, held, self._rates, strict=False):
            slope += hold
            slope *= rate
        if self.square:
            slopes[0] *= 2 * x[self._blocks[0]].reshape(self.shapes[0])
        value = float(values @ self._share) + sum(_halves(parts, held))
        return value / self.unit, np.concatenate([slope.ravel() for slope in slopes])

    def value(self, x: Array) -> float:
        """f."""
        return self.value_and_gradient(x)[0]

    def loss_terms(self, parts: Parts) -> tuple[float, float, float, float]:
        """Fit, weights, features and bias: the four parts of the objective."""
        _, outputs = self._forward(parts)
        values, _ = self._fit.values_and_slopes(outputs, self.samples.targets)
        return (float(values @ self._share), *_halves(parts, self._held(parts)))

    def stationarity(self, parts: Parts, *, least: float = 0.0) -> float:
        """Largest gradient of the features, of a layer or of b, over the terms that cancel in it, or over ``least`` in
        balanced units where that is more.

        Where a nonnegative feature is zero only a slope that pulls it up counts.
        """
        s = self.samples
        inputs, outputs = self._forward(parts)
        _, errors = self._fit.values_and_slopes(outputs, s.targets)
        pulls, held = self._pulls(parts.layers, inputs, errors * self._share), self._held(parts)
        slopes = [pull + hold for pull, hold in zip(pulls, held, strict=True)]
        if s.nonnegative:
            slopes[0] = np.where(parts.features > 0, slopes[0], np.minimum(slopes[0], 0.0))
        if s.has_bias:
            pulls[-1] = s.targets @ self._share  # what the labels pull at b: of the residual only rounding may be left
        for blocks in (slopes, pulls, held):
            blocks[0] = blocks[0] / np.sqrt(s.weights)
        worst = 0.0
        for slope, *terms, floor, scale in zip(
            slopes, pulls, held, self._floors(parts.layers, inputs), _scales(s), strict=False
        ):
            size = max(*(float(np.linalg.norm(term)) for term in terms), floor, least / scale)
            worst = max(worst, float(np.linalg.norm(slope)) / size if size > 0 else 0.0)
        return worst

    def hessian(self, x: Array) -> Array:
        """The matrix of second derivatives in x (size, size); of one layer."""
        s = self.samples
        parts = self.parts(x)
        _, outputs = self._forward(parts)
        h, (w,), _ = parts
        d, n = h.shape
        m = s.code_length
        h_end, w_end = self.ends
        errors = self._fit.values_and_slopes(outputs, s.targets)[1] * self._share
        curved = self._fit.curvatures(outputs) * self._share[:, None, None]
        turned = curved @ w  # (N, m, d)
        matrix = np.zeros((self.size, self.size))
        own, samples = np.zeros((d, n, d, n)), np.arange(n)
        own[:, samples, :, samples] = w.T @ turned + self._decay_h[:, None, None] * np.eye(d)  # two do not meet
        matrix[:h_end, :h_end] = own.reshape(d * n, d * n)
        # d2f / dW_ia dH_cj = (C_j W)_ic H_aj + [a = c] error_ij, with C_j the curvature of sample j
        mixed = np.einsum("jic,aj->iacj", turned, h)
        for a in range(d):
            mixed[:, a, a, :] += errors
        matrix[h_end:w_end, :h_end] = mixed.reshape(m * d, d * n)
        between = np.einsum("jik,cj->jikc", curved, h)
        matrix[h_end:w_end, h_end:w_end] = np.tensordot(h, between, 1).transpose(1, 0, 2, 3).reshape(m * d, m * d)
        matrix[h_end:w_end, h_end:w_end] += s.lambda_w * np.eye(m * d)
        if s.has_bias:
            matrix[w_end:, w_end:] = curved.sum(axis=0) + s.lambda_b * np.eye(m)
            matrix[w_end:, :h_end] = turned.transpose(1, 2, 0).reshape(m, d * n)
            matrix[w_end:, h_end:w_end] = between.sum(axis=0).reshape(m, m * d)
        units = self.units
        lower = np.tril(units[:, None] * matrix * units)
        return np.asarray(lower + np.tril(lower, -1).T) / self.unit

    def _forward(self, parts: Parts) -> tuple[list[Array], Array]:
        """What enters each layer, and the outputs."""
        inputs = [parts.features]
        for layer in parts.layers:
            inputs.append(layer @ inputs[-1])
        outputs = inputs.pop()
        if self.samples.has_bias:
            outputs += parts.bias[:, None]
        return inputs, outputs

    def _pulls(self, layers: Sequence[Array], inputs: Sequence[Array], share: Array) -> list[Array]:
        """Gradients of the fit in the features, each layer and (if it is free) b."""
        back = share
        pulls: list[Array] = []
        for layer, entering in zip(reversed(layers), reversed(inputs), strict=True):
            pulls.append(back @ entering.T)
            back = layer.T @ back
        pulls.append(back)
        pulls.reverse()
        return [*pulls, share.sum(axis=1)] if self.samples.has_bias else pulls

    def _held(self, parts: Parts) -> list[Array]:
        """Gradients of the decays in the same order."""
        s = self.samples
        held = [self._decay_h * parts.features]
        held += [decay * layer for decay, layer in zip(s.lambda_w_layers, parts.layers, strict=True)]
        return [*held, s.lambda_b * parts.bias] if s.has_bias else held

    def _floors(self, layers: Sequence[Array], inputs: Sequence[Array]) -> list[float]:
        """A small part of what the labels alone would pull at the features, each layer and b."""
        s = self.samples
        root = np.sqrt(s.weights)
        reach = float(np.linalg.norm(s.targets * root)) / s.total
        floors = [_SMALL * fit_size(s)]
        for layer, entering in zip(reversed(layers), reversed(inputs), strict=True):
            floors.append(_SMALL * reach * float(np.linalg.norm(entering * root)))
            reach *= float(np.linalg.norm(layer))
        return [_SMALL * reach, *reversed(floors)]


def _halves(parts: Parts, held: Sequence[Array]) -> tuple[float, float, float]:
    """Each decay is half of a vector times its own gradient."""
    decayed, *layers = held[: 1 + len(parts.layers)]
    return (
        sum(float(np.vdot(w, decay)) for w, decay in zip(parts.layers, layers, strict=True)) / 2,
        float(np.vdot(parts.features, decayed)) / 2,
        float(np.vdot(parts.bias, held[-1])) / 2 if len(held) > 1 + len(parts.layers) else 0.0,
    )


def _scales(samples: Samples) -> list[float]:
    """Units of the features, of each layer and of b in which the first two decay alike, and b has curvature one."""
    decays = [samples.lambda_h, *samples.lambda_w_layers]
    scales = [math.prod((other / decay) ** (0.5 / len(decays)) for other in decays) for decay in decays]
    return [*scales, 1.0 / math.sqrt(1.0 + samples.lambda_b)]


def _balanced(samples: Samples, size: float = 1.0, unit: float = 1.0) -> tuple[float, Units]:
    features, *layers, bias = _scales(samples)
    columns = size * features / np.sqrt(samples.weights)
    return unit, [columns, *(size * layer for layer in layers), math.sqrt(unit) * bias]


def _natural(samples: Samples) -> tuple[float, Units]:
    """At a minimum lambda_l |W_l|^2 is the same for all layers and for the features, and W H is like the labels."""
    total = math.sqrt(float(np.sum(samples.weights * samples.targets**2))) or 1.0
    size = (total / math.sqrt(min(samples.code_length, samples.classes))) ** (1.0 / (samples.depth + 1))
    return _balanced(samples, size, total * total / samples.total)


_UNITS: dict[str, Callable[[Samples], tuple[float, Units]]] = {
    "one": lambda samples: (1.0, [1.0] * (samples.depth + 2)), "balanced": _balanced, "natural": _natural,
}


def fit_size(samples: Samples) -> float:
    """Root mean square of a sample's label vector, or 1 for labels that are all zero."""
    largest = float(np.abs(samples.targets).max())
    if largest == 0.0:
        return 1.0
    return largest * math.sqrt(float(np.sum(samples.weights * (samples.targets / largest) ** 2)) / samples.total)

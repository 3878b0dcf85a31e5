"""Batch normalization last: its weight decay over N is a lambda_h, for which the minimum bounds the training loss."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._problems import random_problem, random_shape
from ncsolve.verify._types import Array, ClassNumbers

import ncsolve
from ncsolve import UFM, Minimizer

_LAMBDAS_B = (0.0, 0.05, 1.0, math.inf)
_EPSILONS = (0.0, 1e-5, 0.1)
_DISTANCES = (0.0, 1e-4, 0.05, 0.5, 5.0)
_SPARE = 1e-3


@claim(
    name="batch-norm", sources=("ncsolve",), theorems=("batch-norm",),
    statement="with batch normalization below the head and weight decay w on its scale and shift, the minimum for "
    "lambda_h = w/N bounds the training loss of every network, also over mini-batches and with a ReLU on top, and at "
    "epsilon = 0 it is reached",
    run="random networks with a last layer of batch normalization, in the mode of training, and networks near the "
    "minimum whose layer gives its features; losses from the definition",
)
def examine(size: Size) -> list[Figure]:
    """The decay is the penalty of scales and shifts; lambda_h is what the theorem makes of it."""
    rng = np.random.default_rng(97)
    reached = Worst("training loss at the minimizer's features, epsilon = 0", tolerance=1e-12, reason="rounding")
    rows = Worst("squared norms of rows against N (scale^2 + shift^2)", tolerance=1e-12, reason="rounding")
    scales = Worst(
        "training loss with decay on the scales only and a small head for the shift", tolerance=1e-9, reason="rounding"
    )
    above: dict[str, list[float]] = {"linear": [], "relu": [], "batches": [], "scales": []}
    for trial in range(200 if size == "quick" else 2000):
        problem = random_problem(
            rng, *random_shape(rng), most=5, lambda_b=_LAMBDAS_B[trial % 4], strength=float(rng.uniform(0.05, 0.9))
        )
        labels = np.repeat(np.arange(problem.classes), problem.counts.array)
        if labels.size < 3:
            continue
        found, free = ncsolve.solve(problem), ncsolve.solve(problem.replace(lambda_b=0.0))
        nets = [_Network(found, labels, problem)]
        reached.add(found.loss, nets[0].loss(0.0))
        rows.add(labels.size * (nets[0].scale**2 + nets[0].shift**2), np.sum(nets[0].features(0.0) ** 2, axis=1))
        infimum = _Network(free, labels, problem)
        infimum.spare(_SPARE)
        price = problem.lambda_w / 2 * _SPARE**2 * float(np.sum(free.bias**2))
        scales.add(free.loss + price, infimum.loss(0.0, shifts=False))
        nonnegative = ncsolve.solve(problem.replace(features="relu")) if trial % 10 == 0 else None
        if nonnegative is not None:
            nets.append(_Network(nonnegative, labels, problem))
        for net in nets:
            net.move(rng, _DISTANCES[trial % 5])
            if trial % 2:
                net.draw(rng)
            epsilon = _EPSILONS[trial % 3]
            above["linear"].append(net.loss(epsilon) / found.loss - 1)
            above["batches"].append(net.loss(epsilon, batches=2) / found.loss - 1)
            above["scales"].append((net.loss(epsilon, shifts=False) - free.loss) / found.loss)
            if nonnegative is not None:
                above["relu"].append(net.loss(epsilon, relu=True) / nonnegative.lower_bound - 1)
    named = {
        "linear": "over the full batch", "relu": "with a ReLU on top", "batches": "over two mini-batches",
        "scales": "with decay on the scales only",
    }
    return [
        reached.figure(), rows.figure(), scales.figure(),
        *(
            at_least(
                f"training loss less the minimum, {named[kind]}, over it", -1e-12, values,
                reason="a bound, but for rounding",
            )
            for kind, values in above.items()
        ),
    ]


class _Network:
    """What is below the layer (d, N), its scales and shifts (d,), the head W, b, and the decay of scales and shifts."""

    def __init__(self, found: Minimizer, labels: ClassNumbers, problem: UFM) -> None:
        """A network for a problem, whose layer, at epsilon = 0, gives the features of a minimizer."""
        self.problem, self.labels = problem, labels
        self.decay = problem.lambda_h * labels.size
        features = np.array(found.class_means)[:, labels]
        self.head, self.bias = np.array(found.W), np.array(found.bias)
        self.shift, self.scale = features.mean(axis=1), features.std(axis=1)
        self.below = features - self.shift[:, None]
        flat = self.scale <= 1e-9 * max(float(np.abs(features).max()), 1e-9)  # rows that do not vary: any row serves
        self.scale[flat] = 0.0
        self.below[flat] = np.arange(labels.size) - (labels.size - 1) / 2

    def move(self, rng: np.random.Generator, distance: float) -> None:
        """Change everything at random by about ``distance`` of its size."""
        for values in (self.head, self.below, self.shift, self.scale):
            values += distance * max(float(np.abs(values).max()), 0.1) * rng.standard_normal(values.shape)
        if math.isfinite(self.problem.lambda_b):
            self.bias += distance * rng.standard_normal(self.bias.shape)

    def draw(self, rng: np.random.Generator) -> None:
        """Give the layer what a random layer with a ReLU makes of random inputs."""
        inputs = rng.standard_normal((6, self.labels.size))
        body = rng.standard_normal((self.below.shape[0], 8))
        self.below = body @ np.maximum(rng.standard_normal((8, 6)) @ inputs, 0.0)
        self.scale, self.shift = rng.standard_normal((2, self.scale.size))

    def spare(self, size: float) -> None:
        """Let one more feature, which does not vary, be the bias, with a head of ``size``."""
        self.head = np.column_stack((self.head, size * self.bias))
        self.scale, self.shift = np.append(self.scale, 0.0), np.append(self.shift, 1 / size)
        self.below = np.vstack((self.below, self.below[:1]))
        self.bias = np.zeros_like(self.bias)

    def features(self, epsilon: float, part: slice = slice(None)) -> Array:
        """What the layer gives, normalized over a part of the samples."""
        below = self.below[:, part] - self.below[:, part].mean(axis=1, keepdims=True)
        root = np.sqrt(np.mean(below**2, axis=1, keepdims=True) + epsilon)
        scaled = np.divide(below, root, out=np.zeros_like(below), where=root > 0.0)
        return np.asarray(self.scale[:, None] * scaled + self.shift[:, None])

    def loss(self, epsilon: float, *, batches: int = 1, relu: bool = False, shifts: bool = True) -> float:
        """The training loss, a mean over the samples, with its weight decays."""
        problem, total = self.problem, 0.0
        for first in range(batches):
            part = slice(first, None, batches)
            h = self.features(epsilon, part)
            h = np.maximum(h, 0.0) if relu else h
            targets = problem.encoding.matrix[:, self.labels[part]]
            total += float(np.sum((self.head @ h + self.bias[:, None] - targets) ** 2))
        penalty = problem.lambda_w * float(np.sum(self.head**2)) + self.decay * float(np.sum(self.scale**2))
        penalty += self.decay * float(np.sum(self.shift**2)) if shifts else 0.0
        penalty += problem.lambda_b * float(np.sum(self.bias**2)) if math.isfinite(problem.lambda_b) else 0.0
        return (total / self.labels.size + penalty) / 2

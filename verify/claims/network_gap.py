"""The gap of any network is the sum of four parts, and what it proves of the geometry is true of every network."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least
from ncsolve.verify._problems import random_problem, random_shape
from ncsolve.verify._types import Array, ClassNumbers

import ncsolve
from ncsolve import UFM, Minimizer

_LAMBDAS_B = (0.0, 0.05, 0.5, 5.0, math.inf)
_DISTANCES = (0.0, 1e-6, 1e-3, 0.05, 0.3, 1.0, 10.0)


@claim(
    name="network-gap", sources=("ncsolve",), theorems=("gap", "network-certificate"),
    statement="the loss of any network above the minimum is the sum of four parts, each at least 0, also with features "
    "H >= 0, and no network violates the certificate that its gap makes",
    run="random W, H and b near the minimum and far from it, and heads that are the dual of their features, on random "
    "problems; objective, parts and distances are sums over the samples, from the definition",
)
def examine(size: Size) -> list[Figure]:
    """``ncsolve.measure`` gets the features in batches; everything is compared with sums over all samples."""
    rng = np.random.default_rng(83)
    linear, relu = _Sums("linear features"), _Sums("features H >= 0")
    violated = Worst(
        "true distance above the certified one, relative", tolerance=1e-7,
        reason="a gap that cancels to 1e-14 of the loss leaves its root",
    )
    for trial in range(1000 if size == "quick" else 10_000):
        problem = _problem(rng, trial)
        found, labels = ncsolve.solve(problem), np.repeat(np.arange(problem.classes), problem.counts.array)
        w, h, b = _network(rng, found, labels, _DISTANCES[trial % 7])
        w = _residual(found, labels) @ h.T / problem.lambda_w if trial % 3 == 0 else w
        measured = linear.add(found, labels, w, h, b)
        assert measured.certificate is not None
        violated.add(0.0, max(0.0, _excess(found, labels, w, h, b, measured.certificate)))
    for trial in range(30 if size == "quick" else 300):
        problem = _problem(rng, trial).replace(features="relu")
        found, labels = ncsolve.solve(problem), np.repeat(np.arange(problem.classes), problem.counts.array)
        if found.guarantee == "global":
            w, h, b = _network(rng, found, labels, _DISTANCES[trial % 7])
            relu.add(found, labels, w, np.abs(h), b)
    return [*linear.figures(), *relu.figures(), violated.figure()]


class _Sums:
    """Objective and parts by definition, against each other and against ``measure``, all over the losses."""

    def __init__(self, kind: str) -> None:
        def worst(what: str) -> Worst:
            return Worst(f"{what}, {kind}", tolerance=1e-12, reason="rounding")

        self.kind, self.lowest = kind, math.inf
        self.gap, self.loss = worst("loss minus minimum minus the four parts"), worst("loss of measure")
        self.parts = worst("the four parts of measure, and what varies within the classes")

    def add(self, found: Minimizer, labels: ClassNumbers, w: Array, h: Array, b: Array) -> ncsolve.Measurement:
        """Compare at a network, of which this is the measurement."""
        problem = found.problem
        there, whole = _objective(problem, labels, w, h, b), _by_definition(found, labels, w, h, b)
        unit = there + _objective(problem, labels, 0 * w, 0 * h, 0 * b)
        self.gap.add(0.0, (there - found.loss - math.fsum(whole)) / unit)
        measured = _measured(problem, labels, w, h, b)
        self.loss.add(there / unit, measured.loss / unit)
        own = measured.parts
        assert own is not None
        four = (own.fit, own.bias, own.dual, own.feature)
        apart = np.array((*whole, _within(problem, labels, w, h))) - np.array((*four, own.within))
        self.parts.add(0.0, float(np.abs(apart).max()) / unit)
        self.lowest = min(self.lowest, min(four) / unit)
        return measured

    def figures(self) -> list[Figure]:
        """The worst of all comparisons."""
        return [
            self.gap.figure(), self.loss.figure(), self.parts.figure(),
            at_least(
                f"least part of a gap, {self.kind}", -1e-14, self.lowest, reason="each is a square, but for rounding"
            ),
        ]


def _problem(rng: np.random.Generator, trial: int) -> UFM:
    return random_problem(
        rng, *random_shape(rng), most=5, lambda_b=_LAMBDAS_B[trial % 5], strength=float(rng.uniform(0.05, 1.2))
    )


def _network(
    rng: np.random.Generator, found: Minimizer, labels: ClassNumbers, distance: float
) -> tuple[Array, Array, Array]:
    """The minimum, moved at random by about ``distance`` of its size."""
    w, h, b = np.array(found.W), np.array(found.class_means)[:, labels], np.array(found.bias)
    unit = distance * max(float(np.abs(w).max()), float(np.abs(h).max()), 0.1)
    b = b + unit * rng.standard_normal(b.shape) if math.isfinite(found.problem.lambda_b) else b
    return w + unit * rng.standard_normal(w.shape), h + unit * rng.standard_normal(h.shape), b


def _objective(problem: UFM, labels: ClassNumbers, w: Array, h: Array, b: Array) -> float:
    apart = w @ h + b[:, None] - problem.encoding.matrix[:, labels]
    penalty = problem.lambda_w * np.sum(w**2) + problem.lambda_h * np.sum(h**2)
    if math.isfinite(problem.lambda_b):
        penalty += problem.lambda_b * np.sum(b**2)
    return float(np.sum(apart**2) / labels.size + penalty) / 2


def _by_definition(found: Minimizer, labels: ClassNumbers, w: Array, h: Array, b: Array) -> tuple[float, ...]:
    """The four parts, with a column for every sample."""
    problem, n = found.problem, labels.size
    residual = _residual(found, labels)
    best = problem.encoding.matrix[:, labels] - n * residual
    lw, lh, lb = problem.lambda_w, problem.lambda_h, problem.lambda_b
    pull = residual @ h.T
    return (
        float(np.sum((w @ h + b[:, None] - best) ** 2)) / (2 * n),
        lb / 2 * float(np.sum((b - found.bias) ** 2)) if math.isfinite(lb) else 0.0,
        lw / 2 * float(np.sum((w - pull / lw) ** 2)),
        (lw * lh * float(np.sum(h**2)) - float(np.sum((residual.T @ pull) * h.T))) / (2 * lw),
    )


def _residual(found: Minimizer, labels: ClassNumbers) -> Array:
    """(Y - O*)/N, with a column for every sample."""
    best = (found.W @ found.class_means + found.bias[:, None])[:, labels]
    return np.asarray((found.problem.encoding.matrix[:, labels] - best) / labels.size)


def _within(problem: UFM, labels: ClassNumbers, w: Array, h: Array) -> float:
    """What the variation within the classes adds to the objective."""
    apart = h - np.stack([h[:, labels == k].mean(axis=1) for k in range(problem.classes)], axis=1)[:, labels]
    return float(np.sum((w @ apart) ** 2)) / (2 * labels.size) + problem.lambda_h / 2 * float(np.sum(apart**2))


def _measured(problem: UFM, labels: ClassNumbers, w: Array, h: Array, b: Array) -> ncsolve.Measurement:
    statistics = ncsolve.FeatureStatistics(
        problem.classes, h.shape[0], (w, b), "projected", codes=problem.encoding.matrix
    )
    for part in (slice(0, None, 2), slice(1, None, 2)):
        if labels[part].size:
            statistics.update(h[:, part].T, labels[part])
    return ncsolve.measure(statistics, w, b, problem)


def _excess(found: Minimizer, labels: ClassNumbers, w: Array, h: Array, b: Array, bounds: object) -> float:
    """By how much a true distance is above its bound, at worst, over the size of what is compared."""
    u = np.sqrt(found.problem.counts.array)
    means = np.stack([h[:, labels == k].mean(axis=1) for k in range(u.size)], axis=1)
    own, best = means * u, found.class_means * u
    outputs = w @ h + b[:, None] - (found.W @ found.class_means + found.bias[:, None])[:, labels]
    codes = float(np.linalg.norm(found.problem.encoding.matrix * u))
    compared = (
        (np.linalg.norm(own.T @ own - best.T @ best), "gram", np.sum(own**2) + np.sum(best**2) + codes**2),
        (np.linalg.norm(outputs), "outputs", np.linalg.norm(outputs) + codes),
        (np.linalg.norm(b - found.bias), "bias", np.linalg.norm(b) + codes / math.sqrt(found.problem.lambda_b or 1.0)),
        (np.linalg.norm(h - means[:, labels]), "within", np.linalg.norm(h) + codes),
    )
    return max(float((true - getattr(bounds, name)) / scale) for true, name, scale in compared if scale > 0)

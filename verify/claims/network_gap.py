"""The gap of any network is the sum of four parts, and what it proves of the geometry is true of every network."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least, at_most
from ncsolve.verify._problems import random_problem, random_shape
from ncsolve.verify._types import Array

import ncsolve
from ncsolve import UFM, Minimizer

_LAMBDAS_B = (0.0, 0.05, 0.5, 5.0, math.inf)
_DISTANCES = (0.0, 1e-6, 1e-3, 0.05, 0.3, 1.0, 10.0)


@claim(
    name="network-gap", sources=("ncsolve",), theorems=("gap", "network-certificate"),
    statement="the loss of any network above the minimum is the sum of four parts, each at least 0, and no network "
    "violates the certificate that its gap makes",
    run="random W, H and b near the minimum and far from it, on random problems; objective, parts and distances are "
    "sums over the samples, from the definition",
)
def examine(size: Size) -> list[Figure]:
    """``ncsolve.measure`` gets the features in batches; everything is compared with sums over all samples."""
    rng = np.random.default_rng(83)
    gap = Worst("loss minus minimum minus the four parts, over the losses", tolerance=1e-12, reason="rounding")
    loss = Worst("loss of measure, relative", tolerance=1e-12, reason="rounding")
    parts = Worst("the four parts of measure, over the losses", tolerance=1e-12, reason="rounding")
    lowest, violated = math.inf, 0.0
    for trial in range(1000 if size == "quick" else 10_000):
        problem = random_problem(
            rng, *random_shape(rng), most=5, lambda_b=_LAMBDAS_B[trial % 5], strength=float(rng.uniform(0.05, 1.2))
        )
        found = ncsolve.solve(problem)
        labels = np.repeat(np.arange(problem.classes), problem.counts.array)
        w, h, b = _network(rng, found, labels, _DISTANCES[trial % 7])
        there, whole = _objective(problem, labels, w, h, b), _by_definition(found, labels, w, h, b)
        unit = there + _objective(problem, labels, 0 * w, 0 * h, 0 * b)
        gap.add(0.0, (there - found.loss - math.fsum(whole)) / unit)
        measured = _measured(problem, labels, w, h, b)
        loss.add(there / unit, measured.loss / unit)
        own = measured.parts
        assert own is not None
        assert measured.certificate is not None
        four = (own.fit, own.bias, own.dual, own.feature)
        parts.add(0.0, float(np.abs(np.array(whole) - np.array(four)).max()) / unit)
        lowest = min(lowest, min(four) / unit)
        violated = max(violated, _excess(found, labels, w, h, b, measured.certificate))
    return [
        gap.figure(), loss.figure(), parts.figure(),
        at_least(
            "least part of a gap, over the losses", -1e-15, lowest, reason="each is a square, but for rounding"
        ),
        at_most(
            "true distance minus certified one, relative", 1e-7, violated,
            reason="a gap that cancels to 1e-14 of the loss leaves its root",
        ),
    ]


def _network(rng: np.random.Generator, found: Minimizer, labels: Array, distance: float) -> tuple[Array, Array, Array]:
    """The minimum, moved at random by about ``distance`` of its size."""
    w, h, b = np.array(found.W), np.array(found.class_means)[:, labels], np.array(found.bias)
    unit = distance * max(float(np.abs(w).max()), float(np.abs(h).max()), 0.1)
    b = b + unit * rng.standard_normal(b.shape) if math.isfinite(found.problem.lambda_b) else b
    return w + unit * rng.standard_normal(w.shape), h + unit * rng.standard_normal(h.shape), b


def _objective(problem: UFM, labels: Array, w: Array, h: Array, b: Array) -> float:
    apart = w @ h + b[:, None] - problem.encoding.matrix[:, labels]
    penalty = problem.lambda_w * np.sum(w**2) + problem.lambda_h * np.sum(h**2)
    if math.isfinite(problem.lambda_b):
        penalty += problem.lambda_b * np.sum(b**2)
    return float(np.sum(apart**2) / labels.size + penalty) / 2


def _by_definition(found: Minimizer, labels: Array, w: Array, h: Array, b: Array) -> tuple[float, ...]:
    """The four parts, with a column for every sample."""
    problem, n = found.problem, labels.size
    best = (found.W @ found.class_means + found.bias[:, None])[:, labels]
    residual = (problem.encoding.matrix[:, labels] - best) / n
    lw, lh, lb = problem.lambda_w, problem.lambda_h, problem.lambda_b
    pull = residual @ h.T
    return (
        float(np.sum((w @ h + b[:, None] - best) ** 2)) / (2 * n),
        lb / 2 * float(np.sum((b - found.bias) ** 2)) if math.isfinite(lb) else 0.0,
        lw / 2 * float(np.sum((w - pull / lw) ** 2)),
        (lw * lh * float(np.sum(h**2)) - float(np.sum((residual.T @ pull) * h.T))) / (2 * lw),
    )


def _measured(problem: UFM, labels: Array, w: Array, h: Array, b: Array) -> ncsolve.Measurement:
    statistics = ncsolve.FeatureStatistics(
        problem.classes, h.shape[0], (w, b), "projected", codes=problem.encoding.matrix
    )
    for part in (slice(0, None, 2), slice(1, None, 2)):
        if labels[part].size:
            statistics.update(h[:, part].T, labels[part])
    return ncsolve.measure(statistics, w, b, problem)


def _excess(found: Minimizer, labels: Array, w: Array, h: Array, b: Array, bounds: object) -> float:
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

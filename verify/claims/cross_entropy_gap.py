"""Under cross-entropy the gap of any network is the sum of four parts as well (T13, T16), and bounds its mistakes."""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._definition import Definition, Parts
from ncsolve.verify._figure import Figure, Worst, at_least, at_most
from ncsolve.verify._fit import softmax
from ncsolve.verify._problems import random_soft_labels
from ncsolve.verify._samples import Samples, class_means
from ncsolve.verify._softmax_certificate import certified_distances
from ncsolve.verify._types import Array

import ncsolve
from ncsolve import UFM, Minimizer

_BIASES = (0.0, 0.05, 0.5, 5.0, math.inf)
_DISTANCES = (1e-6, 1e-3, 0.05, 0.3, 1.0, 3.0)


@claim(
    name="cross-entropy-gap", sources=("ncsolve",), theorems=("cross-entropy-gap", "cross-entropy-certificate"),
    statement="cross-entropy: the loss of any network above the minimum is the sum of four parts, each at least 0, of "
    "which the first is the divergence of its probabilities from those of the minimum; the gap bounds that of b, "
    "the share of samples that are decided for another class, and how far the class means are from the predicted ones",
    run="random W, H and b near the minimum and far from it, on random soft and one-hot labels; everything is a sum "
    "over the samples, from the definition, with which ncsolve.measure is compared",
)
def examine(size: Size) -> list[Figure]:
    """The gap against its parts, what varies within the classes, and the bounds."""
    rng = np.random.default_rng(89)
    gap = Worst("loss minus minimum minus the four parts", tolerance=1e-12, reason="rounding")
    within = Worst("loss minus that of the class means minus the part within", tolerance=1e-12, reason="rounding")
    told = Worst("loss and the four parts of measure, and what varies within", tolerance=1e-12, reason="rounding")
    violated = Worst("true distance above the one that measure certifies, relative", tolerance=1e-7,
                     reason="a gap that cancels to 1e-14 of the loss leaves its root")
    least, apart, shifted, wrong, beyond = [], [], [], [], []
    for trial in range(100 if size == "quick" else 1000):
        onehot = trial % 3 == 0
        problem = random_soft_labels(rng, _BIASES[trial % 5], onehot=onehot)
        found, samples = ncsolve.solve(problem), Samples.of(problem)
        f = Definition(samples)
        best = Parts(samples.spread(np.array(found.class_means)), (np.array(found.W),), np.array(found.bias))
        there = f.parts(f.pack(best) + _DISTANCES[trial % 6] * f.start(trial))
        unit = f.value(f.pack(there)) + f.value(np.zeros(f.size))
        epsilon = f.value(f.pack(there)) - found.loss
        parts = _parts(samples, found, best, there)
        gap.add(0.0, (epsilon - math.fsum(parts)) / unit)
        flat = there._replace(features=samples.spread(class_means(samples, there.features)))
        inner = _within(samples, flat, there)
        within.add(0.0, (f.value(f.pack(there)) - f.value(f.pack(flat)) - inner) / unit)
        measured = _measured(problem, samples, there)
        claimed, bounds = measured.parts, measured.certificate
        assert claimed is not None
        assert bounds is not None
        four = (claimed.fit, claimed.bias, claimed.dual, claimed.feature)
        own = np.array((*parts, inner, f.value(f.pack(there))))
        told.add(0.0, float(np.abs(own - np.array((*four, claimed.within, measured.loss))).max()) / unit)
        violated.add(0.0, max(0.0, _excess(samples, best, there, flat, bounds)))
        least.append(min(parts) / unit)
        beyond.append(_beyond(samples, found, best, flat))
        chances, wanted = softmax(_outputs(there)), softmax(_outputs(best))
        apart.append((float(np.mean(np.abs(chances - wanted).sum(axis=0) ** 2)) - 2 * epsilon) / unit)
        if math.isfinite(problem.lambda_b):
            shift = problem.lambda_b * float(np.sum((there.bias - best.bias) ** 2))
            shifted.append((shift - 2 * epsilon) / unit)
        if onehot:
            share = float(np.mean(chances.argmax(axis=0) != samples.labels))
            wrong.append(share * _cost(wanted, samples) - epsilon)
    return [
        gap.figure(), within.figure(), told.figure(), violated.figure(),
        at_least("least part of a gap", -1e-14, least, reason="each is a square or a divergence, but for rounding"),
        at_most("mean |p - p*|^2, less twice the gap", 1e-14, apart, reason="a bound, up to rounding"),
        at_most("lambda_b |b - b*|^2, less twice the gap", 1e-14, shifted, reason="a bound, up to rounding"),
        at_most("outputs and Gram matrix of the class means, their distance above the certified one, relative", 1e-7,
                beyond, reason="a bound; a gap that cancels to 1e-14 of the loss leaves its root"),
        at_most("share of samples of another decision, times its cost, less the gap", 1e-14, wrong,
                reason="a bound, up to rounding"),
    ]


def _outputs(at: Parts) -> Array:
    point = at.point
    return np.asarray(point.W @ point.H + point.b[:, None])


def _divergence(at: Parts, other: Parts) -> float:
    """Mean over the samples of the divergence of the probabilities at ``other`` from those at ``at``."""
    p, q = softmax(_outputs(at)), softmax(_outputs(other))
    return float(np.mean(np.sum(p * (np.log(p) - np.log(q)), axis=0)))


def _parts(samples: Samples, found: Minimizer, best: Parts, there: Parts) -> tuple[float, ...]:
    """Fit, bias, dual and feature, with a column for every sample."""
    lw, lh, lb = samples.lambda_w, samples.lambda_h, samples.lambda_b
    residual = (samples.targets - softmax(_outputs(best))) / samples.total
    w, h, b = there.point.W, there.features, there.bias
    pull = residual @ h.T
    return (
        _divergence(best, there),
        lb / 2 * float(np.sum((b - found.bias) ** 2)) if math.isfinite(lb) else 0.0,
        lw / 2 * float(np.sum((w - pull / lw) ** 2)),
        (lw * lh * float(np.sum(h**2)) - float(np.sum((residual.T @ pull) * h.T))) / (2 * lw),
    )


def _within(samples: Samples, flat: Parts, there: Parts) -> float:
    """What the variation within the classes adds to the objective."""
    apart = float(np.sum((there.features - flat.features) ** 2))
    return _divergence(flat, there) + samples.lambda_h / 2 * apart


def _beyond(samples: Samples, found: Minimizer, best: Parts, flat: Parts) -> float:
    """By how much class means are farther from the minimum's than certified, over the size of what is compared."""
    first = [int(np.flatnonzero(samples.labels == k)[0]) for k in range(samples.counts.size)]
    root = np.sqrt(samples.counts)
    means, wanted = flat.features[:, first], best.features[:, first]
    gap = math.fsum(_parts(samples, found, best, flat))
    bounds = certified_distances(samples, softmax(_outputs(best))[:, first], means, gap)
    error = (_outputs(flat) - _outputs(best))[:, first]
    error = (error - error.mean(axis=0)) * root
    own, other = means * root, wanted * root
    apart = float(np.linalg.norm(own.T @ own - other.T @ other))
    sizes = (float(np.linalg.norm(error)) + 1, float(np.sum(own**2) + np.sum(other**2)) + 1)
    return max((float(np.linalg.norm(error)) - bounds[0]) / sizes[0], (apart - bounds[1]) / sizes[1])


def _cost(wanted: Array, samples: Samples) -> float:
    """The least divergence at which a sample is decided for another class; 0 where some are at the minimum."""
    columns = np.arange(samples.columns)
    own = wanted[samples.labels, columns]
    middle = (own + wanted) / 2
    costs = own * np.log(own / middle) + wanted * np.log(wanted / middle)
    costs[samples.labels, columns] = math.inf
    decided = wanted.argmax(axis=0) == samples.labels
    return float(costs.min()) if bool(decided.all()) else 0.0


def _measured(problem: UFM, samples: Samples, there: Parts) -> ncsolve.Measurement:
    """What the library tells of the network, whose samples come in two batches."""
    w, b = there.layers[0], there.bias
    statistics = ncsolve.FeatureStatistics(
        problem.classes, samples.dim, (w, b), "projected", codes=problem.encoding.matrix, loss=problem.loss
    )
    for part in (slice(0, None, 2), slice(1, None, 2)):
        if samples.labels[part].size:
            statistics.update(there.features[:, part].T, samples.labels[part])
    return ncsolve.measure(statistics, w, b, problem)


def _excess(samples: Samples, best: Parts, there: Parts, flat: Parts, bounds: object) -> float:
    """By how much a true distance is above its bound, at worst, over the size of what is compared."""
    u, total = np.sqrt(samples.counts), samples.total
    own, wanted = (class_means(samples, at.features) * u for at in (there, best))
    compared = (
        (own.T @ own - wanted.T @ wanted, "gram", np.sum(own**2) + np.sum(wanted**2) + total),
        (softmax(_outputs(there)) - softmax(_outputs(best)), "probabilities", math.sqrt(total)),
        (there.bias - best.bias, "bias", np.linalg.norm(there.bias) + 1.0 / math.sqrt(samples.lambda_b or 1.0)),
        (there.features - flat.features, "within", np.linalg.norm(there.features) + math.sqrt(total)),
    )
    return max(
        float((np.linalg.norm(true) - getattr(bounds, name)) / scale) for true, name, scale in compared if scale > 0
    )

"""Decay on all weights and a linear last hidden layer: the last two layers have one minimum, and a frame of its own."""

from __future__ import annotations

import importlib
import math
import warnings

import numpy as np
from ncsolve.verify._claim import Size, claim
from ncsolve.verify._figure import Figure, Worst, at_least, count
from ncsolve.verify._regular_layers import RegularLayers, random_layers
from ncsolve.verify._two_layers import Layers, TwoLayers
from ncsolve.verify._types import Array

import ncsolve

_DISTANCES = (0.0, 1e-3, 0.1, 1.0, 10.0)
_FLAT = "a gradient of 1e-11 leaves about its square, and line searches end at rounding"


@claim(
    name="metric-ufm", sources=("ncsolve",), theorems=("metric-ufm", "metric-frame"), weight=10,
    statement="under plain weight decay the last two layers, a linear hidden one and the head, have one minimum, "
    "without spurious ones, which is convex in the moments of the previous features; any weights are above it by four "
    "parts; regular previous features make a simplex ETF up to lb* = t/(|w| - t), t = sqrt(K lambda_w lambda_v)/|zbar| "
    "with zbar the mean of the previous features, and class means of a growing cosine beyond, acute ones too",
    run="L-BFGS from random starts on W, V, c and b, weak duality and cvxpy, on random features, codes, counts and "
    "decays; the frame from the statement on regular features, with scatter within the classes",
)
def examine(size: Size) -> list[Figure]:
    """Random problems, small convex programs, random weights, and regular previous features."""
    rng = np.random.default_rng(131)
    return [
        *_random(rng, 24 if size == "quick" else 240), *_programs(rng, 4 if size == "quick" else 40),
        *_regular(rng, 8 if size == "quick" else 60),
    ]


def _random(rng: np.random.Generator, trials: int) -> list[Figure]:
    defined = Worst("loss of the minimizer's W, V, c, b by definition", tolerance=1e-12, reason="rounding")
    bound = Worst(
        "lower bound by weak duality at the minimizer", tolerance=2e-9,
        reason="the solver may stop at a gap of 1e-9 of the loss",
    )
    reached = Worst("loss of every descent, relative", tolerance=1e-9, reason=_FLAT)
    product = Worst("W (V, c) of every descent", tolerance=1e-4, reason="known to the root of the loss")
    bias = Worst("b of every descent", tolerance=1e-4, reason="as W (V, c)")
    gram = Worst("Gram matrix of the class means of every descent", tolerance=1e-4, reason="as W (V, c)")
    decays = Worst(
        "lambda_h by direction, against lambda_w |W v|^2 / |H^T v|^2", tolerance=1e-9,
        reason="rounding of small columns",
    )
    kept = Worst(
        "slope of the fit along each direction that the minimizer keeps, over sqrt(lambda_w lambda_v)", tolerance=1e-7,
        reason="of first order in W (V, c), which rounding of the loss leaves at its root",
    )
    gap = Worst(
        "loss of any weights minus that bound minus the four parts", tolerance=1e-12, reason="rounding"
    )
    measured = Worst("the four parts of measure", tolerance=1e-11, reason="rounding of moments, once more in the bound")
    above, least = [], []
    for trial in range(trials):
        layers = random_layers(rng, trial)
        found = ncsolve.solve(layers.problem)
        best = Layers.of(found)
        defined.add(found.loss, layers.objective(best))
        multiplier = layers.multiplier(best)
        bound.add(found.loss, layers.lower_bound(multiplier))
        if found.rank:
            decays.add(found.feature_decays, _balance(layers, best, found.rank))
            kept.add(np.ones(found.rank), _slopes(layers, best, found.rank))
        means = best.features(_class_means(layers))
        for extra in (0, 1):
            end = layers.descend(layers.start(rng, found.dim + extra))
            reached.add(found.loss, layers.objective(end))
            above.append(layers.objective(end) / found.loss - 1)
            product.add(found.A, end.product, size=_unit(best.product))
            bias.add(best.b, end.b, size=float(np.abs(layers.codes).max()))
            other = end.features(_class_means(layers))
            gram.add(means.T @ means, other.T @ other, size=_unit(means.T @ means))
        for distance in _DISTANCES:
            there = _moved(rng, layers, best, distance)
            parts, loss = layers.parts(there, multiplier), layers.objective(there)
            unit = loss + found.loss
            gap.add(0.0, (loss - layers.lower_bound(multiplier) - math.fsum(parts)) / unit)
            least.append(min(parts) / unit)
            measured.add(0.0, np.abs(np.array(_parts_of_measure(layers, there)) - np.array(parts)).max() / unit)
    worsts = (defined, bound, reached, product, bias, gram, decays, kept, gap, measured)
    return [
        *(worst.figure() for worst in worsts),
        at_least("loss of a descent less the minimum, over it", -1e-9, above, reason="no descent ends below a minimum"),
        at_least("least part of a gap, over the loss", -1e-12, least, reason="each is a square, but for rounding"),
    ]


def _unit(values: Array) -> float:
    return float(np.abs(values).max()) or 1.0


def _class_means(layers: TwoLayers) -> Array:
    """Of z (p, K)."""
    return np.column_stack([layers.z[:, layers.labels == k].mean(axis=1) for k in range(layers.codes.shape[1])])


def _balance(layers: TwoLayers, best: Layers, rank: int) -> Array:
    """The decay of the features that would balance the head, in each direction of the minimizer's coordinates."""
    head, features = np.sum(best.W**2, axis=0), np.sum(best.features(layers.z) ** 2, axis=1)
    return np.asarray(layers.lambda_w * head[:rank] / features[:rank])


def _slopes(layers: TwoLayers, best: Layers, rank: int) -> Array:
    """u^T G v / sqrt(lambda_w lambda_v), G the slope of the fit in W (V, c): 1 where a direction is worth its price."""
    product = np.sum((best.W.T @ layers.residual(best) / layers.samples) * best.features(layers.z), axis=1)
    return np.asarray(product[:rank] / (layers.lambda_w * np.sum(best.W**2, axis=0)[:rank]))


def _moved(rng: np.random.Generator, layers: TwoLayers, best: Layers, distance: float) -> Layers:
    """The minimum, moved at random by about ``distance`` of its size; without what it has no place for."""
    step = layers.start(rng, best.V.shape[0])
    return Layers(
        W=best.W + distance * step.W, V=best.V + distance * step.V, c=best.c + distance * step.c,
        b=best.b + distance * step.b,
    )


def _parts_of_measure(layers: TwoLayers, at: Layers) -> tuple[float, float, float, float]:
    """What ``measure`` says of weights, from z in two batches."""
    problem = layers.problem
    statistics = ncsolve.FeatureStatistics(problem.classes, problem.dim)
    for part in (slice(0, None, 2), slice(1, None, 2)):
        statistics.update(layers.z[:, part].T, layers.labels[part])
    found = ncsolve.measure(statistics, at.W, at.b, problem, hidden=(at.V, at.c)).parts
    return found.fit, found.bias, found.dual, found.feature


def _programs(rng: np.random.Generator, trials: int) -> list[Figure]:
    """The convex program in A and b, one column a sample."""
    value = Worst("value of the convex program, relative", tolerance=1e-7, reason="Clarabel stops at 1e-10, at best")
    for trial in range(trials):
        layers = random_layers(rng, trial)
        value.add(ncsolve.solve(layers.problem).loss, _convex(layers))
    return [value.figure()]


def _convex(layers: TwoLayers) -> float:
    cp = importlib.import_module("cvxpy")
    m, n = layers.targets.shape
    a, b = cp.Variable((m, layers.extended.shape[0])), cp.Variable((m, 1))
    has_bias = math.isfinite(layers.lambda_b)
    outputs = a @ layers.extended + (b @ np.ones((1, n)) if has_bias else 0)
    loss = cp.sum_squares(outputs - layers.targets) / (2 * n)
    loss += math.sqrt(layers.lambda_w * layers.lambda_v) * cp.normNuc(a)
    loss += layers.lambda_b / 2 * cp.sum_squares(b) if has_bias else 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an inaccurate solution shows in the figure
        options = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}
        return float(cp.Problem(cp.Minimize(loss)).solve(solver="CLARABEL", **options))


def _regular(rng: np.random.Generator, trials: int) -> list[Figure]:
    """Codes a I + q J and regular previous features: everything from the statement."""
    cosine = Worst("cosine of the class means, from the statement", tolerance=1e-9, reason="the solver's rounding")
    descent = Worst("cosine of the class means of a descent", tolerance=1e-4, reason="known to the root of the loss")
    lengths = Worst("squared length of a class mean, relative", tolerance=1e-9, reason="as the cosine")
    bias = Worst("each entry of b", tolerance=1e-9, reason="as the cosine")
    star = Worst("lb*", tolerance=1e-9, reason="rounding of |w| - t")
    right_angle = Worst("cosine where the statement has a right angle", tolerance=1e-9, reason="as the cosine")
    named, frames = 0, 0
    for trial in range(trials):
        regular = RegularLayers.random(rng, trial)
        for factor in (0.0, 0.5, 0.999, 1.001, 1.3, 5.0, 100.0, math.inf):
            layers = regular.at(factor * regular.star)
            found = ncsolve.solve(layers.problem)
            assert found.cosines is not None
            cosine.add(regular.cosine(layers.lambda_b), found.cosines.mean, size=1.0)
            lengths.add(regular.squared_length(layers.lambda_b), np.diag(found.gram))
            bias.add(np.full(regular.classes, regular.bias(layers.lambda_b)), found.bias, size=1.0)
            if regular.within == 0.0:
                star.add(regular.star, found.transition)
                frames += 1
                named += (found.regime == "simplex") != (factor < 1.0)
        for factor in (0.9, 1.5, 10.0):
            layers = regular.at(factor * regular.star)
            end = layers.descend(layers.start(rng, regular.classes))
            means = end.features(_class_means(layers))
            descent.add(regular.cosine(layers.lambda_b), float(means[:, 0] @ means[:, 1] / (means[:, 0] @ means[:, 0])),
                        size=1.0)
        if (angle := regular.right_angle) is not None:
            cosines = ncsolve.solve(regular.at(angle).problem).cosines
            right_angle.add(0.0, None if cosines is None else cosines.mean, size=1.0)
    return [
        *(worst.figure() for worst in (cosine, descent, lengths, bias, star, right_angle)),
        count("frames that are called a simplex ETF beyond lb*, or not before", 0, named, comparisons=frames),
    ]

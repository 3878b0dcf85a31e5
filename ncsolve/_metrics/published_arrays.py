"""What the published metrics are made of: W and class means that fit, the two global means, the distance to an ETF."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import EPS, Array, Index
from ncsolve._metrics.within_classes import Deviations, deviations
from ncsolve.checks.measured import exponent, measured, measured_features, resolution, unit_scale
from ncsolve.errors import NCSolveError, ProblemError, UnknownNameError

__all__ = [
    "CENTRINGS", "Centring", "ShapeError", "centred_means", "centred_rows", "classes_of", "etf_distance", "fitting",
    "nearest", "weights",
]

Centring = Literal["classes", "samples", "none"]
CENTRINGS = ("classes", "samples", "none")


class ShapeError(NCSolveError):
    """A published metric is not defined for arrays of these shapes."""


def classes_of(features: ArrayLike, labels: ArrayLike, classes: int) -> Deviations:
    """The classes of features (d, N) in any scale; ProblemError for a class without a sample."""
    h, y = measured_features(features, labels, classes)
    missing = np.setdiff1d(np.arange(classes), y)
    if missing.size:
        raise ProblemError(
            f"the metrics of the field need a sample of every class; class {missing[0]} has none, number the classes "
            f"that occur 0 .. {classes - missing.size - 1}"
        )
    return deviations(unit_scale(h), y)


def weights(centring: str, classes: int, counts: ArrayLike | None) -> Array | None:
    """Weights (K,) of the class means in the global mean, or None to leave it in."""
    if centring not in CENTRINGS:
        raise UnknownNameError("centring", str(centring), CENTRINGS)
    if (counts is not None) != (centring == "samples"):
        raise ProblemError(
            "the mean of all samples needs counts=, the samples of each class, and centring='samples'; got "
            f"centring={centring!r} {'with' if counts is not None else 'without'} counts"
        )
    if counts is None:
        return np.ones(classes) if centring == "classes" else None
    n = measured(counts, "counts", "(K,)")
    if n.size != classes or not (n > 0).all():
        raise ProblemError(
            f"counts must be {classes} positive numbers, one for each class; got {n.size}, the least {n.min():g}"
        )
    return n


def centred_means(means: ArrayLike, centring: str, counts: ArrayLike | None) -> Array:
    """Class means (d, K) in any scale, less the global mean; exactly zero where they coincide but for rounding."""
    h = unit_scale(measured(means, "class means", "(d, K)"))
    share = weights(centring, h.shape[1], counts)
    return h if share is None else _centred(h, share, resolution(means))


def centred_rows(W: ArrayLike) -> Array:
    """W (m, d) in any scale, less the mean of its rows; exactly zero where they coincide but for rounding."""
    w = unit_scale(measured(W, "W", "(m, d)"))
    return _centred(w.T, np.ones(w.shape[0]), resolution(W)).T


def fitting(W: ArrayLike, means: ArrayLike, metric: str) -> None:
    """Refuse W (m, d) and class means (d, K) that do not have m = K and one d."""
    w, h = measured(W, "W", "(m, d)"), measured(means, "class means", "(d, K)")
    if w.shape[0] != h.shape[1]:
        raise ShapeError(f"{metric} needs as many rows of W as classes; got {w.shape[0]} and {h.shape[1]}")
    if w.shape[1] != h.shape[0]:
        raise ShapeError(f"{metric} needs W (K, d) and class means (d, K) of one d; got {w.shape} and {h.shape}")


def etf_distance(matrix: Array) -> float:
    """Distance of a matrix (K, K) to the Gram matrix of a simplex ETF, both normalised; NaN for zero."""
    k = matrix.shape[0]
    if k < 2:
        raise ShapeError(f"a simplex ETF needs at least 2 classes; got {k}")
    size = float(np.linalg.norm(matrix))
    if size == 0.0:
        return math.nan
    return float(np.linalg.norm(matrix / size - (np.eye(k) - 1.0 / k) / math.sqrt(k - 1)))


def _centred(columns: Array, share: Array, spacing: float) -> Array:
    rest = columns - (columns @ (share / share.sum()))[:, None]
    # Entries came rounded by half their spacing; what is left of columns that differ by no more is noise.
    real = np.linalg.norm(rest) > (spacing + 4 * EPS) * np.linalg.norm(columns)
    return rest if real else np.zeros_like(rest)


def nearest(points: Array, centres: Array) -> Index:
    """Number of the nearest centre (p, K) of each point (p, P), wherever the origin is and in any scale."""
    unit = max(exponent(points), exponent(centres))  # far from the origin squares would cancel, and large ones overflow
    x, c = np.ldexp(points, -unit), np.ldexp(centres, -unit)
    middle = c.mean(axis=1, keepdims=True)
    x, c = x - middle, c - middle
    unit = exponent(c)
    x, c = np.ldexp(x, -unit), np.ldexp(c, -unit)
    return np.asarray(np.argmax(2.0 * c.T @ x - np.sum(c * c, axis=0)[:, None], axis=0))

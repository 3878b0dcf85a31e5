"""What the peers' metrics are made of: W and class means that fit, the two global means, and the distance to an ETF."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from ncsolve.verify._types import Array
from numpy.typing import ArrayLike, NDArray

from ncsolve import NCSolveError, ProblemError, UnknownNameError
from ncsolve.checks.measured import measured, measured_features, resolution, unit_scale

__all__ = [
    "DOUBLE", "Centring", "Classes", "ShapeError", "centred", "centred_means", "centred_rows", "classes_of",
    "etf_distance", "fitting", "weights",
]

Centring = Literal["classes", "samples", "none"]
CENTRINGS = ("classes", "samples", "none")
DOUBLE = float(np.finfo(np.float64).eps)


class ShapeError(NCSolveError):
    """A peer's metric is not defined for arrays of these shapes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Classes:
    """Class means (d, K) with their ``counts`` (K,), and what the features are ``apart`` from them (d, N)."""

    means: Array
    counts: NDArray[np.intp]
    labels: NDArray[np.intp]
    apart: Array

    @cached_property
    def variances(self) -> Array:
        """Of every feature in every class (d, K)."""
        return _sums(self.apart**2, self.labels, self.counts) / self.counts

    @property
    def level(self) -> Array:
        """Root mean square of every feature in every class (d, K), to which its rounding is relative."""
        return np.asarray(np.sqrt(self.means**2 + self.variances))

    def noise(self, spacing: float) -> float:
        """The largest singular value that class means can have by rounding alone.

        Independent errors of entries make a matrix whose norm is about that of its largest row and largest column
        together (Latala 2005); those of the features are at most half their spacing.
        """
        level = self.level
        return spacing * float(np.linalg.norm(level, axis=0).max() + np.linalg.norm(level, axis=1).max())


def classes_of(features: ArrayLike, labels: ArrayLike, classes: int) -> Classes:
    """The classes of features (d, N) in any scale; ProblemError for a class without a sample."""
    h, y = measured_features(features, labels, classes)
    missing = np.setdiff1d(np.arange(classes), y)
    if missing.size:
        raise ProblemError(
            f"the metrics of the field need a sample of every class; class {missing[0]} has none, number the classes "
            f"that occur 0 .. {classes - missing.size - 1}"
        )
    h, counts = unit_scale(h), np.bincount(y)
    # From the first sample of its class: equal features are exactly 0 apart.
    first = h[:, np.unique(y, return_index=True)[1]]
    apart = h - first[:, y]
    shift = _sums(apart, y, counts) / counts
    return Classes(means=first + shift, counts=counts, labels=y, apart=apart - shift[:, y])


def _sums(columns: Array, labels: NDArray[np.intp], counts: NDArray[np.intp]) -> Array:
    return np.stack([np.bincount(labels, row, counts.size) for row in columns])


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


def centred(columns: Array, share: Array) -> Array:
    """Columns less their mean by weights."""
    return np.asarray(columns - (columns @ (share / share.sum()))[:, None])


def _centred(columns: Array, share: Array, spacing: float) -> Array:
    rest = centred(columns, share)
    # Entries came rounded by half their spacing; what is left of columns that differ by no more is noise.
    real = np.linalg.norm(rest) > (spacing + 4 * DOUBLE) * np.linalg.norm(columns)
    return rest if real else np.zeros_like(rest)

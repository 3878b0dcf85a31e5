"""Class means and covariance within the classes of the features below a hidden layer, and their check."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import EPS, Array
from ncsolve._problem.counts import ClassCounts
from ncsolve.checks.arrays import Frozen, array_property
from ncsolve.checks.measured import measured
from ncsolve.errors import ProblemError

__all__ = ["ClassMoments", "checked_moments", "moments_of"]

# Of the largest entry: what single precision leaves of sums over samples.
_ROUNDING = 1e-5
# Features whose squares leave the range of floats.
_MOST = 1e100


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassMoments(Frozen):
    """``class_means`` (p, K) and ``within`` (p, p), the covariance S_W / N within the classes."""

    class_means: Array
    within: Array

    @array_property
    def within_root(self) -> Array:
        """A square root R of the covariance (p, p), R R^T.

        Every direction has at least what rounding may have taken from it, so that none seems free of variation that is
        only lost in the sums.
        """
        values, vectors = np.linalg.eigh(self.within)
        return np.asarray(vectors * np.sqrt(np.maximum(values, EPS * max(float(values[-1]), 0.0))))


def checked_moments(second: ArrayLike, cross: ArrayLike, counts: ClassCounts) -> ClassMoments:
    """From the moments of (z; 1) (p + 1, p + 1) and those with the one-hot labels (K, p + 1), or ProblemError."""
    square = measured(second, "second_moments", "(p + 1, p + 1)")
    labelled = measured(cross, "cross_moments", "(K, p + 1)")
    size = square.shape[0]
    if square.shape != (size, size) or size < 2:
        raise ProblemError(
            f"second_moments must be (p + 1, p + 1) with p >= 1; got {square.shape}, pass the mean of (z; 1)(z; 1)^T"
        )
    if labelled.shape != (counts.classes, size):
        turned = ", pass cross_moments.T" if labelled.shape[::-1] == (counts.classes, size) else ""
        raise ProblemError(
            f"cross_moments must be (K, p + 1) = ({counts.classes}, {size}), a row for every class; got "
            f"{labelled.shape}{turned}"
        )
    most = float(np.abs(square).max())
    if most >= _MOST**2:
        raise ProblemError(f"moments must be below {_MOST**2:g}; got {most:g}, rescale z")
    share = counts.array / counts.total
    _agree(square, square.T, most, "second_moments must be symmetric", "pass the sum of (z; 1)(z; 1)^T over N")
    _agree(square[-1:, -1:], np.ones((1, 1)), 1.0, "the last entry of second_moments must be 1, that of the constant",
           "put a 1 after every z, and divide the sum by N")
    _agree(labelled[:, -1], share, 1.0, "the last column of cross_moments must be the share n_k/N of every class",
           "divide the sums by N, and put a 1 after every z")
    _agree(labelled.sum(axis=0), square[-1], most**0.5, "cross_moments must add up to the last row of second_moments",
           "gather both of the same samples")
    means = labelled[:, :-1].T / share
    within = square[:-1, :-1] - (means * share) @ means.T
    within = (within + within.T) / 2
    least = float(np.linalg.eigvalsh(within)[0])
    if least < -_ROUNDING * most:
        raise ProblemError(
            f"second_moments must be at least those of the class means; got an eigenvalue {least:g} of their "
            "difference, gather both of the same samples"
        )
    return ClassMoments(class_means=means, within=within)


def moments_of(class_means: ArrayLike, within: ArrayLike) -> ClassMoments:
    """From class means (p, K) and the covariance within the classes (p, p), or ProblemError."""
    means, spread = measured(class_means, "class_means", "(p, K)"), measured(within, "within", "(p, p)")
    p = means.shape[0]
    if spread.shape != (p, p):
        raise ProblemError(f"within must be (p, p) = ({p}, {p}), the covariance within the classes; got {spread.shape}")
    most = max(float(np.abs(means).max()) ** 2, float(np.abs(spread).max()))
    if most >= _MOST**2:
        raise ProblemError(f"features and their squares must be below {_MOST**2:g}; got {most:g}, rescale z")
    _agree(spread, spread.T, most, "within must be symmetric", "pass S_W/N")
    if (least := float(np.linalg.eigvalsh(spread)[0])) < -_ROUNDING * most:
        raise ProblemError(f"within must be positive semidefinite; got the eigenvalue {least:g}, pass S_W/N")
    return ClassMoments(class_means=means, within=(spread + spread.T) / 2)


def _agree(found: Array, wanted: Array, size: float, rule: str, remedy: str) -> None:
    off = float(np.abs(found - wanted).max())
    if off > _ROUNDING * size:
        raise ProblemError(f"{rule}; got a difference of {off:g}, {remedy}")

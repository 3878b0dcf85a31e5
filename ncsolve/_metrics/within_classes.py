"""NC1, the variation within classes, and the class means of features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import EPS, Array, Index
from ncsolve._metrics.labels import features_by_class
from ncsolve.checks.measured import exponent, resolution, unit_scale

__all__ = ["Deviations", "class_means_of", "deviations", "inverse_ratio", "nc1", "within_class_energy"]


def class_means_of(features: ArrayLike, labels: ArrayLike, classes: int | None = None) -> Array:
    """Class means (d, K) of features (d, N) with one label per sample (N,).

    With ``classes`` labels are class numbers 0 .. classes-1, and a class without samples has a mean of NaN.  Without,
    labels are numbers or text (of a list, an array, a column of pandas or a tensor); the classes are those that occur,
    in numerical order if all are numbers, else in the order of text.

    Raises ProblemError for shapes that do not fit, features that are not finite, labels outside 0 .. classes-1, or
    missing labels.

    >>> class_means_of([[0., 2., 5.]], [0, 0, 1], 2)
    array([[1., 5.]])
    >>> class_means_of([[0., 2., 5.]], ["dog", "dog", "cat"])
    array([[5., 1.]])
    """
    h, y, k = features_by_class(features, labels, classes)
    means = np.full((h.shape[0], k), np.nan)
    means[:, np.unique(y)] = np.ldexp(deviations(unit_scale(h), y).means, exponent(h))
    return means


def nc1(features: ArrayLike, labels: ArrayLike, classes: int | None = None) -> float | None:
    r"""NC1, within-class variability :math:`\operatorname{tr}(\Sigma_W \Sigma_B^+) / K` of features (d, N), >= 0.

    :math:`\Sigma_W` and :math:`\Sigma_B` are the within-class and between-class covariances, the latter about the mean
    of the class means.  K counts the classes that have samples; a class without is left out.  None when all class means
    coincide, or only one class occurs: the ratio is then undefined.

    :math:`\Sigma_B = \tilde H \tilde H^T / K` with the centred class means :math:`\tilde H = U S V^T`, so that
    :math:`\operatorname{NC1} = \| S^{-1} U^T (H - \bar H) \|^2 / N`.  Directions of :math:`\tilde H` that rounding of
    the features can make are not inverted.  As the last direction goes, NC1 jumps: where *two* class means come to
    coincide it grows without bound, and falls when they do.  ``within_class_energy`` has no such jump.  Pass features
    in the precision in which they were computed: what single precision rounded is noise that doubles would not show.

    Labels are as in ``class_means_of``: numbers or text that name the classes, or class numbers 0 .. classes-1.
    Raises ProblemError for shapes that do not fit, or features that are not finite.  Source: Papyan, Han & Donoho 2020.

    >>> nc1([[0., 0., 1., 1.]], ["cat", "cat", "dog", "dog"])
    0.0
    >>> round(nc1([[0., 2., 3., 5.]], [0, 0, 1, 1], 2), 12)
    0.222222222222
    """
    h, y, _ = features_by_class(features, labels, classes)
    found = deviations(unit_scale(h), y)
    return inverse_ratio(found, found.centred(np.ones(found.counts.size)), resolution(features))


def within_class_energy(features: ArrayLike, labels: ArrayLike, classes: int | None = None) -> float | None:
    r"""Share of the energy of features (d, N) that lies within the classes, :math:`\|H - \bar H\|_F^2 / \|H\|_F^2`.

    Between 0 (every feature is its class mean) and 1 (every class mean is zero).  It inverts nothing, so that it is
    continuous where class means coincide or vanish, where ``nc1`` jumps; None only for features that are all zero.

    Labels are as in ``class_means_of``.  Raises ProblemError for shapes that do not fit, or features that are not
    finite.  Source: T1 of docs/theory.md.

    >>> round(within_class_energy([[0., 2., 3., 5.]], [0, 0, 1, 1], 2), 12)
    0.105263157895
    """
    h, y, _ = features_by_class(features, labels, classes)
    scaled = unit_scale(h)
    energy = float(np.sum(scaled**2))
    return None if energy == 0.0 else min(float(np.sum(deviations(scaled, y).apart ** 2)) / energy, 1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Deviations:
    """The K' classes that occur: means (d, K'), counts (K',), and features less their class mean (d, N), in order."""

    means: Array
    counts: Index
    apart: Array

    @cached_property
    def spread(self) -> Array:
        """Standard deviation of every feature in every class (d, K')."""
        starts = np.cumsum(self.counts) - self.counts
        return np.asarray(np.sqrt(np.add.reduceat(self.apart**2, starts, axis=1) / self.counts))

    @property
    def level(self) -> Array:
        """Root mean square of every feature in every class (d, K'), to which its rounding is relative."""
        return np.asarray(np.hypot(self.means, self.spread))

    def centred(self, weights: Array) -> Array:
        """Class means less their mean by weights (K',)."""
        return np.asarray(self.means - (self.means @ (weights / weights.sum()))[:, None])

    def noise(self, resolution: float) -> float:
        """Largest singular value that rounding alone gives the centred class means.

        The features came rounded, by up to half their resolution and independently: a matrix of such errors has a norm
        of about a third of its largest row and largest column together (Latala 2005), which leaves room for the
        roundings of the sums.  All are relative to the features themselves, however close the class means are.
        """
        level = self.level
        return resolution * float(np.linalg.norm(level, axis=0).max() + np.linalg.norm(level, axis=1).max())


def inverse_ratio(found: Deviations, means: Array, resolution: float) -> float | None:
    """tr(Sigma_W Sigma_B^+)/K for class means (d, K') less what the metric takes from them, of features that came
    rounded to ``resolution``; None if rounding alone can have made these."""
    basis, sizes, _ = np.linalg.svd(means, full_matrices=False)
    real = sizes > found.noise(resolution) + max(means.shape) * EPS * float(sizes[0])
    if not real.any():
        return None
    return float(np.sum((basis[:, real].T @ found.apart / sizes[real, None]) ** 2) / found.apart.shape[1])


def deviations(h: Array, y: Index) -> Deviations:
    """Of features (d, N) and class numbers (N,).

    Sums run over differences to the first sample of a class, so that equal features deviate by exactly 0.
    """
    order = np.argsort(y, kind="stable")
    starts = np.flatnonzero(np.diff(y[order], prepend=-1))
    counts = np.diff(starts, append=y.size)
    first = h[:, order[starts]]
    apart = h[:, order] - np.repeat(first, counts, axis=1)
    shift = np.add.reduceat(apart, starts, axis=1) / counts
    return Deviations(means=first + shift, counts=counts, apart=apart - np.repeat(shift, counts, axis=1))

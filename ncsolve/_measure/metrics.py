"""NC metrics of measured features, from their statistic alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._metrics.decision_boundaries import boundary_mismatch
from ncsolve._metrics.four_properties import NCMetrics
from ncsolve._metrics.frames import frame_distances, self_duality_error

if TYPE_CHECKING:
    from ncsolve._measure.head import MeasuredHead
    from ncsolve._measure.statistics import FeatureStatistics

__all__ = ["cdnv_of", "energy_share", "inverse_ratio_of", "measured_nc", "nc1_of"]

# Directions of the class means that single precision makes of equal ones, over the largest feature's length.
_NOISE = 1e-6
# Figures over pairs of classes need a number for each of them at a time.
_CHUNK = 512


def nc1_of(statistics: FeatureStatistics) -> float | None:
    r"""NC1, :math:`\operatorname{tr}(\Sigma_W \Sigma_B^+)/K` as ``metrics.nc1``, where S_W is kept.

    Directions in which the class means differ by less than a millionth of their length, which single precision makes,
    are not inverted.  None without S_W, and where all class means coincide.
    """
    if statistics.present.size < 2:
        return None
    return inverse_ratio_of(statistics, np.ones(statistics.present.size))


def inverse_ratio_of(statistics: FeatureStatistics, weights: Array | None) -> float | None:
    """The same for class means less their mean by weights, or for the class means themselves."""
    scatter, present = statistics.within_scatter, statistics.present
    if scatter is None:
        return None
    means = statistics.class_means[:, present]
    middle = 0.0 if weights is None else (means @ (weights / weights.sum()))[:, None]
    basis, sizes, _ = np.linalg.svd(means - middle, full_matrices=False)
    length = float(np.sqrt(np.max(np.sum(means**2, axis=0) + statistics.class_energies[present]
                                  / statistics.counts[present])))
    real = sizes > max(_NOISE * length, max(means.shape) * EPS * float(sizes[0]))
    if not real.any():
        return None
    kept = basis[:, real] / sizes[real]
    return float(np.sum((scatter @ kept) * kept)) / statistics.samples


def cdnv_of(statistics: FeatureStatistics) -> float | None:
    r"""Class-distance normalized variance, the mean over pairs of
    :math:`(v_k + v_l) / (2 \|\bar h_k - \bar h_l\|^2)` with the variances v of the classes; inf where two class means
    coincide, None for fewer than two classes.  Source: Galanti, Gyorgy & Hutter 2022.
    """
    present = statistics.present
    if present.size < 2:
        return None
    means = statistics.class_means[:, present]
    means = means - means.mean(axis=1, keepdims=True)
    variances = statistics.class_energies[present] / statistics.counts[present]
    squares, total = np.sum(means**2, axis=0), 0.0
    for start in range(0, present.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        apart = squares[part, None] + squares - 2 * means[:, part].T @ means
        own = np.arange(present.size)[part, None] == np.arange(present.size)
        apart = np.where(own, 1.0, apart)
        if (apart <= EPS * (squares[part, None] + squares)).any():
            return math.inf
        total += float(np.sum(np.where(own, 0.0, (variances[part, None] + variances) / (2 * apart))))
    return total / (present.size * (present.size - 1))


def energy_share(statistics: FeatureStatistics) -> float | None:
    r"""Share of the features' energy within the classes, as ``metrics.within_class_energy``; None for zero ones."""
    present = statistics.present
    between = float(statistics.counts[present] @ np.sum(statistics.class_means[:, present] ** 2, axis=0))
    energy = between + statistics.within_energy
    return statistics.within_energy / energy if energy > 0.0 else None


def measured_nc(head: MeasuredHead, *, nc4: bool = True) -> NCMetrics:
    """NC1 to NC4 of a last layer and the class means before it, as ``Minimizer.nc`` has them.

    Without ``nc4`` that is left out: it looks at every pair of classes, and takes as long as the rest.
    """
    means, codes, problem = head.means, head.problem.encoding.matrix, head.problem
    given = head.W.T if problem.encoding.affine is not None else head.W.T @ (codes - head.b[:, None])
    simplex, orthogonal = frame_distances(means.T @ means)
    worst = _worst_boundary(head) if nc4 else None
    return NCMetrics(
        nc1=nc1_of(head.statistics), nc2_simplex=simplex, nc2_orthogonal=orthogonal,
        nc3=self_duality_error(given, means), nc4=None if worst is None else worst[0],
        nc4_classes=None if worst is None else worst[1],
    )


def _worst_boundary(head: MeasuredHead) -> tuple[float, tuple[int, int]] | None:
    means, codes = head.means, head.problem.encoding.matrix
    basis, sizes, _ = np.linalg.svd(means, full_matrices=False)
    basis = basis[:, sizes > max(means.shape) * EPS * float(sizes[0])]
    return boundary_mismatch(
        basis.T @ means, basis.T @ (head.W.T @ codes), head.problem.spec.fit.offsets(codes, head.b)
    )

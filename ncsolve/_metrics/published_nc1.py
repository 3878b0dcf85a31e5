"""NC1 as it was published: ratios of covariances, and CDNV."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve._metrics.published_arrays import Centring, ShapeError, classes_of, weights
from ncsolve._metrics.within_classes import Deviations, inverse_ratio
from ncsolve.checks.measured import measured, resolution

__all__ = ["cdnv", "covariance_pinv", "covariance_pinv_2024_10", "covariance_quotient", "covariance_ratio_2024_10"]


def covariance_pinv(features: ArrayLike, labels: ArrayLike, classes: int, *, centring: Centring = "classes") -> float:
    r"""NC1: :math:`\operatorname{tr}(\Sigma_W \Sigma_B^{+}) / K`, Sigma_B over the K centred class means.

    Source: Papyan, Han & Donoho 2020 (their paper; their notebook leaves out 1/K); package ``neural-collapse`` since
    commit 1ab766b (2024-11-01), ``covariance_ratio`` with its default ``metric="pinv"``.  With ``centring="samples"``
    the code of Zhu et al. 2021 and Zhou et al. 2022.  They cut the eigenvalues of Sigma_B (d, d) relative to the
    largest; here the class means are cut at the rounding of the features.  NaN where all class means coincide.

    >>> round(covariance_pinv([[0., 2., 3., 5.]], [0, 0, 1, 1], 2), 12)
    0.222222222222
    """
    found = classes_of(features, labels, classes)
    ratio = inverse_ratio(found, _about(found, centring), resolution(features))
    return math.nan if ratio is None else ratio


def covariance_pinv_2024_10(
    features: ArrayLike, labels: ArrayLike, classes: int, *, centring: Centring = "classes"
) -> float:
    """NC1 of the package before commit 1ab766b (2024-11-01), ``covariance_pinv``: Sigma_B is over the feature dimension
    d in place of K, which makes it d/K times today's and dependent on zeros that are appended to the features.

    >>> round(covariance_pinv_2024_10([[0., 2., 3., 5.]], [0, 0, 1, 1], 2), 12)
    0.111111111111
    """
    ratio = covariance_pinv(features, labels, classes, centring=centring)
    return ratio * _dimension(features) / classes


def covariance_quotient(
    features: ArrayLike, labels: ArrayLike, classes: int, *, centring: Centring = "classes"
) -> float:
    r"""NC1: :math:`\operatorname{tr} \Sigma_W / \operatorname{tr} \Sigma_B`, Sigma_B over the K centred class means.

    Source: Hui, Belkin & Nakkiran 2022; Tirer, Huang & Niles-Weed 2023; package ``neural-collapse`` since commit
    1ab766b (2024-11-01), ``covariance_ratio`` with ``metric="quotient"``.  NaN where all class means coincide.

    >>> round(covariance_quotient([[0., 2., 3., 5.]], [0, 0, 1, 1], 2), 12)
    0.444444444444
    """
    found = classes_of(features, labels, classes)
    means = _about(found, centring)
    size = float(np.linalg.norm(means))
    if size <= found.noise(resolution(features)) * math.sqrt(min(means.shape)):
        return math.nan
    return float(np.sum(found.apart**2) / found.apart.shape[1] / (size**2 / classes))


def covariance_ratio_2024_10(
    features: ArrayLike, labels: ArrayLike, classes: int, *, centring: Centring = "classes"
) -> float:
    """NC1 of the package before commit 1ab766b (2024-11-01), ``covariance_ratio``: the quotient of traces with Sigma_B
    over the feature dimension d, which is d/K times ``covariance_quotient``.

    >>> round(covariance_ratio_2024_10([[0., 2., 3., 5.]], [0, 0, 1, 1], 2), 12)
    0.222222222222
    """
    ratio = covariance_quotient(features, labels, classes, centring=centring)
    return ratio * _dimension(features) / classes


def cdnv(features: ArrayLike, labels: ArrayLike, classes: int) -> float:
    r"""NC1: class-distance normalized variance, the mean over pairs of
    :math:`(v_k + v_l) / (2 \|\bar h_k - \bar h_l\|^2)`; infinite where two class means coincide.

    Source: Galanti, Gyorgy & Hutter 2022; package ``neural-collapse`` at commit c05a0b8, ``variability_cdnv``.

    >>> round(cdnv([[0., 2., 3., 5.]], [0, 0, 1, 1], 2), 12)
    0.111111111111
    """
    found = classes_of(features, labels, classes)
    if classes < 2:
        raise ShapeError(f"CDNV is a mean over pairs of classes and needs at least 2; got {classes}")
    means, variances = found.centred(np.ones(classes)), np.sum(found.spread**2, axis=0)
    # Rounding of the features moves a class mean by half their spacing, which leaves room for that of the sums.
    slack = resolution(features) * np.linalg.norm(found.level, axis=0)
    total, pairs = 0.0, classes * (classes - 1) // 2
    for k in range(classes - 1):
        distance = np.linalg.norm(means[:, k + 1 :] - means[:, [k]], axis=0)
        if (distance <= slack[k] + slack[k + 1 :]).any():
            return math.inf
        total += float(np.sum((variances[k] + variances[k + 1 :]) / 2 / distance**2))
    return total / pairs


def _dimension(features: ArrayLike) -> int:
    return int(measured(features, "features", "(d, N)").shape[0])


def _about(found: Deviations, centring: str) -> Array:
    counts = found.counts if centring == "samples" else None
    share = weights(centring, found.counts.size, counts)
    return found.means if share is None else found.centred(share)

"""The NC metrics as the field computes them, so that our numbers can be compared with published ones.

From Papyan, Han & Donoho 2020, from the code of Zhou et al. 2022 (after Zhu et al. 2021) and from the reference
package ``neural-collapse``.  Features are (d, N), class means (d, K), W is (m, d): the transposes of the package's.
``centred=False`` leaves the global mean in, as the package does when it is not given one.  docs/metrics.md says what
each cannot see.
"""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify.metrics import nearest
from numpy.typing import ArrayLike, NDArray

from ncsolve import NCSolveError

__all__ = [
    "ShapeError",
    "bias_centring",
    "cdnv",
    "classifier_etf_error",
    "covariance_pinv",
    "covariance_pinv_reference",
    "covariance_ratio",
    "equiangularity",
    "equinorm",
    "ncc_agreement",
    "papyan_self_duality",
    "self_duality_error",
    "simplex_etf_error",
]

Array = NDArray[np.float64]


class ShapeError(NCSolveError):
    """A peer's metric is not defined for arrays of these shapes."""


def covariance_pinv(features: ArrayLike, labels: ArrayLike, classes: int, *, centred: bool = True) -> float:
    r"""NC1: :math:`\operatorname{tr}(\Sigma_W \Sigma_B^{+}) / K`, Sigma_B over the K centred class means.

    Source: Papyan, Han & Donoho 2020; Zhou et al. 2022 (their code).

    >>> covariance_pinv([[0., 2., 3., 5.]], [0, 0, 1, 1], 2)
    0.2222222222222222
    """
    within, means = _scatter(features, labels, classes, centred)
    between = means @ means.T / classes
    ratio = float(np.trace(within @ np.linalg.pinv(between, hermitian=True)))
    return ratio / classes


def covariance_pinv_reference(
    features: ArrayLike, labels: ArrayLike, classes: int, *, centred: bool = True
) -> float:
    """NC1 of the package: its Sigma_B is divided by the feature dimension d in place of K, so it is d/K times
    ``covariance_pinv``.

    >>> covariance_pinv_reference([[0., 2., 3., 5.]], [0, 0, 1, 1], 2)
    0.1111111111111111
    """
    dimension = int(np.asarray(features).shape[0])
    return covariance_pinv(features, labels, classes, centred=centred) * dimension / classes


def covariance_ratio(features: ArrayLike, labels: ArrayLike, classes: int, *, centred: bool = True) -> float:
    r"""NC1: :math:`\operatorname{tr} \Sigma_W / \operatorname{tr} \Sigma_B` with Sigma_B over d as in the package.

    Source: Hui, Belkin & Nakkiran 2022; Tirer, Huang & Niles-Weed 2023.

    >>> covariance_ratio([[0., 2., 3., 5.]], [0, 0, 1, 1], 2)
    0.2222222222222222
    """
    within, means = _scatter(features, labels, classes, centred)
    between = float(np.sum(means * means)) / means.shape[0]
    return float(np.trace(within)) / between if between > 0 else math.nan


def cdnv(features: ArrayLike, labels: ArrayLike, classes: int) -> float:
    r"""NC1: class-distance normalized variance, the mean over pairs of
    :math:`(v_k + v_l) / (2 \|\bar h_k - \bar h_l\|^2)`; infinite where two class means coincide.

    Source: Galanti, Gyorgy & Hutter 2022.

    >>> cdnv([[0., 2., 3., 5.]], [0, 0, 1, 1], 2)
    0.1111111111111111
    """
    h, y = np.asarray(features, dtype=np.float64), np.asarray(labels)
    means = _means(h, y, classes)
    variances = np.array([np.mean(np.sum((h[:, y == k] - means[:, [k]]) ** 2, axis=0)) for k in range(classes)])
    first, second = np.triu_indices(classes, 1)
    distance = np.sum((means[:, first] - means[:, second]) ** 2, axis=0)
    spread = (variances[first] + variances[second]) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.mean(spread / distance))


def equinorm(means: ArrayLike, *, centred: bool = True) -> float:
    """NC2: standard deviation over mean of the lengths of the class means.  Source: Papyan et al. 2020.

    >>> equinorm([[1., 0.], [0., 1.]])
    0.0
    """
    length = np.linalg.norm(_means_or_centred(means, centred), axis=0)
    return float(length.std() / length.mean()) if length.mean() > 0 else math.nan


def equiangularity(means: ArrayLike, *, centred: bool = True) -> tuple[float, float]:
    """NC2: standard deviation of the cosines between class means, and their mean distance from -1/(K-1).

    Source: Papyan et al. 2020.

    >>> deviation, distance = equiangularity([[1., 0., 0.], [0., 1., 0.], [0., 0., 1.]])
    >>> deviation < 1e-15, distance < 1e-15
    (True, True)
    """
    h = _means_or_centred(means, centred)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = h / np.linalg.norm(h, axis=0)
    k = unit.shape[1]
    values = (unit.T @ unit)[np.triu_indices(k, 1)]
    return float(values.std()), float(np.mean(np.abs(values + 1.0 / (k - 1))))


def simplex_etf_error(means: ArrayLike, *, centred: bool = True) -> float:
    r"""NC2: :math:`\|G/\|G\|_F - (I - J/K)/\sqrt{K-1}\|_F` with G the Gram matrix of the class means.

    Source: package ``neural-collapse`` (``simplex_etf_error``, with or without the global mean).

    >>> simplex_etf_error([[1., 0.], [0., 1.]]) < 1e-15
    True
    """
    h = _means_or_centred(means, centred)
    return _etf_distance(h.T @ h)


def classifier_etf_error(W: ArrayLike) -> float:
    r"""NC2 of the classifier: the same for :math:`W W^T`, not centred; needs one row per class.

    Source: Zhou et al. 2022 (their code).

    >>> round(classifier_etf_error([[1., 0.], [0., 1.]]), 6)
    0.765367
    """
    w = np.asarray(W, dtype=np.float64)
    return _etf_distance(w @ w.T)


def self_duality_error(W: ArrayLike, means: ArrayLike, *, centred: bool = True) -> float:
    r"""NC3: :math:`\|W \tilde H/\|W \tilde H\|_F - (I - J/K)/\sqrt{K-1}\|_F`.

    Source: Zhou et al. 2022 (their code); package ``neural-collapse``.  Raises ShapeError where m is not K.

    >>> self_duality_error([[1., -1.], [-1., 1.]], [[1., -1.], [-1., 1.]]) < 1e-15
    True
    """
    w, h = np.asarray(W, dtype=np.float64), _means_or_centred(means, centred)
    if w.shape[0] != h.shape[1]:
        raise ShapeError(f"the usual NC3 needs as many rows of W as classes; got {w.shape[0]} and {h.shape[1]}")
    return _etf_distance(w @ h)


def papyan_self_duality(W: ArrayLike, means: ArrayLike, *, centred: bool = True) -> float:
    r"""NC3: :math:`\|W^T/\|W\|_F - \tilde H/\|\tilde H\|_F\|_F^2`.

    Source: Papyan et al. 2020.  Raises ShapeError where m is not K.

    >>> papyan_self_duality([[1., -1.], [-1., 1.]], [[1., -1.], [-1., 1.]])
    0.0
    """
    w, h = np.asarray(W, dtype=np.float64), _means_or_centred(means, centred)
    if w.shape[0] != h.shape[1]:
        raise ShapeError(f"the usual NC3 needs as many rows of W as classes; got {w.shape[0]} and {h.shape[1]}")
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.sum((w.T / np.linalg.norm(w) - h / np.linalg.norm(h)) ** 2))


def bias_centring(W: ArrayLike, b: ArrayLike, means: ArrayLike) -> float:
    r"""Zhou et al.'s Wh-b relation, :math:`\|W h_G + b\|` with the global mean h_G of the class means.

    >>> bias_centring([[1., 0.], [0., 1.]], [-0.5, -0.5], [[1., 0.], [0., 1.]])
    0.0
    """
    mean = np.asarray(means, dtype=np.float64).mean(axis=1)
    return float(np.linalg.norm(np.asarray(W, dtype=np.float64) @ mean + np.asarray(b, dtype=np.float64)))


def ncc_agreement(W: ArrayLike, means: ArrayLike, features: ArrayLike) -> float:
    """NC4: share of features whose nearest class mean is the row of W with the largest output, *without* the bias.

    Source: package ``neural-collapse`` (its accumulator takes W but no b).  Raises ShapeError where m is not K.

    >>> ncc_agreement([[1., 0.], [0., 1.]], [[1., 0.], [0., 1.]], [[2., 0.1], [1., 0.2]])
    1.0
    """
    w, h = np.asarray(W, dtype=np.float64), np.asarray(features, dtype=np.float64)
    if w.shape[0] != np.asarray(means).shape[1]:
        raise ShapeError(
            f"the usual NC4 needs as many rows of W as classes; got {w.shape[0]} and {np.asarray(means).shape[1]}"
        )
    return float(np.mean(np.argmax(w @ h, axis=0) == nearest(h, means)))


def _means(h: Array, y: NDArray[np.generic], classes: int) -> Array:
    return np.stack([h[:, y == k].mean(axis=1) for k in range(classes)], axis=1)


def _means_or_centred(means: ArrayLike, centred: bool) -> Array:
    m = np.asarray(means, dtype=np.float64)
    return np.asarray(m - m.mean(axis=1, keepdims=True)) if centred else m


def _scatter(features: ArrayLike, labels: ArrayLike, classes: int, centred: bool) -> tuple[Array, Array]:
    """Within-class covariance over all samples, and class means."""
    h, y = np.asarray(features, dtype=np.float64), np.asarray(labels)
    means = _means(h, y, classes)
    within = h - means[:, y]
    return within @ within.T / h.shape[1], _means_or_centred(means, centred)


def _etf_distance(matrix: Array) -> float:
    k = matrix.shape[0]
    size = float(np.linalg.norm(matrix))
    if size == 0.0:
        return math.nan
    return float(np.linalg.norm(matrix / size - (np.eye(k) - 1.0 / k) / math.sqrt(k - 1)))

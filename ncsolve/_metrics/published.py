"""NC2 to NC4 and the Wh-b relation as they were published.

Their sources, by version (docs/explanation/metrics.md has the table):

- Papyan, Han & Donoho 2020: the paper, and the notebook of ``neuralcollapse/neuralcollapse`` at commit 7f12011;
- Zhu et al. 2021: ``validate_NC.py`` of ``tding1/Neural-Collapse`` at commit 04ef586;
- Zhou et al. 2022: ``validate_NC.py`` of ``jinxinzhou/neural-collapse-MSE`` at commit 4762407 (and, alike,
  ``evaluate.py`` of ``jinxinzhou/nc_loss`` at commit a294e2a);
- "the package": ``rhubarbwu/neural-collapse`` at commit c05a0b8 (2025-02-06), and before commit 1ab766b (2024-11-01).

Features are (d, N), class means (d, K), W is (m, d): the transposes of the package's.  ``centring`` says which global
mean is subtracted: ``"classes"``, the mean of the class means (Papyan's notebook; the package's README), ``"samples"``,
the mean of all samples (Zhu, Zhou), for which metrics of class means need ``counts`` (K,), or ``"none"`` (the package
when it is not given one).  The first two are one thing only for balanced classes.

A metric that is undefined, because what it divides by is zero but for rounding, is NaN.  Arrays that do not fit, are
not finite, or lack a class raise ncsolve's errors.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._metrics.published_arrays import (
    Centring,
    ShapeError,
    centred_means,
    centred_rows,
    etf_distance,
    fitting,
    nearest,
    weights,
)
from ncsolve.checks.measured import measured, unit_scale
from ncsolve.errors import ProblemError

__all__ = [
    "bias_centring",
    "equiangularity",
    "equinorm",
    "ncc_agreement",
    "package_self_duality_error",
    "papyan_self_duality",
    "simplex_etf_error",
    "zhou_classifier_etf_error",
    "zhou_self_duality_error",
    "zhu_classifier_etf_error",
    "zhu_self_duality_error",
]


def equinorm(means: ArrayLike, *, centring: Centring = "classes", counts: ArrayLike | None = None) -> float:
    """NC2: standard deviation over mean of the lengths of the class means.

    Source: Papyan et al. 2020, the paper; their notebook divides by K - 1 in the standard deviation.

    >>> equinorm([[1., 0.], [0., 1.]])
    0.0
    """
    length = np.linalg.norm(centred_means(means, centring, counts), axis=0)
    return float(length.std() / length.mean()) if length.mean() > 0 else math.nan


def equiangularity(
    means: ArrayLike, *, centring: Centring = "classes", counts: ArrayLike | None = None
) -> tuple[float, float]:
    """NC2: standard deviation of the cosines between class means, and their mean distance from -1/(K-1).

    Source: Papyan et al. 2020; the second is ``coherence`` of their notebook.  NaN where a centred class mean is zero.

    >>> deviation, distance = equiangularity([[1., 0., 0.], [0., 1., 0.], [0., 0., 1.]])
    >>> deviation < 1e-15, distance < 1e-15
    (True, True)
    """
    h = centred_means(means, centring, counts)
    k = h.shape[1]
    if k < 2:
        raise ShapeError(f"angles need at least 2 classes; got {k}")
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = h / np.linalg.norm(h, axis=0)
    values = (unit.T @ unit)[np.triu_indices(k, 1)]
    return float(values.std()), float(np.mean(np.abs(values + 1.0 / (k - 1))))


def simplex_etf_error(means: ArrayLike, *, centring: Centring = "classes", counts: ArrayLike | None = None) -> float:
    r"""NC2: :math:`\|G/\|G\|_F - (I - J/K)/\sqrt{K-1}\|_F` with G the Gram matrix of the class means.

    Source: the package, ``simplex_etf_error``, with or without its argument for the global mean.

    >>> simplex_etf_error([[1., 0.], [0., 1.]]) < 1e-15
    True
    """
    h = centred_means(means, centring, counts)
    return etf_distance(h.T @ h)


def zhu_classifier_etf_error(W: ArrayLike) -> float:
    r"""NC2 of the classifier: the same for :math:`W W^T`, not centred; one row is one class.

    Source: Zhu et al. 2021 (``compute_ETF``).

    >>> round(zhu_classifier_etf_error([[1., 0.], [0., 1.]]), 6)
    0.765367
    """
    w = unit_scale(measured(W, "W", "(m, d)"))
    return etf_distance(w @ w.T)


def zhou_classifier_etf_error(W: ArrayLike) -> float:
    r"""NC2 of the classifier: the same for :math:`\tilde W \tilde W^T`, with the mean of the rows subtracted from W.

    Source: Zhou et al. 2022 (``compute_ETF``).  For an orthogonal frame it is 0, as for a simplex ETF.

    >>> zhou_classifier_etf_error([[1., 0.], [0., 1.]]) < 1e-15
    True
    """
    w = centred_rows(W)
    return etf_distance(w @ w.T)


def package_self_duality_error(
    W: ArrayLike, means: ArrayLike, *, centring: Centring = "classes", counts: ArrayLike | None = None
) -> float:
    r"""NC3: :math:`\|W \tilde H/\|W \tilde H\|_F - (I - J/K)/\sqrt{K-1}\|_F`.

    Source: the package, ``self_duality_error``.  Raises ShapeError where m is not K.

    >>> package_self_duality_error([[1., -1.], [-1., 1.]], [[1., -1.], [-1., 1.]]) < 1e-15
    True
    """
    fitting(W, means, "the usual NC3")
    return etf_distance(unit_scale(measured(W, "W", "(m, d)")) @ centred_means(means, centring, counts))


def zhu_self_duality_error(W: ArrayLike, means: ArrayLike, counts: ArrayLike) -> float:
    r"""NC3: ``package_self_duality_error`` with class means less the mean of all samples, for ``counts`` (K,).

    Source: Zhu et al. 2021 (``compute_W_H_relation``).  Raises ShapeError where m is not K.

    >>> zhu_self_duality_error([[1., -1.], [-1., 1.]], [[1., -1.], [-1., 1.]], counts=[5, 5]) < 1e-15
    True
    """
    return package_self_duality_error(W, means, centring="samples", counts=counts)


def zhou_self_duality_error(W: ArrayLike, means: ArrayLike, counts: ArrayLike) -> float:
    r"""NC3: :math:`\|\tilde W \tilde H/\|\tilde W \tilde H\|_F - (I - J/K)/\sqrt{K-1}\|_F`, with the mean of the rows
    subtracted from W and the mean of all samples from the class means, for ``counts`` (K,) of samples.

    Source: Zhou et al. 2022 (``compute_W_H_relation``).  Raises ShapeError where m is not K.

    >>> zhou_self_duality_error([[1., 0.], [0., 1.]], [[1., 0.], [0., 1.]], counts=[5, 5]) < 1e-15
    True
    """
    fitting(W, means, "the usual NC3")
    return etf_distance(centred_rows(W) @ centred_means(means, "samples", counts))


def papyan_self_duality(
    W: ArrayLike, means: ArrayLike, *, centring: Centring = "classes", counts: ArrayLike | None = None
) -> float:
    r"""NC3: :math:`\|W^T/\|W\|_F - \tilde H/\|\tilde H\|_F\|_F^2`.

    Source: Papyan et al. 2020.  Raises ShapeError where m is not K.

    >>> papyan_self_duality([[1., -1.], [-1., 1.]], [[1., -1.], [-1., 1.]])
    0.0
    """
    fitting(W, means, "the usual NC3")
    w, h = unit_scale(measured(W, "W", "(m, d)")), centred_means(means, centring, counts)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.sum((w.T / np.linalg.norm(w) - h / np.linalg.norm(h)) ** 2))


def bias_centring(
    W: ArrayLike, b: ArrayLike, means: ArrayLike, *, centring: Centring = "classes", counts: ArrayLike | None = None
) -> float:
    r"""The Wh-b relation, :math:`\|W h_G + b\|` with the global mean h_G.

    Source: Zhu et al. 2021, and alike Zhou et al. 2022 (``compute_Wh_b_relation``), with ``centring="samples"``.

    >>> bias_centring([[1., 0.], [0., 1.]], [-0.5, -0.5], [[1., 0.], [0., 1.]])
    0.0
    """
    w, shift, h = measured(W, "W", "(m, d)"), measured(b, "b", "(m,)"), measured(means, "class means", "(d, K)")
    share = weights(centring, h.shape[1], counts)
    if share is None:
        raise ProblemError("the Wh-b relation needs a global mean; got centring='none', pass 'classes' or 'samples'")
    if w.shape != (shift.size, h.shape[0]):
        raise ShapeError(f"W (m, d), b (m,) and class means (d, K) must fit; got {w.shape}, {shift.shape}, {h.shape}")
    return float(np.linalg.norm(w @ (h @ (share / share.sum())) + shift))


def ncc_agreement(W: ArrayLike, means: ArrayLike, features: ArrayLike) -> float:
    """NC4: share of features whose nearest class mean is the row of W with the largest output, *without* the bias.

    Source: the package, ``clf_ncc_agreement`` (its accumulator takes W but no b).  Raises ShapeError where m is not K.

    >>> ncc_agreement([[1., 0.], [0., 1.]], [[1., 0.], [0., 1.]], [[2., 0.1], [1., 0.2]])
    1.0
    """
    fitting(W, means, "the usual NC4")
    w, h = measured(W, "W", "(m, d)"), measured(features, "features", "(d, P)")
    centres = measured(means, "class means", "(d, K)")
    if h.shape[0] != w.shape[1]:
        raise ShapeError(f"features (d, P) and W (m, d) must agree in d; got {h.shape} and {w.shape}")
    return float(np.mean(np.argmax(w @ h, axis=0) == nearest(h, centres)))

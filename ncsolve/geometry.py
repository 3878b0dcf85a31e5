"""Geometry of class means: distances to the frames of neural collapse and the NC metrics, for any m, K and d.

Every metric is scale free and is 0 where the property holds exactly.  Class means are the columns of an array
(d, K); nothing is centred unless the name says so, because a centred orthogonal frame is a simplex ETF and only the
uncentred means show what the bias does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve._metrics.decision_boundaries import SAME, Boundaries, worst_boundary
from ncsolve._metrics.within_classes import class_means_of, nc1, within_class_energy
from ncsolve.checks.arguments import check_classes
from ncsolve.checks.measured import measured, measured_gram, positive_number, unit_scale
from ncsolve.errors import ProblemError

__all__ = [
    "NCMetrics",
    "class_means_of",
    "cosine_matrix",
    "distance_to_orthogonal_frame",
    "distance_to_simplex_etf",
    "nc1",
    "nc4_mismatch",
    "self_duality_error",
    "simplex_cosine",
    "within_class_energy",
]


@dataclass(frozen=True, kw_only=True)
class NCMetrics:
    """The four properties of neural collapse, each 0 where it holds exactly, None where it is undefined.

    ``nc1`` within-class variability; ``nc2_simplex`` and ``nc2_orthogonal`` distances of the (uncentred) class
    means to a simplex ETF and to an orthogonal frame; ``nc3`` self-duality error; ``nc4`` disagreement between the
    nearest class mean and the nearest code.  ``nc4_classes`` are the two classes with the worst boundary.
    ``sampled_classes`` says how many of them, evenly chosen, nc2 and nc4 compare where not all pairs were compared
    (more than 2000 different ones); else it is None.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(4), counts=50, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0)
    >>> nc = ncsolve.solve(problem).nc
    >>> nc.nc1, round(nc.nc2_simplex, 12), round(nc.nc3, 12)
    (0.0, 0.0, 0.0)
    """

    nc1: float | None
    nc2_simplex: float | None
    nc2_orthogonal: float | None
    nc3: float | None
    nc4: float | None
    nc4_classes: tuple[int, int] | None = None
    sampled_classes: int | None = None


def simplex_cosine(classes: int) -> float:
    """Cosine between the vectors of a simplex ETF, -1/(K-1), for K >= 2.  Raises EncodingError for fewer.

    >>> simplex_cosine(5)
    -0.25
    """
    return -1.0 / (check_classes(classes, 2) - 1)


def cosine_matrix(gram: ArrayLike) -> Array:
    """Cosines between vectors from their Gram matrix (K, K); NaN where a vector is zero.

    Raises ProblemError for what is no Gram matrix, class means among them.

    >>> cosine_matrix([[4., 2.], [2., 4.]])
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    g = unit_scale(measured_gram(gram))
    length = np.sqrt(np.maximum(np.diag(g), 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.outer(length, length) > 0, g / np.outer(length, length), np.nan)


def distance_to_simplex_etf(gram: ArrayLike) -> float | None:
    r"""Distance of a Gram matrix to that of a simplex ETF, both normalised:
    :math:`\| G/\|G\|_F - (I - J/K)/\sqrt{K-1} \|_F`; None for a zero Gram matrix or K = 1.

    Raises ProblemError for what is no Gram matrix, class means among them.  Source: Papyan, Han & Donoho 2020; Zhu et
    al. 2021, here of class means that are not centred.

    >>> distance_to_simplex_etf([[1., -1.], [-1., 1.]]) < 1e-15
    True
    """
    g = unit_scale(measured_gram(gram))
    k = g.shape[0]
    return weighted_frame_distances(np.diag(g), np.ones(k), _off(g), np.ones(k * (k - 1)), k)[0]


def distance_to_orthogonal_frame(gram: ArrayLike) -> float | None:
    r"""Distance of a Gram matrix to that of an orthogonal frame of equal lengths, both normalised:
    :math:`\| G/\|G\|_F - I/\sqrt{K} \|_F`; None for a zero Gram matrix.

    Raises ProblemError for what is no Gram matrix, class means among them.  Source: Tirer & Bruna 2022.

    >>> distance_to_orthogonal_frame([[2., 0.], [0., 2.]]) < 1e-15
    True
    """
    g = unit_scale(measured_gram(gram))
    k = g.shape[0]
    return weighted_frame_distances(np.diag(g), np.ones(k), _off(g), np.ones(k * (k - 1)), k)[1]


def weighted_frame_distances(
    diagonal: Array, diagonal_count: Array, inner: Array, inner_count: Array, classes: int
) -> tuple[float | None, float | None]:
    """Distances to a simplex ETF and to an orthogonal frame from Gram entries with multiplicities."""
    size = math.sqrt(float(np.sum(diagonal_count * diagonal**2) + np.sum(inner_count * inner**2)))
    if size == 0.0:
        return None, None

    def distance(on: float, off: float) -> float:
        return math.sqrt(
            float(np.sum(diagonal_count * (diagonal / size - on) ** 2))
            + float(np.sum(inner_count * (inner / size - off) ** 2))
        )

    k = classes
    simplex = None if k == 1 else distance((1 - 1 / k) / math.sqrt(k - 1), -1 / (k * math.sqrt(k - 1)))
    return simplex, distance(1 / math.sqrt(k), 0.0)


def self_duality_error(classifier: ArrayLike, class_means: ArrayLike) -> float | None:
    r"""NC3, :math:`\| A/\|A\|_F - H/\|H\|_F \|_F` for class vectors A (d, K) and class means H (d, K).

    For one-hot codes A is W^T.  For other encodings the vector that W gives to class k is W^T (e_k - b).  None when
    either is zero.  Raises ProblemError for shapes that differ, or entries that are not finite.  Source: Papyan, Han &
    Donoho 2020; T7.

    >>> self_duality_error([[2., 0.], [0., 2.]], [[1., 0.], [0., 1.]])
    0.0
    """
    a, h = measured(classifier, "class vectors", "(d, K)"), measured(class_means, "class means", "(d, K)")
    if a.shape != h.shape:
        hint = ", pass W.T" if a.T.shape == h.shape else ""
        raise ProblemError(
            f"class vectors and class means must both have shape (d, K); got {a.shape} and {h.shape}{hint}"
        )
    a, h = unit_scale(a), unit_scale(h)
    size_a, size_h = float(np.linalg.norm(a)), float(np.linalg.norm(h))
    if size_a == 0.0 or size_h == 0.0:
        return None
    return float(np.linalg.norm(a / size_a - h / size_h))


def nc4_mismatch(
    means: ArrayLike, stretch: ArrayLike, codes_minus_bias_square: ArrayLike, kappa: float, scale: float | None = None
) -> tuple[float, tuple[int, int]] | None:
    r"""NC4, how far the boundaries of the nearest class mean and of the nearest code are apart, at worst.

    For classes k, l and features h in the span of the means the boundaries are (T7)

    .. math:: \kappa \langle h, \Sigma (h_k - h_l) \rangle = \tfrac12 (\|e_k - b\|^2 - \|e_l - b\|^2), \qquad
              \langle h, h_k - h_l \rangle = \tfrac12 (\|h_k\|^2 - \|h_l\|^2).

    Returned is the largest sine of the angle between the two hyperplanes (in features scaled to unit root mean
    square, so that offsets count too) and the classes where it occurs; None if no two class means differ.

    Parameters: ``means`` (p, K) class means in the eigenbasis of Sigma, ``stretch`` (p,) the eigenvalues of Sigma,
    ``codes_minus_bias_square`` (K,) the squares ||e_k - b||^2, ``kappa`` = sqrt(lambda_h/lambda_w), ``scale`` the root
    mean square of the class means where ``means`` are only some of them.  Raises ProblemError for shapes that do not
    fit.  Source: T7 of docs/theory.md.

    >>> worst, classes = nc4_mismatch([[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0], [1.0, 1.0], 1.0)
    >>> round(worst, 6), classes
    (0.316228, (0, 1))
    """
    h = measured(means, "class means", "(p, K)", empty=True)
    sigma = measured(stretch, "the eigenvalues of Sigma", "(p,)", empty=True)
    code = measured(codes_minus_bias_square, "the squares ||e_k - b||^2", "(K,)", empty=True)
    kappa = positive_number(kappa, "kappa = sqrt(lambda_h/lambda_w)")
    if sigma.shape != h.shape[:1] or code.shape != h.shape[1:]:
        raise ProblemError(
            f"class means (p, K), eigenvalues (p,) and squares (K,) must fit; got {h.shape}, {sigma.shape} and "
            f"{code.shape}"
        )
    return boundary_mismatch(h, kappa * sigma[:, None] * h, code, scale)


def boundary_mismatch(
    h: Array, normal: Array, code: Array, scale: float | None = None, own: Array | None = None,
    same: float = SAME,
) -> tuple[float, tuple[int, int]] | None:
    """``nc4_mismatch`` of any classifier: ``normal`` (p, K) holds W^T e_k in the basis of the class means h (p, K).

    ``own`` (2, K): what each class mean, and each normal, has in a dimension of its own.  ``same``: class means nearer
    than this, over their root mean square, are one.
    """
    k = h.shape[1]
    own = np.zeros((2, k)) if own is None else own
    if scale is None:
        scale = math.sqrt(float(np.sum(h * h)) / k) if h.size else 0.0
    return worst_boundary(Boundaries(h=h, normal=normal, code=code, own=own, scale=scale, same=same))


def _off(g: Array) -> Array:
    return g[~np.eye(g.shape[0], dtype=bool)]

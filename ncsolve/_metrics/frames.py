"""NC2 and NC3 of class means: distances to the frames of neural collapse, cosines, and self-duality.

Class means are the columns of an array (d, K); nothing is centred, because a centred orthogonal frame is a simplex ETF
and only the uncentred means show what the bias does.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve.checks.arguments import check_classes
from ncsolve.checks.measured import measured, measured_gram, unit_scale
from ncsolve.errors import ProblemError

__all__ = [
    "cosine_matrix",
    "distance_to_orthogonal_frame",
    "distance_to_simplex_etf",
    "frame_distances",
    "self_duality_error",
    "simplex_cosine",
    "weighted_frame_distances",
]


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
    return frame_distances(gram)[0]


def distance_to_orthogonal_frame(gram: ArrayLike) -> float | None:
    r"""Distance of a Gram matrix to that of an orthogonal frame of equal lengths, both normalised:
    :math:`\| G/\|G\|_F - I/\sqrt{K} \|_F`; None for a zero Gram matrix.

    Raises ProblemError for what is no Gram matrix, class means among them.  Source: Tirer & Bruna 2022.

    >>> distance_to_orthogonal_frame([[2., 0.], [0., 2.]]) < 1e-15
    True
    """
    return frame_distances(gram)[1]


def frame_distances(gram: ArrayLike) -> tuple[float | None, float | None]:
    """``distance_to_simplex_etf`` and ``distance_to_orthogonal_frame`` of one Gram matrix."""
    g = unit_scale(measured_gram(gram))
    k = g.shape[0]
    return weighted_frame_distances(np.diag(g), np.ones(k), _off(g), np.ones(k * (k - 1)), k)


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


def _off(g: Array) -> Array:
    return g[~np.eye(g.shape[0], dtype=bool)]

"""NC metrics for any encoding, with the bias, for any m, K and d; nothing is centred.

Each is 0 where the property holds and None where it is undefined (class means that are all zero).  What each
*cannot* see is in docs/metrics.md; the definitions that others use are in ``peers``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "boundary_mismatch",
    "class_vectors",
    "cosines",
    "gram_distance",
    "nearest_code_agreement",
    "one_output_per_class",
    "orthogonal_distance",
    "self_duality",
    "simplex_distance",
    "within_class_variation",
]

Array = NDArray[np.float64]
# Class means this much smaller than the largest one are zero: their directions are rounding.
_ZERO = 1e-7


def within_class_variation(features: ArrayLike, labels: ArrayLike, classes: int) -> float | None:
    r"""NC1: :math:`\|H - \bar H\|_F / \|H\|_F` for features (d, N) with class numbers (N,).

    Unlike the covariance ratio it needs no inverse and is defined where class means coincide; None for zero features.

    >>> within_class_variation([[1., 1., 0.], [0., 0., 2.]], [0, 0, 1], 2)
    0.0
    """
    h, y = np.asarray(features, dtype=np.float64), np.asarray(labels)
    size = float(np.linalg.norm(h))
    if size == 0.0:
        return None
    counts = np.bincount(y, minlength=classes)
    sums = np.zeros((h.shape[0], classes))
    np.add.at(sums.T, y, h.T)
    means = sums / np.maximum(counts, 1)
    return float(np.linalg.norm(h - means[:, y])) / size


def cosines(means: ArrayLike) -> Array | None:
    """Cosines of all pairs of nonzero class means (d, K), or None if fewer than two are nonzero.

    >>> cosines([[1., 0., 2.], [0., 1., 0.]])
    array([0., 1., 0.])
    """
    h = np.asarray(means, dtype=np.float64)
    length = np.linalg.norm(h, axis=0)
    real = length > _ZERO * length.max(initial=0.0)
    if np.count_nonzero(real) < 2:
        return None
    unit = h[:, real] / length[real]
    return np.asarray((unit.T @ unit)[np.triu_indices(unit.shape[1], 1)])


def simplex_distance(means: ArrayLike) -> float | None:
    r"""NC2: :math:`\|G/\|G\|_F - (I - J/K)/\sqrt{K-1}\|_F` for G = means^T means, not centred.

    >>> simplex_distance([[1., -1.]]) < 1e-15
    True
    """
    gram = _gram(means)
    k = gram.shape[0]
    if k < 2:
        return None
    return _frame_distance(gram, (np.eye(k) - 1.0 / k) / math.sqrt(k - 1))


def orthogonal_distance(means: ArrayLike) -> float | None:
    r"""NC2 without a bias: :math:`\|G/\|G\|_F - I/\sqrt{K}\|_F`, not centred.

    >>> orthogonal_distance([[3., 0.], [0., 3.]]) < 1e-15
    True
    """
    gram = _gram(means)
    k = gram.shape[0]
    return _frame_distance(gram, np.eye(k) / math.sqrt(k))


def gram_distance(means: ArrayLike, predicted: ArrayLike, unit: float = 0.0) -> float:
    r"""Distance to the predicted geometry, :math:`\max|\bar H^T \bar H - G| / \max(\max|G|, u)`.

    It sees everything that is unique about the class means: angles, lengths, imbalance and collapse.  ``unit`` u is
    a size below which Gram entries count as zero; it makes the distance usable where the prediction is G = 0.

    >>> gram_distance([[1., 0.], [0., 1.]], [[1., 0.5], [0.5, 1.]])
    0.5
    """
    target = np.asarray(predicted, dtype=np.float64)
    error = float(np.abs(_gram(means) - target).max())
    size = max(float(np.abs(target).max()), unit)
    return error / size if size > 0 else (0.0 if error == 0 else math.inf)


def class_vectors(W: ArrayLike, b: ArrayLike, codes: ArrayLike) -> Array:
    """The vectors that the classifier gives to the classes (d, K): W^T (e_k - b), for any encoding.

    For codes a I + q J output k belongs to class k, and its vector is row k of W, as the field has it.

    >>> class_vectors([[1., 2.]], [0.5], [[0.5, 1.5]])
    array([[0., 1.],
           [0., 2.]])
    """
    w, e = np.asarray(W, dtype=np.float64), np.asarray(codes, dtype=np.float64)
    if one_output_per_class(e):
        return w.T.copy()
    return np.asarray(w.T @ (e - np.asarray(b, dtype=np.float64)[:, None]))


def one_output_per_class(codes: ArrayLike) -> bool:
    """Whether codes E (m, K) are a I + q J: output k belongs to class k.

    >>> one_output_per_class([[1., -1.], [-1., 1.]]), one_output_per_class([[1., 0.], [0., 2.]])
    (True, False)
    """
    e = np.asarray(codes, dtype=np.float64)
    m, k = e.shape
    if m != k or k < 2:
        return False
    return bool(np.ptp(np.diag(e)) == 0 and np.ptp(e[~np.eye(k, dtype=bool)]) == 0)


def self_duality(vectors: ArrayLike, means: ArrayLike) -> float | None:
    r"""NC3: :math:`\|A/\|A\|_F - \bar H/\|\bar H\|_F\|_F` for class vectors A and class means, both (d, K).

    It compares the two sets of vectors with each other, not with a frame.

    >>> self_duality([[2., 0.], [0., 2.]], [[1., 0.], [0., 1.]])
    0.0
    """
    a, h = np.asarray(vectors, dtype=np.float64), np.asarray(means, dtype=np.float64)
    size_a, size_h = float(np.linalg.norm(a)), float(np.linalg.norm(h))
    if size_a == 0.0 or size_h == 0.0:
        return None
    return float(np.linalg.norm(a / size_a - h / size_h))


def nearest_code_agreement(
    W: ArrayLike, b: ArrayLike, codes: ArrayLike, means: ArrayLike, features: ArrayLike
) -> float:
    """NC4: the share of features (d, P) whose nearest class mean is the class of the code nearest to W h + b.

    >>> nearest_code_agreement([[1.]], [0.], [[0., 1.]], [[0., 1.]], [[-1., 0.2, 0.9]])
    1.0
    """
    h = np.asarray(features, dtype=np.float64)
    output = np.asarray(W, dtype=np.float64) @ h + np.asarray(b, dtype=np.float64)[:, None]
    return float(np.mean(nearest(output, codes) == nearest(h, means)))


def boundary_mismatch(W: ArrayLike, b: ArrayLike, codes: ArrayLike, means: ArrayLike) -> float | None:
    """NC4: the largest sine between the boundary of two nearest codes and that of the two nearest class means.

    Boundaries are hyperplanes <v, h> = s in features scaled to unit root mean square, so that offsets count as well
    as directions.  None if no two class means differ.

    >>> round(boundary_mismatch([[1., 0.], [0., 2.]], [0., 0.], [[1., 0.], [0., 1.]], [[1., 0.], [0., 1.]]), 6)
    0.316228
    """
    w, h = np.asarray(W, dtype=np.float64), np.asarray(means, dtype=np.float64)
    shifted = np.asarray(codes, dtype=np.float64) - np.asarray(b, dtype=np.float64)[:, None]
    scale = float(np.linalg.norm(h)) / math.sqrt(h.shape[1])
    if scale == 0.0:
        return None
    first, second = np.triu_indices(h.shape[1], 1)
    apart = np.linalg.norm(h[:, first] - h[:, second], axis=0) > _ZERO * scale
    first, second = first[apart], second[apart]
    if first.size == 0:
        return None

    def boundary(normals: Array, points: Array) -> Array:
        square = np.sum(points * points, axis=0)
        planes = np.vstack((normals, (square[first] - square[second]) / (2 * scale)))
        return np.asarray(planes / np.linalg.norm(planes, axis=0))

    code = boundary(w.T @ (shifted[:, first] - shifted[:, second]), shifted)
    mean = boundary(h[:, first] - h[:, second], h)
    rest = code - mean * np.sum(code * mean, axis=0)
    return float(np.linalg.norm(rest, axis=0).max())


def nearest(points: ArrayLike, centres: ArrayLike) -> NDArray[np.intp]:
    """Number of the nearest centre (p, K) of each point (p, P)."""
    x, c = np.asarray(points, dtype=np.float64), np.asarray(centres, dtype=np.float64)
    scores = 2.0 * c.T @ x - np.sum(c * c, axis=0)[:, None]
    return np.asarray(np.argmax(scores, axis=0))


def _gram(means: ArrayLike) -> Array:
    h = np.asarray(means, dtype=np.float64)
    return np.asarray(h.T @ h)


def _frame_distance(gram: Array, frame: Array) -> float | None:
    size = float(np.linalg.norm(gram))
    return None if size == 0.0 else float(np.linalg.norm(gram / size - frame))

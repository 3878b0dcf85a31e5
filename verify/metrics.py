"""NC metrics for any encoding, with the bias, for any m, K and d; nothing is centred.

Each is 0 where the property holds and None where it is undefined (class means that are all zero).  Metrics of a frame
take ``class_means=`` (d, K) or ``gram=`` (K, K); an array without a name is read as class means, and refused if it can
be a Gram matrix and the answer hangs on it.  All raise ProblemError for arrays that do not fit or are not finite;
tensors are read without their gradient.  What each *cannot* see is in docs/explanation/metrics.md; the definitions
that others use are in ``peers``.
"""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._kinds import read_by_kind
from ncsolve.verify._types import Array
from numpy.typing import ArrayLike, NDArray

from ncsolve import ProblemError
from ncsolve.checks.measured import exponent, measured, measured_features, measured_gram, positive_number, unit_scale

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

# Class means this much smaller than the largest one are zero: their directions are rounding.
_ZERO = 1e-7


def within_class_variation(features: ArrayLike, labels: ArrayLike, classes: int) -> float | None:
    r"""NC1: :math:`\|H - \bar H\|_F / \|H\|_F` for features (d, N) with class numbers (N,).

    Unlike the covariance ratio it needs no inverse and is defined where class means coincide; None for zero features.

    >>> within_class_variation([[1., 1., 0.], [0., 0., 2.]], [0, 0, 1], 2)
    0.0
    """
    h, y = measured_features(features, labels, classes)
    h = unit_scale(h)
    size = float(np.linalg.norm(h))
    if size == 0.0:
        return None
    counts = np.bincount(y, minlength=classes)
    sums = np.zeros((h.shape[0], classes))
    np.add.at(sums.T, y, h.T)
    means = sums / np.maximum(counts, 1)
    return float(np.linalg.norm(h - means[:, y])) / size


def cosines(
    means: ArrayLike | None = None, /, *, class_means: ArrayLike | None = None, gram: ArrayLike | None = None
) -> Array | None:
    """Cosines of all pairs of nonzero class means, or None if fewer than two are nonzero.

    >>> cosines([[1., 0., 2.], [0., 1., 0.]])
    array([0., 1., 0.])
    """
    return read_by_kind(_cosines, _cosines_of_gram, means, class_means=class_means, gram=gram)


def simplex_distance(
    means: ArrayLike | None = None, /, *, class_means: ArrayLike | None = None, gram: ArrayLike | None = None
) -> float | None:
    r"""NC2: :math:`\|G/\|G\|_F - (I - J/K)/\sqrt{K-1}\|_F` for the Gram matrix G of the class means, not centred.

    >>> simplex_distance([[1., -1.]]) < 1e-15
    True
    >>> simplex_distance(gram=[[1., -1.], [-1., 1.]]) < 1e-15
    True
    """
    return read_by_kind(lambda h: _simplex(_gram(unit_scale(h))), _simplex, means, class_means=class_means, gram=gram)


def orthogonal_distance(
    means: ArrayLike | None = None, /, *, class_means: ArrayLike | None = None, gram: ArrayLike | None = None
) -> float | None:
    r"""NC2 without a bias: :math:`\|G/\|G\|_F - I/\sqrt{K}\|_F`, not centred.

    >>> orthogonal_distance([[3., 0.], [0., 3.]]) < 1e-15
    True
    """
    return read_by_kind(
        lambda h: _orthogonal(_gram(unit_scale(h))), _orthogonal, means, class_means=class_means, gram=gram
    )


def gram_distance(
    means: ArrayLike | None = None,
    /,
    predicted: ArrayLike | None = None,
    unit: float = 0.0,
    *,
    class_means: ArrayLike | None = None,
    gram: ArrayLike | None = None,
) -> float:
    r"""Distance to the predicted geometry, :math:`\max|\bar H^T \bar H - G| / \max(\max|G|, u)`.

    It sees everything that is unique about the class means: angles, lengths, imbalance and collapse.  ``predicted`` is
    the Gram matrix G (K, K), as ``ncsolve.solve(problem).gram`` is; ``unit`` u >= 0 is a size below which Gram entries
    count as zero, which makes the distance usable where the prediction is G = 0.

    >>> gram_distance(class_means=[[1., 0.], [0., 1.]], predicted=[[1., 0.5], [0.5, 1.]])
    0.5
    >>> round(gram_distance(gram=[[1.01, 0.], [0., 1.]], predicted=[[1., 0.], [0., 1.]]), 12)
    0.01
    """
    if predicted is None:
        raise ProblemError("gram_distance needs a Gram matrix to compare with; pass predicted=ncsolve.solve(...).gram")
    target = measured_gram(predicted)
    size = max(float(np.abs(target).max()), positive_number(unit, "unit", or_zero=True))

    def distance(found: Array) -> float:
        if found.shape != target.shape:
            raise ProblemError(
                f"class means (d, K) must have as many columns as the predicted Gram matrix; got {found.shape[0]} for "
                f"{target.shape[0]}, class means that are rows must be transposed"
            )
        error = float(np.abs(found - target).max())
        return error / size if size > 0 else (0.0 if error == 0 else math.inf)

    return read_by_kind(lambda h: distance(_gram(h)), distance, means, class_means=class_means, gram=gram)


def class_vectors(W: ArrayLike, b: ArrayLike, codes: ArrayLike) -> Array:
    """The vectors that the classifier gives to the classes (d, K): W^T (e_k - b), for any encoding.

    For codes a I + q J output k belongs to class k, and its vector is row k of W, as the field has it.

    >>> class_vectors([[1., 2.]], [0.5], [[0.5, 1.5]])
    array([[0., 1.],
           [0., 2.]])
    """
    w, shift, e = _classifier(W, b, codes)
    if one_output_per_class(e):
        return w.T.copy()
    return np.asarray(w.T @ (e - shift[:, None]))


def one_output_per_class(codes: ArrayLike) -> bool:
    """Whether codes E (m, K) are a I + q J: output k belongs to class k.

    >>> one_output_per_class([[1., -1.], [-1., 1.]]), one_output_per_class([[1., 0.], [0., 2.]])
    (True, False)
    """
    e = measured(codes, "codes", "(m, K)")
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
    a, h = measured(vectors, "class vectors", "(d, K)"), measured(means, "class means", "(d, K)")
    if a.shape != h.shape:
        hint = ", pass W.T" if a.T.shape == h.shape else ""
        raise ProblemError(f"class vectors and class means must have one shape; got {a.shape} and {h.shape}{hint}")
    a, h = unit_scale(a), unit_scale(h)
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
    w, shift, e = _classifier(W, b, codes)
    h, centres = measured(features, "features", "(d, P)"), _means_of(means, w, e)
    if h.shape[0] != w.shape[1]:
        raise ProblemError(f"features (d, P) and W (m, d) must agree in d; got {h.shape} and {w.shape}")
    return float(np.mean(nearest(w @ h + shift[:, None], e) == nearest(h, centres)))


def boundary_mismatch(W: ArrayLike, b: ArrayLike, codes: ArrayLike, means: ArrayLike) -> float | None:
    """NC4: the largest sine between the boundary of two nearest codes and that of the two nearest class means.

    Boundaries are hyperplanes <v, h> = s in features scaled to unit root mean square, so that offsets count as well
    as directions.  None if no two class means differ.

    >>> round(boundary_mismatch([[1., 0.], [0., 2.]], [0., 0.], [[1., 0.], [0., 1.]], [[1., 0.], [0., 1.]]), 6)
    0.316228
    """
    w, shift, e = _classifier(W, b, codes)
    h, shifted = _means_of(means, w, e), e - shift[:, None]
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
        length = np.linalg.norm(planes, axis=0)
        return np.asarray(planes / np.where(length > 0, length, 1.0))

    code = boundary(w.T @ (shifted[:, first] - shifted[:, second]), shifted)
    mean = boundary(h[:, first] - h[:, second], h)
    rest = code - mean * np.sum(code * mean, axis=0)
    return float(np.linalg.norm(rest, axis=0).max())


def nearest(points: ArrayLike, centres: ArrayLike) -> NDArray[np.intp]:
    """Number of the nearest centre (p, K) of each point (p, P)."""
    x, c = measured(points, "points", "(p, P)"), measured(centres, "centres", "(p, K)")
    # Distances do not change with origin or unit; far from the one squares would cancel, in the other overflow.
    unit = exponent(np.concatenate((x.ravel(), c.ravel())))
    x, c = np.ldexp(x, -unit), np.ldexp(c, -unit)
    origin = c.mean(axis=1, keepdims=True)
    x, c = x - origin, c - origin
    unit = exponent(c)
    x, c = np.ldexp(x, -unit), np.ldexp(c, -unit)
    scores = 2.0 * c.T @ x - np.sum(c * c, axis=0)[:, None]
    return np.asarray(np.argmax(scores, axis=0))


def _classifier(W: ArrayLike, b: ArrayLike, codes: ArrayLike) -> tuple[Array, Array, Array]:
    """W (m, d), b (m,) and codes (m, K) that fit each other."""
    w, shift, e = measured(W, "W", "(m, d)"), measured(b, "b", "(m,)"), measured(codes, "codes", "(m, K)")
    if not w.shape[0] == shift.size == e.shape[0]:
        raise ProblemError(f"W (m, d), b (m,), codes (m, K) must agree in m; got {w.shape}, {shift.shape}, {e.shape}")
    return w, shift, e


def _means_of(means: ArrayLike, w: Array, e: Array) -> Array:
    h = measured(means, "class means", "(d, K)")
    fitting = (w.shape[1], e.shape[1])
    if h.shape != fitting:
        raise ProblemError(f"class means must be (d, K) = {fitting} for these W and codes; got {h.shape}")
    return h


def _cosines(h: Array) -> Array | None:
    length = np.linalg.norm(unit_scale(h), axis=0)
    real = length > _ZERO * length.max(initial=0.0)
    if np.count_nonzero(real) < 2:
        return None
    unit = unit_scale(h)[:, real] / length[real]
    return np.asarray((unit.T @ unit)[np.triu_indices(unit.shape[1], 1)])


def _cosines_of_gram(gram: Array) -> Array | None:
    length = np.sqrt(np.maximum(np.diag(gram), 0.0))
    real = length > _ZERO * length.max(initial=0.0)
    if np.count_nonzero(real) < 2:
        return None
    unit = gram[np.ix_(real, real)] / length[real] / length[real][:, None]
    return np.asarray(unit[np.triu_indices(unit.shape[0], 1)])


def _simplex(gram: Array) -> float | None:
    k = gram.shape[0]
    return None if k < 2 else _frame_distance(gram, (np.eye(k) - 1.0 / k) / math.sqrt(k - 1))


def _orthogonal(gram: Array) -> float | None:
    k = gram.shape[0]
    return _frame_distance(gram, np.eye(k) / math.sqrt(k))


def _gram(h: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        gram = np.asarray(h.T @ h)
    if not np.isfinite(gram).all():
        raise ProblemError(f"class means up to {np.abs(h).max():.3g} have no Gram matrix in floats; scale them down")
    return gram


def _frame_distance(gram: Array, frame: Array) -> float | None:
    scaled = unit_scale(gram)
    size = float(np.linalg.norm(scaled))
    return None if size == 0.0 else float(np.linalg.norm(scaled / size - frame))

"""Wanted geometries: Gram matrices (K, K) of class means, the named ones with unit lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._problem.counts import ClassCounts
from ncsolve._problem.model_spec import check_depth
from ncsolve._problem.weight_decays import check_lambda
from ncsolve.checks.arguments import check_classes
from ncsolve.checks.arrays import as_array, remedy
from ncsolve.errors import ProblemError, SizeError, shown

__all__ = [
    "MOST_CLASSES",
    "centred_gram",
    "check_gram",
    "natural_scale",
    "orthogonal_gram",
    "path_gram",
    "scaled_gram",
    "simplex_gram",
]

# An eigendecomposition of this size takes a minute.
MOST_CLASSES = 4000
# A file with 13 digits is symmetric to this; a real asymmetry is larger.
_ASYMMETRY = 1e-12


def simplex_gram(classes: int) -> Array:
    r"""A simplex ETF: unit lengths, cosine :math:`-1/(K-1)` between any two; K >= 2.

    >>> simplex_gram(2)
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    k = _classes(classes)
    gram = np.full((k, k), -1.0 / (k - 1))
    np.fill_diagonal(gram, 1.0)
    return gram


def orthogonal_gram(classes: int) -> Array:
    """An orthonormal frame, the identity; K >= 2.

    >>> orthogonal_gram(2)
    array([[1., 0.],
           [0., 1.]])
    """
    return np.eye(_classes(classes))


def path_gram(classes: int) -> Array:
    r"""Ordered classes on a path: unit lengths, cosine :math:`1 - 2|k - l|/(K-1)`, so the first and the last class are
    opposite and squared distances are proportional to :math:`|k - l|`; K >= 2, rank K - 1.

    It is the Gram matrix of thermometer codes with digits +1 and -1, hence positive semidefinite.

    >>> path_gram(3)
    array([[ 1.,  0., -1.],
           [ 0.,  1.,  0.],
           [-1.,  0.,  1.]])
    """
    k = _classes(classes)
    place = np.arange(k)
    return np.asarray(1.0 - 2.0 * np.abs(place[:, None] - place[None, :]) / (k - 1))


def scaled_gram(gram: ArrayLike, scale: float) -> Array:
    """The Gram matrix times a number, so that the mean squared length of the class means is ``scale`` > 0.

    Raises ProblemError for a scale that is not positive, or a Gram matrix of trace zero.

    >>> scaled_gram([[3.0, 0.0], [0.0, 1.0]], 0.5)
    array([[0.75, 0.  ],
           [0.  , 0.25]])
    """
    if not (isinstance(scale, (int, float)) and 0.0 < scale <= 1e300):
        raise ProblemError(
            f"the scale, the mean squared length of the class means, must be positive; got {shown(scale)}"
        )
    target = check_gram(gram)
    size = float(np.trace(target)) / target.shape[0]
    if size <= 0.0:
        raise ProblemError("the trace of the Gram matrix must be positive, else there is nothing to scale; got 0")
    return np.asarray(target * (scale / size))


def natural_scale(
    counts: int | Sequence[int] | ArrayLike, lambda_w: float, lambda_h: float, classes: int, *, depth: int = 1
) -> float:
    r"""A squared length that keeps codes near the size of one-hot ones:
    :math:`\sqrt{\lambda_W/\lambda_H} / \sqrt{N/K}`, what one-hot codes give as the weight decay vanishes (T6; T9 for a
    deep head, with ``lambda_w`` the geometric mean of the layers').

    >>> round(natural_scale(100, 5e-4, 5e-4, classes=10), 15)
    0.1
    """
    n = ClassCounts.of(counts, check_classes(classes))
    w, h = check_lambda("lambda_w", lambda_w), check_lambda("lambda_h", lambda_h)
    each = n.total / n.classes
    factors = check_depth(depth) + 1
    constant = _formulas.deep_constant(n.total, w, h, factors)
    return float((each ** (0.5 / factors) * _formulas.deep_layer_scale(constant, n.total, h)) ** 2 / each)


def centred_gram(gram: ArrayLike, counts: int | Sequence[int] | ArrayLike) -> Array:
    r"""The Gram matrix after the count-weighted mean is taken out of the class means,
    :math:`(I - 1 n^T/N)\, Q\, (I - n 1^T/N)`: what a free bias (lambda_b = 0) can reach.

    >>> centred_gram([[1.0, 0.0], [0.0, 1.0]], [3, 1])
    array([[ 0.125, -0.375],
           [-0.375,  1.125]])
    """
    target = check_gram(gram)
    n = ClassCounts.of(counts, target.shape[0]).array.astype(np.float64)
    mean = target @ n / n.sum()
    result = target - mean[:, None] - mean[None, :] + float(n @ mean) / n.sum()
    return np.asarray((result + result.T) / 2)


def check_gram(gram: ArrayLike) -> Array:
    """A symmetric finite square array, or ProblemError; it is not yet known to be positive semidefinite."""
    array = as_array(gram)
    if array.dtype.kind not in "iuf":
        raise ProblemError(f"a target Gram matrix must be a square array of real numbers (K, K){remedy(gram)}")
    target = array.astype(np.float64)
    if target.ndim != 2 or target.shape[0] != target.shape[1] or target.size == 0:
        raise ProblemError(f"a target Gram matrix must be square, a row and a column per class; got {target.shape}")
    if target.shape[0] > MOST_CLASSES:
        raise SizeError(f"an encoding is designed for up to {MOST_CLASSES} classes; got {target.shape[0]}, use fewer")
    if not np.isfinite(target).all():
        i, k = np.argwhere(~np.isfinite(target))[0]
        raise ProblemError(f"a target Gram matrix must be finite; entry ({i}, {k}) is {target[i, k]}, replace it")
    size = float(np.abs(target).max())
    if not size <= 1e50:
        raise ProblemError(f"a target Gram matrix must not exceed 1e50; the largest entry is {size:g}, rescale it")
    gap = np.abs(target - target.T)
    if float(gap.max()) > _ASYMMETRY * size:
        i, k = np.unravel_index(int(np.argmax(gap)), gap.shape)
        raise ProblemError(
            f"a target Gram matrix must be symmetric; entry ({i}, {k}) is {target[i, k]:.15g} and entry ({k}, {i}) is "
            f"{target[k, i]:.15g}, make them equal"
        )
    return (target + target.T) / 2


def _classes(classes: int) -> int:
    k = check_classes(classes, least=2)
    if k > MOST_CLASSES:
        raise SizeError(f"an encoding is designed for up to {MOST_CLASSES} classes; got {k}, use fewer")
    return k

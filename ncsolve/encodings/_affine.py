"""The affine one-hot family E = a I + q J (T5)."""

from __future__ import annotations

import math
from numbers import Real

from ncsolve.checks.arguments import check_classes
from ncsolve.encodings._base import AffineOneHot
from ncsolve.errors import EncodingError, shown

__all__ = ["affine", "onehot", "signed", "simplex", "smoothed"]


def onehot(classes: int) -> AffineOneHot:
    """One-hot codes, the unit vectors: E = I.

    Raises EncodingError for fewer than 1 class.  Source: T5 of docs/theory.md.

    >>> onehot(3).matrix
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    return AffineOneHot(num_classes=check_classes(classes), a=1.0, q=0.0, row_sum=1.0, name="onehot")


def smoothed(classes: int, alpha: float = 0.1) -> AffineOneHot:
    r"""Label smoothing, :math:`E = (1 - \alpha) I + (\alpha / K) J` with 0 <= alpha < 1.

    Raises EncodingError for an alpha outside that range.  Source: Szegedy et al. 2016; T5 of docs/theory.md.

    >>> smoothed(2, 0.5).matrix
    array([[0.75, 0.25],
           [0.25, 0.75]])
    """
    share = _number(alpha)
    if not 0.0 <= share < 1.0:
        raise EncodingError(f"label smoothing needs 0 <= alpha < 1; got {shown(alpha)} (alpha = 0 is one-hot)")
    k = check_classes(classes)
    return AffineOneHot(num_classes=k, a=1.0 - share, q=share / k, row_sum=1.0, name=f"smoothed:{share!r}")


def signed(classes: int) -> AffineOneHot:
    """Signed codes, +1 at the class and -1 elsewhere: E = 2 I - J.

    Raises EncodingError for fewer than 1 class.  Source: T5 of docs/theory.md.

    >>> signed(2).matrix
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    k = check_classes(classes)
    return AffineOneHot(num_classes=k, a=2.0, q=-1.0, row_sum=2.0 - k, name="signed")


def simplex(classes: int) -> AffineOneHot:
    """Centred simplex codes, one-hot minus its mean: E = I - J/K.  The label mean is zero on balanced data.

    Raises EncodingError for fewer than 1 class.  Source: T5 of docs/theory.md.

    >>> simplex(2).matrix
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    """
    k = check_classes(classes)
    return AffineOneHot(num_classes=k, a=1.0, q=-1.0 / k, row_sum=0.0, name="simplex")


def affine(classes: int, a: float, q: float) -> AffineOneHot:
    """Any member of the family: a + q at the class and q elsewhere, both finite.

    Raises EncodingError for a coefficient that is not finite.  Source: T5 of docs/theory.md.

    >>> affine(2, 3.0, -1.0).matrix
    array([[ 2., -1.],
           [-1.,  2.]])
    """
    for name, value in (("a", a), ("q", q)):
        if not abs(_number(value)) <= 1e50:
            raise EncodingError(f"the coefficients a and q must be finite (at most 1e50); got {name} = {shown(value)}")
    k, a, q = check_classes(classes), float(a), float(q)
    if 0.0 < max(abs(a), abs(q)) < 1e-50:  # as in an array of codes
        raise EncodingError(f"the coefficients a and q must not both be below 1e-50; got {a:g} and {q:g}, rescale them")
    return AffineOneHot(num_classes=k, a=a, q=q, row_sum=math.fsum((a, k * q)), name=f"affine:{a!r},{q!r}")


def _number(value: object) -> float:
    """A real number, of Python's or of numpy's, as a float; NaN for anything else, inf beyond floats."""
    try:
        return float(value) if isinstance(value, Real) else math.nan
    except OverflowError:
        return math.inf

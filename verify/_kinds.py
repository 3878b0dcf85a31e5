"""Class means or their Gram matrix: what was given is said by name, or it can be only one of the two."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from ncsolve.verify._types import Array
from numpy.typing import ArrayLike

from ncsolve import ProblemError
from ncsolve.checks.measured import looks_like_gram, measured, measured_gram

__all__ = ["read_by_kind"]

T = TypeVar("T")


def read_by_kind(
    of_means: Callable[[Array], T],
    of_gram: Callable[[Array], T],
    array: ArrayLike | None,
    *,
    class_means: ArrayLike | None,
    gram: ArrayLike | None,
) -> T:
    """A metric of class means (d, K) or of their Gram matrix (K, K), whichever was given.

    An ``array`` without a name is read as class means.  One that may as well be a Gram matrix, because it is square,
    symmetric and obeys the Cauchy-Schwarz inequality, is refused if the two readings give different answers.
    """
    if sum(given is not None for given in (array, class_means, gram)) != 1:
        raise ProblemError("this metric needs class means or their Gram matrix; pass one of class_means=, gram=")
    if gram is not None:
        return of_gram(measured_gram(gram))
    if class_means is not None:
        return of_means(measured(class_means, "class means", "(d, K)"))
    h = measured(array if array is not None else [], "class means", "(d, K)")
    value = of_means(h)
    if looks_like_gram(h) and not _same(value, of_gram(h)):
        raise ProblemError(
            f"an array {h.shape} that can be class means or a Gram matrix needs a name, as the answers differ; "
            "pass class_means= or gram="
        )
    return value


def _same(one: object, other: object) -> bool:
    """Equal but for rounding; both may be None."""
    if one is None or other is None:
        return one is other
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=1e-9))

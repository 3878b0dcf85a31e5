"""Arrays that were measured: from numpy or a tensor, real, finite and of a stated shape, or one clear line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve._arrays import EPS, Array
from ncsolve.checks.arguments import check_classes
from ncsolve.checks.arrays import check_labels
from ncsolve.errors import ProblemError

__all__ = [
    "exponent",
    "looks_like_gram",
    "measured",
    "measured_features",
    "measured_gram",
    "positive_number",
    "real_numbers",
    "resolution",
    "unit_scale",
]

# A product of half-precision arrays is symmetric to 1e-3; class means that are no Gram matrix miss it by about 1.
_SYMMETRIC = 1e-3
_RULE = "must be a rectangular array of real numbers"
_REMEDY = "pass a numpy array or a dense tensor"


def measured(value: ArrayLike, what: str, shape: str, *, empty: bool = False) -> Array:
    """``value`` as finite floats with the axes that ``shape`` names, such as "(d, K)"; ProblemError otherwise."""
    raw = real_numbers(value, what)
    with np.errstate(over="ignore"):  # long doubles beyond 1e308 become inf, which is refused below
        array = raw.astype(np.float64)
    if array.ndim != len(shape.strip("(),").split(",")) or (array.size == 0 and not empty):
        raise ProblemError(f"{what} must be an array {shape} that is not empty; got shape {array.shape}")
    if not np.isfinite(array).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ProblemError(f"{what} must be finite; got {array[at]} at index {at}, leave that sample or class out")
    return array


def real_numbers(value: ArrayLike, what: str) -> NDArray[Any]:
    """``value`` as an array of real numbers of whatever type it has; ProblemError otherwise."""
    raw = _as_numpy(value, what)
    if raw.dtype.kind not in "iufb":
        raise ProblemError(f"{what} {_RULE}; got {type(value).__name__}, {_REMEDY}")
    return raw


def positive_number(value: object, what: str, *, or_zero: bool = False) -> float:
    """A positive finite float, or ProblemError."""
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)
    except OverflowError:  # an integer of more than 308 digits
        number = math.inf
    if not (0.0 < number < math.inf or (or_zero and number == 0.0)):
        got = type(value).__name__ if math.isnan(number) else f"{number:g}"
        raise ProblemError(f"{what} must be a {'nonnegative' if or_zero else 'positive'} number; got {got}")
    return number


def measured_features(
    features: ArrayLike, labels: Sequence[int] | ArrayLike, classes: int
) -> tuple[Array, NDArray[np.intp]]:
    """Features (d, N) and their class numbers (N,); ProblemError if they do not fit each other."""
    h = measured(features, "features", "(d, N)")
    y = check_labels(_as_numpy(labels, "labels"), check_classes(classes))
    if h.shape[1] != y.size:
        hint = ", pass features.T" if h.shape[0] == y.size else ""
        raise ProblemError(
            f"features must be (d, N) with one column per label; got {h.shape} for {y.size} labels{hint}"
        )
    return h, y


def measured_gram(value: ArrayLike) -> Array:
    """``value`` as a matrix (K, K) that can be a Gram matrix; ProblemError with the remedy for class means."""
    g = measured(value, "a Gram matrix", "(K, K)")
    if g.shape[0] != g.shape[1]:
        raise ProblemError(
            f"a Gram matrix must be square (K, K); got shape {g.shape}, of class means pass class_means.T @ class_means"
        )
    if not looks_like_gram(g):
        raise ProblemError(
            "a Gram matrix must be symmetric with |g_ij|^2 <= g_ii g_jj; got an array that is not, "
            "if it holds class means pass class_means.T @ class_means"
        )
    return g


def looks_like_gram(array: Array) -> bool:
    """Whether an array can be a Gram matrix: square, symmetric, each pair within the Cauchy-Schwarz inequality."""
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        return False
    g = unit_scale(array)
    slack = _SYMMETRIC * float(np.abs(g).max())
    length = np.sqrt(np.maximum(np.diag(g), 0.0))
    within = np.abs(g) <= np.outer(length, length) + slack
    return bool((np.diag(g) >= -slack).all() and (np.abs(g - g.T) <= slack).all() and within.all())


def resolution(value: ArrayLike) -> float:
    """Relative spacing of the numbers that ``value`` came in: below 1.2e-7 single precision holds noise."""
    kind = _as_numpy(value, "an array").dtype
    return max(float(np.finfo(kind).eps), EPS) if kind.kind == "f" else EPS


def unit_scale(array: Array) -> Array:
    """The array over a power of two, so that its largest entry is in [1/2, 1): exact, and squares stay in range."""
    return np.ldexp(array, -exponent(array))


def exponent(array: Array) -> int:
    """The power of two just above the largest entry."""
    return math.frexp(float(np.abs(array).max(initial=0.0)))[1]


def _as_numpy(value: Any, what: str) -> NDArray[Any]:
    """Tensors of torch, known by their methods, are read without their graph: measuring needs no gradient."""
    try:
        if callable(getattr(value, "detach", None)) and callable(getattr(value, "cpu", None)):
            value = value.detach().cpu()
            if str(value.dtype) == "torch.bfloat16":  # which numpy does not have
                value = value.float()
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as failure:
        reason = str(failure).strip().partition("\n")[0].rstrip(".")
        raise ProblemError(f"{what} {_RULE}; got {type(value).__name__} ({reason}), {_REMEDY}") from None

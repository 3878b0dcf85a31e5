"""Weight decays: what they may be, one for every layer, and in whose convention."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real

import numpy as np

from ncsolve._problem.convention import convention
from ncsolve.checks.arguments import as_float
from ncsolve.errors import ProblemError, shown

__all__ = ["check_lambda", "check_lambda_b", "check_layers", "geometric_mean", "layers_in_paper"]

# Beyond these the squares and fourth powers that the solver forms leave the range of floats.
_LEAST, _MOST = 1e-50, 1e50


def layers_in_paper(
    name: str, loss: str, layers: tuple[float, ...], lambda_h: float, lambda_b: float, *, samples: int, code_length: int
) -> tuple[tuple[float, ...], float, float]:
    """Checked weight decays of the convention ``name`` of a loss in that of the paper.

    Raises UnknownNameError, and ProblemError where the paper's are out of range.
    """
    scaling = convention(name, loss)
    if scaling.name == "paper":
        return layers, lambda_h, lambda_b
    w, h, b, _ = scaling.factors(samples, code_length)
    return (
        tuple(check_lambda("lambda_w in the convention of the paper", layer * w) for layer in layers),
        check_lambda("lambda_h in the convention of the paper", lambda_h * h),
        check_lambda_b(lambda_b * b, "lambda_b in the convention of the paper"),
    )


def geometric_mean(values: Sequence[float]) -> float:
    """The number itself where all are equal, without a rounding."""
    if len(set(values)) == 1:
        return values[0]
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def check_layers(name: str, value: object, depth: int) -> tuple[float, ...]:
    """One positive regularization per layer, or ProblemError."""
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0):
        layers = tuple(check_lambda(name, entry) for entry in value)
        if len(layers) != depth:
            other = f"set depth = {len(layers)} or " if layers else ""
            raise ProblemError(
                f"{name} must be one number or one per layer; got {len(layers)} for depth {depth}, {other}give {depth}"
            )
        return layers
    return (check_lambda(name, value),) * depth


def check_lambda(name: str, value: object) -> float:
    """A positive finite regularization, or ProblemError."""
    number = _real(name, value)
    if not _LEAST <= number <= _MOST:
        raise ProblemError(
            f"{name} must be positive and finite (1e-50 to 1e50); got {number:g} (without weight decay the minimizer "
            "is not unique and does not collapse; give a small positive value)"
        )
    return number


def check_lambda_b(value: object, name: str = "lambda_b") -> float:
    """A bias regularization in [0, inf], or ProblemError."""
    number = _real(name, value)
    if not (number in (0.0, math.inf) or _LEAST**2 <= number <= _MOST**2):
        raise ProblemError(
            f"{name} must be between 0 and inf (0, inf, or 1e-100 to 1e100); got {number:g} (0 is a free bias, inf is "
            "no bias)"
        )
    return number


def _real(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        remedy = ", pass float(x)" if hasattr(type(value), "__array__") else ""  # an array that is one number
        raise ProblemError(f"{name} must be a real number; got {shown(value)}{remedy}")
    try:
        return as_float(value)
    except OverflowError:
        raise ProblemError(f"{name} must be a number that a float can hold; got {shown(value)}") from None

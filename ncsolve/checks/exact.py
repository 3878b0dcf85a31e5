"""Exact numbers as people write them: decimals and fractions in text, integers, floats."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TypeAlias

from ncsolve.errors import ProblemError, shown

__all__ = ["Exact", "exact_number"]

Exact: TypeAlias = int | float | str | Fraction | Decimal
# Powers of ten beyond this are no doubles, and far beyond it they would fill the memory.
_MAX_EXPONENT = 300
_MAX_BITS = 3322  # 1000 digits


def exact_number(name: str, value: Exact) -> Fraction:
    """The rational number that was written: "5e-4" is 1/2000, the float 5e-4 is the dyadic rational that it is.

    ``value`` is text ("5e-4", "0.1", "1/2000"), an int, a float, a Fraction or a Decimal.
    Raises ProblemError for anything else, and for infinity and NaN.

    >>> exact_number("lambda_w", "5e-4")
    Fraction(1, 2000)
    >>> exact_number("lambda_w", 0.25)
    Fraction(1, 4)
    """
    if isinstance(value, str):
        return _from_text(name, value)
    if isinstance(value, Decimal) and value.is_finite():
        return _from_decimal(name, value)
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        return _bounded(name, Fraction(value))
    if isinstance(value, float) and math.isfinite(value):
        return Fraction(value)
    raise ProblemError(f'{name} must be a finite number, such as "5e-4", "1/2000" or a Fraction; got {shown(value)}')


def _from_text(name: str, text: str) -> Fraction:
    top, slash, bottom = text.partition("/")
    try:
        found = _from_decimal(name, Decimal(top))
        below = _from_decimal(name, Decimal(bottom)) if slash else Fraction(1)
        if slash and below == 0:
            raise ProblemError(f"{name} must be a number whose denominator is not zero; got {text[:60]!r}")
        if found and not Fraction(10) ** -_MAX_EXPONENT <= abs(found / below) <= 10**_MAX_EXPONENT:
            raise ProblemError(f"{name} must be between 1e-{_MAX_EXPONENT} and 1e{_MAX_EXPONENT}; got {text[:60]!r}")
        return found / below
    except InvalidOperation:
        raise ProblemError(f'{name} must be a finite number, such as "5e-4" or "1/2000"; got {text[:60]!r}') from None


def _bounded(name: str, value: Fraction) -> Fraction:
    if max(abs(value.numerator), value.denominator).bit_length() > _MAX_BITS:
        raise ProblemError(f"{name} must be a fraction of integers of at most 1000 digits; round it")
    return value


def _from_decimal(name: str, value: Decimal) -> Fraction:
    if not value.is_finite():
        raise InvalidOperation
    if (value and not -_MAX_EXPONENT <= value.adjusted() <= _MAX_EXPONENT) or len(value.as_tuple().digits) > 1000:
        raise ProblemError(
            f"{name} must be between 1e-{_MAX_EXPONENT} and 1e{_MAX_EXPONENT} and have at most 1000 digits; got "
            f"{str(value)[:60]}"
        )
    return Fraction(value) if value else Fraction(0)

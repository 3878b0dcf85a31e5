"""Exact numbers of certificates: onto a binary grid, and the simplest ones within bounds."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TypeAlias

__all__ = ["Table", "log2", "on_grid", "simplest_between", "square_root"]

Table: TypeAlias = list[list[Fraction]]


def log2(x: Fraction) -> int:
    """log2 of a positive number, rounded down to one or so; 0 for 0."""
    return x.numerator.bit_length() - x.denominator.bit_length() if x else 0


def square_root(x: Fraction) -> Fraction | None:
    """The root of a number that is not negative, or None where it is not rational."""
    root = Fraction(math.isqrt(x.numerator), math.isqrt(x.denominator))
    return root if root * root == x else None


def on_grid(mantissa: int, exponent: int, bits: int) -> Fraction:
    """mantissa * 2**exponent, rounded to the nearest multiple of 2**-bits."""
    shift = exponent + bits
    numerator = mantissa << shift if shift >= 0 else ((mantissa >> (-shift - 1)) + 1) >> 1
    return Fraction(numerator, 1 << bits) if bits >= 0 else Fraction(numerator << -bits)


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of least denominator in [low, high], by continued fractions.

    >>> simplest_between(Fraction(314, 100), Fraction(315, 100))
    Fraction(22, 7)
    """
    if low > high:
        raise ValueError(f"low must not exceed high; got {low} and {high}")
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest_between(-high, -low)
    whole: list[int] = []
    while True:
        floor = low.numerator // low.denominator
        if floor == low or floor + 1 <= high:
            found = Fraction(floor if floor == low else floor + 1)
            break
        whole.append(floor)
        low, high = 1 / (high - floor), 1 / (low - floor)
    for floor in reversed(whole):
        found = floor + 1 / found
    return found

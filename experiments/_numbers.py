"""Numbers as the page writes them; what is not known is a dash."""

from __future__ import annotations

import math

__all__ = ["UNKNOWN", "cosine", "difference", "percent", "setting", "short"]

MINUS, UNKNOWN = "\u2212", "–"


def cosine(value: float) -> str:
    """A cosine, to four decimals."""
    return UNKNOWN if math.isnan(value) else _signed("0.0000" if round(value, 4) == 0 else f"{value:.4f}")


def difference(value: float) -> str:
    """How far a cosine is off, to two digits; infinite where a class mean is zero that should have a direction."""
    if math.isinf(value):
        return "no cosine"
    return UNKNOWN if math.isnan(value) else _two_digits(value)


def percent(value: float) -> str:
    """A part of a whole, to two digits."""
    if math.isnan(value):
        return UNKNOWN
    return "∞" if math.isinf(value) else f"{_two_digits(100 * value)} %"


def short(value: float) -> str:
    """A number, to three digits."""
    return UNKNOWN if math.isnan(value) else _signed(f"{value:.3g}")


def setting(value: float) -> str:
    """The value of a factor, as it was given."""
    if math.isnan(value):
        return UNKNOWN
    return "∞" if math.isinf(value) else f"{value:g}"


def _two_digits(value: float) -> str:
    if abs(value) >= 9.95:
        return _signed(f"{value:.0f}")
    if value != 0.0 and abs(value) < 1e-3:
        digits, _, power = f"{value:.1e}".partition("e")
        return _signed(f"{digits}e{int(power)}")
    return _signed(f"{value:.2g}")


def _signed(text: str) -> str:
    return text.replace("-", MINUS)

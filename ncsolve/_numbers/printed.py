"""Numbers for people."""

from __future__ import annotations

__all__ = ["between", "number", "percent"]


def number(value: float, digits: int = 7) -> str:
    """A number for people: ``digits`` significant digits, zero as 0."""
    return "0" if value == 0 else f"{value:.{digits}g}"


def between(low: object, high: object) -> str:
    """A range for people, or its only value."""
    return f"{low}" if low == high else f"{low} to {high}"


def percent(share: float) -> str:
    """A share in per cent, to three digits.

    >>> percent(0.04567), percent(3e-7), percent(0.0), percent(16.3)
    ('4.57 %', 'below 0.01 %', '0 %', '1630 %')
    """
    if 0.0 < share < 1e-4:
        return "below 0.01 %"
    return f"{100 * share:.0f} %" if 10.0 <= share < 1e4 else f"{number(100 * share, 3)} %"

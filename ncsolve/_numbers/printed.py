"""Numbers for people."""

from __future__ import annotations

__all__ = ["between", "number"]


def number(value: float, digits: int = 7) -> str:
    """A number for people: ``digits`` significant digits, zero as 0."""
    return "0" if value == 0 else f"{value:.{digits}g}"


def between(low: object, high: object) -> str:
    """A range for people, or its only value."""
    return f"{low}" if low == high else f"{low} to {high}"

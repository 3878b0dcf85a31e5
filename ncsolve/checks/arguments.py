"""Arguments of public functions: of the right kind, or one line of ncsolve's that says what to give."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from numbers import Real
from typing import TypeVar

import numpy as np

from ncsolve.errors import EncodingError, NCSolveError, ProblemError, UnknownNameError, shown

__all__ = [
    "LARGEST", "MAX_ENTRIES", "as_float", "check_classes", "check_kind", "check_name", "check_real", "check_whole",
    "entries",
]

T = TypeVar("T")
# What an index of an array, and so a size, can be.
LARGEST = 2**62
# 2^27 doubles are one gigabyte: more than an array that somebody meant to have.
MAX_ENTRIES = 2**27


def check_kind(what: str, value: object, kind: type[T], remedy: str, error: type[NCSolveError] = ProblemError) -> T:
    """The value, if it is an instance of ``kind``."""
    if not isinstance(value, kind):
        raise error(f"{what} must be of type {kind.__name__}; got {type(value).__name__}, {remedy}")
    return value


def check_name(kind: str, value: object, choices: Collection[str]) -> str:
    """The value, if it is one of the names.  Raises UnknownNameError, which lists the choices."""
    if not isinstance(value, str) or value not in choices:
        raise UnknownNameError(kind, value, choices)
    return value


def check_whole(
    what: str, value: object, least: int = 1, most: int = LARGEST, *, error: type[NCSolveError] = ProblemError,
    remedy: str = "",
) -> int:
    """A whole number from ``least`` to ``most``, of Python's or of numpy's."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not least <= value <= most:  # type: ignore[operator]
        above = f" and at most {'2^62' if most == LARGEST else most}"
        if most == LARGEST and not (whole and value > most):  # type: ignore[operator]
            above = ""  # nobody needs to be told
        raise error(f"{what} must be an integer of at least {least}{above}; got {shown(value)}{remedy}")
    return int(value)  # type: ignore[call-overload,no-any-return]


def as_float(value: Real) -> float:
    """The number as a float.  Raises OverflowError where it would become 0 or inf, and is neither."""
    number = float(value)
    if (number == 0.0 or math.isinf(number)) and value != number:
        raise OverflowError
    return number


def check_real(
    what: str, value: object, low: float = -math.inf, high: float = math.inf, *,
    error: type[NCSolveError] = ProblemError,
) -> float:
    """A number strictly between ``low`` and ``high``."""
    if not isinstance(value, bool) and isinstance(value, Real):
        try:
            number = as_float(value)
            if low < number < high:
                return number
        except OverflowError:
            pass
    raise error(f"{what} must be a number between {low:g} and {high:g}; got {shown(value)}")


def entries(what: str, value: object, remedy: str, error: type[NCSolveError] = ProblemError) -> tuple[object, ...]:
    """What is in a sequence; text is none."""
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        try:
            return tuple(value)
        except Exception:  # a 0-d array, and objects that fail when they are asked
            pass
    raise error(f"{what} must be a sequence; got {shown(value)}, {remedy}")


def check_classes(classes: int, least: int = 1) -> int:
    """A number of classes, or EncodingError."""
    if isinstance(classes, bool) or not isinstance(classes, (int, np.integer)) or classes < least:
        raise EncodingError(f"the number of classes must be an integer of at least {least}; got {shown(classes)}")
    if classes > MAX_ENTRIES:
        raise EncodingError(f"the number of classes must not exceed {MAX_ENTRIES}; got {shown(classes)}")
    return int(classes)

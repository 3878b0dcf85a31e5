"""Arguments of public functions: of the right kind, or one line of ncsolve's that says what to give."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from numbers import Real
from typing import TypeGuard, TypeVar

import numpy as np

from ncsolve.errors import EncodingError, NCSolveError, ProblemError, UnknownNameError, shown

__all__ = [
    "LARGEST", "MAX_ENTRIES", "as_float", "check_classes", "check_kind", "check_name", "check_real", "check_whole",
    "entries", "is_whole",
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


def is_whole(value: object, least: float = -math.inf, most: float = math.inf) -> TypeGuard[int]:
    """Whether a value is a whole number from ``least`` to ``most``, of Python's or of numpy's."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(least <= value <= most)


def check_whole(
    what: str, value: object, least: int = 1, most: int = LARGEST, *, error: type[NCSolveError] = ProblemError,
    remedy: str = "",
) -> int:
    """The value, if it is a whole number from ``least`` to ``most``."""
    if not is_whole(value, least, most):
        above = f" and at most {'2^62' if most == LARGEST else most}"
        if most == LARGEST and not is_whole(value, most):
            above = ""  # nobody needs to be told
        raise error(f"{what} must be an integer of at least {least}{above}; got {shown(value)}{remedy}")
    return int(value)


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
    if not is_whole(classes, least):
        raise EncodingError(f"the number of classes must be an integer of at least {least}; got {shown(classes)}")
    if classes > MAX_ENTRIES:
        raise EncodingError(f"the number of classes must not exceed {MAX_ENTRIES}; got {shown(classes)}")
    return int(classes)

"""Ranges of values on the command line: 1e-3:10:200, 0:1:5, 1e-3:inf:50, and lists such as 0,0.1,inf."""

from __future__ import annotations

import math

import numpy as np

from ncsolve._arrays import Array
from ncsolve._files.reading.classes import listed
from ncsolve._files.reading.numerals import is_whole, label_number
from ncsolve.checks.parse import parse_float
from ncsolve.errors import ProblemError, shown

__all__ = ["is_range", "parse_class_range", "parse_range", "parse_whole_range"]

_MOST = 1_000_000
# Where a range goes by equal factors between 0 and inf: the ends of the default range of lambda_b, and four decades.
_LOW, _HIGH, _DECADES = 1e-3, 10.0, 1e4


def is_range(text: str | None) -> bool:
    """Whether an option's value is many values."""
    return text is not None and (":" in text or "," in text)


def parse_range(option: str, text: str, *, logarithmic: bool = True, ends: bool = False, points: int = 100) -> Array:
    """The values of LOW:HIGH or LOW:HIGH:POINTS, or of a list with commas between.

    ``logarithmic`` spaces them by equal factors; ``points`` is how many there are if none are said.  ``ends`` says that
    0 and inf are values: they are added to a range between others, and may be its ends.  From 0 on steps are equal; up
    to inf factors are, to 10 or over four decades if that is more, and inf is the last point.  Raises ProblemError,
    naming the option.

    >>> parse_range("--lambda-b", "0:1:5", ends=True).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> parse_range("--lambda-b", "0.1:inf:6", ends=True).round(9).tolist()
    [0.1, 1.0, 10.0, 100.0, 1000.0, inf]
    """
    if ":" not in text:
        return np.array([_number(option, word, text) for word in text.split(",")])
    words = text.split(":")
    if len(words) > 3:
        raise ProblemError(f"{option} must be a range LOW:HIGH:POINTS such as 1e-3:10:200; got {shown(text)}")
    low, high = _number(option, words[0], text), _number(option, words[1], text)
    count = points if len(words) == 2 else _count(option, words[2], text)
    if ends and 0.0 <= low < high and (low == 0.0 or high == math.inf):
        return _from_0_or_to_inf(option, low, high, count, text)
    if not (math.isfinite(low) and math.isfinite(high)) or low >= high or (logarithmic and low <= 0):
        rule = "finite ends" if not logarithmic else "ends from 0 to inf" if ends else "positive and finite ends"
        raise ProblemError(f"{option} must be a range with {rule}, the lower one first; got {shown(text)}")
    grid = np.geomspace(low, high, count) if logarithmic else np.linspace(low, high, count)
    grid[0], grid[-1] = low, high
    return np.concatenate(([0.0], grid, [math.inf])) if ends else grid


def _from_0_or_to_inf(option: str, low: float, high: float, count: int, text: str) -> Array:
    if high < math.inf:
        return np.linspace(low, high, count)
    own = [0.0] if low == 0.0 else []
    first = low or _LOW
    inner = count - len(own) - 1
    if inner < 2:
        raise ProblemError(f"{option}: a range to inf must have at least {len(own) + 3} points; got {shown(text)}")
    return np.concatenate((own, np.geomspace(first, max(_HIGH, _DECADES * first), inner), [math.inf]))


def parse_whole_range(option: str, text: str, what: str, *, points: int = 100) -> Array:
    """The whole numbers nearest to those of a range of equal factors, or a list, which must be of whole numbers."""
    values = parse_range(option, text, points=points)
    typed = values[[0, -1]] if ":" in text else values
    if not (typed == np.round(typed)).all():
        raise ProblemError(f"{option} must be whole numbers of {what}; got {shown(text)}")
    return np.unique(np.round(values)) if ":" in text else values


def parse_class_range(option: str, text: str, names: tuple[str, ...] | None, classes: int) -> tuple[int, Array]:
    """The class and the counts of CLASS=LOW:HIGH:POINTS; the counts are whole numbers, spaced by equal factors."""
    word, mark, rest = text.rpartition("=")
    if not mark or not is_range(rest):
        raise ProblemError(f"{option} must be CLASS=LOW:HIGH:POINTS such as 2=1:100:50; got {shown(text)}")
    if names is not None and word in names:
        index = names.index(word)
    elif _are_words(names) and word.isascii() and word.isdigit() and len(word) < 10 and int(word) < classes:
        index = int(word)
    else:
        known = f"a number from 0 to {classes - 1}" if names is None else f"one of {listed(names)}"
        raise ProblemError(f"{option} must name a class, {known}; got {shown(word)}")
    return index, parse_whole_range(option, rest, "samples", points=50)


def _are_words(names: tuple[str, ...] | None) -> bool:
    """Whether a number can only be the place of a class, for no class has a number as its name."""
    return names is None or not any(label_number(name) is not None for name in names)


def _number(option: str, word: str, text: str) -> float:
    rule = "a range such as 1e-3:10:200 or a list such as 0,0.1,inf"
    try:
        return parse_float(option, word, rule)
    except ProblemError as error:
        raise ProblemError(f"{error} in {shown(text)}" if rule in str(error) else str(error)) from None


def _count(option: str, word: str, text: str) -> int:
    word = word.strip()
    count = int(word) if is_whole(word) and len(word) < 10 else 0
    if not 2 <= count <= _MOST:
        raise ProblemError(
            f"{option}: a range LOW:HIGH:POINTS must have from 2 to {_MOST} points; got {shown(word)} in "
            f"{shown(text)}"
        )
    return count

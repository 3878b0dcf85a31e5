"""What counts as a number in a file, and which spellings are the same number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

__all__ = ["MISSING", "decimal_point", "is_whole", "label_number", "missing_in", "number_text", "plain"]

# What pandas writes or reads for a missing value.  Other spellings, as "none", are words like any other.
MISSING = frozenset((
    "", "NaN", "nan", "-NaN", "-nan", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaT", "None", "null", "NULL",
))
# Where all other labels are numbers, these are no names of classes either; in lower case.
_ODD = frozenset((
    "nan", "na", "n/a", "null", "nil", "nat", "?", "-", "--", ".", "*", "inf", "+inf", "-inf", "infinity", "-infinity",
    "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "1.#inf", "-1.#inf",
))
_LABEL = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_DIGITS = 1000
_FIXED = range(-20, 40)  # powers of ten that are written out


def label_number(text: str) -> Decimal | None:
    """The number that a label is, exactly; None for a label that is text (``1_000``, ``.5``, ``inf``).

    >>> label_number("3.0") == label_number("+03"), label_number("1_000")
    (True, None)
    """
    if len(text) > _DIGITS or _LABEL.fullmatch(text) is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond those of decimals
        return None


def missing_in(labels: Iterable[str]) -> set[str]:
    """The labels that stand for a missing value.

    >>> sorted(missing_in(["1", "2", "NA", "?"])), missing_in(["a", "?", "2"])
    (['?', 'NA'], set())
    """
    found = set(labels)
    words = {label for label in found if label_number(label) is None}
    odd = {label for label in words if label.lower() in _ODD}
    return (found & MISSING) | (odd if len(words) < len(found) and words <= odd | MISSING else set())


def number_text(cell: str) -> str | None:
    """A cell of a matrix if it is a number, or inf or nan, whose error is another's; else None."""
    if len(cell) <= _DIGITS and _NUMBER.fullmatch(cell) is not None:
        return cell
    return cell if cell.lower().lstrip("+-") in ("nan", "inf", "infinity") else None


def decimal_point(cell: str) -> str:
    """A cell with a decimal comma, with a point."""
    return cell.replace(",", ".") if _COMMA.fullmatch(cell) is not None else cell


def is_whole(text: str) -> bool:
    """Whether a label is written as a whole number."""
    return _WHOLE.fullmatch(text) is not None


def plain(value: Decimal, spellings: list[str]) -> str:
    """How a number is shown: a whole number as it was written if in one way only, else the shortest spelling.

    >>> plain(Decimal("3.0"), ["3.0"]), plain(Decimal("01"), ["01"]), plain(Decimal("1"), ["1", "01"])
    ('3', '01', '1')
    """
    if len(spellings) == 1 and is_whole(spellings[0]) and not spellings[0].startswith("+"):
        return spellings[0]
    if value == 0:
        return "0"
    if value.adjusted() not in _FIXED:
        return min(spellings, key=lambda text: (len(text), text))
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

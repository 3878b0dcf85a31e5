"""Numbers as people type them: what a float would silently turn into another number is refused."""

from __future__ import annotations

import math
import re

from ncsolve.errors import ProblemError, shown

__all__ = ["parse_float"]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)


def parse_float(what: str, text: str, rule: str = "a number such as 5e-4 or 1/2000") -> float:
    """The float that a text says: digits, a fraction of them, or inf.

    ``what`` and ``rule`` say in an error what must be what.  Raises ProblemError for anything else, NaN among it, and
    for a number that would become 0 or inf without being it.

    >>> from ncsolve.checks.parse import parse_float
    >>> parse_float("--lambda-b", "5e-4"), parse_float("--lambda-b", "1/2000"), parse_float("--lambda-b", "inf")
    (0.0005, 0.0005, inf)
    >>> parse_float("--lambda-b", "1e-400")
    Traceback (most recent call last):
    ...
    ncsolve.errors.ProblemError: --lambda-b must be a number that a float can hold (0, 5e-324 to 1.8e308, or inf); got \
'1e-400', which would become 0
    """
    word = text.strip()
    if _INFINITE.fullmatch(word):
        return float(word)
    top, slash, bottom = word.partition("/")
    if slash and _NUMBER.fullmatch(top.strip()) and _NUMBER.fullmatch(bottom.strip()):
        from ncsolve.checks.exact import exact_number  # few numbers are typed so

        return float(exact_number(what, word))
    found = _NUMBER.fullmatch(word)
    if found is None:
        raise ProblemError(f"{what} must be {rule}; got {shown(word)}")
    value = float(word)
    if math.isinf(value) or (value == 0.0 and found[1].strip("0.")):
        raise ProblemError(
            f"{what} must be a number that a float can hold (0, 5e-324 to 1.8e308, or inf); got {shown(word)}, "
            f"which would become {abs(value):g}"
        )
    return value

"""The stand-alone checkers, as the text of one file."""

from __future__ import annotations

from pathlib import Path

from ncsolve.certificates import checker, relu_checker

__all__ = ["checker_source"]


def checker_source(*, relu: bool = False) -> str:
    """The file that checks certificates; with ``relu`` it goes on and checks those for features h >= 0 as well.

    >>> checker_source(relu=True).startswith(checker_source().partition("if __name__")[0])
    True
    """
    source = Path(checker.__file__).read_text(encoding="utf-8")
    if not relu:
        return source
    first = source.partition("if __name__")[0]
    lines = Path(relu_checker.__file__).read_text(encoding="utf-8").splitlines(keepends=True)
    return first + "".join(line for line in lines if not line.startswith("from ncsolve."))

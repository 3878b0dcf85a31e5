"""The exceptions of ncsolve: one family, each of which names the rule that was broken, the value and the remedy."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

__all__ = [
    "ConvergenceError",
    "DimensionError",
    "EncodingError",
    "FileError",
    "MissingPackageError",
    "NCSolveError",
    "OpenProblemError",
    "ProblemError",
    "SizeError",
    "UnknownNameError",
]


# C0 and C1 but for tab and line feed, the marks and overrides of writing direction, line separators, lone surrogates:
# a terminal acts on them, or a reader is misled by them.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_MOST_SHOWN = 60


def visible(text: str) -> str:
    r"""The text with every control character written out, so that a terminal shows it and does not act on it.

    >>> print(visible("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return _HIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def shown(value: object) -> str:
    """A value as an error shows it: its ``repr``, short, whatever the value is and however many digits it has.

    >>> shown("abc"), shown(10**5000)
    ("'abc'", 'int of more than 4000 digits')
    """
    if isinstance(value, int) and value.bit_length() > 13300:  # Python refuses to write such numbers
        return "int of more than 4000 digits"
    try:
        text = " ".join(visible(repr(value)).split())
    except Exception:  # what somebody else's object, or a list of such numbers, cannot tell of itself
        return f"{type(value).__name__} that cannot be shown"
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 3] + "..."


class NCSolveError(ValueError):
    """Base class of every error that ncsolve raises on purpose; a ``ValueError``."""


class ProblemError(NCSolveError):
    """A problem's counts, lambdas or shapes break a rule."""


class EncodingError(ProblemError):
    """An encoding's codes or parameters break a rule."""


class DimensionError(ProblemError):
    """The feature dimension is below the rank of the minimizer, where a method needs all of it."""


class OpenProblemError(ProblemError):
    """A combination of model parts whose global minimizer is an open problem."""


class UnknownNameError(NCSolveError, KeyError):
    """A name that is not in a registry; the message lists the choices.  Also a ``KeyError``."""

    def __init__(self, kind: str, name: object, choices: Iterable[str]) -> None:
        known = sorted(choices)
        word = name if isinstance(name, str) else shown(name)
        close = get_close_matches(word, known, n=1, cutoff=0.5)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        self.message = f"unknown {kind} {shown(word)}{hint} Choices: {', '.join(known)}".replace("?;", "?")
        if not hint:
            self.message = f"unknown {kind} {shown(word)}; choices: {', '.join(known)}"
        super().__init__(self.message)

    def __str__(self) -> str:  # KeyError would print the repr
        return self.message


class FileError(NCSolveError):
    """A file cannot be read, does not hold what it should, or would be overwritten."""


class MissingPackageError(NCSolveError, ImportError):
    """A package that is needed is not installed; the message names the command that brings it.

    Also an ``ImportError``.  The command is of the interpreter that runs, as the first ``pip`` on the path may install
    elsewhere, and adds the extra to ncsolve however that is installed.
    """

    def __init__(self, purpose: str, package: str, *install: str) -> None:
        command = shlex.join([sys.executable or "python3", "-m", "pip", "install", *install])
        super().__init__(f"{purpose} needs {package}; install it with: {command}")


def hidden(part: str) -> MissingPackageError:
    """The error for a part that a checkout's own folder ``ncsolve`` lacks, and hides where it was installed."""
    here = Path(__file__).parent
    return MissingPackageError(
        part, f"an editable install, as the folder {here} hides the installed package", "-e", str(here.parent)
    )


class SizeError(NCSolveError):
    """An array would be too large to form; the message names the compact form to use."""


class ConvergenceError(NCSolveError):
    """An iteration ended above its tolerance: no result is returned."""

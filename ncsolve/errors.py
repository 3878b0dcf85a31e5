"""The exceptions of ncsolve: one family, each of which names the rule that was broken, the value and the remedy."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from ncsolve._text import shown

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

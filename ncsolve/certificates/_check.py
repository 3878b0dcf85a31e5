"""Running the stand-alone checker in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ncsolve._files.open_input import read_bytes, shown_name
from ncsolve._files.write_whole import checked_path
from ncsolve.certificates import checker, cross_entropy_checker, relu_checker
from ncsolve.errors import FileError

__all__ = ["CheckResult", "check_bytes", "check_file"]


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What the checker found: ``holds``, and ``lines``, what is proved or why the evidence does not hold."""

    holds: bool
    lines: tuple[str, ...]

    def __bool__(self) -> bool:
        return self.holds


def check_bytes(data: bytes) -> CheckResult:
    """Check the text of a certificate of any kind.  Raises FileError if it is none."""
    check = relu_checker.check_either if b"relu-certificate" in data else cross_entropy_checker.check_entropy
    try:
        return CheckResult(holds=True, lines=tuple(check(data)))
    except checker.Refuted as error:
        return CheckResult(holds=False, lines=(f"refuted: {error}",))
    except (checker.Malformed, RecursionError, ValueError) as error:
        raise FileError(f"not a certificate: {error}") from None


def check_file(path: str | Path) -> CheckResult:
    """Check a certificate file with integers and fractions only, as ``python -I -S checker.py`` does.

    Raises FileError if the file cannot be read or is not a certificate; a certificate whose evidence does not hold is
    no error: the result says why.
    """
    path = checked_path(path)
    data = read_bytes(path, most=checker.MAX_BYTES, what="a certificate")
    try:
        return check_bytes(data)
    except FileError as error:
        raise FileError(f"{shown_name(path)}: {error}") from None

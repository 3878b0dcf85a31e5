"""Which files are read, by their ending; what has no ending is told by its first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from ncsolve._files.open_input import read_bytes, shown_name
from ncsolve.errors import FileError

__all__ = ["CODE_ENDINGS", "LABEL_ENDINGS", "MOST_BYTES", "has_table_ending", "kind_and_bytes", "names_a_file",
           "short_name"]

TABLES = (".csv", ".tsv")
CODE_ENDINGS = (".csv", ".tsv", ".txt", ".npy", ".npz")
LABEL_ENDINGS = (*CODE_ENDINGS, ".parquet")
MOST_BYTES = 1 << 29

_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]*$")
_EXPONENT = re.compile(r"\d\.[eE]\d+$")  # the end of a number in a spec, as in affine:1.e2
_PIPES = re.compile(r"-|/dev/stdin|/(?:dev|proc/self)/fd/\d+")
_MAGIC = {b"\x93NUMPY": ".npy", b"PK\x03\x04": ".npz", b"PAR1": ".parquet"}


def names_a_file(spec: str) -> bool:
    """Whether a text is meant as a file: it has a file ending or a folder, or is standard input.

    >>> [names_a_file(spec) for spec in ("codes.CSV", "codes.dat", "./codes", "-", "onehot", "affine:1.5,-0.2")]
    [True, True, True, True, False, False]
    """
    if spec == "-" or "/" in spec or "\\" in spec:
        return True
    return _ENDING.search(spec) is not None and _EXPONENT.search(spec) is None


def kind_and_bytes(path: str | Path, endings: tuple[str, ...], what: str) -> tuple[str, bytes]:
    """The kind of a file, one of ``endings``, and its bytes; a pipe is .txt unless it begins as another kind.

    Raises FileError for an unknown ending, and as ``read_bytes``.
    """
    pipe = _PIPES.fullmatch(str(path)) is not None
    ending = Path(path).suffix.lower()
    if not pipe and ending not in endings:
        raise FileError(f"{shown_name(path)}: unknown file ending {ending!r}; use one of {', '.join(endings)}")
    data = read_bytes(path, most=MOST_BYTES, what=what)
    if pipe:
        ending = next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), ".txt")
    return ending, data


def short_name(path: str | Path) -> str:
    """A file's name without its folders, a pipe's whole name."""
    return shown_name(path if _PIPES.fullmatch(str(path)) else Path(path).name)


def has_table_ending(kind: str) -> bool:
    """Whether files of this kind have a header unless it is told or seen that they have none."""
    return kind in TABLES

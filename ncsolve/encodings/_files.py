"""Encodings from files."""

from __future__ import annotations

from pathlib import Path

from ncsolve._files.reading.codes import read_codes
from ncsolve._files.write_whole import checked_path
from ncsolve.encodings._base import ArrayEncoding, from_array
from ncsolve.errors import EncodingError, FileError

__all__ = ["from_file"]


def from_file(path: str | Path, *, header: bool | None = None) -> ArrayEncoding:
    """Read an encoding (m rows, one column per class) from a .csv, .tsv, .txt, .npy or .npz file.

    Text files hold one row a line, separated by commas, semicolons, tabs or spaces; lines that start with
    '#' are comments.  ``header`` says whether line 1 is a header; by default a .csv or .tsv file has one where its
    line 1 is text.  The rules are in docs/reference/files.md.  Raises FileError for a file that is missing, empty,
    ragged, not numeric, or can be read in two ways.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "codes.csv")
    ...     _ = file.write_text("\\n".join(("1,0,0.5", "0,1,0.5")))
    ...     from_file(file).matrix
    array([[1. , 0. , 0.5],
           [0. , 1. , 0.5]])
    """
    path = checked_path(path)
    try:
        file = read_codes(path, header=header)
        return from_array(file.matrix, name=file.name)
    except EncodingError as error:
        raise FileError(f"{path}: {error}") from None

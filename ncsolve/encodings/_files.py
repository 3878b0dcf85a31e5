"""Encodings from files."""

from __future__ import annotations

from pathlib import Path

from ncsolve._files import checked_path
from ncsolve._read import read_matrix
from ncsolve.encodings._base import ArrayEncoding, from_array
from ncsolve.errors import EncodingError, FileError

__all__ = ["from_file"]


def from_file(path: str | Path) -> ArrayEncoding:
    """Read an encoding (m rows, one column per class) from a .csv, .txt or .npy file.

    Text files hold one row a line, separated by commas, semicolons, tabs or spaces; lines that start with
    '#' are comments.  Raises FileError for a file that is missing, empty, ragged or not numeric.

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
        return from_array(read_matrix(path), name=path.name)
    except EncodingError as error:
        raise FileError(f"{path}: {error}") from None

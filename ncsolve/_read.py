"""Reading matrices and labels from files; every failure names the file, the line and the remedy."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ncsolve.errors import FileError

__all__ = ["read_labels", "read_matrix"]

_SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")


def read_matrix(path: str | Path) -> NDArray[np.float64]:
    """A two-dimensional array of numbers from .csv, .txt or .npy.  Raises FileError."""
    path = Path(path)
    if path.suffix == ".npy":
        array = _load_npy(path)
        if array.dtype.kind not in "iufb" or array.ndim != 2:
            raise FileError(f"{path}: expected a two-dimensional array of numbers; got shape {array.shape} of "
                            f"{array.dtype}")
        return array.astype(np.float64)
    _check_ending(path, (".csv", ".txt", ".npy"))
    rows: list[list[float]] = []
    for number, line in enumerate(_read_text(path).splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        row = []
        for cell in _SEPARATOR.split(text):
            try:
                row.append(float(cell))
            except ValueError:
                raise FileError(
                    f"{path}, line {number}: expected a number; got {cell!r} (a header line must start with '#')"
                ) from None
        if rows and len(row) != len(rows[0]):
            raise FileError(
                f"{path}, line {number}: every row must have the same length; this one has {len(row)} numbers, the "
                f"first has {len(rows[0])}"
            )
        rows.append(row)
    if not rows:
        raise FileError(f"{path}: the file holds no numbers; write one row of the matrix a line")
    return np.array(rows)


def read_labels(path: str | Path, column: str | None = None) -> list[str] | NDArray[np.generic]:
    """Class labels, one per row, from .csv (a column by name or number), .txt or .npy.  Raises FileError."""
    path = Path(path)
    if path.suffix == ".npy":
        array = _load_npy(path)
        if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iubUS":
            raise FileError(
                f"{path}: expected a non-empty one-dimensional array of integer or string labels; got shape "
                f"{array.shape} of {array.dtype}"
            )
        return array
    _check_ending(path, (".csv", ".txt", ".npy"))
    if path.suffix == ".txt":
        if column is not None:
            raise FileError(f"{path}: --label-column is for .csv files; a .txt file has one label a line")
        labels = [line.strip() for line in _read_text(path).splitlines()]
        while labels and not labels[-1]:
            labels.pop()
        return _check_labels(path, labels, first_line=1)
    return _read_csv_column(path, column)


def _read_csv_column(path: Path, column: str | None) -> list[str]:
    rows = list(csv.reader(_read_text(path).splitlines()))
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise FileError(f"{path}: the file is empty; write one label a line under a header")
    header, body = [cell.strip() for cell in rows[0]], rows[1:]
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            raise FileError(
                f"{path}, row {number}: every row must have {len(header)} columns as the header has; it has {len(row)}"
            )
    if column is None:
        if len(header) > 1:
            raise FileError(f"{path}: the file has {len(header)} columns; choose one with --label-column "
                            f"({', '.join(header[:12])})")
        index = 0
    elif column in header:
        index = header.index(column)
    elif column.isascii() and column.isdigit() and int(column) < len(header):
        index = int(column)
    else:
        raise FileError(f"{path}: there is no column {column!r}; choose one of {', '.join(header[:12])}")
    labels = [row[index].strip() for row in body]
    if header[index] in labels or _is_number(header[index]):  # no header: the first line is a label like the others
        return _check_labels(path, [header[index], *labels], first_line=1)
    return _check_labels(path, labels, first_line=2)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_labels(path: Path, labels: list[str], first_line: int) -> list[str]:
    if not labels:
        raise FileError(f"{path}: the file holds no labels; write one label a line")
    for number, label in enumerate(labels, start=first_line):
        if not label:
            raise FileError(f"{path}, line {number}: the label is empty; every row needs one")
    return labels


def _check_ending(path: Path, endings: tuple[str, ...]) -> None:
    if path.suffix not in endings:
        raise FileError(f"{path}: unknown file ending {path.suffix!r}; use one of {', '.join(endings)}")


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise FileError(f"{path}: is not a text file in UTF-8; convert it or save it as .npy") from None


def _load_npy(path: Path) -> NDArray[np.generic]:
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except Exception:  # numpy's parser of damaged headers raises errors of many kinds
        raise FileError(f"{path}: is not a .npy file of numbers or strings; save it again with numpy.save") from None
    if not isinstance(array, np.ndarray):
        raise FileError(f"{path}: holds several arrays; save one array with numpy.save")
    return array

"""Reading a matrix of numbers: codes with a row per output and a column per class, or a Gram matrix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ncsolve._files.open_input import shown_name
from ncsolve._files.reading.arrays import one_array
from ncsolve._files.reading.kinds import CODE_ENDINGS, has_table_ending, kind_and_bytes, short_name
from ncsolve._files.reading.numerals import decimal_point, number_text
from ncsolve._files.reading.table import SEPARATORS, lines_of, refuse_foreign, split_rows, words_of
from ncsolve.errors import FileError

__all__ = ["CodeFile", "NamedRowsError", "read_codes"]

Rows = tuple[tuple[str, ...], ...]
_Numbered = list[tuple[int, list[str]]]
_UNNAMED = ("", "Unnamed: 0")  # the second is what pandas makes of the first when it reads and writes again


class NamedRowsError(FileError):
    """A matrix whose first column holds names."""


@dataclass(frozen=True, kw_only=True)
class CodeFile:
    """A matrix (m, K) from a file; ``texts`` are its numbers as they are written, where the file is a text.

    ``names`` are the classes that a header names; ``notes`` say what else was made of the file.
    """

    name: str
    matrix: NDArray[np.float64]
    texts: Rows | None = None
    names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What was read, in one line."""
        rows, columns = self.matrix.shape
        size = f"{rows} row{'s' if rows > 1 else ''} (outputs), {columns} column{'s' if columns > 1 else ''} (classes)"
        return ", ".join((self.name, size, *self.notes))

    def in_order(self, columns: list[int]) -> CodeFile:
        """The same codes with the columns of these numbers, in this order."""
        if columns == list(range(len(columns))):
            return self
        return replace(
            self, matrix=self.matrix[:, columns],
            texts=None if self.texts is None else tuple(tuple(row[k] for k in columns) for row in self.texts),
            names=None if self.names is None else tuple(self.names[k] for k in columns),
            notes=(*self.notes, "put in the order of the labels' classes"),
        )


def read_codes(path: str | Path, *, header: bool | None = None, what: str = "a file of codes") -> CodeFile:
    """A matrix of numbers from .csv, .tsv, .txt, .npy, .npz or a pipe; the rules are in docs/reference/files.md.

    ``header`` says whether line 1 is one, where it must not be left to the rules; ``what``
    names the kind of file in errors.  Raises FileError, with the line.
    """
    kind, data = kind_and_bytes(path, CODE_ENDINGS, what)
    name, shown = shown_name(path), short_name(path)
    if kind in (".npy", ".npz"):
        array = one_array(name, kind, data)
        if array.dtype.kind not in "iufb" or array.ndim != 2:
            raise FileError(f"{name}: expected a two-dimensional array of numbers; got shape {array.shape} of "
                            f"{array.dtype}, use reshape(1, -1) for one output and astype(float) for text")
        return CodeFile(name=shown, matrix=array.astype(np.float64))
    lines = list(lines_of(name, data))
    refuse_foreign(name, lines[:1])
    rows, notes = _split(name, lines)
    names = None
    if _has_header(name, kind, rows, header):
        (line, cells), rows = rows[0], rows[1:]
        rows, cells, counted = _without_row_numbers(name, rows, cells)
        notes += counted
        if rows and len(cells) != len(rows[0][1]):
            raise FileError(f"{name}, line {line}: the header must name each column; it has {len(cells)} names, and "
                            f"there are {len(rows[0][1])} columns")
        if cells == [str(k) for k in range(len(cells))]:
            notes.append(f"line {line} numbers the columns")
        else:
            names = _class_names(name, line, cells)
            notes.append(f"line {line} names the classes")
    _check_numbers(name, rows, header)
    texts = tuple(tuple(cells) for _, cells in rows)
    return CodeFile(name=shown, matrix=_matrix(name, texts, rows), texts=texts, names=names, notes=tuple(notes))


def _split(name: str, lines: list[str]) -> tuple[_Numbered, list[str]]:
    """The rows of the file by the one separator that makes numbers of it; of several or none, by the likeliest."""
    kept = [(number, line) for number, line in enumerate(lines, start=1)
            if line.strip() and not line.lstrip().startswith("#")]
    if not kept:
        raise FileError(f"{name}: the file holds no numbers; write one row of the matrix a line")
    present = [mark for mark in SEPARATORS if any(mark in line for _, line in kept)]
    words = [(number, words_of(line)) for number, line in kept]
    tries = {mark: _cells(name, kept, mark) for mark in present}
    if not present or any(len(cells) > 1 for _, cells in words):
        tries[" "] = words
    for mark, rows in tries.items():
        points = _with_points(rows) if mark in ("\t", ";") else rows
        # A first row of words may be a header, but one of decimal commas is none.
        if points != rows and _is_matrix(points) and (_is_numbers(points[0][1]) or not _is_matrix(rows)):
            return points, [f"decimal commas, {SEPARATORS[mark]} between"]
        if _is_matrix(rows):
            return rows, []
    if len(present) > 1 or (" " in tries and present and _is_matrix(_with_points(words))):
        marks = " and ".join(SEPARATORS.get(mark, "white space") for mark in (present if len(present) > 1 else tries))
        raise FileError(
            f"{name}: one kind of separator must stand between the numbers; the file has {marks}, write decimal points "
            "and commas, or decimal commas and semicolons"
        )
    return next(iter(tries.values())), []


def _with_points(rows: _Numbered) -> _Numbered:
    return [(number, [decimal_point(cell) for cell in cells]) for number, cells in rows]


def _cells(name: str, kept: list[tuple[int, str]], mark: str) -> _Numbered:
    """Each line as a row of stripped cells; in a matrix no cell goes on over the end of a line."""
    found: _Numbered = []
    for number, line in kept:
        rows = [row for _, row in split_rows(name, [line], mark)]
        found.append((number, [cell.strip() for cell in rows[0]]))
    return found


def _is_matrix(rows: _Numbered) -> bool:
    """Whether all rows are equally long and of numbers, but for a first one that may be a header."""
    body = rows[1:] if len(rows) > 1 and not _is_numbers(rows[0][1]) else rows
    return len({len(cells) for _, cells in rows}) == 1 and all(_is_numbers(cells) for _, cells in body)


def _is_numbers(cells: list[str]) -> bool:
    return all(number_text(cell) is not None for cell in cells)


def _has_header(name: str, kind: str, rows: _Numbered, told: bool | None) -> bool:
    """By the rules: told, or in a .csv or .tsv file of several rows a first one of words."""
    if told is not None:
        if told and len(rows) == 1:
            raise FileError(f"{name}: the file has one row, which cannot be a header; drop --header")
        return told
    first = rows[0][1]
    shown = ",".join(first[:6]) + (",..." if len(first) > 6 else "")
    if len(rows) == 1 or not has_table_ending(kind):
        return False
    if first == [str(k) for k in range(len(first))]:
        raise FileError(
            f"{name}: line {rows[0][0]}, {shown}, can number the columns, as pandas writes it above a matrix of "
            f"{len(rows) - 1} row{'s' if len(rows) > 2 else ''}, or be the first of {len(rows)} rows; say --header or "
            "--no-header (header=True or False)"
        )
    return all(number_text(cell) is None for cell in first) or (first[0] in _UNNAMED and len(first) > 1)


def _without_row_numbers(
    name: str, rows: _Numbered, header: list[str]
) -> tuple[_Numbered, list[str], list[str]]:
    """The rows without a first column that has no name and counts them, from 0 as pandas does or from 1 as R does.

    Raises FileError for such a column with other names of the rows, which may be those of the classes.
    """
    if rows and len(header) == len(rows[0][1]) - 1:  # as R writes a table with the names of its rows
        header = ["", *header]
    if header[0] not in _UNNAMED or len(header) == 1:
        return rows, header, []
    names = [cells[0] for _, cells in rows]
    if not any(names == [str(i + first) for i in range(len(names))] for first in (0, 1)):
        raise NamedRowsError(
            f"{name}: the first column has no name and names the rows ({', '.join(names[:6])}); take it out, and "
            "transpose the matrix if these are the classes (a row per output, a column per class)"
        )
    return [(line, cells[1:]) for line, cells in rows], header[1:], ["the first column numbers the rows"]


def _class_names(name: str, line: int, cells: list[str]) -> tuple[str, ...]:
    for one, next_ in pairwise(sorted(cells)):
        if one == next_:
            raise FileError(f"{name}, line {line}: the header names a class for each column; {one!r} comes twice, "
                            "rename one")
    if "" in cells:
        raise FileError(f"{name}, line {line}: the header names a class for each column; name {cells.index('')} "
                        "(counted from 0) is empty, write it")
    return tuple(cells)


def _check_numbers(name: str, rows: _Numbered, told: bool | None) -> None:
    """FileError for the first cell that is no number, or the first row of another length."""
    for line, cells in rows:
        for cell in cells:
            if number_text(cell) is None:
                raise _not_a_number(name, rows, line, cell, told)
        if len(cells) != len(rows[0][1]):
            raise FileError(
                f"{name}, line {line}: every row must have the same length; this one has {len(cells)} numbers, the "
                f"first has {len(rows[0][1])}"
            )


def _not_a_number(name: str, rows: _Numbered, line: int, cell: str, told: bool | None) -> FileError:
    """The error of a cell that is no number, with what can be done about it where the row tells that."""
    wrong, cells = f"{name}, line {line}: expected a number; got {cell[:60]!r}", dict(rows)[line]
    if cells[-1] == "" and all(row[-1] == "" for _, row in rows):
        return FileError(f"{wrong} (the lines end with a separator; take it away)")
    if len(cells) > 1 and all(number_text(row[0]) is None and _is_numbers(row[1:]) for _, row in rows if len(row) > 1):
        return NamedRowsError(f"{wrong} (the first column names the rows; take it out, and transpose the matrix if "
                              "these are the classes)")
    word = cell[:1].isalpha() or cell[:1] in "\"'" or cells[0] == ""
    hint = " (a header line must start with '#', or say --header)"
    return FileError(wrong + hint * (word and line == rows[0][0] and len(rows) > 1 and told is None))


def _matrix(name: str, texts: Rows, rows: _Numbered) -> NDArray[np.float64]:
    matrix = np.array([[float(cell) for cell in row] for row in texts])
    # A number beyond the range of floats must not become infinity or zero without a word.
    for i, k in np.argwhere(~np.isfinite(matrix) | (matrix == 0)):
        cell = texts[i][k]
        mantissa = cell.lower().partition("e")[0]
        if any(c in "123456789" for c in mantissa):
            raise FileError(f"{name}, line {rows[i][0]}: the number {cell[:60]} is outside the range of floats; "
                            "rescale the codes")
    return matrix

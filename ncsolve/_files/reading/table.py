"""Text files as rows of cells: only CR and LF end a line, a quoted cell may hold them, one separator serves a file."""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Iterable, Iterator
from io import BytesIO, TextIOWrapper
from itertools import islice

from ncsolve.errors import FileError

__all__ = ["SEPARATORS", "columns_of", "lines_of", "refuse_foreign", "sample_of", "separators_of",
           "split_rows", "words_of"]

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
_SAMPLE = 1000
_WORD = re.compile(r'"((?:[^"]|"")*)"(?!\S)|(\S+)')
_EXCEL = re.compile(r'"?sep=.?"?')
_LONGEST = 1 << 30
# The csv module has one limit for all readers of a process; it is put back when the last of ours has ended.
_limit = threading.Lock()
_readers = 0
_usual = 0


def lines_of(name: str, data: bytes) -> Iterator[str]:
    """The lines of a text file in UTF-8, with their ends.  Raises FileError."""
    if b"\0" in data:
        raise FileError(f"{name}: is not a text file in UTF-8; convert it or save it as .npy")
    try:
        # Empty lines at the end are no rows.
        yield from TextIOWrapper(BytesIO(data.rstrip(b"\r\n ")), "utf-8-sig", newline="")
    except UnicodeDecodeError:
        raise FileError(f"{name}: is not a text file in UTF-8; convert it or save it as .npy") from None


def sample_of(name: str, data: bytes) -> list[str]:
    """The first lines that are not blank, by which the layout of a file is told; its rows are all held to it."""
    sample = list(islice((line for line in lines_of(name, data) if line.strip()), _SAMPLE))
    refuse_foreign(name, sample)
    return sample


def refuse_foreign(name: str, lines: list[str]) -> None:
    """FileError for first lines that are no rows: Excel's separator, the declarations of Weka."""
    first = next((line for line in lines if not line.startswith("%")), "").strip().lower()
    if _EXCEL.fullmatch(first):
        raise FileError(f"{name}: the first line, {first}, is a note for Excel and no row; delete it")
    if first.startswith("@relation"):
        raise FileError(f"{name}: is an ARFF file; save the lines below @data as .csv")


def split_rows(name: str, lines: Iterable[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a table with the number of the line on which each ends; a blank line is a row without cells.

    Raises FileError for quotes that are not closed.
    """
    with _long_cells():
        reader = csv.reader(lines, delimiter=separator, strict=True)
        try:
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise FileError(
                f"{name}, line {reader.line_num}: is not a row of cells: {error}; close the quotes, and double those "
                "that belong to a cell"
            ) from None


def separators_of(name: str, lines: list[str]) -> list[str]:
    """The separators that every row has equally often, at least once."""
    found = []
    for separator in SEPARATORS:
        if any(separator in line for line in lines):
            try:
                widths = {len(row) for _, row in split_rows(name, _whole(lines), separator) if row}
            except FileError:
                continue
            if len(widths) == 1 and widths.pop() > 1:
                found.append(separator)
    return found


def columns_of(name: str, lines: list[str], separator: str) -> list[list[str]]:
    """The columns of a sample of lines, stripped."""
    rows = [[cell.strip() for cell in row] for _, row in split_rows(name, _whole(lines), separator) if row]
    return [list(column) for column in zip(*rows, strict=True)]


def words_of(line: str) -> list[str]:
    """The words of a line; one in double quotes may hold spaces."""
    if '"' not in line:
        return line.split()
    if '""' not in line:  # nothing but words in quotes is told without the slower pattern
        parts = line.split('"')
        if len(parts) % 2 and not "".join(parts[::2]).strip():
            return parts[1::2]
    return [plain or quoted.replace('""', '"') for quoted, plain in _WORD.findall(line)]


def _whole(lines: list[str]) -> list[str]:
    """The sample without a row that its end may cut in two."""
    if len(lines) < _SAMPLE:
        return lines
    quotes, last = 0, 0
    for number, line in enumerate(lines, start=1):
        quotes += line.count('"')
        if quotes % 2 == 0:
            last = number
    return lines[:last]


class _long_cells:
    """While it is entered the csv module takes cells of any length, as the texts of a data set are."""

    def __enter__(self) -> None:
        global _readers, _usual
        with _limit:
            if _readers == 0:
                _usual = csv.field_size_limit(_LONGEST)
            _readers += 1

    def __exit__(self, *error: object) -> None:
        global _readers
        with _limit:
            _readers -= 1
            if _readers == 0:
                csv.field_size_limit(_usual)

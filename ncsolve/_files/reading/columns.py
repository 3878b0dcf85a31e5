"""Which column of a text file holds the labels, told by the file's first lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ncsolve._files.reading.kinds import has_table_ending
from ncsolve._files.reading.numerals import decimal_point, is_whole, label_number, number_text
from ncsolve._files.reading.table import (
    SEPARATORS,
    columns_of,
    lines_of,
    sample_of,
    separators_of,
    split_rows,
    words_of,
)
from ncsolve.errors import FileError

__all__ = ["LabelColumn", "find_column"]

_SHOWN = 12
_PATH = re.compile(r"[/\\]|\.[A-Za-z]\w{1,4}$")
_LIBSVM = re.compile(r"\s*(\S+)(?:\s+(?:\d+|qid):\S+)*\s*(?:#.*)?", re.ASCII)
_BESIDE = "the column beside the row numbers"
_LIST = "the last column (a list of files and labels)"
_FEATURE = re.compile(r"\s(?:\d+|qid):\S", re.ASCII)
_LISTED = re.compile(r"\.[A-Za-z]\w{1,4}\s+\S+$")
Cells = Iterator[tuple[int, str]]


@dataclass(frozen=True, kw_only=True)
class LabelColumn:
    """The labels' column: ``cells()`` are its lines and cells, ``words`` say how it was found.

    ``index`` is its number among ``width`` columns, ``header`` whether line 1 was seen to be a header, None where that
    is still open; ``numbers_above`` says that other columns have a number in line 1, as rows of data have.
    """

    cells: Callable[[], Cells]
    index: int = 0
    width: int = 1
    words: str = ""
    header: bool | None = None
    numbers_above: bool = False

    def where(self, header: str | None) -> str:
        """The column in words, with the text of its header."""
        parts = [f"column {header!r} (line 1 is the header)"] if header is not None else []
        if header is None and self.width > 1 and not self.words:
            parts.append(f"column {self.index}")
        return ", ".join([*parts, *([self.words] if self.words else [])])


def find_column(name: str, kind: str, data: bytes, column: str | None) -> LabelColumn:
    """The column with the labels: the only one, the one named, or the last one of a list of files.

    Raises FileError where that is not clear, naming the columns.
    """
    sample = sample_of(name, data)
    if not sample:
        raise FileError(f"{name}: the file is empty; write one label a line")
    plain = not has_table_ending(kind)
    if (plain or not any("," in line for line in sample)) and _is_libsvm(sample):
        return LabelColumn(cells=lambda: _first_words(name, data), words="the first word of each line (LIBSVM format)")
    found = separators_of(name, sample)
    if len(found) > 1:
        raise FileError(
            f"{name}: the columns can be separated by {' or by '.join(SEPARATORS[mark] for mark in found)}; put cells "
            "that hold one of them in quotes"
        )
    if found:
        return _of_table(name, data, found[0], columns_of(name, sample, found[0]), column)
    lines = [line.strip() for line in sample]
    if plain or (column != lines[0] and _has_number_column(list(map(words_of, lines)))) or (
        column is None and (_is_file_list(lines) or all(map(_begins_with_file, lines)))
    ):
        return _of_lines(name, data, lines, column, table=not plain)
    used = [mark for mark in SEPARATORS if mark in lines[0]]
    mark = used[0] if len(used) == 1 else "\t" if kind == ".tsv" else ","
    if any(mark in line for line in lines):
        _check_widths(name, data, mark)
    return _of_table(name, data, mark, [lines], column)


def _check_widths(name: str, data: bytes, separator: str) -> None:
    """FileError if the rows have different numbers of columns."""
    width = 0
    for line, row in split_rows(name, lines_of(name, data), separator):
        width = width or len(row)
        if len(row) not in (0, width):
            raise _ragged(name, line, len(row), width, separator)


def _ragged(name: str, line: int, found: int, width: int, separator: str) -> FileError:
    if found == 0:
        return FileError(f"{name}, line {line}: the line is empty; every row needs a label, delete those without")
    return FileError(
        f"{name}, line {line}: every row must have as many columns as line 1, {width}; this one has {found} (put cells "
        f"that hold {SEPARATORS[separator]} in quotes)"
    )


def _of_table(name: str, data: bytes, separator: str, columns: list[list[str]], column: str | None) -> LabelColumn:
    width, header = len(columns), [cells[0] for cells in columns]
    index, words, seen = 0, "", None
    if column is not None:
        index = _chosen(name, header, column)
        seen = True if column in header and label_number(column) is None else _header_by_others(columns, index)
    elif width == 2 and all(map(_PATH.search, columns[0][1:])) and len(columns[0]) > 1:
        index, words = 1, _LIST
        seen = False if _PATH.search(header[0]) else None
    elif width == 2 and header[0] in ("", "Unnamed: 0") and header[1] and _numbers_rows(columns[0][1:]):
        index, words, seen = 1, _BESIDE, True
    elif width > 1:
        raise FileError(
            f"{name}: the file has {width} columns, separated by {SEPARATORS[separator]}; choose one with "
            f"--label-column ({', '.join(header[:_SHOWN])}, or a number from 0 to {width - 1}), or, if that is no "
            "separator, put the labels in quotes"
        )

    points = separator in "\t;" and _has_decimal_commas(columns[index])
    if points:
        words = f"{words}, decimal commas".removeprefix(", ")

    def cells() -> Cells:
        for line, row in split_rows(name, lines_of(name, data), separator):
            if len(row) != width and (row or width > 1):
                raise _ragged(name, line, len(row), width, separator)
            cell = row[index].strip() if row else ""
            yield line, decimal_point(cell) if points else cell

    above = any(j != index and cells[0] != str(j) and _is_number(cells[0]) for j, cells in enumerate(columns))
    return LabelColumn(cells=cells, index=index, width=width, words=words, header=seen, numbers_above=above)


def _has_decimal_commas(cells: list[str]) -> bool:
    """Whether the cells, but for a header, are numbers, and some have a decimal comma."""
    are = [label_number(decimal_point(cell)) is not None for cell in cells]
    return all(are[1:] or are) and any("," in cell for cell, number in zip(cells, are, strict=True) if number)


def _header_by_others(columns: list[list[str]], index: int) -> bool | None:
    """Whether line 1 is a header, by the columns of numbers beside the labels: a word above one, or a fraction."""
    tops = [cells[0] for j, cells in enumerate(columns)
            if j != index and len(cells) > 1 and all(map(_is_number, cells[1:]))]
    if any(_is_number(top) and not is_whole(top) for top in tops):
        return False
    return True if any(top[:1].isalpha() and not _is_number(top) for top in tops) else None


def _is_number(cell: str) -> bool:
    return number_text(decimal_point(cell)) is not None


def _numbers_rows(cells: list[str]) -> bool:
    """Whether cells count from 0, as pandas numbers rows, or from 1, as R does."""
    return any(cells == [str(i + first) for i in range(len(cells))] for first in (0, 1))


def _is_libsvm(sample: list[str]) -> bool:
    lines = [line.strip() for line in sample if not line.startswith("#")]
    return any(map(_FEATURE.search, lines)) and all(map(_LIBSVM.fullmatch, lines))


def _of_lines(name: str, data: bytes, sample: list[str], column: str | None, *, table: bool) -> LabelColumn:
    """A file without separators but white space: words in columns, or labels that hold spaces."""
    words = [words_of(line) for line in sample]
    short = _lacks_a_name(words)
    if short:
        words[0].insert(0, "")
    width = len(words[0]) if len({len(row) for row in words}) == 1 else 0
    if column is not None:
        if width == 0:
            raise FileError(f"{name}: there are no columns to choose with --label-column; the lines have different "
                            "numbers of words")
        index = _chosen(name, words[0], column)
        seen = True if column in words[0] and label_number(column) is None else None
        if table and seen is None:
            seen = _header_by_others([list(cells) for cells in zip(*words, strict=True)], index)
        return LabelColumn(cells=lambda: _words(name, data, index, width, short), index=index, width=width, header=seen)
    if short and width == 2:
        return LabelColumn(cells=lambda: _words(name, data, 1, 2, short), index=1, width=2, words=_BESIDE, header=True)
    if _is_file_list(sample):
        seen = False if _names_file(sample[0]) else None
        return LabelColumn(cells=lambda: _last_words(name, data), index=1, width=2, words=_LIST, header=seen)
    listed = sum(_LISTED.search(line) is not None for line in sample)
    if 2 * listed >= len(sample) > 1 and width == 0:
        odd = next(line for line in sample[1:] + sample[:1] if not _LISTED.search(line))
        raise FileError(f"{name}: is a list of files and labels; the line {odd[:60]!r} has no label, or one that holds "
                        "spaces: drop it, or save the list as .csv with a comma between")
    if width == 0 and len(sample) > 1 and all(map(_begins_with_file, sample[1:])):
        raise FileError(f"{name}: the lines are names of files and labels that hold spaces; save them as .csv with a "
                        "comma between")
    if width == 0 and len(set(sample)) == len(sample) and all(len(row) > 1 for row in words):
        raise FileError(f"{name}: every line has several words and none occurs twice, as if it held more than a label; "
                        "keep the labels, or put labels that hold spaces in quotes")
    if width > 1 and (_has_number_column(words) or len(set(sample)) == len(sample)):
        raise FileError(
            f"{name}: the lines have {width} words each, columns or labels that hold spaces; choose a column with "
            f"--label-column (0 to {width - 1}), or put the labels in quotes in a .csv file"
        )
    if all(len(row) == 1 and line.startswith('"') for row, line in zip(words, sample, strict=True)):
        return LabelColumn(cells=lambda: _words(name, data, 0, 1, short=False))
    return LabelColumn(cells=lambda: ((n, line.strip()) for n, line in enumerate(lines_of(name, data), start=1)))


def _lacks_a_name(words: list[list[str]]) -> bool:
    """Whether line 1 has a word less than the others, which begin with 1, 2, 3, ..., as tables of R do."""
    width = len(words[-1])
    return 1 <= len(words[0]) == width - 1 and all(len(row) == width for row in words[1:]) and _numbers_rows(
        [row[0] for row in words[1:]]
    )


def _begins_with_file(line: str) -> bool:
    """Whether a line is a file's name and more."""
    words = line.split(None, 1)
    return len(words) == 2 and _PATH.search(words[0]) is not None


def _is_file_list(sample: list[str]) -> bool:
    """Whether every line, but for a header, is a file's name and one word."""
    return all(map(_names_file, sample[1:] or sample))


def _names_file(line: str) -> bool:
    if line.startswith('"') and len(words_of(line)) == 1:  # a label that holds spaces
        return False
    head = line.rsplit(None, 1)
    return len(head) == 2 and _PATH.search(head[0].split()[-1]) is not None


def _has_number_column(words: list[list[str]]) -> bool:
    """Whether the lines have equally many words, two or more, with numbers in one place below line 1."""
    body = words[1:] or words
    width = len(words[0])
    return width > 1 and all(len(row) == width for row in words) and any(
        all(label_number(row[j]) is not None for row in body) for j in range(width)
    )


def _chosen(name: str, header: list[str], column: str) -> int:
    """The number of a column from its number or its name; what stands in line 1 may be data, so numbers go first."""
    if column.isascii() and column.isdigit() and len(column) < 10 and int(column) < len(header):
        return int(column)
    if column in header:
        if header.count(column) > 1:
            raise FileError(f"{name}: {header.count(column)} columns are called {column!r}; choose one by its number, "
                            f"0 to {len(header) - 1}")
        return header.index(column)
    raise FileError(f"{name}: there is no column {column!r}; choose one of {', '.join(header[:_SHOWN])}, or a number "
                    f"from 0 to {len(header) - 1}")


def _words(name: str, data: bytes, index: int, width: int, short: bool) -> Cells:
    for number, line in enumerate(lines_of(name, data), start=1):
        words = words_of(line)
        if short and number == 1:
            words.insert(0, "")
        if len(words) != width:
            raise FileError(f"{name}, line {number}: every line must have {width} words as line 1 has; this one has "
                            f"{len(words)}")
        yield number, words[index]


def _last_words(name: str, data: bytes) -> Cells:
    for number, line in enumerate(lines_of(name, data), start=1):
        parts = line.rsplit(None, 1)
        if len(parts) != 2:
            raise FileError(f"{name}, line {number}: expected a file and its label; got {line.strip()[:60]!r}")
        yield number, parts[1]


def _first_words(name: str, data: bytes) -> Cells:
    for number, line in enumerate(lines_of(name, data), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        found = _LIBSVM.fullmatch(line.rstrip())
        if found is None:
            raise FileError(f"{name}, line {number}: expected a label and its features as index:value; got "
                            f"{line.strip()[:60]!r}")
        label = found[1]
        if "," in label:
            raise FileError(f"{name}, line {number}: the sample has several labels, {label!r}; a class is one label")
        yield number, label

"""Reading labels, one per sample: the classes, how many samples each has, and a sentence on what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ncsolve._files.open_input import shown_name
from ncsolve._files.reading.arrays import count_entries, one_array, spelled_entries
from ncsolve._files.reading.classes import Classes, group_labels, listed
from ncsolve._files.reading.columns import LabelColumn, find_column
from ncsolve._files.reading.kinds import LABEL_ENDINGS, has_table_ending, kind_and_bytes, short_name
from ncsolve._files.reading.numerals import MISSING, is_whole, label_number, missing_in
from ncsolve._files.reading.parquet import label_column, parquet_labels
from ncsolve._files.reading.sequence import LabelSequence
from ncsolve.errors import FileError

__all__ = ["LabelFile", "read_label_sequence", "read_labels"]

_ORDER = {"numbers": "as numbers", "text": "as text"}
_MERGED = 3
_BOOLEANS = ("true", "false")


@dataclass(frozen=True, kw_only=True)
class LabelFile:
    """The classes of a file of labels; ``where`` says which part of the file was read.

    ``twofold`` is a line 1 that was told to be a header and occurs again as a label.
    """

    name: str
    where: str
    classes: Classes
    twofold: str | None = None

    @property
    def sentence(self) -> str:
        """What was read, in one line."""
        classes = self.classes
        samples = sum(classes.counts)
        parts = [self.name, *([self.where] if self.where else [])]
        count = f"{len(classes.names)} class{'es' if len(classes.names) > 1 else ''}"
        order = f"in the order {listed(classes.names)} ({_ORDER.get(classes.basis, classes.basis)})"
        text = f"{', '.join(parts)}, {count} {order}, {samples} sample{'s' if samples > 1 else ''}"
        if classes.merged:
            shown = "; ".join(" = ".join(spellings) for spellings in classes.merged[:_MERGED])
            more = f" and {len(classes.merged) - _MERGED} more" if len(classes.merged) > _MERGED else ""
            text += f"; spellings of one number are one class ({shown}{more}), --text-labels keeps them apart"
        if samples > 1 and len(classes.names) == samples:
            text += "; every label occurs exactly once: is this the column of the labels?"
        return text

    def reordered(self, names: tuple[str, ...], basis: str) -> LabelFile:
        """The same file with its classes in the order of ``names``.  Raises ProblemError."""
        return replace(self, classes=self.classes.reordered(names, basis))


def read_labels(
    path: str | Path, *, column: str | None = None, header: bool | None = None, text: bool = False
) -> LabelFile:
    """Class labels, one per sample, from .csv, .tsv, .txt, .npy, .npz, .parquet or a pipe; the rules are in
    docs/reference/files.md.

    ``column`` is a name or a number (from 0); ``header`` says whether line 1 is one, where it must not be left to the
    rules; ``text`` keeps spellings of one number apart.  Raises FileError, with the line.
    """
    return _read(path, column, header, text)[0]


def read_label_sequence(
    path: str | Path, *, column: str | None = None, header: bool | None = None, text: bool = False
) -> tuple[LabelFile, LabelSequence]:
    """The same, and the label of every sample, in the order of the file.  Raises FileError."""
    found, entries = _read(path, column, header, text)
    return found, LabelSequence.of(entries())


def _read(
    path: str | Path, column: str | None, header: bool | None, text: bool
) -> tuple[LabelFile, Callable[[], Iterable[str]]]:
    kind, data = kind_and_bytes(path, LABEL_ENDINGS, "a file of labels")
    name = shown_name(path)
    twofold = None
    if kind in (".npy", ".npz"):
        if column is not None:
            raise FileError(f"{name}: --label-column is for files with columns; a {kind} file has one array, drop it")
        array = one_array(name, kind, data)
        counts, where = count_entries(name, array)
        entries: Callable[[], Iterable[str]] = lambda: spelled_entries(name, array)  # noqa: E731
    elif kind == ".parquet":
        counts, where = parquet_labels(name, data, column)
        entries = lambda: label_column(name, data, column)  # noqa: E731
    else:
        counts, where, first, entries = _read_text(name, kind, data, column, header)
        twofold = first if header and first in counts else None
    classes = group_labels(counts, text=text)
    return LabelFile(name=short_name(path), where=where, classes=classes, twofold=twofold), entries


def _read_text(
    name: str, kind: str, data: bytes, column: str | None, told: bool | None
) -> tuple[Counter[str], str, str, Callable[[], Iterable[str]]]:
    """How often each label occurs, what was read in words, the cell in line 1, and the labels in their order."""
    found = find_column(name, kind, data, column)
    cells = found.cells()
    _, first = next(cells)
    counts: Counter[str] = Counter(cell for _, cell in cells)
    header = found.header if told is None else told
    if header is None:
        header = _is_header(name, kind, first, counts, found)
    if not header:
        counts[first] += 1
    if missing := missing_in(counts):
        _refuse_missing(name, found, missing, header=header)
    _refuse_comments(name, found, counts, header=header)
    if not counts:
        raise FileError(f"{name}: the file holds no labels; write one label a line")
    where = found.where(first if header else None)
    if not header and has_table_ending(kind):
        where = f"{where}, no header".removeprefix(", ")
    return counts, where, first, lambda: (cell for _, cell in islice(found.cells(), int(header), None))


def _is_header(name: str, kind: str, first: str, below: Counter[str], found: LabelColumn) -> bool:
    """Whether line 1 is a header, by the rules: a .csv file has one unless its line 1 is seen to be a label."""
    if not below or first in MISSING:
        return False
    number = label_number(first) is not None
    numbers = all(label_number(label) is not None for label in below if label not in MISSING)
    if not has_table_ending(kind):
        if not number and numbers and first[0] not in "+-.0123456789":
            raise _both(name, first, below, "a word above numbers")
        return False
    if first == str(found.index):  # what pandas writes above a column without a name
        if any(is_whole(label) for label in below):
            raise _both(name, first, below, "as pandas writes it above a column without a name")
        return True
    if first.lower() in _BOOLEANS and all(label.lower() in _BOOLEANS for label in below):
        return False
    if not number and first not in below and found.numbers_above:
        raise _both(name, first, below, "a word that no other line has, but beside numbers")
    return not number and first not in below


def _both(name: str, first: str, below: Counter[str], why: str) -> FileError:
    n = sum(below.values())
    return FileError(
        f"{name}: line 1, {first!r}, can be a header ({why}) with {n} labels below it, or one of {n + 1} labels; say "
        "--header or --no-header"
    )


def _refuse_comments(name: str, found: LabelColumn, counts: Counter[str], *, header: bool) -> None:
    if all(label.startswith("#") for label in counts) or not any(label.startswith("#") for label in counts):
        return
    for row, (line, cell) in enumerate(found.cells()):
        if cell.startswith("#") and (row > 0 or not header):
            raise FileError(f"{name}, line {line}: {cell[:60]!r} can be a comment or a label; delete the line, "
                            f"{'say --header if it is one, ' if row == 0 else ''}or rename the class")


def _refuse_missing(name: str, found: LabelColumn, missing: set[str], *, header: bool) -> None:
    for row, (line, cell) in enumerate(found.cells()):
        if cell in missing and (row > 0 or not header):
            raise FileError(
                f"{name}, line {line}: the label is missing ({cell!r}); every row needs one, drop the row or, if that "
                "is the name of a class, rename it" if cell else
                f"{name}, line {line}: the label is empty; every row needs one"
            )

"""Reading samples per class from a file: whole numbers, one a class, in a row or in a column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ncsolve._files.open_input import shown_name
from ncsolve._files.reading.arrays import one_array
from ncsolve._files.reading.codes import NamedRowsError, read_codes
from ncsolve._files.reading.kinds import CODE_ENDINGS, kind_and_bytes, short_name
from ncsolve._files.reading.numerals import label_number
from ncsolve.errors import FileError

__all__ = ["CountFile", "read_counts"]

_MOST_DIGITS = 30
_RULE = ("samples per class must be one row or one column of whole numbers in the order of the classes; take out other "
         "columns, as the names of classes, as value_counts().sort_index().to_csv(file, index=False) does (labels, one "
         "a sample, go with --labels)")


@dataclass(frozen=True, kw_only=True)
class CountFile:
    """Samples per class from a file; ``names`` are the classes that a header above a row of counts names."""

    name: str
    counts: tuple[int, ...]
    names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What was read, in one line."""
        n = len(self.counts)
        return ", ".join((self.name, f"the samples of {n} class{'es' if n > 1 else ''}", *self.notes))


def read_counts(path: str | Path, *, header: bool | None = None) -> CountFile:
    """Samples per class from .csv, .tsv, .txt, .npy, .npz or a pipe.  Raises FileError, with the entry."""
    name = shown_name(path)
    kind = Path(path).suffix.lower()
    names: tuple[str, ...] | None = None
    if kind in (".npy", ".npz"):
        array = one_array(name, *kind_and_bytes(path, CODE_ENDINGS, "a file of counts"))
        texts = [str(value) for value in array.ravel().tolist()]
        notes: tuple[str, ...] = ()
        row = array.size > 0 and (array.ndim == 1 or (array.ndim == 2 and min(array.shape) == 1))
    else:
        try:
            file = read_codes(path, header=header, what="a file of counts")
        except NamedRowsError:
            raise FileError(f"{name}: {_RULE}") from None
        texts = [cell for cells in file.texts or () for cell in cells]
        notes, row = file.notes, 1 in file.matrix.shape
        if len(file.matrix) == 1:
            names = file.names
        elif file.names is not None:
            notes = (*notes[:-1], f"column {file.names[0]!r}")
    if not row:
        raise FileError(f"{name}: {_RULE}")
    return CountFile(name=short_name(path), names=names, notes=notes,
                     counts=tuple(_count(name, k, text) for k, text in enumerate(texts)))


def _count(name: str, k: int, text: str) -> int:
    value = label_number(text)
    if value is None or value.adjusted() > _MOST_DIGITS or value != value.to_integral_value():
        raise FileError(f"{name}: the samples of a class must be a whole number; class {k} has {text[:60]}, round it "
                        "or drop the class")
    if value < 1:
        raise FileError(f"{name}: counts must be at least 1; class {k} has {text[:60]}, remove empty classes from the "
                        "problem")
    return int(value)

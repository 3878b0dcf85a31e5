"""Reading samples per class from a file: whole numbers, one a class, in a row or in a column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ncsolve._open import shown_name
from ncsolve._reading._arrays import one_array
from ncsolve._reading._codes import read_codes
from ncsolve._reading._kinds import CODE_ENDINGS, kind_and_bytes, short_name
from ncsolve._reading._numerals import label_number
from ncsolve.errors import FileError

__all__ = ["CountFile", "read_counts"]

_MOST_DIGITS = 30


@dataclass(frozen=True, kw_only=True)
class CountFile:
    """Samples per class from a file."""

    name: str
    counts: tuple[int, ...]
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What was read, in one line."""
        return ", ".join((self.name, f"the samples of {len(self.counts)} classes", *self.notes))


def read_counts(path: str | Path, *, header: bool | None = None) -> CountFile:
    """Samples per class from .csv, .tsv, .txt, .npy, .npz or a pipe.  Raises FileError, with the entry."""
    name = shown_name(path)
    kind = Path(path).suffix.lower()
    if kind in (".npy", ".npz"):
        array = one_array(name, *kind_and_bytes(path, CODE_ENDINGS, "a file of counts"))
        texts = [str(value) for value in array.ravel().tolist()]
        notes: tuple[str, ...] = ()
        row = array.ndim == 1 or min(array.shape, default=0) == 1
    else:
        file = read_codes(path, header=header)
        texts = [cell for cells in file.texts or () for cell in cells]
        notes = file.notes
        row = 1 in file.matrix.shape
    if not row:
        raise FileError(f"{name}: samples per class must be one row or one column of whole numbers; the file has more, "
                        "keep one (labels, one a sample, go with --labels)")
    return CountFile(name=short_name(path), notes=notes,
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

"""Labels from a column of a .parquet file."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ncsolve._files.reading.arrays import spelled
from ncsolve._files.reading.numerals import missing_in
from ncsolve.errors import FileError, MissingPackageError

__all__ = ["label_column", "parquet_labels"]

_SHOWN = 12


def parquet_labels(name: str, data: bytes | str, column: str | None) -> tuple[Counter[str], str]:
    """How often each label of one column occurs, and what was read in words; ``data`` may be a path.

    Raises FileError.
    """
    kinds, chosen, held = _held(name, data, column)
    numbers = (kinds.is_integer, kinds.is_floating, kinds.is_decimal, kinds.is_boolean)
    texts = (kinds.is_string, kinds.is_large_string, kinds.is_string_view)
    if not any(test(held.type) for test in (*numbers, *texts)):
        raise FileError(f"{name}: the column {chosen!r} must hold numbers or text; it holds {held.type}, use "
                        "astype(str)")
    if len(held) == 0:
        raise FileError(f"{name}: the file holds no labels; save one label a row")
    found: Counter[str] = Counter()
    for entry in held.value_counts():
        value = entry["values"].as_py()
        if value is None or value != value or value in (float("inf"), float("-inf")):
            _refuse(name, held, value)
        if kinds.is_float32(held.type):  # so that 0.1 is not 0.10000000149011612
            value = np.float32(value)
        found[spelled(name, value)] += entry["counts"].as_py()
    if missing := missing_in(found):
        _refuse(name, held, next(value for value in held.to_pylist() if spelled(name, value) in missing))
    return found, f"column {chosen!r}"


def label_column(name: str, data: bytes | str, column: str | None) -> list[str]:
    """The labels that ``parquet_labels`` counted, in their order, spelled as there."""
    kinds, _, held = _held(name, data, column)
    single = kinds.is_float32(held.type)
    return [spelled(name, np.float32(value) if single else value) for value in held.to_pylist()]


def _held(name: str, data: bytes | str, column: str | None) -> tuple[Any, str, Any]:
    """The module of types, the name of the column, and the column."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingPackageError("reading .parquet files", "pyarrow", "ncsolve[tables]") from None
    try:
        file = parquet.ParquetFile(pyarrow.BufferReader(data) if isinstance(data, bytes) else data)
        chosen = _column(name, file.schema_arrow.names, column)
        held = file.read(columns=[chosen]).column(0)
        if pyarrow.types.is_dictionary(held.type):
            held = held.cast(held.type.value_type)
    except FileError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError):
        raise FileError(f"{name}: is not a .parquet file that can be read; save it again, or as .csv") from None
    return pyarrow.types, chosen, held


def _column(name: str, names: list[str], column: str | None) -> str:
    names = [word for word in names if not word.startswith("__index_level_")]  # what pandas adds
    if column is None and len(names) != 1:
        raise FileError(f"{name}: the file has {len(names)} columns; choose one with --label-column "
                        f"({', '.join(names[:_SHOWN])})")
    number = int(column) if column and column.isascii() and column.isdigit() and len(column) < 10 else len(names)
    if column is None or column in names:
        chosen = names[0] if column is None else column
        if number < len(names) and names[number] != chosen:
            raise FileError(f"{name}: column {column!r} can be the one of that name or the one of that number; rename "
                            "it")
    elif number < len(names):
        chosen = names[number]
    else:
        raise FileError(f"{name}: there is no column {column!r}; choose one of {', '.join(names[:_SHOWN])}")
    if names.count(chosen) > 1:  # columns are read by their name
        raise FileError(f"{name}: {names.count(chosen)} columns are called {chosen!r}; rename them")
    return chosen


def _refuse(name: str, held: Any, value: object) -> None:
    row = next(i for i, entry in enumerate(held.to_pylist()) if entry == value or (value != value and entry != entry))
    raise FileError(f"{name}, row {row} (counted from 0): the label is missing ({value!r}); every row needs one, drop "
                    "it or rename the class")

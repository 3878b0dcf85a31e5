"""Columns of figures as a file: CSV, JSON or Parquet by its ending, written whole or not at all."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from ncsolve._files.check_output import check_output
from ncsolve._files.json_text import json_text
from ncsolve._files.write_whole import write_text, write_whole
from ncsolve.errors import MissingPackageError

__all__ = ["TABLE_ENDINGS", "check_table_output", "json_columns", "write_table"]

TABLE_ENDINGS = (".csv", ".json", ".parquet")
Column = Sequence[float] | Sequence[int] | Sequence[str]


def check_table_output(path: str | Path, *, force: bool = False) -> Path:
    """The path of a table, checked before the work begins.  Raises FileError and MissingPackageError."""
    path = check_output(path, TABLE_ENDINGS, force=force)
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise MissingPackageError("a .parquet file", "pyarrow", "ncsolve[tables]") from None
    return path


def write_table(
    path: str | Path, columns: Mapping[str, Column], document: Mapping[str, object], *, force: bool = False
) -> None:
    """Write the columns; a .json file holds the whole ``document``.

    Infinity is inf (in JSON "inf"), an undefined figure an empty cell (in JSON null).  Raises FileError.
    """
    path = check_table_output(path, force=force)
    ending = path.suffix.lower()
    if ending == ".json":
        text = json_text(document, indent=1) + "\n"
        write_text(path, text, force=force)
    elif ending == ".csv":
        write_text(path, _csv(columns), force=force)
    else:
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.table({name: list(column) for name, column in columns.items()})
        write_whole(path, lambda stream: pyarrow.parquet.write_table(table, stream), force=force)


def json_columns(columns: Mapping[str, Column]) -> dict[str, list[object]]:
    """The columns in plain JSON types."""
    return {name: [_json(value) for value in column] for name, column in columns.items()}


def _json(value: float | int | str) -> object:
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            return "inf"
    return value


def _csv(columns: Mapping[str, Column]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow(["" if isinstance(value, float) and math.isnan(value) else value for value in row])
    return text.getvalue()

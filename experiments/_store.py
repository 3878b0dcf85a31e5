"""Where runs are kept: a file with a line of JSON a run, whole after each, whatever ends the program."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from experiments._run import Run
from experiments._suite import SuiteError

__all__ = ["Store"]


class Store:
    """The runs that were made, by their keys.

    A line is written at once and reaches the disk before the next run begins.  What a kill leaves of a line at the end
    is no run: it is told in ``cut`` and removed when the next line is written.  Raises SuiteError for a line elsewhere
    that is no run, or whose key is not that of its factors.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: dict[str, dict[str, Any]] = {}
        self.cut = False
        self._end = 0
        text = path.read_bytes() if path.exists() else b""
        *lines, rest = text.split(b"\n")
        for number, line in enumerate(lines, start=1):
            record = self._record(line, number)
            self.records[record["key"]] = record
        self._end = len(text) - len(rest)
        self.cut = bool(rest)

    def add(self, record: dict[str, Any]) -> None:
        """One more run."""
        line = (json.dumps(record, allow_nan=False) + "\n").encode()
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.truncate(self._end)
            file.seek(self._end)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._end += len(line)
        self.cut = False
        self.records[record["key"]] = record

    def _record(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads(line)
            if Run.from_json(record["run"]).key != record["key"]:
                raise ValueError("its key is not that of its factors")
            if record["outcome"] not in ("measured", "failed"):
                raise ValueError(f"its outcome is {record['outcome']!r}")
        except (ValueError, KeyError, TypeError) as error:
            raise SuiteError(
                f"{self.path}: line {number} is no run of a suite ({error}); delete it to make that run again"
            ) from None
        return record

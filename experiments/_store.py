"""Where runs are kept: a file with a line of JSON a run, whole after each, whatever ends the program."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from experiments._run import Run
from experiments._suite import SuiteError

__all__ = ["Store"]

_BEGINS = b'{"key": "'


class Store:
    """The runs that were made, by their keys.

    A line is written at once and reaches the disk before the next run begins.  What a kill leaves of a line at the end
    is no run: it is told in ``cut`` and removed when the next line is written.  Raises SuiteError for a line elsewhere
    that is no run, for one whose key is not that of its factors, and for an end that no run begins like.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: dict[str, dict[str, Any]] = {}
        self.cut = False
        self._end = 0
        try:
            text = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise SuiteError(f"{path}: runs can't be read from it: {error.strerror}") from None
        *lines, rest = text.split(b"\n")
        if rest and (_whole(rest) or not rest.startswith(_BEGINS[: len(rest)])):
            lines, rest = [*lines, rest], b""  # an editor left out the last line's end, or it is another file
        for number, line in enumerate(lines, start=1):
            record = self._record(line, number)
            self.records[record["key"]] = record
        self._end = len(text) - len(rest)
        self._open = bool(lines) and not text.endswith(b"\n") and not rest
        self.cut = bool(rest)

    def add(self, record: dict[str, Any]) -> None:
        """One more run."""
        line = b"\n" * self._open + (json.dumps(record, allow_nan=False) + "\n").encode()
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.truncate(self._end)
            file.seek(self._end)
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._end += len(line)
        self.cut = self._open = False
        self.records[record["key"]] = record

    def _record(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads(line)
            if Run.from_json(record["run"]).key != record["key"]:
                raise ValueError("its key is not that of its factors")
            _check(record)
        except (ValueError, KeyError, TypeError) as error:
            raise SuiteError(
                f"{self.path}: line {number} is no run of a suite ({error}); delete it to make that run again"
            ) from None
        return record


def _whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _check(record: dict[str, Any]) -> None:
    """Raises ValueError, KeyError or TypeError where something is missing that the table is made of."""
    if record["outcome"] not in ("measured", "failed"):
        raise ValueError(f"its outcome is {record['outcome']!r}")
    own: list[Any] = [record["seconds"], record["machine"]["device"]]
    if record["outcome"] == "measured":
        measured = record["measured"]
        own += [record["problem"]["codes"], record["network"]["class_outputs"], measured["verdict"]["kind"]]
        own += [measured["gram"], measured["predicted"]["gram"], measured["loss"], measured["minimum"]]
        if not isinstance(measured["relative_gap"], float | None):
            raise ValueError(f"its relative gap is {measured['relative_gap']!r}")
    elif not record["failure"]:
        raise ValueError("it failed without saying why")
    if None in own:
        raise ValueError("a part of it is null")

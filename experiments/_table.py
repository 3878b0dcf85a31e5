"""The committed table: all runs of a suite in one compressed file, of which page, figures and claims are made."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments._suite import Suite, SuiteError

__all__ = ["SCHEMA", "TABLE", "read", "table_of", "write"]

SCHEMA = "ncsolve.networks/1"
# Beside the claim that reads it, which a wheel has as well.
TABLE = Path(__file__).parents[1] / "verify" / "networks.json.gz"
# Digits that are kept: a gap of 1e-5 of the loss is still known to 1e-5 of itself.
DIGITS = 10
# What the problem alone decides, and ``ncsolve.solve`` finds again.
_PREDICTED = ("loss", "regime", "transition", "bias", "gram", "cosines")
_LEFT_OUT = ("implied", "predicted", "schema", "samples", "dim", "nc4_samples", "class_names")


def table_of(suite: Suite, records: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The runs of the suite that there are, in its order, rounded and without what can be had again."""
    machines: list[dict[str, Any]] = []
    rows, variations = [], []
    for variation in suite.variations:
        there = [records[run.key] for run in variation.runs if run.key in records]
        variations.append({
            "name": variation.name, "title": variation.title, "runs": len(variation.runs), "done": len(there),
        })
        for record in there:
            own = record["machine"]
            machine = machines[own] if isinstance(own, int) else own
            if machine not in machines:
                machines.append(machine)
            rows.append(_row(record) | {"variation": variation.name, "machine": machines.index(machine)})
    return {
        "schema": SCHEMA, "suite": suite.name, "digits": DIGITS, "machines": machines, "variations": variations,
        "runs": rows,
    }


def write(table: dict[str, Any], path: Path) -> None:
    """The same bytes for the same table: no time is written into it."""
    text = json.dumps(table, separators=(",", ":"), allow_nan=False).encode()
    whole = gzip.compress(text, compresslevel=9, mtime=0)
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(whole)
    beside.replace(path)


def read(path: Path = TABLE) -> dict[str, Any]:
    """Raises SuiteError for a file that is no such table."""
    try:
        table: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
        if table["schema"] != SCHEMA:
            raise ValueError(f"its schema is {table['schema']!r}, not {SCHEMA!r}")
        _ = table["runs"], table["variations"], table["machines"]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise SuiteError(f"{path}: no table of runs ({error}); make one by --table") from None
    return table


def _row(record: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in record.items() if key not in ("measured", "machine")}
    if "measured" in record:
        measured = record["measured"]
        kept["measured"] = {key: value for key, value in measured.items() if key not in _LEFT_OUT} | {
            "predicted": {key: measured["predicted"].get(key) for key in _PREDICTED}
        }
    rounded: dict[str, Any] = _rounded(kept)
    return rounded


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS - 1}e}")
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return {key: _rounded(each) for key, each in value.items()} if isinstance(value, dict) else value

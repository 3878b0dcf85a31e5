"""Where a suite keeps its runs, and where its table, page and figures go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from experiments._table import TABLE

__all__ = ["Places"]

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Places:
    """Files and folders of a suite."""

    store: Path
    table: Path
    page: Path
    figures: Path

    @classmethod
    def of(cls, suite_file: Path, name: str) -> Places:
        """The committed files for the suite of this folder, and for any other one a folder beside the suite."""
        results = suite_file.parent / "results"
        own, store = results / name, results / f"{name}.jsonl"
        if suite_file.resolve() == ROOT / "experiments" / "suite.toml":
            return cls(store, TABLE, ROOT / "docs" / "networks.md", ROOT / "docs" / "figures")
        return cls(store, own / "table.json.gz", own / "page.md", own / "figures")

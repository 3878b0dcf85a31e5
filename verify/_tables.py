"""The look of the tables."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table

__all__ = ["cell", "figure_table"]


def figure_table(*leading: str) -> Table:
    """An empty table with leading columns, then: predicted, found, error, verdict."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in leading:
        table.add_column(column, overflow="fold")
    for column in ("predicted", "found", "error"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    return table


def cell(text: str) -> str:
    """A text inside a markdown table."""
    return text.replace("|", "\\|")

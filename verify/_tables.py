"""The look of the tables."""

from __future__ import annotations

from ncsolve.verify._figure import Figure
from rich.box import SIMPLE_HEAD
from rich.table import Table

__all__ = ["cell", "figure_table", "kept", "markdown_head", "markdown_row"]


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


def markdown_row(*cells: str) -> str:
    """One line of a markdown table."""
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def markdown_head(*titles: str) -> list[str]:
    """The lines above the first."""
    return [markdown_row(*titles), markdown_row(*["---"] * len(titles))]


def kept(figure: Figure) -> tuple[str, str]:
    """The tolerance, and why it is that."""
    return f"{figure.tolerance:.0e}" if figure.tolerance else "0", figure.reason

"""What is printed in tables and sentences, as wide as the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterable

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from ncsolve._words.layout import NAMES, WIDE, facts_of, laid_out, table, wrapped
from ncsolve.cli._output import say, say_styled

__all__ = ["NAMES", "say_lines", "show", "show_facts", "table", "width"]


def width() -> int | None:
    """Columns of the terminal, or those that COLUMNS asks for; None if the output goes elsewhere."""
    console = Console()
    return console.width if console.is_terminal or os.environ.get("COLUMNS", "").isdigit() else None


def show(content: Table) -> None:
    """Print on standard output, as wide as the terminal (100 columns where there is none)."""
    say_styled(laid_out(content, width() or WIDE))


def say_lines(text: str, *, paragraph: bool = False) -> None:
    """Print sentences, broken between words where a terminal would break them anywhere; the lines of a ``paragraph``
    are joined first where one is too long."""
    room, lines = width(), text.split("\n")
    if room is not None and paragraph and max(map(cell_len, lines)) > room:
        lines = [" ".join(lines)]
    say("\n".join(line if room is None else wrapped(line, room) for line in lines))


def show_facts(rows: Iterable[tuple[str, str]], *, least: int | None = None) -> None:
    """Print names and what is said of them; ``least`` is the least width of the names."""
    show(facts_of(rows, least=least))

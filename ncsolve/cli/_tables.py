"""One look for all tables on a terminal."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ncsolve._text import visible
from ncsolve.cli._output import say_styled

__all__ = ["facts", "number", "show", "table"]


def show(content: Table) -> None:
    """Print on standard output, as wide as the terminal (100 columns where there is none), without trailing blanks."""
    console = _PlainConsole(highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console = _PlainConsole(highlight=False, emoji=False, markup=False, width=100)
    with console.capture() as capture:
        console.print(content)
    say_styled("\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n")))


class _PlainConsole(Console):
    """All texts of a table come by here, to be measured and to be written."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


def table(*columns: str) -> Table:
    """An empty table with these columns."""
    result = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        result.add_column(column, overflow="fold")
    return result


def facts() -> Table:
    """An empty table of names and what is said of them."""
    result = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    result.add_column(style="bold", no_wrap=True)
    result.add_column(overflow="fold")
    return result


def number(value: float, digits: int = 7) -> str:
    """A number for people: ``digits`` significant digits, zero as 0."""
    return "0" if value == 0 else f"{value:.{digits}g}"

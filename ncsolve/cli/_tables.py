"""One look for all tables on a terminal, whatever its width: no number is ever split."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from ncsolve.cli._output import say, say_styled
from ncsolve.errors import visible

__all__ = ["facts", "say_lines", "show", "show_facts", "table", "width"]

# Where there is no terminal and COLUMNS says nothing.
_WIDE = 100


def width() -> int | None:
    """Columns of the terminal, or those that COLUMNS asks for; None if the output goes elsewhere."""
    console = Console()
    return console.width if console.is_terminal or os.environ.get("COLUMNS", "").isdigit() else None


def show(content: Table) -> None:
    """Print on standard output, as wide as the terminal (100 columns where there is none), without trailing blanks.

    A table that is too wide is printed in blocks of columns, one below the other, each after the first column; where
    not even two columns fit, row by row.
    """
    console = _PlainConsole(highlight=False, emoji=False, markup=False, width=width() or _WIDE)
    with console.capture() as capture:
        for i, block in enumerate(_blocks(content, console.width)):
            if i:
                console.print()
            console.print(block)
    say_styled("\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n")))


class _PlainConsole(Console):
    """All texts of a table come by here, to be measured and to be written."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


def say_lines(text: str, *, paragraph: bool = False) -> None:
    """Print sentences, broken between words where a terminal would break them anywhere; the lines of a ``paragraph``
    are joined first where one is too long."""
    room, lines = width(), text.split("\n")
    if room is not None and paragraph and max(map(cell_len, lines)) > room:
        lines = [" ".join(lines)]
    say("\n".join(line if room is None else _wrapped(line, room) for line in lines))


def _wrapped(line: str, room: int) -> str:
    return line if cell_len(line) <= room else textwrap.fill(line, room, break_long_words=False, break_on_hyphens=False)


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


def show_facts(rows: Iterable[tuple[str, str]]) -> None:
    """Print names and what is said of them."""
    table = facts()
    for name, text in rows:
        table.add_row(name, text)
    show(table)


def _blocks(content: Table, room: int) -> Iterator[Table]:
    """The table itself if it has no head or fits; else tables of as many of its columns as fit, all after the first."""
    columns = content.columns
    _, right, _, left = content.padding
    gap = left + right + 1
    if not content.show_header or sum(map(_natural, columns)) + gap * (len(columns) - 1) <= room:
        yield content
        return
    first, block = columns[0], [columns[0]]
    if _least(first) + gap + max(map(_least, columns[1:]), default=0) > room:
        yield _records(content)
        return
    for column in columns[1:]:
        if len(block) > 1 and sum(map(_least, [*block, column])) + gap * len(block) > room:
            yield _fitted(content, block, room - gap * (len(block) - 1))
            block = [first]
        block.append(column)
    yield _fitted(content, block, room - gap * (len(block) - 1))


def _records(content: Table) -> Table:
    """Every row as facts: what its columns are called, and what they say."""
    result = facts()
    for i, row in enumerate(zip(*(column.cells for column in content.columns), strict=True)):
        if i:
            result.add_row()
        for column, cell in zip(content.columns, row, strict=True):
            result.add_row(column.header, cell)
    return result


def _fitted(content: Table, columns: list[Column], room: int) -> Table:
    """Some columns of a table, the widest ones narrowed, but not below their longest word."""
    widths = [_natural(column) for column in columns]
    least = [_least(column) for column in columns]
    while sum(widths) > room and widths != least:
        i = max((i for i in range(len(widths)) if widths[i] > least[i]), key=widths.__getitem__)
        widths[i] -= 1
    result = Table(box=content.box, pad_edge=content.pad_edge, show_edge=content.show_edge, padding=content.padding)
    for column, chosen in zip(columns, widths, strict=True):
        result.add_column(column.header, justify=column.justify, overflow="fold", width=chosen, style=column.style)
    for row in zip(*(column.cells for column in columns), strict=True):
        result.add_row(*row)
    return result


def _cells(column: Column) -> list[str]:
    return [visible(str(cell)) for cell in (column.header, *column.cells)]


def _natural(column: Column) -> int:
    return max(cell_len(line) for cell in _cells(column) for line in cell.split("\n"))


def _least(column: Column) -> int:
    if column.no_wrap:
        return _natural(column)
    # A number and its unit are one word.
    return max(cell_len(word) for cell in _cells(column) for word in (cell.replace(" %", "_%").split() or [""]))

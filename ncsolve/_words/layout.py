"""Tables and sentences as text of a given width: no number is ever split, and nothing is printed here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from ncsolve.errors import visible

__all__ = ["NAMES", "WIDE", "facts", "facts_of", "laid_out", "table", "wrapped"]

# Where nothing says how wide the output is.
WIDE = 100
# The least width of the names of facts that go below each other, so that they line up.
NAMES = 11


def laid_out(content: Table, room: int, *, plain: bool = False) -> str:
    """The lines of a table in ``room`` columns, without trailing blanks; ``plain`` text knows no terminal.

    A table that is too wide is laid out in blocks of columns, one below the other, each after the first column; where
    not even two columns fit, row by row.
    """
    nowhere: dict[str, Any] = {"color_system": None, "force_terminal": False, "force_jupyter": False} if plain else {}
    console = _PlainConsole(highlight=False, emoji=False, markup=False, width=room, **nowhere)
    with console.capture() as capture:
        for i, block in enumerate(_blocks(content, console.width)):
            if i:
                console.print()
            console.print(block)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))


class _PlainConsole(Console):
    """All texts of a table come by here, to be measured and to be written."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


def wrapped(line: str, room: int) -> str:
    """A line, broken between words where it is longer than ``room`` columns.

    >>> print(wrapped("the threshold T is 0.5", 12))
    the
    threshold T
    is 0.5
    """
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


def facts_of(rows: Iterable[tuple[str, str]], *, least: int | None = None) -> Table:
    """A table of names and what is said of them; ``least`` is the least width of the names."""
    result = facts()
    result.columns[0].min_width = least
    for name, text in rows:
        result.add_row(name, text)
    return result


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

"""A minimizer on a terminal: the verdict first, then what was read, the essentials, and the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ncsolve._words.layout import WIDE, wrapped
from ncsolve._words.summary import Summary
from ncsolve.cli._output import say
from ncsolve.cli._read_words import say_read
from ncsolve.cli._tables import NAMES, say_lines, show, show_facts, table, width

if TYPE_CHECKING:
    from ncsolve.cli._request import Request

__all__ = ["describe_minimizer"]


def describe_minimizer(found: Summary, asked: Request, *, full: bool) -> None:
    """Print a summary; with ``full`` all of it."""
    say(wrapped(found.verdict, width() or WIDE))
    say()
    say_read(asked)
    show_facts(found.rows(full=full), least=NAMES)
    if found.classes is not None:
        say()
        shown = table(*found.classes.columns)
        for row in found.classes.rows:
            shown.add_row(*row)
        show(shown)
        if found.classes.note:
            say_lines(f"\n{found.classes.note}")

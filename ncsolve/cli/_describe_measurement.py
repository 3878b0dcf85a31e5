"""A measurement on a terminal: the verdict first, then what was read, and what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ncsolve._words.layout import WIDE, wrapped
from ncsolve.cli._as_options import as_options
from ncsolve.cli._output import say
from ncsolve.cli._tables import NAMES, show_facts, width

if TYPE_CHECKING:
    from ncsolve._words.summary import Summary
    from ncsolve.cli._measure_request import Measured

__all__ = ["describe_measurement", "describe_summary"]


def describe_measurement(found: Measured, *files: Path | None) -> None:
    """Print a measurement, and the files that were saved."""
    describe_summary(found.summary(), found.read, *files)


def describe_summary(summary: Summary, sentences: tuple[str, ...], *files: Path | None) -> None:
    """Print what there is to say, with the ``sentences`` on what was read, and the files that were saved."""
    say(wrapped(as_options(summary.verdict), width() or WIDE))
    say()
    read = tuple(("" if number else "read", text) for number, text in enumerate(sentences))
    show_facts((*read, *((name, as_options(text)) for name, text in summary.rows(full=False))), least=NAMES)
    for file in files:
        if file is not None:
            say(f"\nsaved {file}")

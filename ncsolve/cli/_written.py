"""The pictures that a command writes beside what it prints, and what it prints: JSON, or sentences and saved files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ncsolve.cli._output import say, say_json
from ncsolve.cli._read_words import say_read, with_read

if TYPE_CHECKING:
    from ncsolve.cli._request import Request

__all__ = ["check_pictures", "conclude", "draw"]


def check_pictures(*files: Path | None, force: bool) -> None:
    """Check the names of pictures before the work begins.  Raises as ``check_figure_output``."""
    for file in files:
        if file is not None:
            from ncsolve.plots import check_figure_output

            check_figure_output(file, force=force)


def draw(file: Path | None, figure: str, found: object, *, force: bool, **options: object) -> None:
    """Save a figure of ``ncsolve.plots``, if a file was named."""
    if file is not None:
        from ncsolve import plots

        plots.save_figure(getattr(plots, figure)(found, **options), file, force=force)


def conclude(
    asked: Request, document: dict[str, object] | None, describe: Callable[[], None], *files: Path | None,
    indent: int = 2, read: bool = True,
) -> None:
    """Print the ``document`` if there is one; else what was read, what ``describe`` says, and the saved files.

    Without ``read`` it is ``describe`` that says what was read.
    """
    if document is not None:
        say_json(with_read(document, asked), indent=indent)
        return
    if read:
        say_read(asked)
    describe()
    for file in files:
        if file is not None:
            say(f"\nsaved {file}")

"""Figures as files: PNG, SVG or PDF by ending, written whole or not at all, and the same bytes for the same figure."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ncsolve._files.check_output import check_output
from ncsolve._files.write_whole import write_whole
from ncsolve.checks.arguments import check_kind
from ncsolve.plots._style import require_matplotlib, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE_ENDINGS", "check_figure_output", "save_figure", "svg_text"]

FIGURE_ENDINGS = (".png", ".svg", ".pdf")
# No dates in files: a figure that has not changed is the same file.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None, "ModDate": None}
}


def check_figure_output(path: str | Path, *, force: bool = False) -> Path:
    """The path of a figure, checked before the work begins.

    Raises FileError for another ending, a file that exists or a folder that cannot be written, and MissingPackageError
    where matplotlib is not installed.
    """
    path = check_output(path, FIGURE_ENDINGS, force=force)
    require_matplotlib()
    return path


def save_figure(figure: Figure, path: str | Path, *, force: bool = False) -> None:
    """Write a figure.  Raises FileError."""
    require_matplotlib()
    from matplotlib.figure import Figure

    check_kind("the figure", figure, Figure, "make one with ncsolve.plots")
    path = check_figure_output(path, force=force)
    ending = path.suffix.lower()
    write_whole(path, lambda stream: _draw(figure, stream, ending), force=force)


def _draw(figure: Figure, stream: Any, ending: str) -> None:
    with style(), warnings.catch_warnings():
        # Of a label in a script that the font does not have the boxes say as much.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(stream, format=ending[1:], metadata=_METADATA[ending])


def svg_text(figure: Figure) -> str:
    """The figure as an <svg> element, to stand in an HTML page."""
    import io

    text = io.StringIO()
    _draw(figure, text, ".svg")
    whole = text.getvalue()
    return whole[whole.index("<svg") :]

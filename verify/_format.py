"""Figures as text, as measured or rounded so that a second machine writes the same, and the look of the tables."""

from __future__ import annotations

import math

from ncsolve.verify._figure import Figure
from rich.box import SIMPLE_HEAD
from rich.table import Table

__all__ = ["cell", "figure_table", "kept", "markdown_head", "markdown_row", "measured", "rounded"]

# Differences of this size are rounding on every machine.
_NOISE = 1e-9


def measured(figure: Figure) -> tuple[str, str, str]:
    """Predicted, found and error of the worst comparison."""
    predicted = figure.predicted if isinstance(figure.predicted, str) else _digits(figure.predicted, 6)
    # A few digits are enough of what should be zero.
    digits = 6 if isinstance(figure.predicted, str) or abs(figure.found) > figure.tolerance else 2
    return predicted, _digits(figure.found, digits), _digits(figure.error, 2)


def rounded(figure: Figure) -> tuple[str, str, str]:
    """Predicted, found and error of the example comparison, without the digits that differ between machines.

    What was found is rounded to the tolerance, and the error is given by the tolerance that it keeps.

    >>> rounded(Figure(what="b", predicted=0.25, found=0.25000000003, error=1.2e-10, tolerance=1e-8, reason="-"))
    ('0.25', '0.25', '< 1e-08')
    """
    if isinstance(figure.predicted, str):
        found = 0.0 if abs(figure.found) < _NOISE else figure.found
        error = "0" if figure.error == 0 else _digits(figure.error, 1)
        return figure.predicted, _digits(found, 2), error
    predicted, found = figure.example or (figure.predicted, figure.found)
    error = f"< {figure.tolerance:.0e}" if figure.tolerance > 0 else "0"
    if not figure.passed:
        error = _digits(figure.error, 1)
    if abs(predicted) < _NOISE:
        return "0", _digits(0.0 if abs(found) <= max(figure.tolerance, _NOISE) else found, 2), error
    digits = 6 if figure.tolerance == 0 else min(6, max(2, math.floor(-math.log10(figure.tolerance))))
    return _digits(predicted, 6), _digits(found, digits), error


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


def _digits(value: float, digits: int) -> str:
    return "0" if value == 0 else f"{value:.{digits}g}"

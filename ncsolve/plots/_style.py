"""The look of all figures: colours for the colour-blind, lines that differ in grey too, fonts embedded."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from ncsolve.errors import MissingPackageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator


__all__ = [
    "COLOURS", "LINES", "MAP", "SYMBOLS", "label", "legend_above", "new_axes", "new_figure", "number",
    "require_matplotlib", "style", "whole_numbers",
]

# Okabe and Ito 2008, the order chosen so that neighbours differ in lightness as well.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# What tells curves apart where there is no colour.
LINES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (2, 1.2)), (0, (6, 2, 1.5, 2)), (0, (4, 1, 1, 1, 1, 1)))
# Lightness grows evenly from one end to the other.
MAP = "cividis"
# Symbol and name of what an axis shows.
SYMBOLS = {
    "lambda_b": (r"$\lambda_b$", "weight decay of the bias"),
    "lambda_w": (r"$\lambda_W$", "weight decay of the classifier"),
    "lambda_h": (r"$\lambda_H$", "weight decay of the features"),
    "weight_decay": (r"$\lambda_W = \lambda_H$", "weight decay of classifier and features"),
    "alpha": (r"$\alpha$", "label smoothing"), "count": (r"$n_k$", "samples of the class"),
    "t": (r"$t = T/\sqrt{N/K}$", "threshold"), "classes": (r"$K$", "number of classes"),
    "imbalance": (r"$R$", "largest over smallest class"),
}

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters everywhere
    "font.size": 9.0, "axes.titlesize": 9.5, "axes.labelsize": 9.0, "legend.fontsize": 8.0, "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0, "legend.frameon": False, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.8, "lines.linewidth": 1.6, "lines.markersize": 4.0, "image.cmap": MAP, "figure.dpi": 100.0,
    "savefig.dpi": 200.0, "figure.facecolor": "white", "axes.facecolor": "white", "text.usetex": False,
    "mathtext.fontset": "dejavusans", "pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "path",
    "svg.hashsalt": "ncsolve", "axes.unicode_minus": True,
}


def require_matplotlib() -> None:
    """Raise MissingPackageError where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingPackageError("a figure", "matplotlib", "ncsolve[plot]") from None


def style() -> AbstractContextManager[None]:
    """The settings of all figures, for the time of a ``with`` block; the user's own are left alone."""
    require_matplotlib()
    import matplotlib

    context: AbstractContextManager[None] = matplotlib.rc_context(_SETTINGS)
    return context


def new_axes(ax: Axes | None, size: tuple[float, float] = (5.2, 3.4)) -> Axes:
    """``ax``, or new axes in a window of pyplot's, so that ``matplotlib.pyplot.show()`` shows them."""
    require_matplotlib()
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    with style():
        return plt.subplots(figsize=size, layout="constrained")[1]


def new_figure(
    rows: int, columns: int, size: tuple[float, float], *, layout: Any = "constrained", **options: Any
) -> tuple[Figure, Sequence[Axes]]:
    """A figure that no window knows of, with its axes row by row."""
    require_matplotlib()
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=size, layout=layout)
        axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(axes.ravel())


def label(name: str) -> str:
    """Symbol and name of a parameter, for an axis."""
    symbol, words = SYMBOLS[name]
    return f"{words}  {symbol}"


def number(value: float, digits: int = 4) -> str:
    """A number for a figure: ``digits`` significant digits, and a true minus sign."""
    return f"{value:.{digits}g}".replace("-", "\u2212")


def whole_numbers() -> Locator:
    """A few ticks, at whole numbers."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(nbins=5, integer=True)


def legend_above(ax: Axes, columns: int = 2) -> None:
    """A legend over the panel, where it hides no curve."""
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2, ncols=columns, columnspacing=1.5)

"""What makes a panel fit the axes that it is drawn in: legend and colour bar inside, labels no longer than it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.text import Text

__all__ = ["colour_bar", "fit_labels", "fit_numbers", "keep_inside", "legend_inside", "shortened"]

# A legend may fill this part of a panel; below this size letters are not read.
_MOST_LEGEND, _LEAST_SIZE, _LEAST_NUMBER = 0.6, 6.0, 4.5
# Inches that a colour bar takes with its numbers and its label.
_BAR = 0.95
# Where a layout engine places panels, those that are drawn later take about so much of a panel's width and height.
_LEFT = 0.85
# Of the gap between two panels the left one, or the lower one, may fill this part.
_SHARE = 0.25
# A formula is one word.
_WORDS = re.compile(r"(?:\$[^$]*\$|\\\$|\S)+")


def legend_inside(ax: Axes, columns: int = 2) -> None:
    """A legend at the top of the panel, which gets as much higher as the legend is: it hides nothing.

    Call it last.  Long names are broken into lines, and letters made smaller, as far as need be.
    """
    if not ax.get_legend_handles_labels()[0]:
        return
    width, height = _size(ax)
    for size in (8.0, 7.0, _LEAST_SIZE):
        for number in range(columns, 0, -1):
            legend = ax.legend(
                loc="upper left", ncols=number, columnspacing=1.2, borderaxespad=0.2, borderpad=0.3, handlelength=1.8,
                frameon=True, framealpha=0.9, facecolor="white", edgecolor="none", fontsize=size, labelspacing=0.35,
            )
            legend.set_zorder(6)
            if number == 1:
                handles = legend.get_window_extent().width - _widest(legend.get_texts())
                for text in legend.get_texts():
                    _wrap(text, 0.98 * width - handles)
            box = legend.get_window_extent()
            if box.width <= width and box.height <= _MOST_LEGEND * height:
                _make_room(ax, box.height / height)
                _thin(ax, "y")
                return
    legend.set_loc("best")  # of a panel that is too small the curves are more than the words


def colour_bar(image: Any, ax: Axes, label: str, *, square: bool = False) -> Colorbar:
    """A colour bar with its numbers and label within what the axes filled; ``square`` axes are as high as wide."""
    figure: Any = ax.figure
    options = {"shrink": 0.9} if square else {}
    if _engine(ax) is None:  # which would make room itself
        width, height = ax.bbox.width / figure.get_dpi(), ax.bbox.height / figure.get_dpi()
        fraction = min(0.5, _BAR / width)
        options = {"fraction": fraction, "pad": 0.04}
        if square:
            options["shrink"] = min(1.0, (1.0 - fraction - 0.04) * width / height)
    bar: Colorbar = figure.colorbar(image, ax=ax, label=label, **options)
    return bar


def fit_labels(ax: Axes, bar: Colorbar | None = None) -> None:
    """Labels no longer than the axes, broken into lines where they would be, and ticks whose numbers do not meet.

    In a figure without a layout engine the axes with their colour bar become so small that their labels reach neither
    the next panel nor the edge of the figure.
    """
    ax.tick_params(pad=2.5)
    ax.xaxis.labelpad = ax.yaxis.labelpad = 1.5  # between panels there is little room
    width, height = _size(ax)
    _wrap(ax.yaxis.label, 1.05 * height, upright=True)
    _wrap(ax.xaxis.label, 1.05 * width)
    _wrap(ax.title, 1.1 * width)
    if _engine(ax) is None:
        _settle(ax, bar)
    _thin(ax, "x")
    _thin(ax, "y")


def keep_inside(ax: Axes, texts: Sequence[Text]) -> None:
    """Move texts sideways into the panel."""
    _size(ax)
    for text in texts:
        box, panel = text.get_window_extent(), ax.bbox
        shift = max(panel.x0 - box.x0 + 2.0, 0.0) - max(box.x1 - panel.x1 + 2.0, 0.0)
        if shift:
            x, y = ax.transData.transform(text.get_position())
            text.set_x(ax.transData.inverted().transform((x + shift, y))[0])


def fit_numbers(ax: Axes, texts: Sequence[Text], cells: int) -> None:
    """Numbers no wider than their cells, of which ``cells`` are side by side; none where they would not be read."""
    if not texts:
        return
    width = 0.92 * _size(ax)[0] / cells
    size = float(texts[0].get_fontsize()) * min(1.0, width / _widest(texts))
    for text in texts:
        text.set_fontsize(size)
        text.set_visible(size >= _LEAST_NUMBER)


def shortened(name: str, most: int) -> str:
    """The name, or its first letters if it has more than ``most``.

    >>> shortened("aeroplane", 6), shortened("cat", 6)
    ('aerop…', 'cat')
    """
    return name if len(name) <= most else name[: most - 1] + "…"


def _thin(ax: Axes, which: str) -> None:
    """Leave out numbers of a logarithmic axis that meet others; the ends stay."""
    upright = which == "y"
    if (ax.get_yscale() if upright else ax.get_xscale()) != "log":
        return
    labels = ax.get_yticklabels() if upright else ax.get_xticklabels()
    texts, boxes = [text.get_text() for text in labels], [text.get_window_extent() for text in labels]
    last, scale = 0, 1.0 if _engine(ax) is None else _LEFT
    for i in range(1, len(texts)):
        gap = boxes[i].y0 - boxes[last].y1 if upright else boxes[i].x0 - boxes[last].x1
        gap -= (1.0 - scale) * (boxes[i].y0 - boxes[last].y0 if upright else boxes[i].x0 - boxes[last].x0)
        if gap > (0.0 if upright else boxes[i].height / 4):
            last = i
        elif i == len(texts) - 1 and last > 0:  # infinity, or the end
            texts[last] = ""
        else:
            texts[i] = ""
    if upright:
        ax.set_yticks(ax.get_yticks(), texts)
    else:
        ax.set_xticks(ax.get_xticks(), texts)


def _settle(ax: Axes, bar: Colorbar | None) -> None:
    """Move the edges of the axes inwards by what their labels are out of the room that the panel has."""
    figure: Any = ax.figure
    room, width, height = _room(ax), figure.bbox.width, figure.bbox.height
    old = ax.get_position(original=True)
    boxes: list[Any] = [one.get_tightbbox() for one in (ax, *([bar.ax] if bar is not None else []))]
    x0 = old.x0 + max(0.0, room[0] - min(box.x0 for box in boxes)) / width
    y0 = old.y0 + max(0.0, room[1] - min(box.y0 for box in boxes)) / height
    x1 = old.x1 - (max(0.0, boxes[0].x1 - room[2]) / width if bar is None else 0.0)
    y1 = old.y1 - max(0.0, max(box.y1 for box in boxes) - room[3]) / height
    if x1 - x0 < old.width / 2 or y1 - y0 < old.height / 2:
        return
    ax.set_position((x0, y0, x1 - x0, y1 - y0))
    if bar is not None:
        own, scale = bar.ax.get_position(original=True), (y1 - y0) / old.height
        bar.ax.set_position((own.x0, y0 + (own.y0 - old.y0) * scale, own.width, own.height * scale))
    for one in (ax, *([bar.ax] if bar is not None else [])):
        one.set_in_layout(True)  # an engine that is set later may place it


def _room(ax: Axes) -> tuple[float, float, float, float]:
    """Pixels from the left, the bottom, to the right and the top that a panel may fill: to the edges of the figure, and
    of the gap between two panels what is on the left of the second, and below the first."""
    figure: Any = ax.figure
    x0, y0, x1, y1 = 0.0, 0.0, 1.0, 1.0
    spec = ax.get_subplotspec()
    if spec is not None:
        spec = spec.get_topmost_subplotspec()
        bottoms, tops, lefts, rights = (part.tolist() for part in spec.get_gridspec().get_grid_positions(figure))
        rows, columns = spec.rowspan, spec.colspan
        if columns.start > 0:
            x0 = _between(rights[columns.start - 1], lefts[columns.start])
        if columns.stop < len(lefts):
            x1 = _between(rights[columns.stop - 1], lefts[columns.stop])
        if rows.stop < len(tops):
            y0 = _between(tops[rows.stop], bottoms[rows.stop - 1])
        if rows.start > 0:
            y1 = _between(tops[rows.start], bottoms[rows.start - 1])
    (left, bottom), (right, top) = figure.transSubfigure.transform([(x0, y0), (x1, y1)]).tolist()
    return left + 1.0, bottom + 1.0, right - 1.0, top - 1.0


def _between(low: float, high: float) -> float:
    return low + _SHARE * (high - low)


def _root(ax: Axes) -> Any:
    """The figure that holds the axes, also those of a subfigure."""
    figure: Any = ax.figure
    while figure.figure is not figure:
        figure = figure.figure
    return figure


def _engine(ax: Axes) -> Any:
    return _root(ax).get_layout_engine()


def _size(ax: Axes) -> tuple[float, float]:
    """Width and height in pixels, as they will be."""
    if _engine(ax) is None:
        ax.apply_aspect()
        return ax.bbox.width, ax.bbox.height
    _root(ax).draw_without_rendering()
    return _LEFT * ax.bbox.width, _LEFT * ax.bbox.height


def _widest(texts: Sequence[Text]) -> float:
    return max(float(text.get_window_extent().width) for text in texts)


def _wrap(text: Text, room: float, *, upright: bool = False) -> None:
    """Break the text between words so that no line is longer than ``room`` pixels, if that is possible."""
    lines: list[str] = []
    for word in _WORDS.findall(text.get_text()):
        longer = f"{lines[-1]} {word}" if lines else word
        text.set_text(longer)
        box = text.get_window_extent()
        if lines and (box.height if upright else box.width) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    text.set_text("\n".join(lines))


def _make_room(ax: Axes, share: float) -> None:
    """Raise the upper end of the axis, so that what was all of the panel is what the legend leaves of it."""
    low, high = ax.get_ylim()
    transform = ax.yaxis.get_transform()
    below, above = transform.transform([low, high])
    top = below + (above - below) / (1.0 - share * 1.03)
    names = [text.get_text() for text in ax.get_yticklabels()] if ax.get_yscale() == "log" else None
    ax.set_ylim(low, float(transform.inverted().transform([top])[0]))
    ticks, minor = ax.get_yticks(), ax.get_yticks(minor=True)
    edge = high + 1e-9 * abs(high)
    kept = [i for i, tick in enumerate(ticks) if low - 1e-9 * abs(low) <= tick <= edge]
    ax.set_yticks([ticks[i] for i in kept], None if names is None else [names[i] for i in kept])
    ax.set_yticks([tick for tick in minor if tick <= edge], minor=True)

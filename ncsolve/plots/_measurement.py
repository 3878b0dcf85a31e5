"""A measured network beside its prediction: Gram matrices, cosines, lengths and singular values, and the gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._measure.measurement import Measurement
from ncsolve._text import literal_math
from ncsolve.geometry import cosine_matrix
from ncsolve.plots._fit import colour_bar, fit_labels, fit_numbers, legend_inside, shortened
from ncsolve.plots._frame import BARS, COLOURS_SHOW, draw_gram, even_choice, name_classes, spectrum_bars
from ncsolve.plots._gap import gap_bar
from ncsolve.plots._points import check_measurement
from ncsolve.plots._style import COLOURS, new_axes, number, require_matplotlib, style, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["measured_cosines", "measured_lengths", "measured_spectrum", "measurement_figure"]

# More classes than this are drawn from the largest to the smallest, without names.
_NAMED = 20
# More pairs than this are small, and pixels in every file; still more are a band, of blocks of a hundred or more.
_FEW, _BAND = 300, 2000
_BLOCK, _BLOCKS = 100, 200
# Predicted cosines that are the same to so many digits are one, and no panel of them is lower than this.
_DIGITS, _LEAST = 9, 1e-3
# No difference of Gram matrices is coloured below this part of them.
_ROUNDING = 1e-9
_LETTERS = 12


def measured_cosines(measurement: Measurement, *, ax: Axes | None = None) -> Axes:
    """The cosine between the measured means of every two classes, over the predicted one; returns the axes.

    Pairs stand in the order of their predicted cosine, and where that is the same of their measured one.  Of more than
    2000 pairs a band holds all, and a darker one nine in ten.  The title names the pair that is the furthest off.
    """
    found = check_measurement(measurement)
    ax = new_axes(ax)
    first, second = np.triu_indices(found.problem.classes, 1)
    predicted = cosine_matrix(found.predicted.gram)[first, second]
    measured = found.cosines[first, second]
    known = np.flatnonzero(np.isfinite(predicted) & np.isfinite(measured))
    with style():
        ax.set_ylabel("cosine between class means")
        ax.set_xlabel("pair of classes, in the order of the prediction")
        if known.size:
            _draw_cosines(ax, predicted[known], measured[known])
            apart = np.abs(measured[known] - predicted[known])
            worst = int(known[np.argmax(apart)])
            a, b = (class_name(found, int(which[worst])) for which in (first, second))
            left = first.size - known.size
            note = f"; {left} of {first.size} pairs have no cosine" if left else ""
            ax.set_title(f"furthest off by {number(float(apart.max()), 2)}: {a}, {b}{note}")
        else:
            ax.set_title("no two class means are nonzero, both as measured and as predicted")
            ax.set_ylim(-1.0, 1.0)
        fit_labels(ax)
        legend_inside(ax)
    return ax


def _draw_cosines(ax: Axes, predicted: Array, measured: Array) -> None:
    pairs = measured.size
    order = np.lexsort((measured if pairs <= _BAND else np.arange(pairs), predicted.round(_DIGITS)))
    if pairs <= _BAND:
        x, line = np.arange(pairs, dtype=np.float64), predicted[order]
        few = pairs <= _FEW
        ax.plot(
            x, measured[order], "o", color=COLOURS[0], markersize=4.0 if few else 2.0, markeredgewidth=0.0,
            rasterized=not few, clip_on=False, label="measured",
        )
    else:
        ends = np.linspace(0, pairs, min(_BLOCKS, pairs // _BLOCK) + 1).round().astype(np.intp)
        x, line = (ends[1:] + ends[:-1]) / 2, np.array([part.mean() for part in np.split(predicted[order], ends[1:-1])])
        shares = np.array([
            np.quantile(part, (0.0, 0.05, 0.95, 1.0)) for part in np.split(measured[order], ends[1:-1])
        ]).T
        for i, alpha, text in ((0, 0.35, "measured"), (1, 0.8, "nine in ten of them")):
            ax.fill_between(x, shares[i], shares[3 - i], color=COLOURS[5], alpha=alpha, linewidth=0, label=text)
    # a single point has no line
    mark = "_" if pairs == 1 else None
    ax.plot(x, line, drawstyle="steps-mid", color=COLOURS[1], linewidth=1.4, marker=mark, markersize=12.0,
            label="predicted", zorder=3)
    both = np.concatenate((predicted, measured))
    middle, half = (float(both.max()) + float(both.min())) / 2, max(float(np.ptp(both)) / 2, _LEAST)
    ax.set_ylim(middle - 1.1 * half, middle + 1.1 * half)
    ax.set_xlim(-0.5 - 0.02 * pairs, pairs - 0.5 + 0.02 * pairs)
    ax.xaxis.set_major_locator(whole_numbers())


def measured_lengths(measurement: Measurement, *, ax: Axes | None = None) -> Axes:
    """The lengths of the measured and the predicted class means; of more than 20 classes from the largest to the
    smallest class.  Returns the axes."""
    found = check_measurement(measurement)
    ax = new_axes(ax, (4.2, 3.6))
    predicted, measured = (np.sqrt(np.maximum(np.diag(gram), 0.0)) for gram in (found.predicted.gram, found.gram))
    k = found.problem.classes
    order = np.arange(k) if k <= _NAMED else np.argsort(-found.problem.counts.array, kind="stable")
    with style():
        place = np.arange(k)
        few = k <= _NAMED
        size = 4.0 if few else 2.0
        mark = "_" if k == 1 else None
        ax.plot(
            place, predicted[order], drawstyle="steps-mid", color=COLOURS[1], linewidth=1.4, marker=mark,
            markersize=12.0, label="predicted",
        )
        ax.plot(
            place, measured[order], "o", color=COLOURS[0], markersize=size, markeredgewidth=0.0, label="measured"
        )
        ax.set_ylim(0.0, 1.08 * max(float(predicted.max()), float(measured.max()), 1e-300))
        ax.set_xlim(-0.5 - 0.02 * k, k - 0.5 + 0.02 * k)
        if few:
            name_classes(ax, found.problem.class_names, class_numbers(found), "x")
            ax.set_xlabel("class")
        else:
            ax.set_xlabel("classes, from the largest to the smallest")
            ax.xaxis.set_major_locator(whole_numbers())
        ax.set_ylabel(r"length of the class mean  $\|h_k\|$")
        fit_labels(ax)
        legend_inside(ax)
    return ax


def measured_spectrum(measurement: Measurement, *, ax: Axes | None = None) -> Axes:
    """The singular values of the prediction against T, with those of the measured W H D^(1/2) on top of T."""
    found = check_measurement(measurement)
    ax = new_axes(ax, (4.2, 3.6))
    problem = found.problem
    outputs = (found.head.W @ found.head.means) * np.sqrt(problem.counts.array)
    values = np.linalg.svd(outputs, compute_uv=False)[:BARS]
    convex = found.predicted.frame.convex
    level = problem.threshold if convex else 0.0
    with style():
        top = spectrum_bars(found.predicted, ax)
        place = np.arange(1, values.size + 1) + (0.0 if convex else 0.2)
        text = "measured $W H D^{1/2}$, on $T$" if convex else "measured $W H D^{1/2}$"
        ax.plot(
            place, level + values, "o", color="black", markersize=4.0 if values.size <= 20 else 2.5, label=text
        )
        ax.set_ylim(0, 1.05 * max(top, level + float(values.max(initial=0.0))))
        fit_labels(ax)
        legend_inside(ax, columns=1)
    return ax


def measurement_figure(measurement: Measurement) -> Figure:
    """All of a measurement: the Gram matrices and their difference, cosines, lengths, spectrum, and the gap's parts."""
    found = check_measurement(measurement)
    require_matplotlib()
    from matplotlib.figure import Figure

    with style():
        # rows of their own: colour bars of one take no room from the next
        figure = Figure(figsize=(10.4, 8.5), layout="constrained")
        rows: Any = figure.subfigures(3, 1, height_ratios=(0.8, 1.0, 0.42))
        grams, panels, bar = rows[0].subplots(1, 3), rows[1].subplots(1, 3), rows[2].subplots()
    _grams(found, grams)
    for draw, ax in zip((measured_cosines, measured_lengths, measured_spectrum), panels, strict=True):
        draw(found, ax=ax)
    gap_bar(found, ax=bar)
    with style():
        kind = found.verdict.kind
        figure.suptitle(f"{kind[0].upper()}{kind[1:]}: {found.verdict.reasons[0]}", fontsize=9.5, wrap=True)
    return figure


def _grams(found: Measurement, axes: Sequence[Axes]) -> None:
    chosen = even_choice(found.problem.classes)
    square = np.ix_(chosen, chosen)
    measured, predicted = found.gram[square], found.predicted.gram[square]
    limits = min(measured.min(), predicted.min()), max(measured.max(), predicted.max())
    apart = measured - predicted
    most = float(np.abs(apart).max())
    scale = max(most, _ROUNDING * max(abs(limit) for limit in limits))
    numbers = chosen if found.problem.class_names is not None else class_numbers(found)[chosen]
    with style():
        for ax, gram, title in ((axes[0], measured, "measured"), (axes[1], predicted, "predicted")):
            image = draw_gram(ax, gram, numbers, found.problem, limits)
            ax.set_title(title)
        bars = [colour_bar(image, axes[0], "", square=True), colour_bar(image, axes[1], COLOURS_SHOW, square=True)]
        image = draw_gram(axes[2], apart, numbers, found.problem, (-scale, scale), diverging=True)
        axes[2].set_title(f"difference: at most {number(most, 2)}")
        bars.append(colour_bar(image, axes[2], "measured \u2212 predicted", square=True))
        for ax, bar in zip(axes, bars, strict=True):
            fit_labels(ax, bar)
            fit_numbers(ax, list(ax.texts), chosen.size)


def class_numbers(found: Measurement) -> Index:
    """Numbers of the classes that have samples, from 0."""
    return found.head.statistics.present


def class_name(found: Measurement, k: int) -> str:
    """The name of the k-th class that has samples, or its number."""
    names = found.problem.class_names
    if names is None:
        return str(class_numbers(found)[k])
    return literal_math(shortened(names[k], _LETTERS))

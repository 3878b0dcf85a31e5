"""One minimizer: the Gram matrix of its class means, and the singular values of Z."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.registry import model_of
from ncsolve._problem.ufm import UFM
from ncsolve._text import literal_math
from ncsolve.checks.arguments import check_kind, entries
from ncsolve.errors import ProblemError
from ncsolve.plots._fit import colour_bar, fit_labels, fit_numbers, legend_inside, shortened
from ncsolve.plots._style import COLOURS, LINES, new_axes, new_figure, number, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

__all__ = [
    "BARS", "COLOURS_SHOW", "draw_gram", "even_choice", "gram_figure", "gram_matrix", "minimizer_figure",
    "name_classes", "spectrum", "spectrum_bars",
]

# A picture of more classes than this would be finer than a screen.
_MOST = 100
# Numbers are written into the cells of so few classes.
_WRITTEN = 6
BARS = 60
# Up to so many classes are named, by so many letters.
_NAMED, _LETTERS = 20, 10
COLOURS_SHOW = r"inner product  $\langle h_k, h_l\rangle$"


def gram_matrix(minimizer: Minimizer, *, ax: Axes | None = None, limits: tuple[float, float] | None = None) -> Axes:
    """The inner products of the class means as colours, over ``limits``; of more than 100 classes an even choice."""
    check_kind("the minimizer", minimizer, Minimizer, "make one with ncsolve.solve(problem)")
    ax = new_axes(ax, (4.2, 3.6))
    with style():
        gram, chosen = _gram(minimizer)
        image = draw_gram(ax, gram, chosen, minimizer.problem, limits or _range(gram))
        bar = colour_bar(image, ax, COLOURS_SHOW, square=True)
        ax.set_title(f"class means, {_bias_decay(minimizer)}{_regime(minimizer)}")
        fit_labels(ax, bar)
        fit_numbers(ax, list(ax.texts), minimizer.problem.classes)
    return ax


def draw_gram(
    ax: Axes, gram: Array, chosen: Index, problem: UFM, limits: tuple[float, float], *, diverging: bool = False
) -> AxesImage:
    """Inner products as colours, with numbers in the cells of few classes; ``chosen`` are the numbers of the classes.

    ``diverging`` is for differences, whose 0 is in the middle.
    """
    low, high = limits
    if high <= low:
        high = low + 1.0
    image = ax.imshow(gram, vmin=low, vmax=high, interpolation="nearest", cmap="PuOr" if diverging else None)
    if gram.shape[0] <= _WRITTEN:
        for (row, column), value in np.ndenumerate(gram):
            place = (value - low) / (high - low)
            dark = abs(place - 0.5) > 0.3 if diverging else place < 0.5
            text = number(0.0 if abs(value) < 1e-12 * high else float(value), 2 if diverging else 4)
            ax.text(column, row, text, ha="center", va="center", fontsize=7.5, color="white" if dark else "black")
    several = gram.shape[0] < problem.classes
    note = f" ({gram.shape[0]} of {problem.classes})" if several else ""
    if problem.class_names is None or several:
        ax.set_xlabel(f"class $l${note}")
        ax.set_ylabel(f"class $k${note}")
    name_classes(ax, problem.class_names, chosen)
    ax.spines[["top", "right"]].set_visible(True)
    return image


def name_classes(ax: Axes, names: tuple[str, ...] | None, chosen: Index, which: str = "xy") -> None:
    """Ticks with the names of the classes, or their numbers, at equal steps."""
    most = 6 if names is None else _NAMED
    places = np.arange(0, chosen.size, -(-chosen.size // most))
    texts = [str(chosen[i]) if names is None else _name(names[int(chosen[i])]) for i in places]
    size = 8.0 if names is None or places.size <= 10 else 5.5
    if "x" in which:
        upright = names is not None and sum(map(len, texts)) > 20
        ax.set_xticks(places, texts, fontsize=size, rotation=90 if upright else 0)
    if "y" in which:
        ax.set_yticks(places, texts, fontsize=size)


def _name(name: str) -> str:
    return literal_math(shortened(name, _LETTERS))


def spectrum(minimizer: Minimizer, *, ax: Axes | None = None) -> Axes:
    """The singular values of M - b u^T against the threshold T: what is above it is a singular value of Z."""
    check_kind("the minimizer", minimizer, Minimizer, "make one with ncsolve.solve(problem)")
    ax = new_axes(ax, (4.2, 3.6))
    with style():
        top = spectrum_bars(minimizer, ax)
        ax.set_ylim(0, 1.03 * top)
        ax.set_title(f"rank of $Z$: {minimizer.rank}")
        fit_labels(ax)
        legend_inside(ax, columns=1)
    return ax


def spectrum_bars(minimizer: Minimizer, ax: Axes) -> float:
    """The bars of the spectrum with their axes; returns where the highest ends, T at least."""
    values = _all_singular_values(minimizer)
    shown = values[:BARS]
    place = np.arange(1, shown.size + 1)
    draw, lowest = (_over_threshold, minimizer.problem.threshold) if minimizer.frame.convex else (_beside, 1e-300)
    draw(minimizer, ax, place, shown)
    if shown.size <= 12:
        ax.set_xticks(place)
    ax.set_xlabel("number" if values.size <= BARS else f"number (the largest {BARS} of {values.size})")
    return max(float(shown.max(initial=0.0)), float(minimizer.singular_values.max(initial=0.0)), lowest)


def _over_threshold(minimizer: Minimizer, ax: Axes, place: Index, shown: Array) -> None:
    threshold = minimizer.problem.threshold
    ax.bar(place, np.minimum(shown, threshold), color="0.75", label="thresholded away, at most $T$")
    ax.bar(
        place, np.maximum(shown - threshold, 0.0), bottom=threshold, color=COLOURS[0], hatch="///",
        edgecolor="white", linewidth=0, label="singular value of $Z$",
    )
    text = f"threshold $T$ = {number(threshold)}"
    ax.axhline(threshold, color=COLOURS[1], linestyle=LINES[1], linewidth=1.2, label=text)
    ax.set_ylabel(r"singular value of $M - b\,u^\top$")


def _beside(minimizer: Minimizer, ax: Axes, place: Index, shown: Array) -> None:
    """What the model shrinks, and the singular values of Z, side by side, for models that shrink otherwise than by T.
    """
    what = model_of(minimizer.problem).spectrum_name
    ax.bar(place - 0.2, shown, width=0.4, color="0.75", label=f"singular value of {what}")
    ax.bar(
        place + 0.2, minimizer.singular_values[:BARS], width=0.4, color=COLOURS[0], hatch="///", edgecolor="white",
        linewidth=0, label="singular value of $Z$",
    )
    ax.set_ylabel("singular value")


def minimizer_figure(minimizer: Minimizer) -> Figure:
    """The Gram matrix of the class means and the spectrum."""
    check_kind("the minimizer", minimizer, Minimizer, "make one with ncsolve.solve(problem)")
    figure, axes = new_figure(1, 2, (9.2, 3.9))
    gram_matrix(minimizer, ax=axes[0])
    spectrum(minimizer, ax=axes[1])
    return figure


def gram_figure(minimizers: Sequence[Minimizer], *, titles: Sequence[str] | None = None) -> Figure:
    """Gram matrices side by side with the same colours, titled by lambda_b or by ``titles``, and by their regimes.

    Raises ProblemError if there is none, or more than six.
    """
    how = "make each with ncsolve.solve(problem)"
    for minimizer in (minimizers := entries("minimizers", minimizers, how)):  # type: ignore[assignment]
        check_kind("a minimizer", minimizer, Minimizer, how)
    if not 1 <= len(minimizers) <= 6:
        raise ProblemError(f"a figure holds from one to six Gram matrices; got {len(minimizers)}")
    figure, axes = new_figure(1, len(minimizers), (3.3 * len(minimizers) + 0.8, 3.7), layout="compressed")
    grams = [_gram(minimizer) for minimizer in minimizers]
    limits = _range(np.concatenate([gram.ravel() for gram, _ in grams]))
    with style():
        names = [_bias_decay(minimizer) for minimizer in minimizers] if titles is None else titles
        for minimizer, name, (gram, chosen), ax in zip(minimizers, names, grams, axes, strict=True):
            image = draw_gram(ax, gram, chosen, minimizer.problem, limits)
            ax.set_title(f"{name}{_regime(minimizer)}{_two_values(gram)}")
        figure.colorbar(image, ax=axes, label=COLOURS_SHOW)  # one scale for all
    return figure


def _two_values(gram: Array) -> str:
    """Squared length and inner product, where all classes have the same."""
    on, off = np.diag(gram), gram[~np.eye(gram.shape[0], dtype=bool)]
    scale = float(np.abs(gram).max())
    if off.size == 0 or max(float(np.ptp(on)), float(np.ptp(off))) > 1e-12 * scale:
        return ""
    inner = 0.0 if abs(off[0]) < 1e-12 * scale else float(off[0])
    return f"\n{number(float(on[0]))} on the diagonal, {number(inner)} off it"


def _regime(minimizer: Minimizer) -> str:
    """The regime behind a name, where it has one."""
    return "" if minimizer.regime == "general" else f": {minimizer.regime}"


def _bias_decay(minimizer: Minimizer) -> str:
    value = minimizer.problem.lambda_b
    return r"$\lambda_b = \infty$" if value == math.inf else rf"$\lambda_b$ = {value:.4g}"


def _range(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def even_choice(classes: int) -> Index:
    """All classes, or so many of them, evenly chosen, as a picture can show."""
    return np.unique(np.linspace(0, classes - 1, min(classes, _MOST)).round().astype(np.intp))


def _gram(minimizer: Minimizer) -> tuple[Array, Index]:
    """Inner products of all class means, or of an even choice of them, and their classes."""
    chosen = even_choice(minimizer.problem.classes)
    symmetric = minimizer.frame.symmetric
    if symmetric is None:
        means = minimizer.class_means[:, chosen]
        return means.T @ means, chosen
    between, lengths = symmetric.group_gram()
    groups = minimizer.problem.counts.groups[chosen]
    gram: Array = between[np.ix_(groups, groups)]
    gram.flat[:: chosen.size + 1] = lengths[groups]
    return gram, chosen


def _all_singular_values(minimizer: Minimizer) -> Array:
    """Of M - b u^T, under cross-entropy of N times the residual, descending: min(m, K), but no more than are shown and
    one."""
    frame = minimizer.frame
    values = frame.shifted_singular_values()
    symmetric = frame.symmetric
    if symmetric is not None:
        times = np.ones(values.size, dtype=np.int64)
        several = symmetric.sizes > 1
        times[values.size - np.count_nonzero(several) :] = symmetric.sizes[several] - 1
        values = np.repeat(values, np.minimum(times, minimizer.problem.classes))
    size = min(minimizer.problem.code_length, minimizer.problem.classes)
    values = -np.sort(-values)[:size]
    return np.pad(values, (0, size - values.size))

"""Curves along one parameter: cosines, singular values, bias and NC metrics, and where the regime changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ncsolve._arrays import Array, Mask
from ncsolve._measure.measurement import Measurement
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.words import model_words
from ncsolve._numbers.printed import between
from ncsolve._problem.convention import CONVENTIONS, Convention
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve._sweeps.figures import NC_NAMES
from ncsolve._sweeps.in_convention import user_factor
from ncsolve._sweeps.path import Path
from ncsolve._text import literal_math
from ncsolve.checks.arguments import check_kind
from ncsolve.errors import ProblemError
from ncsolve.geometry import simplex_cosine
from ncsolve.plots._axis import ParameterAxis
from ncsolve.plots._fit import fit_labels, legend_inside, shortened
from ncsolve.plots._frame import gram_figure
from ncsolve.plots._jumps import broken, latent_lines
from ncsolve.plots._points import check_measurements, check_on_path, lambdas_of, measured_points
from ncsolve.plots._style import COLOURS, LINES, SYMBOLS, new_axes, new_figure, number, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "bias_curves", "compared_cosines", "cosine_curves", "nc_curves", "path_figure", "path_gram_figure",
    "singular_value_curves",
]

_PAPER = CONVENTIONS["paper"]
# A line at every change of regime is readable up to here; beyond, the curves show them.
_MOST_CHANGES = 6
# Letters of the name of a class on an axis.
_LETTERS = 24
# More singular values than this are drawn thinner and without names.
_NAMED = 4
# Up to so many points are marked.
_POINTS = 25
_MARKS = ("o", "s", "^", "D", "v", "P")


def cosine_curves(
    path: Path, *, ax: Axes | None = None, convention: Convention = _PAPER, measured: Sequence[Measurement] = ()
) -> Axes:
    """The cosine between class means along the parameter: the range and the mean where pairs differ, the levels of a
    simplex ETF and an orthogonal frame, and a vertical line at every change of regime.  Returns the axes.

    ``measured`` networks are points at their weight decay: the mean of their cosines, with a bar from the smallest to
    the largest.  Raises ProblemError for one of another problem than the path's.
    """
    points = check_on_path(check_measurements(measured), _check(path))
    with _panel(path, ax, convention, named=True, points=points) as (ax, axis):
        x, values = broken(path, axis, convention, path.cosines, _cosines)
        low, mean, high = values.T
        if np.nanmax(high - low, initial=0.0) > 1e-9:
            ax.fill_between(x, low, high, color=COLOURS[5], alpha=0.35, linewidth=0, label="all pairs")
            ax.plot(x, low, color=COLOURS[5], linewidth=0.7)
            ax.plot(x, high, color=COLOURS[5], linewidth=0.7)
            ax.plot(x, mean, color=COLOURS[0], label="mean over pairs")
        else:
            ax.plot(x, mean, color=COLOURS[0], label="all pairs")
        if path.latent is not None:
            latent_lines(ax, path, axis, convention, path.latent.cosine, label="second local minimum")
        if path.problem.classes > 1:
            etf = simplex_cosine(path.problem.classes)
            text = f"simplex ETF, $-1/(K-1)$ = {number(etf)}"
            ax.axhline(etf, color="0.25", linewidth=1.0, linestyle=LINES[1], label=text)
        ax.axhline(0.0, color="0.25", linewidth=1.0, linestyle=LINES[2], label="orthogonal frame, 0")
        measured_points(ax, points, axis, convention)
        ax.set_ylabel("cosine between class means")
        ax.margins(y=0.08)
        if path.problem.classes == 1:  # no pair of class means
            ax.set_ylim(-1.0, 1.0)
    return ax


def compared_cosines(paths: Mapping[str, Path], *, ax: Axes | None = None, convention: Convention = _PAPER) -> Axes:
    """The mean cosine between class means along the same parameter for several problems, by name; returns the axes.

    Raises ProblemError if there is no path, or if they vary different parameters.
    """
    for one in check_kind("paths", paths, dict, "with a path for each name").values():
        _check(one)
    if not paths or len({path.varied for path in paths.values()}) != 1:
        raise ProblemError("paths are compared along one parameter; give at least one path, all along the same")
    ax = new_axes(ax, (6.4, 4.0))
    with style():
        values = np.concatenate([path.values / user_factor(path, convention) for path in paths.values()])
        axis = ParameterAxis(next(iter(paths.values())).varied, values)
        for i, (name, path) in enumerate(paths.items()):
            own = path.values / user_factor(path, convention)
            order = np.argsort(own, kind="stable")
            every = max(1, own.size // 9)
            ax.plot(
                axis.place(own[order]), path.cosines[order, 1], color=COLOURS[i % len(COLOURS)],
                linestyle=LINES[i % len(LINES)], label=literal_math(name), marker=_MARKS[i % len(_MARKS)],
                markevery=((i * every) // 6, every),
            )
        for k in sorted({path.problem.classes for path in paths.values()} - {1}):
            text = f"simplex ETF, $-1/(K-1)$ = {number(simplex_cosine(k))}"
            ax.axhline(simplex_cosine(k), color="0.25", linewidth=1.0, linestyle=LINES[1], label=text, zorder=1)
        ax.axhline(0.0, color="0.25", linewidth=1.0, linestyle=LINES[2], label="orthogonal frame, 0", zorder=1)
        ax.set_ylabel("mean cosine between class means")
        axis.dress(ax)
        ax.margins(y=0.08)
        fit_labels(ax)
        legend_inside(ax, columns=3)
    return ax


def singular_value_curves(path: Path, *, ax: Axes | None = None, convention: Convention = _PAPER) -> Axes:
    """The singular values of Z along the parameter; a dimension of the class means dies where one reaches zero."""
    with _panel(path, ax, convention) as (ax, axis):
        x, values = broken(path, axis, convention, path.singular_values, lambda side: side.singular_values)
        groups = _equal_columns(values)
        few = len(groups) <= _NAMED
        for i, (column, times) in enumerate(groups):
            name = f"$z_{{{column + 1}}}$" if times == 1 else f"$z_{{{column + 1}}}$ ({times} times)"
            ax.plot(
                x, values[:, column], color=COLOURS[i % 6] if few else COLOURS[0], label=name if few else None,
                linestyle=LINES[i % len(LINES)] if few else "-", linewidth=1.6 if few else 0.7,
                alpha=1.0 if few else 0.75,
            )
        metric = isinstance(path.problem, MetricProblem)
        ax.set_ylabel("singular values of $A = W (V, c)$" if metric else r"singular values of $Z = W H D^{1/2}$")
        if path.latent is not None:
            other = _moved(path.latent.singular_values, path.latent.mean_in, path.ufm)
            latent_lines(ax, path, axis, convention, other, label="label mean, second local minimum")
        ax.set_ylim(*_from_zero(float(np.nanmax(values, initial=0.0))))
    return ax


def bias_curves(path: Path, *, ax: Axes | None = None, convention: Convention = _PAPER) -> Axes:
    """How much of the label mean the bias takes out, and how much it leaves in; under cross-entropy, where the bias is
    added to logits, its length."""
    with _panel(path, ax, convention) as (ax, axis):
        if not path.problem.spec.fit.fits_codes:
            x, values = broken(path, axis, convention, path.bias_norm[:, None], _length)
            ax.plot(x, values[:, 0], color=COLOURS[0], label=r"$\|b\|$")
            ax.set_ylabel(r"length of the bias  $\|b\|$")
            ax.set_ylim(*_from_zero(float(np.nanmax(values, initial=0.0))))
            return ax
        x, values = broken(path, axis, convention, np.stack((path.centring, path.mean_left), axis=1), _shares)
        ax.plot(x, values[:, 0], color=COLOURS[0], label=r"taken out, $\langle b, \mu\rangle / \|\mu\|^2$")
        ax.plot(x, values[:, 1], color=COLOURS[1], linestyle=LINES[1], label=r"left in, $\|\mu - b\| / \|\mu\|$")
        if path.latent is not None:
            latent_lines(ax, path, axis, convention, path.latent.centring, label="taken out at the second minimum")
        ax.set_ylabel(r"share of the label mean $\mu$")
        # For other codes than balanced one-hot ones, and ReLU features, the bias may overshoot the label mean.
        known = values[np.isfinite(values)]
        ax.set_ylim(min(-0.03, 1.06 * known.min(initial=0.0)), 1.06 * known.max(initial=1.0))
    return ax


def nc_curves(path: Path, *, ax: Axes | None = None, convention: Convention = _PAPER) -> Axes:
    """The NC metrics along the parameter, 0 where a property holds exactly (NC1 does everywhere)."""
    names = {
        "nc2_simplex": "NC2, to a simplex ETF", "nc2_orthogonal": "NC2, to an orthogonal frame",
        "nc3": "NC3, self-duality", "nc4": "NC4, nearest class",
    }
    with _panel(path, ax, convention) as (ax, axis):
        x, values = broken(path, axis, convention, path.nc, lambda side: np.array(
            [getattr(side.nc, name) for name in NC_NAMES], dtype=np.float64  # None becomes NaN
        ))
        every = max(1, x.size // 8)
        for i, (name, text) in enumerate(names.items()):
            ax.plot(
                x, values[:, NC_NAMES.index(name)], color=COLOURS[i], linestyle=LINES[i], label=text, marker=_MARKS[i],
                markevery=(i * every // 4, every),
            )
        ax.set_ylabel("distance from the property")
        ax.set_ylim(*_from_zero(float(np.nanmax(path.nc[:, 1:], initial=0.0))))
    return ax


def path_figure(path: Path, *, convention: Convention = _PAPER, measured: Sequence[Measurement] = ()) -> Figure:
    """All curves of a path: cosines with the ``measured`` networks on them, singular values, bias and NC metrics."""
    _check(path)
    figure, axes = new_figure(2, 2, (10.0, 6.8))
    cosine_curves(path, ax=axes[0], convention=convention, measured=measured)
    for draw, ax in zip((singular_value_curves, bias_curves, nc_curves), axes[1:], strict=True):
        draw(path, ax=ax, convention=convention)
    with style():
        figure.suptitle(_title(path), fontsize=10)
    return figure


def path_gram_figure(path: Path, *, convention: Convention = _PAPER) -> Figure:
    """Gram matrices of the points of a path side by side: of all, or of four if there are more than six."""
    _check(path)
    check_problem(path.problem)
    points = path.even_points(4 if len(path) > 6 else 6)
    values = path.values[points] / user_factor(path, convention)
    symbol = SYMBOLS[path.varied][0]
    texts = [r"$\infty$" if value == np.inf else number(value) for value in values.tolist()]
    titles = [f"{symbol} = {text}" for text in texts]
    return gram_figure([solve(path.sweep.problem_at(float(path.values[i]))) for i in points], titles=titles)


def _check(path: Path) -> Path:
    return check_kind("the path", path, Path, "make one with ncsolve.path(problem, ...)")


def _title(path: Path) -> str:
    problem = path.problem
    decays = {"lambda_w": r"$\lambda_W$", "lambda_h": r"$\lambda_H$", "lambda_v": r"$\lambda_V$",
              "lambda_c": r"$\lambda_c$", "lambda_b": r"$\lambda_b$"}
    fixed = [
        rf"{symbol} = {getattr(problem, name):g}".replace("inf", r"$\infty$")
        for name, symbol in decays.items() if name != path.varied and hasattr(problem, name)
    ]
    counts = problem.counts.values
    samples = between(counts[0], counts[-1])
    codes = literal_math(problem.encoding.name)
    head = f"{codes} codes, K = {problem.classes}, {samples} samples per class, {', '.join(fixed)}"
    return f"{head}, {model_words(problem)}" if path.beyond else head


@contextmanager
def _panel(
    path: Path, ax: Axes | None, convention: Convention, *, named: bool = False, points: Sequence[Measurement] = ()
) -> Iterator[tuple[Axes, ParameterAxis]]:
    """Axes for curves of a path; then the changes of regime, ``named`` or not, and the legend."""
    _check(path)
    ax = new_axes(ax)
    with style():
        values = path.values / user_factor(path, convention)
        if points:
            values = np.concatenate((values, lambdas_of(points, path.varied, convention)))
        axis = ParameterAxis(path.varied, values)
        yield ax, axis
        _finish(ax, path, axis, convention, named=named)
        fit_labels(ax)
        legend_inside(ax)


def _cosines(side: Minimizer) -> Array:
    found = side.cosines
    return np.full(3, np.nan) if found is None else np.array([found.min, found.mean, found.max])


def _shares(side: Minimizer) -> Array:
    mean = side.problem.label_mean
    size = float(np.linalg.norm(mean))
    if size == 0.0 or side.centring is None:
        return np.full(2, np.nan)
    return np.array([side.centring, float(np.linalg.norm(mean - side.bias)) / size])


def _length(side: Minimizer) -> Array:
    return np.array([float(np.linalg.norm(side.bias))])


def _moved(values: Array, mean_in: Mask, problem: UFM) -> Array:
    """The singular value of the label mean among those of balanced codes: the one that the others are not equal to."""
    k = problem.classes
    alone = np.abs(values[:, 0] - values[:, 1]) > 1e-9 * values[:, 0] if k > 2 else values[:, 0] > values[:, 1]
    first = alone & (np.abs(values[:, 1] - values[:, -1]) <= 1e-9 * values[:, 0])
    return np.asarray(np.where(mean_in, np.where(first, values[:, 0], values[:, -1]), 0.0))


def _finish(ax: Axes, path: Path, axis: ParameterAxis, convention: Convention, *, named: bool) -> None:
    axis.dress(ax)
    names = path.problem.class_names
    if path.of_class is not None and names is not None:
        ax.set_xlabel(f"samples of {literal_math(shortened(names[path.of_class], _LETTERS))}  $n_k$")
    if len(path) <= _POINTS:  # between so few points nobody knows the curve
        for line in ax.lines:
            x = np.asarray(line.get_xdata(), dtype=np.float64).tolist()  # [0, 1]: a level across the panel
            known = line.get_gid() != "latent" and len(x) >= len(path) and x != [0.0, 1.0]
            if known and line.get_marker() == "None":
                line.set_marker("o")
    if len(path.changes) > _MOST_CHANGES:
        return
    factor = user_factor(path, convention)
    for change in path.changes:
        value = change.value / factor
        place, note = axis.place_change(value)
        options: dict[str, Any] = {"color": COLOURS[1], "linewidth": 1.0, "linestyle": LINES[3]}
        what = "jump" if change.jump else "change of regime"
        # a second line keeps a long label from pushing the panels apart
        text = f"{what},\n{number(value)}{note}" if note else f"{what}, {number(value)}"
        ax.axvline(place, label=text if named else None, **options)


def _from_zero(top: float) -> tuple[float, float]:
    """Limits that leave a curve at zero visible."""
    top = top if top > 0 else 1.0
    return -0.03 * top, 1.08 * top


def _equal_columns(values: Array) -> list[tuple[int, int]]:
    """(first column, how many) of neighbouring columns that are equal everywhere."""
    groups: list[tuple[int, int]] = []
    scale = float(np.nanmax(values, initial=0.0))
    for column in range(values.shape[1]):
        if groups and np.nanmax(np.abs(values[:, groups[-1][0]] - values[:, column])) <= 1e-9 * scale:
            groups[-1] = (groups[-1][0], groups[-1][1] + 1)
        else:
            groups.append((column, 1))
    return groups

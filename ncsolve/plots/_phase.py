"""The phase diagram: cosine as colour, regimes as areas with their boundaries, minority collapse as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ncsolve._arrays import Array, Mask
from ncsolve._models.registry import model_of
from ncsolve._models.words import model_words
from ncsolve._numbers.printed import between
from ncsolve._sweeps.phase import Boundary, Phase
from ncsolve._text import literal_math
from ncsolve.checks.arguments import check_kind
from ncsolve.geometry import simplex_cosine
from ncsolve.plots._axis import ParameterAxis
from ncsolve.plots._cells import Steps, cells_of, names_on
from ncsolve.plots._fit import colour_bar, fit_labels, keep_inside, legend_inside
from ncsolve.plots._style import COLOURS, LINES, new_axes, new_figure, number, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

__all__ = ["phase_diagram", "phase_figure"]

# A name is written where its area covers at least this part of the diagram.
_LEAST_AREA = 0.02
# Cosines that differ by less are one value and rounding.
_FLAT = 1e-9
# Places of names are looked for among so many along each axis.
_PLACES = 60
_NAMES = {"simplex": "simplex ETF", "orthogonal": "orthogonal frame"}


def phase_diagram(phase: Phase, *, ax: Axes | None = None) -> Axes:
    """Draw a phase diagram; returns the axes."""
    check_kind("the phase diagram", phase, Phase, "make one with ncsolve.phase(problem, ...)")
    ax = new_axes(ax, (6.4, 4.4))
    with style():
        across = ParameterAxis("lambda_b", phase.lambda_b)
        along = ParameterAxis(phase.against, phase.values)
        mesh = _mesh(ax, phase, log=along.logarithmic)
        bar = colour_bar(mesh, ax, r"mean cosine  $\cos(h_k, h_l)$")
        across.dress(ax)
        along.dress(ax, vertical=True)
        if phase.against == "classes":
            ax.set_ylim(*Steps(phase.values).edges[[0, -1]])
        _boundaries(ax, phase)
        for value in phase.collapse:
            ax.axhline(value, color="white", linewidth=3.0, zorder=3)
            ax.axhline(
                value, color=COLOURS[1], linewidth=1.6, linestyle=LINES[2], zorder=4,
                label=_collapse_label(phase, value),
            )
        _areas(ax, phase, log=along.logarithmic)
        fit_labels(ax, bar)
        legend_inside(ax, columns=1)
        keep_inside(ax, list(ax.texts))
    return ax


def phase_figure(phase: Phase) -> Figure:
    """The diagram as a figure of its own."""
    check_kind("the phase diagram", phase, Phase, "make one with ncsolve.phase(problem, ...)")
    figure, axes = new_figure(1, 1, (7.0, 5.0))
    phase_diagram(phase, ax=axes[0])
    with style():
        problem = phase.problem
        size = "" if phase.against == "classes" else f", K = {problem.classes}"
        counts = problem.counts.values
        samples = between(counts[0], counts[-1])
        if phase.against == "imbalance":
            samples = f"{counts[-1]} samples in each of the {problem.classes - problem.classes // 2} large classes"
        else:
            samples += " samples per class"
        model = f", {model_words(problem)}" if phase.beyond else ""
        figure.suptitle(f"{literal_math(problem.encoding.name)} codes{size}, {samples}{model}", fontsize=10)
    return figure


def _mesh(ax: Axes, phase: Phase, *, log: bool) -> PolyCollection:
    """The mean cosine of each point as the colour of its cell; an area without a point stays white."""
    from matplotlib.collections import PolyCollection

    cells = cells_of(phase, log=log)
    known = cells.rows >= 0
    mesh = PolyCollection(list(cells.corners[known]), antialiased=False, edgecolors="none", rasterized=True, zorder=0)
    ax.add_collection(mesh, autolim=False)
    mesh.set_cmap(mesh.get_cmap().with_extremes(bad="0.88"))  # where no two class means are left
    shown = np.ma.masked_invalid(phase.cosine[cells.rows[known], cells.columns[known]])
    mesh.set_array(shown)
    mesh.set_clim(*_limits(shown.compressed(), phase))
    return mesh


def _limits(cosines: Array, phase: Phase) -> tuple[float, float]:
    """Where the colours end; those of one value alone are from a simplex ETF to an orthogonal frame."""
    if cosines.size and np.ptp(cosines) > _FLAT:
        return float(cosines.min()), float(cosines.max())
    simplex = simplex_cosine(max(phase.problem.classes, 2))
    return min([simplex, *cosines]), max([0.0, *cosines])


def _boundaries(ax: Axes, phase: Phase) -> None:
    named: set[str] = set()
    for boundary in phase.boundaries:
        text = _boundary_label(phase, boundary)
        steps = phase.against == "classes"
        point = "o" if boundary.values.size == 1 and not steps else None
        x, y = Steps(phase.values).line(boundary) if steps else (boundary.lambda_b, boundary.values)
        ax.plot(x, y, color="white", linewidth=3.2, zorder=3)
        ax.plot(
            x, y, color="black", linewidth=2.2 if boundary.jump else 1.4, zorder=4,
            marker=point, linestyle=_line(boundary), label=None if text in named else text,
        )
        named.add(text)


def _line(boundary: Boundary) -> Any:
    if boundary.kind == "orthogonal":
        return LINES[1]
    # Beside the curve from which the label mean is seen: where an orthogonal frame is born.
    return LINES[3] if boundary.theorem and boundary.regime_after == "orthogonal" else LINES[0]


def _boundary_label(phase: Phase, boundary: Boundary) -> str:
    regular = phase.problem.regular
    w = "1" if regular is not None and abs(regular.w) == 1.0 else "|w|"
    theorem = f" ({boundary.theorem})" if boundary.theorem else ""
    if boundary.kind == "exchange":
        return f"jump: the label mean takes a dimension from the contrasts{theorem}"
    if boundary.jump:
        return f"jump{theorem}: the label mean enters the class means" if theorem else (
            "jump: singular values of $Z$ leave zero"
        )
    if boundary.kind == "orthogonal":
        if boundary.regime_before == "orthogonal":
            return rf"$\lambda_b = t/({w} - |a|)$: end of the orthogonal frame"
        return "orthogonal frame: the mean cosine is 0"
    if theorem and boundary.regime_after == "orthogonal":
        return f"all class means reach zero{theorem}"
    if theorem:
        return rf"$\lambda_b^* = t/({w} - t)$: the label mean enters the class means"
    return "a singular value of $Z$ leaves zero"


def _collapse_label(phase: Phase, value: float) -> str:
    if phase.against == "imbalance" or phase.problem.regular is None:
        rule = model_of(phase.problem).merging_count(phase.problem).replace("alpha", r"\alpha")
        name = {"imbalance": "$R$", "t": "$t$"}.get(phase.against, phase.against.replace("_", " "))
        return f"classes of $n_k = {rule}$ samples share a mean, {name} = {number(value)}"
    return model_of(phase.problem).merging_words(phase.problem, number(value))


def _areas(ax: Axes, phase: Phase, *, log: bool) -> None:
    """The name of each regime (or its rank, where no regime is named) in the middle of its area."""
    names, lambda_b, values = names_on(phase, log=log, across=_PLACES, up=_PLACES)
    for name in sorted(set(names.ravel().tolist()) - {""}):
        inside = names == name
        if inside.mean() < _LEAST_AREA:
            continue
        row, column = _middle(inside)
        ax.text(
            lambda_b[column], values[row], _NAMES.get(name, name), ha="center", va="center", fontsize=8.5,
            zorder=5, bbox={"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.8},
        )


def _middle(inside: Mask) -> tuple[int, int]:
    """The point of an area that is furthest from its edge."""
    from scipy.ndimage import distance_transform_edt

    padded = np.pad(inside, 1)
    # A name is wider than it is high.
    distance = distance_transform_edt(padded, sampling=(3.0, 1.0))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(distance)), inside.shape)
    return int(row), int(column)


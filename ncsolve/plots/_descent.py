"""Descents from random starts against what the theory predicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.words import model_words
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve._text import literal_math
from ncsolve.checks.arguments import check_kind, entries
from ncsolve.errors import ProblemError
from ncsolve.plots._style import COLOURS, LINES, legend_above, new_figure, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ncsolve.verify.descent import Run

__all__ = ["Descents", "descent_figure", "descents_of", "problem_descents"]

_MOST_SAMPLES, _MOST_STEPS = 300, 20_000
_MARKS = ("o", "s", "^", "D", "v", "P")


def descent_figure(runs: Sequence[Run], minimizer: Minimizer) -> Figure:
    """Loss, mean cosine, bias and NC2 of each run over its steps, with the predicted values as horizontal lines."""
    check_kind("the minimizer", minimizer, Minimizer, "make one with ncsolve.solve(problem)")
    figure, axes = new_figure(2, 2, (10.0, 6.8), sharex=True)
    loss, cosine, bias, frames = axes
    with style():
        for i, run in enumerate(_runs(runs)):
            name = f"{run.method}, seed {run.seed}" + ("" if run.converged else " (not converged)")
            steps = run.trajectory.column("step")
            excess = _excess(run.trajectory.column("loss"), minimizer)
            _curve(loss, steps, excess, i, name)
            _curve(cosine, steps, run.trajectory.column("cosine_mean"), i, name)
            _curve(bias, steps, np.linalg.norm(run.trajectory.column("bias"), axis=1), i, name)
            _curve(frames, steps, run.trajectory.column("nc2_simplex"), i, name)
            if not run.converged:
                for ax in axes:
                    _cross(ax)
        nc, cosines = minimizer.nc, minimizer.cosines
        _level(cosine, None if cosines is None else cosines.mean)
        _level(bias, float(np.linalg.norm(minimizer.bias)))
        _level(frames, nc.nc2_simplex)
        loss.set_yscale("log")
        loss.set_ylabel(f"loss above the predicted minimum{_relative(minimizer)}")
        cosine.set_ylabel(r"mean cosine between class means  $\cos(h_k, h_l)$")
        bias.set_ylabel(r"length of the bias  $\|b\|$")
        frames.set_ylabel("NC2, distance to a simplex ETF")
        for ax in axes:
            ax.set_xscale("symlog", linthresh=1.0)
            ax.set_xlim(left=0)
        for ax in axes[2:]:
            ax.set_xlabel("step")
        legend_above(loss, columns=3)
        if cosine.get_lines()[-1].get_label() == "predicted":
            cosine.legend(handles=cosine.get_lines()[-1:], loc="lower left", bbox_to_anchor=(0.0, 1.0))
        model = model_words(minimizer.problem, frame=minimizer.frame)
        figure.suptitle(
            f"{literal_math(minimizer.problem.encoding.name)} codes, K = {minimizer.problem.classes}, "
            f"{model}{', ' if model else ''}"
            rf"$\lambda_b$ = {minimizer.problem.lambda_b:g}: descent from random starts, and what is predicted",
            fontsize=10,
        )
    return figure


def problem_descents(problem: UFM, *, seed: int = 0) -> Figure:
    """Descend on a problem from three random starts, by momentum, Adam and L-BFGS, and draw it.

    Of more than a few hundred samples the features of a class are one column from the start: those runs take NC1 for
    granted.  Under a deep head and for ReLU features L-BFGS runs from starts of several kinds, with one column a class.
    """
    check_problem(problem)
    return descents_of(problem).figure(problem, seed)


@dataclass(frozen=True, kw_only=True)
class Descents:
    """How descents on a problem are drawn, and said to start; of codes of up to ``most_entries`` they take seconds."""

    starts: str
    caption: str
    most_entries: int
    figure: Callable[[UFM, int], Figure]


def descents_of(problem: UFM) -> Descents:
    """Trajectories where every start ends at the minimum (T3), else the losses of many starts."""
    return _TRAJECTORIES if problem.features == "linear" and problem.depth == 1 else _MANY_STARTS


def _trajectories(problem: UFM, seed: int) -> Figure:
    from ncsolve.verify.descent import descend

    merged = problem.samples > _MOST_SAMPLES
    runs = [
        descend(problem, method=method, seed=seed + i, merged=merged, max_steps=_MOST_STEPS)
        for i, method in enumerate(("momentum", "adam", "lbfgs"))
    ]
    return descent_figure(runs, solve(problem))


def _many_starts(problem: UFM, seed: int) -> Figure:
    """Loss of each run over its steps above the predicted minimum, for deep heads and ReLU features."""
    from ncsolve.verify.descent import layered_starts

    runs, minimizer = layered_starts(problem, seed=seed, merged=True, trace=True, squares=False), solve(problem)
    figure, (ax,) = new_figure(1, 1, (10.0, 4.2))
    known = minimizer.guarantee == "global"
    with style():
        for i, run in enumerate(runs):
            excess = _excess(run.losses, minimizer)
            _curve(ax, np.arange(excess.size), excess, i, run.name)
        ax.set_yscale("log")
        ax.set_xscale("symlog", linthresh=1.0)
        ax.set_xlim(left=0)
        ax.set_xlabel("step of L-BFGS")
        ax.set_ylabel(f"loss above the {'predicted minimum' if known else minimizer.guarantee}{_relative(minimizer)}")
        legend_above(ax, columns=3)
        figure.suptitle(
            f"{literal_math(problem.encoding.name)} codes, K = {problem.classes}, {model_words(problem)}, "
            f"$\\lambda_b$ = {problem.lambda_b:g}: descents; a curve that stays above ends in a local minimum",
            fontsize=10,
        )
    return figure


_TRAJECTORIES = Descents(
    starts="random", caption="Descents on the full problem, and the predicted values.", most_entries=200**2,
    figure=_trajectories,
)
_MANY_STARTS = Descents(
    starts="many", most_entries=20**2, figure=_many_starts,
    caption="Descents on the full problem: from random starts, and beside points that fit the labels.",
)


def _runs(runs: object) -> tuple[Run, ...]:
    from ncsolve.verify.descent import Run

    how = "make them with verify.descend(problem, ...)"
    found = tuple(check_kind("a run", run, Run, how) for run in entries("runs", runs, how))
    if not found:
        raise ProblemError(f"a figure of descents needs at least one run; {how}")
    return found


def _excess(losses: np.ndarray, minimizer: Minimizer) -> np.ndarray:
    """Losses above the minimum, relative to it unless it is zero, and above zero for a logarithmic axis."""
    above = np.maximum((losses - minimizer.loss) / (minimizer.loss or 1.0), 1e-16)
    return np.where(np.isfinite(above), above, np.nan)


def _relative(minimizer: Minimizer) -> str:
    return ", relative" if minimizer.loss > 0.0 else ""


def _curve(ax: Axes, steps: np.ndarray, values: np.ndarray, i: int, name: str) -> None:
    every = max(1, steps.size // 6)
    ax.plot(
        steps, values, color=COLOURS[i % len(COLOURS)], linestyle=LINES[i % len(LINES)], label=name, linewidth=1.3,
        marker=_MARKS[i % len(_MARKS)], markevery=(i % every, every),
    )


def _cross(ax: Axes) -> None:
    """At the end of the last curve: the run stopped before it converged."""
    curve = ax.get_lines()[-1]
    ax.plot(
        np.asarray(curve.get_xdata())[-1:], np.asarray(curve.get_ydata())[-1:], "x", color=curve.get_color(),
        markersize=9, markeredgewidth=2.0, zorder=4,
    )


def _level(ax: Axes, value: float | None) -> None:
    if value is not None:
        ax.axhline(value, color="black", linewidth=1.0, linestyle=LINES[1], label="predicted", zorder=3)

"""Curves with jumps: broken where the minimizer is discontinuous, with the values of both sides, and dashed where a
second local minimum goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._problem.convention import Convention
from ncsolve._sweeps.in_convention import user_factor
from ncsolve._sweeps.path import Path
from ncsolve.plots._axis import ParameterAxis
from ncsolve.plots._style import COLOURS, LINES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["broken", "latent_lines"]


def broken(
    path: Path, axis: ParameterAxis, convention: Convention, columns: Array, measure: Callable[[Minimizer], Array]
) -> tuple[Array, Array]:
    """Abscissas and columns (n, q) in ascending order of the parameter; at every jump both sides, with a gap between.

    ``measure`` gives the columns (q,) of a side.
    """
    own = path.values / user_factor(path, convention)
    order = np.argsort(own, kind="stable")
    x, values, at = axis.place(own[order]), columns[order], own[order]
    for change in reversed(path.changes):
        if change.before is None or change.after is None:
            continue
        value = change.value / user_factor(path, convention)
        place = int(np.searchsorted(at, value, side="right"))
        sides = np.stack((measure(change.before), np.full(columns.shape[1], np.nan), measure(change.after)))
        x = np.insert(x, place, [axis.place_change(value)[0]] * 3)
        values = np.insert(values, place, sides, axis=0)
        at = np.insert(at, place, [value] * 3)
    return x, values


def latent_lines(
    ax: Axes, path: Path, axis: ParameterAxis, convention: Convention, column: Array, *, label: str
) -> None:
    """The latent branch as a dashed line, broken where it changes places with the minimizer."""
    assert path.latent is not None
    values = path.latent.values / user_factor(path, convention)
    x = axis.place(values)
    breaks = np.flatnonzero((np.diff(values) == 0) | (np.diff(path.latent.mean_in.astype(int)) != 0)) + 1
    ax.plot(
        np.insert(x, breaks, np.nan), np.insert(column, breaks, np.nan), color=COLOURS[4], linestyle=LINES[1],
        linewidth=1.3, label=label, gid="latent",
    )

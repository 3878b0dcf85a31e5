"""The columns of a path: figures of every point, from frames that are made again and not kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array
from ncsolve._frames.nc_metrics import NC_NAMES, cosines_of, metrics_of
from ncsolve._frames.pairs import choose_evenly
from ncsolve._frames.regimes import regime_of
from ncsolve._problem.sweep import Sweep
from ncsolve._sweeps.frames_along import FrameSource

if TYPE_CHECKING:
    from ncsolve._sweeps.path import Path

__all__ = ["NC_NAMES", "Figures", "figures_along", "sampled_along", "table_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Figures:
    """What needs a point's class means: ``cosines`` (n, 3) smallest, mean and largest, ``nc`` (n, 5) in the order of
    NC_NAMES (NaN where undefined; all NaN unless they were asked for), and the ``regimes``."""

    cosines: Array
    nc: Array
    regimes: tuple[str, ...]


def figures_along(sweep: Sweep, *, metrics: bool, progress: Callable[[int], None] | None = None) -> Figures:
    """Measure every point; ``progress`` is called with the number of points that are done."""
    n = sweep.values.size
    cosines, nc, regimes = np.full((n, 3), np.nan), np.full((n, len(NC_NAMES)), np.nan), [""] * n
    for done, (i, frame) in enumerate(FrameSource(sweep).along(sweep.values), start=1):
        problem = sweep.problem_at(float(sweep.values[i]))
        found = cosines_of(frame)
        if found is not None:
            cosines[i] = found.min, found.mean, found.max
        regimes[i] = regime_of(problem, frame)
        if metrics:
            measured = metrics_of(problem, frame)
            nc[i] = [np.nan if value is None else value for value in (getattr(measured, name) for name in NC_NAMES)]
        if progress is not None:
            progress(done)
    return Figures(cosines=cosines, nc=nc, regimes=tuple(regimes))


def sampled_along(path: Path) -> int | None:
    """``Path.sampled_classes``."""
    symmetric = not path.points and path.problem.encoding.affine is not None
    counts = [path.problem_at(i).counts for i in (0, -1)] if path.varied == "count" else [path.problem.counts]
    return choose_evenly(max(len(c.values) if symmetric else c.classes for c in counts))[1]


def table_of(path: Path) -> dict[str, list[float] | list[int] | list[str]]:
    """``Path.columns``."""
    if not path.beyond and "nc" not in path.__dict__:
        path.measure()
    table: dict[str, list[float] | list[int] | list[str]] = {
        path.varied: path.values.tolist(),
        "loss": path.loss.tolist(),
        "bias_norm": path.bias_norm.tolist(),
        "centring": path.centring.tolist(),
        "mean_left": path.mean_left.tolist(),
    }
    for name, column in zip(("cos_min", "cos_mean", "cos_max"), path.cosines.T, strict=True):
        table[name] = column.tolist()
    table["rank"] = path.rank.tolist()
    for i, column in enumerate(path.singular_values.T, start=1):
        table[f"z_{i}"] = column.tolist()
    for name, column in zip(NC_NAMES, path.nc.T, strict=True):
        table[name] = column.tolist()
    table["regime"] = list(path.regimes)
    table["theorem"] = list(path.theorems)
    if path.beyond:
        table["guarantee"] = list(path.guarantees)
        table["lower_bound"] = path.lower_bounds.tolist()
        if any(path.ties):
            table["ties"] = list(path.ties)
    return table

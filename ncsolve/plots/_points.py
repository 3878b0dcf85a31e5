"""Measured networks as points: of what problem each is, and where it stands on an axis and over an exact curve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.measurement import Measurement
from ncsolve._models.room import may_bind
from ncsolve._problem.convention import Convention
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.path import Path
from ncsolve.checks.arguments import check_kind, entries
from ncsolve.errors import ProblemError
from ncsolve.plots._axis import ParameterAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LAMBDAS", "check_measurement", "check_measurements", "check_on_path", "lambdas_of", "measured_points"]

LAMBDAS = ("lambda_w", "lambda_h", "lambda_b")
_HOW = "make one with ncsolve.measure(statistics, W, b, problem)"
# Weight decays that differ by less are one: what a convention's factors leave of a number.
_SAME = 1e-9


def check_measurement(found: object) -> Measurement:
    """The argument, or ProblemError."""
    return check_kind("the measurement", found, Measurement, _HOW)


def check_measurements(found: object) -> list[Measurement]:
    """What is in a sequence of measurements, or ProblemError."""
    return [check_measurement(one) for one in entries("measurements", found, _HOW)]


def lambdas_of(found: Iterable[Measurement], name: str, convention: Convention) -> Array:
    """A weight decay of each measurement, as the user of a convention gave it."""
    return np.array([
        getattr(one.problem, name)
        / convention.factors(one.problem.samples, one.problem.code_length)[LAMBDAS.index(name)]
        for one in found
    ])


def check_on_path(found: list[Measurement], path: Path) -> list[Measurement]:
    """The measurements, if each is of the path's problem but for the parameter that varies; else ProblemError."""
    if found and path.varied not in LAMBDAS:
        raise ProblemError(
            f"measured points stand on a path along {', '.join(LAMBDAS)}; got one along {path.varied}, leave them out"
        )
    for one in found:
        other = _difference(one.problem, path.ufm, path.varied)
        if other:
            raise ProblemError(
                f"a measured point must be of the problem of the path, but for {path.varied}; got other {other}, make "
                "the path with ncsolve.path(measurement.problem, ...)"
            )
    return found


def _difference(one: UFM, other: UFM, varied: str) -> str:
    """What differs between two problems, but for one weight decay; empty if nothing does."""
    if one.encoding.matrix.shape != other.encoding.matrix.shape:
        return "classes or outputs"
    if not np.allclose(one.encoding.matrix, other.encoding.matrix, rtol=_SAME, atol=_SAME):
        return "codes"
    if not np.array_equal(one.counts.array, other.counts.array):
        return "counts"
    if (one.spec.features, one.spec.depth, may_bind(one)) != (other.spec.features, other.spec.depth, may_bind(other)):
        return "features, depth or dim"
    for name in LAMBDAS:
        a, b = getattr(one, name), getattr(other, name)
        if name != varied and a != b and not abs(a - b) <= _SAME * max(a, b):
            return f"{name} ({a:g} for {b:g})"
    return ""


def measured_points(ax: Axes, found: list[Measurement], axis: ParameterAxis, convention: Convention) -> None:
    """The mean cosine of each measurement with a bar from its smallest to its largest."""
    cosines = np.array([_spread(one) for one in found]).reshape(-1, 3)
    known = np.isfinite(cosines[:, 1])
    x = axis.place(lambdas_of(found, axis.name, convention))[known]
    low, mean, high = cosines[known].T
    if x.size == 0:
        return
    ax.errorbar(
        x, mean, yerr=(mean - low, high - mean), fmt="o", color="black", markersize=4.0, elinewidth=1.1, capsize=2.5,
        zorder=5, label="measured: smallest, mean, largest", clip_on=False,
    )


def _spread(found: Measurement) -> tuple[float, float, float]:
    """Smallest, mean and largest cosine; NaN where fewer than two class means are nonzero."""
    first, second = np.triu_indices(found.problem.classes, 1)
    values = found.cosines[first, second]
    values = values[np.isfinite(values)]
    if values.size == 0:
        return np.nan, np.nan, np.nan
    return float(values.min()), float(values.mean()), float(values.max())

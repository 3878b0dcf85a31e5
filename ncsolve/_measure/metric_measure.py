"""``measure`` of the last two layers: from a statistic of z, the layers and a problem to a measurement, or one line."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve._measure.metric_measurement import MetricMeasurement
from ncsolve._measure.metric_point import LastLayers
from ncsolve._measure.samples import MOST
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve._minimizer.solve import solve
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve.checks.measured import measured
from ncsolve.errors import ProblemError, shown

__all__ = ["layers_of", "measure_layers"]

# Of the largest moment: what is lost where a problem is made of second moments in single precision.
_SAME = 1e-5


def measure_layers(
    statistics: FeatureStatistics, W: ArrayLike, b: ArrayLike | None, problem: MetricProblem,
    hidden: Sequence[ArrayLike | None] | None, tolerances: tuple[float, float],
) -> MetricMeasurement:
    """As ``measure``, with ``hidden`` = (V, c).  Raises ProblemError."""
    if not (isinstance(hidden, (tuple, list)) and len(hidden) == 2):
        raise ProblemError(
            f"a MetricProblem takes the last hidden layer h = V z + c, too; got hidden = {shown(hidden)}, pass hidden "
            "= (V, c), with c = None if it has no bias"
        )
    _check_statistic(statistics, problem)
    layers = layers_of(problem, W, b, *hidden)
    names = problem.class_names or tuple(str(k) for k in statistics.present)
    return MetricMeasurement(layers=layers, predicted=solve(problem), names=names, tolerances=tolerances)


def _check_statistic(statistics: FeatureStatistics, problem: MetricProblem) -> None:
    counts = statistics.counts[statistics.present]
    if counts.size != problem.classes or (counts != problem.counts.array).any():
        raise ProblemError(
            f"the problem must have the counts of the statistic, {shown(counts.tolist())}; got "
            f"{shown(problem.counts.array.tolist())}, make it with statistics.metric_problem(...)"
        )
    if statistics.scatter != "full" or statistics.within_scatter is None:
        raise ProblemError(
            f"the last two layers take all second moments of z; got scatter = {statistics.scatter!r}, gather with "
            "'full'"
        )
    if statistics.dim != problem.dim:
        raise ProblemError(
            f"the statistic must be that of the previous features z, of dimension {problem.dim}; got {statistics.dim}, "
            "gather it of what the last hidden layer sees"
        )
    means = statistics.class_means[:, statistics.present]
    within = statistics.within_scatter / statistics.samples
    most = max(float(np.abs(means).max()) ** 2, float(np.abs(within).max()))
    off = max(
        float(np.abs(means - problem.class_means).max()) * most**0.5, float(np.abs(within - problem.within).max())
    )
    if off > _SAME * most:
        raise ProblemError(
            f"the problem must have the moments of the statistic; got a difference of {off:g} beside {most:g}, make it "
            "with statistics.metric_problem(...)"
        )


def layers_of(
    problem: MetricProblem, w: ArrayLike, b: ArrayLike | None, v: ArrayLike | None, c: ArrayLike | None,
    accuracy: float | None = None, *, half: bool = False,
) -> LastLayers:
    """The two layers, checked.  Raises ProblemError."""
    if v is None:
        raise ProblemError("hidden = (V, c) must have weights V (d, p); got None, pass those of the last hidden layer")
    weights, hidden = measured(w, "W", "(m, d)"), measured(v, "V", "(d, p)")
    m, p = problem.code_length, problem.dim
    if hidden.shape[1] != p:
        turned = ", pass V.T" if hidden.shape[0] == p else ", is it the layer that z goes into?"
        raise ProblemError(f"V must be (d, p) with p = {p}, the dimension of z; got {hidden.shape}{turned}")
    d = hidden.shape[0]
    if weights.shape != (m, d):
        turned = ", pass W.T" if weights.shape[::-1] == (m, d) else ", pass the layer that h = V z + c goes into"
        raise ProblemError(f"W must be (m, d) = ({m}, {d}), outputs by rows of V; got {weights.shape}{turned}")
    lower = _vector(c, "c", d, "row of V", problem.lambda_c, "lambda_c")
    bias = _vector(b, "b", m, "output", problem.lambda_b, "lambda_b", needed=False)
    if max(float(np.abs(array).max()) for array in (weights, hidden, lower, bias)) >= MOST:
        raise ProblemError(f"W, V, c and b must be below {MOST:g}; got larger numbers, whose squares no float holds")
    return LastLayers(problem=problem, W=weights, V=hidden, c=lower, b=bias, accuracy=accuracy, half=half)


def _vector(
    value: ArrayLike | None, name: str, size: int, of: str, decay: float, rule: str, *, needed: bool = True
) -> Array:
    """A bias (size,), zero if there is none; where it is ``needed`` there is one at every decay but inf."""
    if value is None:
        if needed and decay < math.inf:
            raise ProblemError(
                f"a hidden layer without a bias has {rule} = inf; got {name} = None at {rule} = {decay:g}, pass {name} "
                f"(zeros are one), or {rule} = inf"
            )
        return np.zeros(size)
    found = measured(value, name, f"({'d' if name == 'c' else 'm'},)")
    if found.size != size:
        raise ProblemError(f"{name} must have {size} entries, one per {of}; got {found.size}")
    if math.isinf(decay) and found.any():
        raise ProblemError(
            f"{rule} = inf means that there is no bias {name}; got one of length {np.linalg.norm(found):g}, give the "
            f"{rule} that it was trained with"
        )
    return found

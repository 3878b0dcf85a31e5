"""The minimizer along one parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve._arrays import Array
from ncsolve._minimizer.metric_minimizer import MetricMinimizer
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._outlets import outlet
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve._problem.sweep import Sweep, make_sweep
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve._sweeps.data_frame import data_frame
from ncsolve._sweeps.figures import Figures, figures_along, sampled_along, table_of
from ncsolve._sweeps.point_by_point import SolvedPoint, solve_points
from ncsolve._sweeps.second_minimum import LatentBranch, latent_along
from ncsolve._sweeps.shared_spectrum import arrays_of, convex_along
from ncsolve._sweeps.state_bisection import bisected_changes
from ncsolve._sweeps.threshold_crossings import RegimeChange, regime_changes
from ncsolve.checks.arguments import check_whole, is_whole
from ncsolve.checks.arrays import Frozen, array_property, read_only
from ncsolve.errors import ProblemError, shown

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Path", "path"]

# What can vary where the previous features are given.
_METRIC = ("lambda_b", "lambda_w")


@dataclass(frozen=True, kw_only=True, eq=False)
class Path(Frozen):
    """Minimizers of one problem for many values of one parameter.

    ``varied`` is the parameter: "lambda_b", "lambda_w", "lambda_h", "alpha" (label smoothing) or "count" (samples of
    the class ``of_class``); ``values`` (n,) are its values.  ``loss`` (n,), ``bias`` (n, m), ``singular_values``
    (n, min(m, K)) of Z, descending; ``theorems`` (n,) says what was evaluated at each point.  All else is measured when
    it is asked for; ``minimizer(i)`` is the whole minimizer of a point.

    Under a bottleneck, a deep head or ReLU features a point may be the best found instead of the global minimizer:
    ``guarantees`` and ``lower_bounds`` tell.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=4, lambda_w=0.01, lambda_h=0.01, lambda_b=1)
    >>> along = ncsolve.path(problem, lambda_b=[0.0, 1.0])
    >>> along.regimes, [round(float(value), 4) for value in along.centring]
    (('simplex', 'intermediate'), [1.0, 0.06])
    """

    problem: UFM | MetricProblem
    varied: str
    values: Array
    of_class: int | None
    loss: Array
    bias: Array
    singular_values: Array
    theorems: tuple[str, ...]
    # Of another model than the paper's, where every point is solved on its own; else empty.
    points: tuple[SolvedPoint, ...] = ()

    def __len__(self) -> int:
        return int(self.values.size)

    @property
    def sweep(self) -> Sweep:
        """The problem with the values of its parameter."""
        return Sweep(problem=_swept(self.problem), name=self.varied, values=self.values, of_class=self.of_class)

    @property
    def ufm(self) -> UFM:
        """The problem, if it is a UFM; ProblemError for a MetricProblem."""
        check_problem(self.problem)
        return _swept(self.problem)

    @property
    def lambda_b(self) -> Array:
        """lambda_b of every point (n,)."""
        return self.values if self.varied == "lambda_b" else read_only(np.full(len(self), self.problem.lambda_b))

    def problem_at(self, index: int) -> UFM | MetricProblem:
        """The problem of one point.  Raises ProblemError for no such point."""
        if not is_whole(index, -len(self), len(self) - 1):
            raise ProblemError(f"the index of a point must be a whole number below {len(self)}; got {shown(index)}")
        return self.sweep.problem_at(float(self.values[index]))

    def minimizer(self, index: int) -> Minimizer | MetricMinimizer:
        """The minimizer of one point, with everything that ``solve`` gives.  Raises ProblemError for no such point."""
        return solve(self.problem_at(index))

    @property
    def beyond(self) -> bool:
        """Whether the model is another than the paper's: a bottleneck that binds, a deep head or ReLU features."""
        return bool(self.points)

    @property
    def guarantees(self) -> tuple[str, ...]:
        """"global" or "best found" for every point, as in ``Minimizer.guarantee``."""
        return tuple(point.guarantee for point in self.points) if self.points else ("global",) * len(self)

    @array_property
    def lower_bounds(self) -> Array:
        """What no point's loss can be below (n,): the loss itself where the minimizer is global."""
        return np.array([point.lower_bound for point in self.points]) if self.points else self.loss

    @property
    def ties(self) -> tuple[str, ...]:
        """What else is a minimizer, as in ``Minimizer.ties``: cosines and NC metrics are those of one of them."""
        return tuple(point.ties for point in self.points) if self.points else ("",) * len(self)

    @cached_property
    def latent(self) -> LatentBranch | None:
        """The second stationary branch of a deep head, where balanced codes a I + q J have one; else None."""
        return latent_along(self.sweep, self.changes) if self.points else None

    @array_property
    def label_mean(self) -> Array:
        """mu of every point: (n, m), or (1, m) where the parameter does not change it."""
        if self.varied in ("alpha", "count"):
            return np.stack([self.problem_at(i).label_mean for i in range(len(self))])
        return self.problem.label_mean[None, :]

    @array_property
    def bias_norm(self) -> Array:
        """||b|| (n,)."""
        return np.asarray(np.linalg.norm(self.bias, axis=1))

    @array_property
    def centring(self) -> Array:
        """<b, mu> / ||mu||^2 (n,): how much of the label mean the bias takes out, 1 for a free bias, 0 for none; NaN
        where the label mean is zero, and under cross-entropy, whose bias shifts logits and not labels."""
        if not self.problem.spec.fit.fits_codes:
            return np.full(len(self), math.nan)
        return _over(np.sum(self.bias * self.label_mean, axis=1), np.sum(self.label_mean**2, axis=1))

    @array_property
    def mean_left(self) -> Array:
        """||mu - b|| / ||mu|| (n,): how much of the label mean the bias leaves in; NaN where the label mean is zero,
        and under cross-entropy."""
        if not self.problem.spec.fit.fits_codes:
            return np.full(len(self), math.nan)
        left = np.linalg.norm(self.label_mean - self.bias, axis=1)
        return _over(left, np.linalg.norm(self.label_mean, axis=1))

    @array_property
    def rank(self) -> NDArray[np.int64]:
        """Number of singular values of Z that are not zero (n,)."""
        return np.asarray(np.count_nonzero(self.singular_values, axis=1), dtype=np.int64)

    @array_property
    def cosines(self) -> Array:
        """Smallest, mean and largest cosine between nonzero class means (n, 3); NaN if fewer than two are nonzero."""
        return self._angles.cosines

    @cached_property
    def regimes(self) -> tuple[str, ...]:
        """The regime of every point, as in ``Minimizer.regime``."""
        return self._angles.regimes

    @array_property
    def nc(self) -> Array:
        """nc1, nc2_simplex, nc2_orthogonal, nc3 and nc4 of every point (n, 5); NaN where one is undefined."""
        return np.array([point.nc for point in self.points]) if self.points else figures_along(
            self.sweep, metrics=True
        ).nc

    @cached_property
    def changes(self) -> tuple[RegimeChange, ...]:
        """Where the regime changes, exactly (not read off the grid): singular values of Z that leave or reach zero,
        and the passage through an orthogonal frame; beyond the paper's model jumps as well."""
        return bisected_changes(self.sweep, self.points) if self.points else regime_changes(self.sweep)

    @cached_property
    def _angles(self) -> Figures:
        if self.points:
            return Figures(
                cosines=np.array([point.cosines for point in self.points]), nc=self.nc,
                regimes=tuple(point.regime for point in self.points),
            )
        return figures_along(self.sweep, metrics=False)

    @property
    def sampled_classes(self) -> int | None:
        """How many classes (or distinct counts), evenly chosen, the cosines, nc2 and nc4 of a point compare where not
        all pairs were compared; else None."""
        return sampled_along(self)

    def even_points(self, count: int) -> list[int]:
        """Numbers of up to ``count`` points from the smallest value to the largest, evenly chosen."""
        count = check_whole("the number of points", count)
        order = np.argsort(self.values, kind="stable")
        chosen = np.unique(np.linspace(0, len(self) - 1, min(count, len(self))).round().astype(np.intp))
        return [int(i) for i in order[chosen]]

    def measure(self, progress: Callable[[int], None] | None = None) -> Path:
        """Compute ``cosines``, ``regimes`` and ``nc`` in one pass; ``progress`` hears how many points are done."""
        if self.points:  # measured when they were solved
            return self
        found = figures_along(self.sweep, metrics=True, progress=progress)
        for name, value in (("cosines", found.cosines), ("regimes", found.regimes), ("nc", found.nc)):
            object.__setattr__(self, name, read_only(value))
        return self

    def columns(self) -> dict[str, list[float] | list[int] | list[str]]:
        """All columns by name, one entry a point: the parameter, loss, bias_norm, centring, mean_left, cos_min,
        cos_mean, cos_max, rank, z_1, z_2, ..., nc1 ... nc4, regime and theorem; beyond the paper's model guarantee and
        lower_bound too."""
        return table_of(self)

    def to_dataframe(self) -> pd.DataFrame:
        """The columns as a pandas data frame.  Raises MissingPackageError if pandas is not installed."""
        return data_frame(self.columns())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the cosines of the class means along the parameter; returns the axes.

        ``ax`` are matplotlib axes to draw in (new ones by default).  Raises MissingPackageError if matplotlib is not
        installed.
        """
        found: Axes = outlet("Path.plot")(self, ax=ax)
        return found


def path(
    problem: UFM | MetricProblem,
    *,
    lambda_b: Sequence[float] | ArrayLike | None = None,
    lambda_w: Sequence[float] | ArrayLike | None = None,
    lambda_h: Sequence[float] | ArrayLike | None = None,
    alpha: Sequence[float] | ArrayLike | None = None,
    count: Sequence[int] | ArrayLike | None = None,
    of_class: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """The global minimizers of a problem for each value of the one parameter given; its own value is not used.

    Under a bottleneck, a deep head or ReLU features each point is solved on its own, and is the global minimizer or the
    best of many descents: see ``Path.guarantees``.  So is each point of a ``MetricProblem``, along lambda_b or
    lambda_w, which is the global minimizer.

    Parameters
    ----------
    problem : UFM or MetricProblem
    lambda_b : sequence of n floats in [0, inf], in any order
    lambda_w, lambda_h : sequence of n positive floats
        lambda_w is that of every layer of a deep head.
    alpha : sequence of n floats in [0, 1)
        Label smoothing: every code is mixed with the mean of all codes, (1 - alpha) E + alpha E J/K.
    count : sequence of n positive integers
        Samples of the class ``of_class``; the other classes keep theirs.
    progress : function, optional
        Is told how many points are solved, where they are solved one by one.

    Raises
    ------
    ProblemError
        For an empty grid, a value out of range, not exactly one parameter, or one that a MetricProblem has not.
    OpenProblemError
        For ReLU features under a deep head.
    SizeError
        For more than 400 points that may need descents, and for more than fit into the memory.
    ConvergenceError
        If the bias equation is not solved somewhere.

    Examples
    --------
    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
    ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0)
    >>> along = path(problem, lambda_b=[0, 0.5, float("inf")])
    >>> [round(float(loss), 9) for loss in along.loss]
    [0.043875, 0.0485, 0.04875]
    >>> [(round(change.value, 9), change.regime_after) for change in along.changes]
    [(0.052631579, 'intermediate')]
    """
    grids = {"lambda_b": lambda_b, "lambda_w": lambda_w, "lambda_h": lambda_h, "alpha": alpha, "count": count}
    given = {name: values for name, values in grids.items() if values is not None}
    if len(given) != 1:
        raise ProblemError(
            "a path varies exactly one of lambda_b, lambda_w, lambda_h, alpha and count; got "
            + (" and ".join(given) if given else "none of them")
        )
    ((name, values),) = given.items()
    if not isinstance(problem, MetricProblem):
        check_problem(problem)
    elif name not in _METRIC:
        raise ProblemError(
            f"a path of a MetricProblem, whose previous features are data, varies {' or '.join(_METRIC)}; got {name}, "
            "give values of one of these"
        )
    sweep = make_sweep(_swept(problem), name, values, of_class)
    points: tuple[SolvedPoint, ...] = ()
    found = convex_along(sweep, progress)
    if found is None:
        points = solve_points(sweep, progress)
        found = arrays_of(points)
    return Path(
        problem=problem, varied=name, values=sweep.values, of_class=of_class, loss=found.loss, bias=found.bias,
        singular_values=found.singular_values, theorems=found.theorems, points=points,
    )


def _swept(problem: UFM | MetricProblem) -> UFM:
    """A problem as a sweep takes it: codes, counts, the lambdas that vary, and ``replace``, which both kinds have."""
    return cast(UFM, problem)


def _over(part: Array, whole: Array) -> Array:
    whole = np.broadcast_to(whole, part.shape)
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, math.nan), where=whole > 0))

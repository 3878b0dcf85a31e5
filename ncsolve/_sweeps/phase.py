"""Phase diagrams: the minimizer over lambda_b and a second parameter, with the exact boundaries of its regimes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve._arrays import Array
from ncsolve._models.registry import model_of
from ncsolve._outlets import outlet
from ncsolve._problem.sweep import Sweep
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve._sweeps.boundary_curves import Boundary, closed_forms
from ncsolve._sweeps.closed_boundaries import closed_boundaries
from ncsolve._sweeps.data_frame import data_frame
from ncsolve._sweeps.figures import figures_along
from ncsolve._sweeps.followed_curves import joined, refined
from ncsolve._sweeps.point_by_point import check_descents, solve_points
from ncsolve._sweeps.second_parameter import second_parameter
from ncsolve._sweeps.shared_spectrum import convex_along
from ncsolve._sweeps.state_bisection import bisected_changes
from ncsolve._sweeps.threshold_crossings import RegimeChange, regime_changes
from ncsolve.checks.arguments import check_whole
from ncsolve.checks.arrays import Frozen, number_list
from ncsolve.errors import ProblemError, SizeError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Boundary", "Phase", "phase"]

_MOST_POINTS = 1 << 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Phase(Frozen):
    """The minimizer over a grid of lambda_b (n,) and ``values`` (p,) of the parameter ``against``.

    ``cosine`` (p, n) is the mean cosine between nonzero class means (NaN if there are none), ``rank`` (p, n) that of Z,
    ``regimes`` p tuples of n names; ``boundaries`` the curves between them; ``collapse`` the values at which the
    means of all classes of one size merge into one, for every lambda_b (one-hot codes and their kin).  ``best_found``
    (p, n) is true where no theorem says that the minimizer is the global one (some bottlenecks, deep heads and ReLU
    features).

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=10, lambda_w=1e-3, lambda_h=1e-3, lambda_b=1)
    >>> diagram = ncsolve.phase(problem, lambda_b=[0.01, 0.1, 1], against="t", values=[0.1, 0.4])
    >>> diagram.regimes[0]
    ('simplex', 'simplex', 'intermediate')
    """

    problem: UFM
    against: str
    lambda_b: Array
    values: Array
    cosine: Array
    rank: NDArray[np.int64]
    regimes: tuple[tuple[str, ...], ...]
    boundaries: tuple[Boundary, ...]
    collapse: tuple[float, ...]
    best_found: NDArray[np.bool_]
    # Whether some row is of a bottleneck, a deep head or ReLU features.
    beyond: bool = False

    def columns(self) -> dict[str, list[float] | list[int] | list[str]]:
        """One row for every point: the second parameter, lambda_b, cos_mean, rank and regime; beyond the paper's model
        guarantee too."""
        rows, columns = self.cosine.shape
        table: dict[str, list[float] | list[int] | list[str]] = {
            self.against: np.repeat(self.values, columns).tolist(),
            "lambda_b": np.tile(self.lambda_b, rows).tolist(),
            "cos_mean": self.cosine.ravel().tolist(),
            "rank": self.rank.ravel().tolist(),
            "regime": [name for row in self.regimes for name in row],
        }
        if self.beyond:
            table["guarantee"] = np.where(self.best_found.ravel(), "best found", "global").tolist()
        return table

    def to_dataframe(self) -> pd.DataFrame:
        """The columns as a pandas data frame, one row for every point.  Raises MissingPackageError if pandas is not
        installed."""
        return data_frame(self.columns())

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the diagram; returns the axes.  Raises MissingPackageError if matplotlib is not installed."""
        found: Axes = outlet("Phase.plot")(self, ax=ax)
        return found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Row:
    cosine: Array
    rank: NDArray[np.int64]
    regimes: tuple[str, ...]
    best_found: NDArray[np.bool_]
    changes: tuple[RegimeChange, ...]
    convex: bool


def phase(
    problem: UFM,
    *,
    lambda_b: Sequence[float] | ArrayLike,
    against: str,
    values: Sequence[float] | ArrayLike,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Phase:
    """The minimizers over lambda_b and a second parameter, and the curves on which their regime changes.

    Parameters
    ----------
    problem : UFM
        Its lambda_b is not used.
    lambda_b : sequence of at least two positive finite floats
    against : "t", "weight_decay", "classes" or "imbalance"
        t = T/sqrt(N/K) scales both weight decays; weight_decay sets both to one value; classes makes the same kind of
        codes for K classes; imbalance R leaves n samples to half of the classes (rounded up) and n/R, rounded, to the
        others (boundaries are drawn through counts that are not whole, too).
    values : sequence of at least two numbers
        t and weight_decay above 0, classes whole numbers from 2 on, imbalance from 1 on.
    workers : int
        Processes, one row of the diagram at a time.
    progress : function, optional
        Is told how many rows are done.

    Raises
    ------
    ProblemError, UnknownNameError
        For a grid or a parameter that makes no sense.
    OpenProblemError
        For ReLU features under a deep head.
    SizeError
        For more than 400 points that may need descents, and for more than 1048576 points.

    Notes
    -----
    Source: T5, T6 and T8 to T10 of docs/theory.md.
    """
    check_problem(problem)
    grid = _check_grid(lambda_b)
    workers = check_whole("workers", workers)
    second = second_parameter(problem, against, values)
    if grid.size * second.values.size > _MOST_POINTS:
        raise SizeError(
            f"a phase diagram may have {_MOST_POINTS} points; got {grid.size} values of lambda_b for each of "
            f"{second.values.size} of {against}, use fewer of either"
        )
    problems = [second.problem_at(value) for value in second.values.tolist()]
    check_descents(
        (row for row in problems for _ in range(grid.size)), "a phase diagram",
        "give both parameters a range of fewer points, such as 1e-2:1:15",
    )
    rows = []
    with closing(_rows(problems, grid, min(workers, len(problems)))) as solved:
        for row in solved:
            rows.append(row)
            if progress is not None:
                progress(len(rows))
    convex = all(row.convex for row in rows)
    boundaries = closed_forms(second, grid) if convex else closed_boundaries(second, grid)
    if not (convex and boundaries):
        found = refined(second, grid, [row.changes for row in rows])
        if boundaries:  # the others are found row by row, unless these are all there are
            model = model_of(problem)
            whole = model.continuous and all(model.state(row) is not None for row in problems)
            found = [(value, tuple(c for c in changes if not (whole or c.theorem))) for value, changes in found]
        boundaries += joined(found)
    return Phase(
        problem=problem, against=against, lambda_b=grid, values=second.values,
        cosine=np.stack([row.cosine for row in rows]), rank=np.stack([row.rank for row in rows]),
        regimes=tuple(row.regimes for row in rows),
        boundaries=tuple(boundaries),
        collapse=second.collapse_values(convex=convex), best_found=np.stack([row.best_found for row in rows]),
        beyond=not convex,
    )


def _rows(problems: list[UFM], grid: Array, workers: int) -> Generator[_Row, None, None]:
    if workers == 1:
        for problem in problems:
            yield _row(problem, grid)
        return
    from ncsolve.processes.workers import worker_pool

    with worker_pool(workers) as pool:
        # Not pool.map: where it is left early it cancels what waits, on which the pool's own thread fails.
        for row in [pool.submit(_row, problem, grid) for problem in problems]:
            yield row.result()


def _row(problem: UFM, grid: Array) -> _Row:
    sweep = Sweep(problem=problem, name="lambda_b", values=grid)
    convex = convex_along(sweep)
    if convex is None:
        points = solve_points(sweep)
        return _Row(
            cosine=np.array([point.cosines[1] for point in points]),
            rank=np.array([np.count_nonzero(point.singular_values) for point in points], dtype=np.int64),
            regimes=tuple(point.regime for point in points),
            best_found=np.array([point.guarantee != "global" for point in points]),
            changes=bisected_changes(sweep, points, between=False), convex=False,
        )
    found = figures_along(sweep, metrics=False)
    rank = np.count_nonzero(convex.singular_values, axis=1)
    return _Row(
        cosine=found.cosines[:, 1], rank=rank.astype(np.int64), regimes=found.regimes, changes=regime_changes(sweep),
        best_found=np.zeros(grid.size, dtype=bool), convex=True,
    )


def _check_grid(values: Sequence[float] | ArrayLike) -> Array:
    grid = np.unique(number_list(values, "lambda_b (positive finite values)"))
    if grid.size < 2 or not (np.isfinite(grid).all() and (grid > 0).all()):
        raise ProblemError("lambda_b must be at least two different positive finite numbers in a phase diagram")
    return grid

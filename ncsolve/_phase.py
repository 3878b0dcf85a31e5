"""Phase diagrams: the minimizer over lambda_b and a second parameter, with the exact boundaries of its regimes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve import _formulas
from ncsolve._extensions import check_plain
from ncsolve._path_columns import figures_along
from ncsolve._path_solve import solve_along
from ncsolve._problem import UFM, check_problem
from ncsolve._regime_changes import RegimeChange, regime_changes
from ncsolve._second_parameter import SecondParameter, second_parameter
from ncsolve._sweep import Sweep
from ncsolve.errors import ProblemError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Boundary", "Phase", "phase"]

Array = NDArray[np.float64]
# A closed form is a curve through this many points.
_SMOOTH = 400
# Where a curve ends between two rows, its end is followed through as many halvings of the interval.
_HALVINGS = 7


@dataclass(frozen=True, kw_only=True, eq=False)
class Boundary:
    """A curve on which the regime changes: ``lambda_b`` (p,) at the ``values`` (p,) of the second parameter.

    ``kind`` is that of ``RegimeChange``, with the regimes at smaller and at larger lambda_b; ``theorem`` is "T5" where
    the whole curve is a closed form, else "": each point is then a root of its own, to a relative 1e-12.
    """

    kind: str
    regime_before: str
    regime_after: str
    rank_before: int
    rank_after: int
    values: Array
    lambda_b: Array
    theorem: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Phase:
    """The minimizer over a grid of lambda_b (n,) and ``values`` (p,) of the parameter ``against``.

    ``cosine`` (p, n) is the mean cosine between nonzero class means (NaN if there are none), ``rank`` (p, n) that of Z,
    ``regimes`` p tuples of n names; ``boundaries`` the curves between them; ``collapse`` the values at which classes of
    one size vanish for every lambda_b (imbalanced one-hot codes and their kin).

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

    def columns(self) -> dict[str, list[float] | list[int] | list[str]]:
        """One row for every point: the second parameter, lambda_b, cos_mean, rank and regime."""
        rows, columns = self.cosine.shape
        return {
            self.against: np.repeat(self.values, columns).tolist(),
            "lambda_b": np.tile(self.lambda_b, rows).tolist(),
            "cos_mean": self.cosine.ravel().tolist(),
            "rank": self.rank.ravel().tolist(),
            "regime": [name for row in self.regimes for name in row],
        }

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the diagram; returns the axes.  Raises MissingPackageError if matplotlib is not installed."""
        from ncsolve.plots import phase_diagram

        return phase_diagram(self, ax=ax)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Row:
    cosine: Array
    rank: NDArray[np.int64]
    regimes: tuple[str, ...]
    changes: tuple[RegimeChange, ...]


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
        others.
    values : sequence of at least two numbers
        t and weight_decay above 0, classes from 2 on, imbalance from 1 on.
    workers : int
        Processes, one row of the diagram at a time.
    progress : function, optional
        Is told how many rows are done.

    Raises
    ------
    ProblemError, UnknownNameError
        For a grid or a parameter that makes no sense.
    DimensionError
        If ``problem.dim`` is below the rank of a minimizer.

    Source: T5 and T6 of docs/theory.md.
    """
    check_problem(problem)
    check_plain(problem, "a phase diagram")
    grid = _check_grid(lambda_b)
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ProblemError(f"workers must be a whole number, at least 1; got {workers!r}")
    second = second_parameter(problem, against, values)
    problems = [second.problem_at(value) for value in second.values.tolist()]
    rows = []
    for row in _rows(problems, grid, min(workers, len(problems))):
        rows.append(row)
        if progress is not None:
            progress(len(rows))
    boundaries = _closed_forms(second, grid)
    if not boundaries:
        boundaries = list(_joined(_refined(second, grid, [row.changes for row in rows])))
    return Phase(
        problem=problem, against=against, lambda_b=grid, values=second.values,
        cosine=np.stack([row.cosine for row in rows]), rank=np.stack([row.rank for row in rows]),
        regimes=tuple(row.regimes for row in rows),
        boundaries=tuple(boundaries),
        collapse=second.collapse_values(),
    )


def _rows(problems: list[UFM], grid: Array, workers: int) -> Iterator[_Row]:
    if workers == 1:
        for problem in problems:
            yield _row(problem, grid)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_row, problems, [grid] * len(problems))


def _row(problem: UFM, grid: Array) -> _Row:
    sweep = Sweep(problem=problem, name="lambda_b", values=grid)
    found = figures_along(sweep, metrics=False)
    rank = np.count_nonzero(solve_along(sweep).singular_values, axis=1)
    return _Row(
        cosine=found.cosines[:, 1], rank=rank.astype(np.int64), regimes=found.regimes, changes=regime_changes(sweep)
    )


def _refined(
    second: SecondParameter, grid: Array, changes: list[tuple[RegimeChange, ...]]
) -> list[tuple[float, tuple[RegimeChange, ...]]]:
    """The changes of every row, and of rows between where a curve begins or ends: it is followed to the edge."""
    rows = list(zip(second.values.tolist(), changes, strict=True))
    if second.name in ("classes", "imbalance"):  # whole numbers: there is nothing between
        return rows
    between = []
    for (low, below), (high, above) in itertools.pairwise(rows):
        for _ in range(_HALVINGS):
            if _kinds(below) == _kinds(above):
                break
            middle = math.sqrt(low * high)
            problem = second.problem_at(middle)
            here = regime_changes(Sweep(problem=problem, name="lambda_b", values=grid[[0, -1]]))
            between.append((middle, here))
            # The half in which more is still open
            if _kinds(here) == _kinds(below):
                low = middle
            else:
                high, above = middle, here
    return sorted(rows + between, key=lambda row: row[0])


def _kinds(changes: Sequence[RegimeChange]) -> list[tuple[str, int, int]]:
    return [(change.kind, change.rank_before, change.rank_after) for change in changes]


def _joined(rows: Sequence[tuple[float, tuple[RegimeChange, ...]]]) -> Iterator[Boundary]:
    """Curves through the changes of neighbouring rows that are of the same kind."""
    general = any("general" in (c.regime_before, c.regime_after) for _, changes in rows for c in changes)
    open_curves: dict[tuple[object, ...], list[tuple[float, RegimeChange]]] = {}
    for value, changes in rows:
        here: dict[tuple[object, ...], RegimeChange] = {}
        for change in changes:
            # The number of classes may vary, and with it the ranks: where regimes have names, they say what is what.
            ranks, names = (change.rank_before, change.rank_after), (change.regime_before, change.regime_after)
            what: tuple[object, object] = ranks if general else names
            repeat = sum(key[:2] == (change.kind, what) for key in here)
            here[change.kind, what, repeat] = change
        for key in [key for key in open_curves if key not in here]:
            yield _boundary(open_curves.pop(key))
        for key, change in here.items():
            open_curves.setdefault(key, []).append((value, change))
    for points in open_curves.values():
        yield _boundary(points)


def _boundary(points: list[tuple[float, RegimeChange]]) -> Boundary:
    change = points[0][1]
    return Boundary(
        kind=change.kind, regime_before=change.regime_before, regime_after=change.regime_after,
        rank_before=change.rank_before, rank_after=change.rank_after, values=np.array([value for value, _ in points]),
        lambda_b=np.array([change.value for _, change in points]),
    )


def _closed_forms(second: SecondParameter, grid: Array) -> list[Boundary]:
    """T5 for balanced affine one-hot codes against t or the weight decay: lb* = t/(|w| - t) and t/(|w| - |a|)."""
    affine = second.problem.encoding.affine
    if affine is None or not second.problem.counts.balanced or second.name not in ("t", "weight_decay"):
        return []
    a, w, k = abs(affine.a), abs(affine.row_sum), affine.classes
    root_n = math.sqrt(second.problem.counts.values[0])
    low, high = float(second.values[0]), float(second.values[-1])
    dense = np.geomspace(low, high, _SMOOTH) if second.name == "weight_decay" else np.linspace(low, high, _SMOOTH)
    # Where the curves leave the diagram on its sides, they are drawn to the edge.
    edges = np.array([t for lb in (grid[0], grid[-1]) for t in (w * lb / (1 + lb), (w - a) * lb)])
    edges = edges if second.name == "t" else edges / (k * root_n)
    values = np.unique(np.concatenate((dense, edges[(edges > low) & (edges < high)])))
    t = np.array([second.problem_at(value).threshold for value in values.tolist()]) / root_n
    living = k - 1 if a > 0 else 0
    enters = np.array([_formulas.affine_threshold(w, x) if x < w else math.inf for x in t.tolist()])
    curves = [
        (enters, (t < w) & (t < a), "rank", "simplex", "intermediate", living),
        # Across the mean nothing is left from t = |a| on: then the mean direction is all.
        (enters, (t < w) & (t >= a), "rank", "collapsed", "acute", 0),
    ]
    if w > a > 0 and k > 1:
        crosses = np.array([_formulas.affine_orthogonal_lambda_b(a, w, x) for x in t.tolist()])
        curves.append((crosses, t < a, "orthogonal", "intermediate", "acute", k))
    found = []
    for lambda_b, here, kind, before, after, rank in curves:
        here = here & (lambda_b >= grid[0] * (1 - 1e-12)) & (lambda_b <= grid[-1] * (1 + 1e-12))
        if here.any():
            found.append(
                Boundary(
                    kind=kind, regime_before=before, regime_after=after, rank_before=rank,
                    rank_after=rank + (kind == "rank"), values=values[here], lambda_b=lambda_b[here], theorem="T5",
                )
            )
    return found


def _check_grid(values: Sequence[float] | ArrayLike) -> Array:
    try:
        grid = np.unique(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        raise ProblemError("lambda_b must be a sequence of positive finite numbers") from None
    if grid.size < 2 or not (np.isfinite(grid).all() and (grid > 0).all()):
        raise ProblemError("lambda_b must be at least two different positive finite numbers in a phase diagram")
    return grid

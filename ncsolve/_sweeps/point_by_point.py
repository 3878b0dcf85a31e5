"""The points of a path that share no spectrum: each is solved on its own, measured, and let go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._frames.nc_metrics import NC_NAMES
from ncsolve._frames.pairs import check_size
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.registry import model_of
from ncsolve._problem.sweep import Sweep
from ncsolve._problem.ufm import UFM
from ncsolve.checks.arrays import Frozen
from ncsolve.errors import SizeError

__all__ = ["SolvedPoint", "check_descents", "point_of", "solve_points"]

# Descents from many starts take tenths of a second each, up to seconds.
_MOST_DESCENTS = 400
# Gram matrices tell one minimizer from another up to here; they are kept with the points.
_MOST_COMPARED = 50
# An eigenvalue of the Gram matrix, or a singular value, below this part of the largest is zero: by rounding where the
# point is a closed form, by what descent leaves where it is not.
_ZERO, _ZERO_DESCENT = 1e-12, 1e-7


@dataclass(frozen=True, kw_only=True, eq=False)
class SolvedPoint(Frozen):
    """The minimizer of one point in numbers.

    ``cosines`` (3,) smallest, mean, largest and ``nc`` (5,) are NaN where undefined.  ``dimensions`` is the rank of the
    class means, ``fingerprint`` what is unique of the minimizer, relative to the size of the codes: singular values and
    bias, whichever of several equal classes is which, and the Gram matrix where it is unique (else None); ``ties`` says
    what else is a minimizer.
    """

    value: float
    loss: float
    bias: Array
    singular_values: Array
    theorem: str
    guarantee: str
    lower_bound: float
    regime: str
    cosines: Array
    nc: Array
    dimensions: int
    fingerprint: Array
    gram: Array | None
    ties: str

    def distance(self, other: SolvedPoint) -> float:
        """How far two minimizers are apart, relative to the size of the codes or of the Gram matrix."""
        far = float(np.linalg.norm(self.fingerprint - other.fingerprint))
        if self.gram is not None and other.gram is not None:
            far = max(far, float(np.linalg.norm(self.gram - other.gram)))
        return far


def check_descents(problems: Iterable[UFM], what: str, remedy: str) -> bool:
    """Whether some of the problems may need descents.  Raises SizeError where those are too many."""
    count = sum(model_of(problem).descends(problem) for problem in problems)
    if count > _MOST_DESCENTS:
        raise SizeError(
            f"{what} without a closed form takes up to {_MOST_DESCENTS} points, each of which is the best of many "
            f"descents; got {count}, {remedy}"
        )
    return count > 0


def solve_points(sweep: Sweep, progress: Callable[[int], None] | None = None) -> tuple[SolvedPoint, ...]:
    """Solve and measure every value of a sweep; ``progress`` is called with the number of points that are done."""
    problem = sweep.problem
    check_size(sweep.values.size, problem.classes + problem.code_length, "the singular values and biases of this path")
    check_descents(
        (sweep.problem_at(value) for value in sweep.values.tolist()), "a path", "give a range of fewer points"
    )
    points = []
    for value in sweep.values.tolist():
        points.append(point_of(value, solve(sweep.problem_at(value))))
        if progress is not None:
            progress(len(points))
    return tuple(points)


def point_of(value: float, found: Minimizer) -> SolvedPoint:
    """Measure a minimizer."""
    problem = found.problem
    cosines, nc = found.cosines, found.nc
    counts = problem.counts.array.astype(np.float64)
    size = float(np.sqrt(np.sum(problem.encoding.matrix**2 * counts))) or 1.0
    gram: Array | None = None
    # Where all class means are zero there is no geometry to compare: class means that go to zero do not jump there.
    unique = model_of(problem).unique_gram and not found.ties
    if problem.classes <= _MOST_COMPARED and unique and found.rank > 0:
        gram = found.gram * np.sqrt(np.outer(counts, counts))
        gram = gram / (float(np.linalg.norm(gram)) or 1.0)
    return SolvedPoint(
        value=value, loss=found.loss, bias=found.bias, singular_values=found.singular_values,
        theorem=found.choice.theorem, guarantee=found.guarantee, lower_bound=found.lower_bound, regime=found.regime,
        cosines=np.full(3, np.nan) if cosines is None else np.array([cosines.min, cosines.mean, cosines.max]),
        nc=np.array([np.nan if x is None else x for x in (getattr(nc, name) for name in NC_NAMES)], dtype=np.float64),
        dimensions=found.frame.dimensions(_ZERO_DESCENT if found.method in ("descent", "convex") else _ZERO),
        fingerprint=np.concatenate((found.singular_values, np.sqrt(problem.samples) * _nameless(found))) / size,
        gram=gram, ties=found.ties,
    )


def _nameless(found: Minimizer) -> Array:
    """The bias, in order among classes that can change places: a minimizer that treats equal classes unequally, as of
    too few nonnegative features, is one of several, and rounding decides which."""
    problem, bias = found.problem, np.array(found.bias)
    if problem.encoding.affine is not None:
        for group in range(len(problem.counts.values)):
            own = problem.counts.groups == group
            bias[own] = np.sort(bias[own])
    return bias


"""Where the rank changes as the samples of one class grow: between whole numbers, near the roots of real ones.

Between two points of equal rank a singular value may reach zero and another leave it.  With a real number of samples in
the class both are continuous functions, whose crossings of T (which grows with N) are found one by one, and the whole
numbers beside each are looked at.  For affine one-hot codes the singular values |a| sqrt(n_k) of the classes themselves
are looked at as well: two classes of one size have one whatever the bias is, and without a bias and q = 0 all have.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from ncsolve._arrays import Array
from ncsolve._bias.theorems import solve_bias
from ncsolve._models.plain.frames import quotient_codes
from ncsolve._models.registry import model_of
from ncsolve._problem.sweep import Sweep
from ncsolve._spectrum.label_spectrum import spectrum_of_codes
from ncsolve._sweeps.crossings import crossings

__all__ = ["RankChange", "class_roots", "count_points", "rank_changes"]

Side = tuple[str, int]
RankChange = tuple[int, Side, Side]
# The spectrum is looked at between points this near; the thresholds of the classes, which cost nothing, nearer.
_STEP, _FINE = math.log(10.0) / 12, math.log(10.0) / 100
# A root next to a whole number may be on either side of it by rounding.
_BESIDE = (-1, 0, 1, 2)


def rank_changes(sweep: Sweep, side: Callable[[int], Side]) -> Iterator[RankChange]:
    """(first whole number of the new rank, state before, state after), ascending; ``side`` is the state at a number."""
    points = count_points(sweep, _spectrum_roots(sweep) + class_roots(sweep))
    sides = {value: side(value) for value in points}

    def within(left: int, right: int) -> Iterator[RankChange]:
        if sides[left][1] == sides[right][1]:
            return
        if right - left == 1:
            yield right, sides[left], sides[right]
            return
        middle = (left + right) // 2
        sides[middle] = side(middle)
        yield from within(left, middle)
        yield from within(middle, right)

    for left, right in itertools.pairwise(points):
        yield from within(left, right)


def count_points(sweep: Sweep, roots: list[float]) -> list[int]:
    """The values of the sweep, numbers at equal factors between them, and those beside each root, ascending."""
    low, high = int(sweep.values.min()), int(sweep.values.max())
    beside = [math.floor(root) + step for root in roots for step in _BESIDE]
    between = np.exp(_places(sweep, _STEP)).round().astype(np.int64).tolist()
    values = sweep.values.astype(np.int64).tolist()
    return sorted({value for value in (*values, *between, *beside) if low <= value <= high})


def class_roots(sweep: Sweep) -> list[float]:
    """Real numbers of samples at which |a| sqrt(n_k) of a class is the (hard) threshold, for affine one-hot codes."""
    affine, problem = sweep.problem.encoding.affine, sweep.problem
    if affine is None or affine.a == 0.0:
        return []
    others, _ = _others(sweep)
    rest, model = problem.samples - int(problem.counts.array[sweep.of_class]), model_of(problem)
    now, power = model.threshold(problem), model.threshold_power(problem)

    def ratio(x: float) -> Array:
        count = math.exp(x)
        threshold = now * ((rest + count) / problem.samples) ** power
        sizes = np.append(others, count).astype(np.float64)
        return np.asarray(abs(affine.a) * np.sqrt(sizes) / threshold - 1.0, dtype=np.float64)

    return _roots(ratio, _places(sweep, _FINE))


def _spectrum_roots(sweep: Sweep) -> list[float]:
    """Real numbers of samples at which a singular value of M - b u^T is T."""
    problem, affine, tau = sweep.problem, sweep.problem.encoding.affine, sweep.problem.tau
    others, times = _others(sweep)
    counts = problem.counts.array.astype(np.float64)

    def ratio(x: float) -> Array:
        count = math.exp(x)
        if affine is None:
            counts[sweep.of_class] = count
            u = np.sqrt(counts)
            codes = problem.encoding.matrix * u
        else:
            codes, u = quotient_codes(affine, np.append(others, count), np.append(times, 1.0))
        threshold = tau * float(u @ u)
        shifted = solve_bias(spectrum_of_codes(codes, u, float(u @ u), threshold), threshold, problem.lambda_b)
        sigma: Array = np.concatenate((shifted.met, shifted.rest))
        return np.asarray(-np.sort(-sigma) / threshold - 1.0)

    return _roots(ratio, _places(sweep, _STEP))


def _others(sweep: Sweep) -> tuple[Array, Array]:
    """Distinct counts of the other classes, and how many classes have each."""
    assert sweep.of_class is not None
    counts = np.delete(sweep.problem.counts.array, sweep.of_class)
    values, times = np.unique(counts, return_counts=True)
    return values.astype(np.float64), times.astype(np.float64)


def _places(sweep: Sweep, step: float) -> Array:
    """Logarithms of the values and of numbers between them."""
    logs = np.log(sweep.values)
    low, high = float(logs.min()), float(logs.max())
    return np.unique(np.concatenate((logs, np.linspace(low, high, 2 + int((high - low) / step)))))


def _roots(ratio: Callable[[float], Array], places: Array) -> list[float]:
    rows = np.stack([ratio(x) for x in places.tolist()])
    return [math.exp(hit.x) for hit in crossings(ratio, places, rows)]

"""Where the entries of a continuous vector function of one variable cross zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import EPS, Array

__all__ = ["Crossing", "crossings"]

# Absolute, in the variable: where it is a logarithm, the relative error of the value.
_XTOL = 2e-15


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Entry ``index`` is zero at ``x`` and has another sign on either side."""

    x: float
    index: int


def crossings(function: Callable[[float], Array], points: Array, rows: Array) -> list[Crossing]:
    """All crossings between the ``points`` (n,), ascending, where the function has the values ``rows`` (n, q).

    Each change of sign between neighbours is bracketed and found by Brent's method.  Where an entry comes near to zero
    between neighbours of equal sign, its extremum is found first, so that two crossings in one interval are not missed.
    """
    from scipy.optimize import brentq  # 0.2 s, which a single minimizer does not wait for

    found: list[Crossing] = []
    for index in range(rows.shape[1]):
        for low, high in _brackets(function, points, rows[:, index], index):
            x = brentq(lambda x, i=index: float(function(x)[i]), low, high, xtol=_XTOL, rtol=4 * EPS)
            found.append(Crossing(x=float(x), index=index))
    return sorted(found, key=lambda hit: (hit.x, hit.index))


def _brackets(
    function: Callable[[float], Array], points: Array, values: Array, index: int
) -> Iterator[tuple[float, float]]:
    """Intervals at whose ends an entry has opposite signs.  An exact zero counts as negative."""
    positive = values > 0
    for i in np.flatnonzero(positive[1:] != positive[:-1]).tolist():
        yield float(points[i]), float(points[i + 1])
    size = np.abs(values)
    for i in (0, values.size - 2):  # what turns inside the first interval or the last has no neighbour beyond it
        ends = size[i : i + 2]
        steps = np.abs(np.diff(size[max(i - 1, 0) : i + 3]))
        if positive[i] == positive[i + 1] and ends.min() <= steps.max():
            yield from _dip(function, index, positive[i], (float(points[i]), float(points[i + 1])))
    for i in range(1, values.size - 1):
        if positive[i - 1] != positive[i] or positive[i + 1] != positive[i]:
            continue
        fall, rise = size[i - 1] - size[i], size[i + 1] - size[i]
        # At a dip towards zero the parabola through the three points falls at most this far below the middle one.
        if fall <= 0 or rise < 0 or size[i] > max(fall, rise):
            continue
        yield from _dip(function, index, positive[i], (float(points[i - 1]), float(points[i + 1])))


def _dip(
    function: Callable[[float], Array], index: int, positive: bool, interval: tuple[float, float]
) -> Iterator[tuple[float, float]]:
    """Both sides of an extremum beyond zero, if there is one between ends of equal sign."""
    from scipy.optimize import minimize_scalar

    sign = 1.0 if positive else -1.0
    low, high = interval
    dip = minimize_scalar(
        lambda x: sign * float(function(x)[index]), bounds=(low, high), method="bounded",
        options={"xatol": 1e-9 * max(1.0, high - low)},
    )
    if dip.fun < 0:
        yield low, float(dip.x)
        yield float(dip.x), high

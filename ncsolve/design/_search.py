"""The scalar inverses where no closed form is known: scan, bracket, and solve for the mean cosine."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from ncsolve._arrays import EPS
from ncsolve._minimizer.solve import solve
from ncsolve._problem.ufm import UFM
from ncsolve.errors import ProblemError

__all__ = ["value_for"]

# Scanned values: seven decades on either side of 1 for lambda_b, as wide as the cosine is known to move.
_GRIDS = {
    "lambda_b": np.concatenate(([0.0], np.logspace(-7, 7, 57), [math.inf])),
    "alpha": np.concatenate((np.linspace(0.0, 0.98, 50), 1.0 - np.logspace(-2, -6, 9))),
    "weight-decay": np.logspace(-6, 6, 97),
}
_CLOSE = 1e-12


def value_for(make: Callable[[float], UFM], cosine: float, vary: str) -> tuple[float, str]:
    """The smallest value found at which the mean cosine is ``cosine``, and a note.  Raises ProblemError."""
    grid = [float(x) for x in _GRIDS[vary]]
    seen = [(x, _mean_cosine(make(x))) for x in grid]
    roots: list[float] = []
    jumps: list[str] = []
    for (low, before), (high, after) in pairwise(seen):
        if before is None:
            continue
        if abs(before - cosine) <= _CLOSE:
            roots.append(low)
        elif after is not None and (before - cosine) * (after - cosine) < 0.0:
            root = _root(make, cosine, low, high)
            if root is not None:
                roots.append(root)
            else:
                jumps.append(_jump(make, cosine, low, high, vary))
    last, end = seen[-1]
    if end is not None and abs(end - cosine) <= _CLOSE:
        roots.append(last)
    if not roots:
        values = [value for _, value in seen if value is not None]
        if not values:
            raise ProblemError(
                f"no two class means are different from zero, whatever {vary} is; take a smaller lambda_w or lambda_h"
            )
        raise ProblemError(f"the mean cosine {cosine:.10g} is out of reach of {vary}{_reach(values, jumps, vary)}")
    note = "bracketed root of the mean cosine over pairs of class means"
    return roots[0], note + (f"; the smallest of {len(roots)} that were found" if len(roots) > 1 else "")


def _reach(values: list[float], jumps: list[str], vary: str) -> str:
    if jumps:
        return jumps[0]
    low, high = min(values), max(values)
    if high - low <= _CLOSE:
        return f": it is {_plain(low)} whatever {vary} is"
    return f"; reachable: from {_plain(low)} to {_plain(high)} (scanned at {len(values)} values; it may jump)"


def _plain(value: float) -> str:
    return "0" if abs(value) <= _CLOSE else f"{value:.10g}"


def _jump(make: Callable[[float], UFM], cosine: float, low: float, high: float, vary: str) -> str:
    """Where the cosine jumps over the target, in words."""
    ends = [low, high]
    before, after = (_mean_cosine(make(x)) for x in ends)
    for _ in range(60):
        middle = _stretch((_squash(ends[0]) + _squash(ends[1])) / 2)
        found = _mean_cosine(make(middle))
        if middle in ends or found is None or before is None:
            break
        if (found - cosine) * (before - cosine) > 0.0:
            ends[0], before = middle, found
        else:
            ends[1], after = middle, found
    assert before is not None
    assert after is not None
    where = f"{ends[1]:.7g} times the given weight decay" if vary == "weight-decay" else f"{vary} = {ends[1]:.7g}"
    return f": it jumps from {_plain(before)} to {_plain(after)} at {where}; take a cosine outside"


def _mean_cosine(problem: UFM) -> float | None:
    cosines = solve(problem).cosines
    return None if cosines is None else cosines.mean


def _root(make: Callable[[float], UFM], cosine: float, low: float, high: float) -> float | None:
    """A root between two values of different sign, or None where the cosine jumps over the target."""
    from scipy.optimize import brentq

    # lambda_b/(1 + lambda_b) takes 0 and inf to 0 and 1, and keeps decades apart well enough within one bracket.
    inner = low > 0.0 and math.isfinite(high)
    to = math.log if inner else _squash
    back = math.exp if inner else _stretch

    def off(y: float) -> float:
        found = _mean_cosine(make(back(y)))
        return math.nan if found is None else found - cosine

    y = brentq(off, to(low), to(high), xtol=1e-15, rtol=4 * EPS, maxiter=200)
    return back(y) if abs(off(y)) <= _CLOSE * 10 else None


def _squash(x: float) -> float:
    return 1.0 if x == math.inf else x / (1.0 + x)


def _stretch(y: float) -> float:
    return math.inf if y >= 1.0 else y / (1.0 - y)

"""One figure of a report: what was predicted, what was found, how far they are apart and how far they may be."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from ncsolve.verify._types import Array
from numpy.typing import ArrayLike

__all__ = ["Disagreement", "Figure", "Worst", "agreement", "at_least", "at_most", "count", "ending_at_first"]

# Numbers, of which None is one that is undefined: it keeps no bound.
Found: TypeAlias = ArrayLike | Sequence[float | None]
_first_ends: ContextVar[bool] = ContextVar("first_ends", default=False)


class Disagreement(Exception):
    """Ends what ``ending_at_first`` surrounds; ``figure`` is the one that disagrees."""

    def __init__(self, figure: Figure) -> None:
        super().__init__(figure.what)
        self.figure = figure


@contextmanager
def ending_at_first(enabled: bool) -> Iterator[None]:
    """Inside, a figure raises Disagreement as soon as it disagrees (if ``enabled``)."""
    token = _first_ends.set(enabled)
    try:
        yield
    finally:
        _first_ends.reset(token)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A comparison; of many, the one with the largest error.

    ``what`` is compared; ``predicted`` a number, or a text like ">= 0" for an inequality; ``found``; ``error``, 0 for
    an inequality that holds; ``tolerance`` and the ``reason`` for it; ``comparisons`` that were made; ``example``,
    the largest prediction of the first comparison with what was found for it, which unlike the worst comparison
    does not hang on rounding (None: the figure itself is the example).
    """

    what: str
    predicted: float | str
    found: float
    error: float
    tolerance: float
    reason: str
    comparisons: int = 1
    example: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if _first_ends.get() and not self.passed:
            raise Disagreement(self)

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance (never for NaN, never for no comparison at all)."""
        return self.comparisons > 0 and self.error <= self.tolerance

    def to_json(self) -> dict[str, object]:
        """Plain data; a number that is not finite becomes a text."""
        return {
            "what": self.what,
            "predicted": _plain(self.predicted),
            "found": _plain(self.found),
            "error": _plain(self.error),
            "tolerance": self.tolerance,
            "reason": self.reason,
            "comparisons": self.comparisons,
            "passed": self.passed,
        }


class Worst:
    """Collects comparisons of one kind and keeps the worst.

    >>> worst = Worst("b", tolerance=1e-3, reason="an example")
    >>> worst.add([1.0, 2.0], [1.0, 2.0002])
    >>> worst.add(1.0, 1.0)
    >>> figure = worst.figure()
    >>> figure.found, figure.passed, figure.comparisons
    (2.0002, True, 2)
    """

    def __init__(self, what: str, *, tolerance: float, reason: str) -> None:
        self.what = what
        self.tolerance = tolerance
        self.reason = reason
        self._error = -1.0
        self._predicted = math.nan
        self._found = math.nan
        self._count = 0
        self._example: tuple[float, float] | None = None

    def add(self, predicted: ArrayLike | None, found: ArrayLike | None, *, size: float | None = None) -> None:
        """Compare numbers or arrays of one shape: the largest difference over ``size``, by default the largest
        predicted entry (1 where all are zero).  None, a metric that is undefined, agrees with nothing."""
        p, q = np.asarray(predicted, dtype=np.float64), np.asarray(found, dtype=np.float64)
        self._count += 1
        self._compare(p, q, size)
        if self._error > self.tolerance:
            self.figure()  # which raises inside ``ending_at_first``

    def _compare(self, p: Array, q: Array, size: float | None) -> None:
        if p.shape != q.shape or p.size == 0:
            self._error, self._predicted, self._found = math.inf, math.nan, math.nan
            return
        if self._example is None:
            first = np.unravel_index(int(np.argmax(np.abs(p).round(9))), p.shape)
            self._example = (float(p[first]), float(q[first]))
        if size is None:
            size = float(np.abs(p).max()) or 1.0
        difference = np.abs(p - q)
        at = np.unravel_index(int(np.argmax(np.where(np.isnan(difference), math.inf, difference))), p.shape)
        error = float(difference[at]) / size
        if math.isnan(error):
            error = math.inf
        if error > self._error:
            self._error, self._predicted, self._found = error, float(p[at]), float(q[at])

    def figure(self) -> Figure:
        """The worst comparison."""
        return Figure(
            what=self.what, predicted=self._predicted, found=self._found, error=max(self._error, 0.0),
            tolerance=self.tolerance, reason=self.reason, comparisons=self._count, example=self._example,
        )


def agreement(
    what: str, predicted: ArrayLike, found: ArrayLike, *, tolerance: float, reason: str, size: float | None = None
) -> Figure:
    """The figure of a single comparison."""
    worst = Worst(what, tolerance=tolerance, reason=reason)
    worst.add(predicted, found, size=size)
    return worst.figure()


def count(
    what: str, expected: float, found: float, *, allowed: float = 0.0, reason: str = "a count", comparisons: int = 1
) -> Figure:
    """The figure of a number that is ``expected``, give or take what is ``allowed``."""
    return Figure(
        what=what, predicted=float(expected), found=float(found), error=float(abs(expected - found)),
        tolerance=float(allowed), reason=reason, comparisons=comparisons,
    )


def at_least(what: str, bound: float, found: Found, *, reason: str) -> Figure:
    """The figure of found >= bound for all entries; the error is how far it is missed.

    >>> at_least("cosine", 0.0, [0.1, 0.2], reason="the frame is acute").passed
    True
    """
    values = np.atleast_1d(np.asarray(found, dtype=np.float64)).ravel()
    low = float(values.min()) if values.size else math.nan
    return _bound(what, f">= {bound:g}", low, bound - low, values.size, reason)


def at_most(what: str, bound: float, found: Found, *, reason: str) -> Figure:
    """The figure of found <= bound for all entries; the error is how far it is missed."""
    values = np.atleast_1d(np.asarray(found, dtype=np.float64)).ravel()
    high = float(values.max()) if values.size else math.nan
    return _bound(what, f"<= {bound:g}", high, high - bound, values.size, reason)


def _bound(what: str, predicted: str, found: float, miss: float, count: int, reason: str) -> Figure:
    error = math.inf if math.isnan(miss) else max(miss, 0.0)
    return Figure(
        what=what, predicted=predicted, found=found, error=error, tolerance=0.0, reason=reason, comparisons=count
    )


def _plain(value: float | str) -> float | str:
    return value if isinstance(value, str) or math.isfinite(value) else str(value)

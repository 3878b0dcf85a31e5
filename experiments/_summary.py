"""From runs to rows: what one run says, what the seeds of one design say together, and what a variation says."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

__all__ = [
    "FAILED", "Facts", "Row", "facts_of", "interval", "known", "largest", "points_of", "rows_of", "shares",
    "smaller_length",
]

Array = NDArray[np.float64]

FAILED = "failed"
# Class means that the prediction makes shorter than this part of the longest are zero there, but for rounding: the
# table has 10 digits of a Gram matrix, whose entries are squares.
_DEAD = 1e-8


@dataclass(frozen=True)
class Facts:
    """What one run says.  Numbers that it does not have (cosines of fewer than two class means, a bound that there is
    no theorem for, anything of a failed run) are NaN.

    ``cosine`` and ``predicted`` are means over the pairs of classes that the prediction keeps alive, ``apart`` the
    largest difference of any such pair: infinite where a class mean is zero that should not be.  ``distance`` and
    ``certified``, the bound on it, are relative to the norm of the predicted class-weighted Gram matrix.  ``words`` are
    why a run failed, or what the verdict rests on and the class means that it excepts.
    """

    variation: str
    lambda_b: float
    threshold: float
    seed: int
    verdict: str
    words: str
    exceptions: bool = False
    cosine: float = math.nan
    predicted: float = math.nan
    apart: float = math.nan
    gap: float = math.nan
    parts: tuple[tuple[str, float], ...] = ()
    distance: float = math.nan
    certified: float = math.nan
    centring: float = math.nan
    predicted_centring: float = math.nan
    squares: tuple[float, ...] = ()
    predicted_squares: tuple[float, ...] = ()

    @property
    def told(self) -> str:
        """The verdict, with the exceptions that it makes."""
        return f"{self.verdict}{' but for some class means' if self.exceptions else ''}"

    @property
    def smaller(self) -> float:
        """Mean length of the smaller classes' means over the predicted one of the larger's, of an imbalanced design."""
        return smaller_length(self.squares, self.predicted_squares)

    @property
    def predicted_smaller(self) -> float:
        """The same of the prediction."""
        return smaller_length(self.predicted_squares, self.predicted_squares)


@dataclass(frozen=True)
class Row:
    """Runs that differ in the seed alone; ``half`` is half of the 95 % interval of the mean cosine over them."""

    variation: str
    lambda_b: float
    threshold: float
    facts: tuple[Facts, ...]
    cosine: float
    half: float
    predicted: float

    @property
    def off(self) -> float:
        """How far the mean cosine is from the mean of the predictions for the same runs."""
        return abs(interval(fact.cosine - fact.predicted for fact in self.facts)[0])

    @property
    def apart(self) -> float:
        """The largest difference of a cosine from the prediction, over pairs and seeds."""
        return largest(fact.apart for fact in self.facts)

    @property
    def gaps(self) -> Array:
        """The relative gaps of the runs that were measured."""
        return known(fact.gap for fact in self.facts)

    @property
    def shares(self) -> dict[str, float]:
        """What part of the gap each property has, of all seeds together; empty where the minimum is only bounded."""
        return shares(self.facts)

    @property
    def verdicts(self) -> Counter[str]:
        """How many runs have each verdict."""
        return Counter(fact.verdict for fact in self.facts)


def _threshold(run: dict[str, Any]) -> float:
    """t, which plain decay has not."""
    return math.nan if run["tail"] == "plain" else float(run["threshold"])


def facts_of(record: dict[str, Any]) -> Facts:
    """What a row of the table says."""
    run, measured = record["run"], record.get("measured")
    own: dict[str, Any] = {
        "variation": record["variation"], "lambda_b": float(run["lambda_b"]), "threshold": _threshold(run),
        "seed": run["seed"],
    }
    if record["outcome"] != "measured" or measured is None:
        return Facts(**own, verdict=FAILED, words=str(record["failure"]))
    gram, wanted = np.array(measured["gram"]), np.array(measured["predicted"]["gram"])
    counts, verdict = np.array(record["problem"]["counts"], dtype=float), measured["verdict"]
    size = float(np.linalg.norm(np.sqrt(np.outer(counts, counts)) * wanted))
    mean = np.array(record["problem"]["codes"]) @ counts / counts.sum()
    squared = float(mean @ mean)
    return Facts(
        **own, verdict=verdict["kind"], words="; ".join((*verdict["reasons"], *verdict["exceptions"])),
        exceptions=bool(verdict["exceptions"]),
        gap=_number(measured["relative_gap"]),
        parts=tuple((name, float(part)) for name, part in (measured["parts"] or {}).items()),
        distance=_relative(measured["distance"], size), certified=_relative(measured["certificate"], size),
        centring=float(np.array(record["network"]["bias"]) @ mean) / squared if squared > 0 else math.nan,
        predicted_centring=float(np.array(measured["predicted"]["bias"]) @ mean) / squared if squared > 0 else math.nan,
        squares=tuple(np.diag(gram).tolist()), predicted_squares=tuple(np.diag(wanted).tolist()),
        **_cosines(gram, wanted),
    )


def rows_of(facts: Iterable[Facts], *, variation: str) -> tuple[Row, ...]:
    """The designs of a variation, by lambda_b and threshold."""
    groups: dict[tuple[float, float], list[Facts]] = {}
    for fact in facts:
        if fact.variation == variation:
            groups.setdefault((fact.lambda_b, fact.threshold), []).append(fact)
    return tuple(
        Row(variation, lambda_b, threshold, tuple(own), *interval(fact.cosine for fact in own),
            interval(fact.predicted for fact in own)[0])
        for (lambda_b, threshold), own in sorted(groups.items())
    )


def points_of(table: dict[str, Any]) -> dict[str, tuple[Row, ...]]:
    """The rows of each variation that has any run, in the order of the suite."""
    facts = [facts_of(record) for record in table["runs"]]
    rows = {one["name"]: rows_of(facts, variation=one["name"]) for one in table["variations"]}
    return {name: own for name, own in rows.items() if own}


def interval(values: Iterable[float]) -> tuple[float, float]:
    """Mean and half of Student's 95 % interval of the values that are known; NaN without any, and without two."""
    real = known(values)
    if real.size == 0:
        return math.nan, math.nan
    mean = float(real.mean())
    if real.size == 1:
        return mean, math.nan
    return mean, float(student.ppf(0.975, real.size - 1) * real.std(ddof=1) / math.sqrt(real.size))


def known(values: Iterable[float]) -> Array:
    """The values that are not NaN."""
    given = np.array(list(values), dtype=float)
    real: Array = given[~np.isnan(given)]
    return real


def largest(values: Iterable[float]) -> float:
    """The largest value that is known; NaN without any."""
    real = known(values)
    return float(real.max()) if real.size else math.nan


def smaller_length(squares: Sequence[float], wanted: Sequence[float]) -> float:
    """Mean length of the second half of the classes, which has fewer samples, over that of the first in ``wanted``."""
    half = (len(wanted) + 1) // 2  # as counts_of of experiments/_problem.py
    longest = sum(math.sqrt(max(square, 0.0)) for square in wanted[:half]) / max(half, 1)
    if not longest > 0.0 or half == len(wanted):
        return math.nan
    return sum(math.sqrt(max(square, 0.0)) for square in squares[half:]) / (len(wanted) - half) / longest


def shares(facts: Sequence[Facts]) -> dict[str, float]:
    """What part of the gaps each property has, of all runs together; ``within`` is contained in fit and feature."""
    total = sum(part for fact in facts for name, part in fact.parts if name != "within")
    sums: Counter[str] = Counter()
    for fact in facts:
        sums.update(dict(fact.parts))
    return {name: value / total for name, value in sums.items()} if total > 0 else {}


def _cosines(gram: Array, wanted: Array) -> dict[str, Any]:
    alive = np.flatnonzero(np.diag(wanted) > _DEAD * max(float(np.diag(wanted).max()), 0.0))
    if alive.size < 2:
        return {}
    pairs = np.triu_indices(alive.size, 1)
    predicted = _cosine_matrix(wanted[np.ix_(alive, alive)])[pairs]
    found = _cosine_matrix(gram[np.ix_(alive, alive)])[pairs]
    whole = bool(np.isfinite(found).all())
    return {
        "cosine": float(found.mean()) if whole else math.nan, "predicted": float(predicted.mean()),
        "apart": float(np.abs(found - predicted).max()) if whole else math.inf,
    }


def _cosine_matrix(gram: Array) -> Array:
    lengths = np.sqrt(np.diag(gram))
    with np.errstate(divide="ignore", invalid="ignore"):
        cosines: Array = gram / np.outer(lengths, lengths)
    return cosines


def _relative(distances: dict[str, Any] | None, size: float) -> float:
    value = _number(None if distances is None else distances["gram"])
    return value / size if size > 0 else math.nan


def _number(value: float | str | None) -> float:
    return math.nan if value is None else float(value)

"""What is said of any measured features: angles with their spread and worst pairs, NC metrics, absent classes."""

from __future__ import annotations

import math
from typing import Any

from ncsolve._measure.metrics import cdnv_of, energy_share
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve._numbers.printed import number, percent
from ncsolve._problem.losses import LOSSES
from ncsolve.geometry import NCMetrics

__all__ = ["absent_words", "angle_of", "metric_rows", "who"]

# More classes are counted, not named.
_NAMED = 8


def who(statistics: FeatureStatistics) -> tuple[str, ...]:
    """The classes that have samples, by their names, or by their numbers from 0."""
    return tuple(_name(statistics, k) for k in statistics.present.tolist())


def _name(statistics: FeatureStatistics, k: int) -> str:
    return str(k) if statistics.class_names is None else repr(statistics.class_names[k])


def angle_of(spread: dict[str, Any] | None, names: tuple[str, ...] | None = None) -> str:
    """The angles between class means from the smallest to the largest, never a mean alone; "" if there are none.

    ``names`` are those of the classes, for the worst pairs.
    """
    if spread is None:
        return ""
    low, high, mean = (float(spread[key]) for key in ("min", "max", "mean"))
    if high - low <= 1e-9:
        return f"{_degrees(mean)} deg (cos {number(mean, 5)}) between any two class means"
    text = (
        f"{_degrees(high)} to {_degrees(low)} deg (cos {number(high, 5)} to {number(low, 5)}, mean {number(mean, 5)} "
        f"+- {number(float(spread['deviation']), 2)})"
    )
    if names is None:
        return text
    near, far = (" and ".join(names[k] for k in spread[key]) for key in ("greatest_pair", "least_pair"))
    return f"{text}\nnearest: classes {near}; furthest: {far}"


def absent_words(statistics: FeatureStatistics) -> str:
    """Which classes have no samples; "" if all have."""
    gone = [k for k, n in enumerate(statistics.counts.tolist()) if n == 0]
    if not gone:
        return ""
    first = ", ".join(_name(statistics, k) for k in gone[:_NAMED]) + (", ..." if len(gone) > _NAMED else "")
    return (f"{len(gone)} of {statistics.classes} classes have no samples and are left out with their codes, while the "
            f"outputs stay: {first}")


def metric_rows(
    nc: NCMetrics, statistics: FeatureStatistics, nc4_samples: float | None, predicted: NCMetrics | None,
    accuracy: float | None,
) -> tuple[tuple[str, str], ...]:
    """NC1 to NC4 and the accuracy; "" for what is not known."""
    cdnv, share = cdnv_of(statistics), energy_share(statistics)
    within = [
        "" if nc.nc1 is None else f"tr(S_W S_B^+)/K = {number(nc.nc1, 3)}",
        "" if cdnv is None else f"CDNV {number(cdnv, 3)}",
        "" if share is None else f"{percent(share)} of the features' energy is within the classes",
    ]
    return (
        ("NC1", ", ".join(text for text in within if text)),
        ("NC2", _frames(nc, predicted)),
        ("NC3", "" if nc.nc3 is None else f"classifier and class means are {number(nc.nc3, 5)} from being aligned"
                + ("" if predicted is None or predicted.nc3 is None else f", predicted {_rounded(predicted.nc3)}")),
        ("NC4", _nearest(nc, who(statistics), nc4_samples, statistics.loss)),
        ("accuracy", "" if accuracy is None else f"{percent(accuracy)} of the samples are decided as their class"),
    )


def _frames(nc: NCMetrics, predicted: NCMetrics | None) -> str:
    texts = []
    for key, frame in (("nc2_simplex", "a simplex ETF"), ("nc2_orthogonal", "an orthogonal frame")):
        own, other = getattr(nc, key), None if predicted is None else getattr(predicted, key)
        if own is not None:
            beside = "" if other is None else f" (predicted {_rounded(other)})"
            texts.append(f"{number(own, 5)} from {frame}{beside}")
    return ", ".join(texts)


def _nearest(nc: NCMetrics, names: tuple[str, ...], samples: float | None, loss: str) -> str:
    texts = [] if samples is None else [
        f"{percent(samples)} of the samples are decided as the class of the nearest class mean"
    ]
    if nc.nc4 is not None:
        other = "nearest code" if LOSSES[loss].fits_codes else "classifier"
        text = f"nearest class mean and {other} differ by {number(nc.nc4, 3)}"
        if nc.nc4_classes is not None and nc.nc4 > 0.0:
            first, second = (names[k] for k in nc.nc4_classes)
            text += f", most between {first} and {second}"
        texts.append(text)
    return "; ".join(texts)


def _rounded(value: float) -> str:
    """Zero for what rounding leaves."""
    return "0" if value < 1e-10 else number(value, 5)


def _degrees(cosine: float) -> str:
    return f"{math.degrees(math.acos(max(-1.0, min(1.0, cosine)))):.2f}"

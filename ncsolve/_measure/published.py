"""The published metrics of features, from their statistic: what ``ncsolve.metrics.PUBLISHED`` lists."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.metrics import cdnv_of, inverse_ratio_of
from ncsolve._metrics import published as frames
from ncsolve._metrics import published_nc1 as ratios
from ncsolve._metrics.published_arrays import weights
from ncsolve._metrics.variants import PUBLISHED, Variant
from ncsolve.errors import ProblemError

if TYPE_CHECKING:
    from ncsolve._measure.statistics import FeatureStatistics

__all__ = ["PublishedValue", "published_values"]


@dataclass(frozen=True, kw_only=True)
class PublishedValue:
    """What a published ``variant`` says of features, with one of its ``centring`` ("" where it has none).

    ``value`` is NaN where the metric is undefined.
    """

    variant: Variant
    centring: str
    value: float | tuple[float, float]


def published_values(statistics: FeatureStatistics, head: tuple[Array, Array] | None) -> tuple[PublishedValue, ...]:
    """All that can be told: of W or b only with the last layer, of S_W only where it is kept, of samples nothing.

    Raises ProblemError for fewer than two classes, and where one has no samples.
    """
    if statistics.classes < 2 or statistics.present.size < statistics.classes:
        raise ProblemError(
            "the metrics of the field need samples of every class, of two or more; got samples of "
            f"{statistics.present.size} of {statistics.classes} classes, number those that occur from 0"
        )
    found = []
    for variant in PUBLISHED:
        for centring in variant.centring or ("",):
            value = _value(variant.function.__name__, centring, statistics, head)
            if value is not None:
                found.append(PublishedValue(variant=variant, centring=centring, value=value))
    return tuple(found)


def _value(
    name: str, centring: str, statistics: FeatureStatistics, head: tuple[Array, Array] | None
) -> float | tuple[float, float] | None:
    if hasattr(ratios, name):
        return _of_scatter(name, centring, statistics)
    means, counts = statistics.class_means, statistics.counts
    options = {"centring": centring, "counts": counts if centring == "samples" else None}
    if name in ("equinorm", "equiangularity", "simplex_etf_error"):
        found: float | tuple[float, float] = getattr(frames, name)(means, **options)
        return found
    if head is None or name == "ncc_agreement":
        return None
    w, b = head
    if name.endswith("classifier_etf_error"):
        return float(getattr(frames, name)(w))
    if name == "bias_centring":
        return frames.bias_centring(w, b, means, centring="samples", counts=counts)
    if w.shape[0] != means.shape[1]:
        return None  # they need an output a class
    if name.startswith(("zhu", "zhou")):
        return float(getattr(frames, name)(w, means, counts))
    return float(getattr(frames, name)(w, means, **options))


def _of_scatter(name: str, centring: str, statistics: FeatureStatistics) -> float | None:
    """NC1: by the pseudo-inverse, by the quotient of traces, or CDNV."""
    if name == "cdnv":
        return cdnv_of(statistics)
    share = weights(centring, statistics.classes, statistics.counts if centring == "samples" else None)
    per_class = statistics.dim / statistics.classes if name.endswith("2024_10") else 1.0
    if name.startswith("covariance_pinv"):
        if statistics.scatter != "full":
            return None
        ratio = inverse_ratio_of(statistics, share)
        return math.nan if ratio is None else ratio * per_class
    means = statistics.class_means
    middle = 0.0 if share is None else (means @ (share / share.sum()))[:, None]
    between = float(np.sum((means - middle) ** 2)) / statistics.classes
    # Single precision leaves a millionth of their length of class means that are equal.
    if between <= 1e-12 * float(np.sum(means**2)) / statistics.classes:
        return math.nan
    return statistics.within_energy / statistics.samples / between * per_class

"""What a metric tells of a statistic: figures of neural collapse by name."""

from __future__ import annotations

import math

from ncsolve._measure.cosines import spread_of
from ncsolve._measure.feature_geometry import feature_geometry
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve.encodings import Encoding

__all__ = ["figures_of"]


def figures_of(statistics: FeatureStatistics, codes: Encoding) -> dict[str, float]:
    """The figures of ``NeuralCollapse.compute`` of a statistic that has samples; NaN where one is undefined.

    >>> import ncsolve
    >>> stats = ncsolve.FeatureStatistics(2, 2).update([[1.0, 0.0], [0.0, 1.0]], [0, 1])
    >>> figures_of(stats, ncsolve.encodings.onehot(2))["mean_cosine"]
    0.0
    """
    head = statistics.head
    geometry = feature_geometry(statistics, head, codes, why="no head" if head is None else "no lambdas")
    nc, cosines = geometry.nc, spread_of(geometry.cosines) or {}
    found = {
        "nc1": nc.nc1, "cdnv": statistics.cdnv, "within_class_energy": statistics.within_class_energy,
        "nc2_simplex": nc.nc2_simplex, "nc2_orthogonal": nc.nc2_orthogonal, "mean_cosine": cosines.get("mean"),
        "cosine_spread": cosines.get("deviation"),
    }
    if head is not None:
        found |= {"nc3": nc.nc3, "nc4": nc.nc4, "accuracy": statistics.accuracy}
    return {name: math.nan if value is None else value for name, value in found.items()}

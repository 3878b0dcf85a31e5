"""Our own metrics of ``ncsolve.metrics`` under an older name: distances to frames, and NC1 to NC4.

Every metric is scale free and is 0 where the property holds exactly.  Class means are the columns of an array
(d, K); nothing is centred unless the name says so, because a centred orthogonal frame is a simplex ETF and only the
uncentred means show what the bias does.
"""

from ncsolve._metrics.decision_boundaries import nc4_mismatch
from ncsolve._metrics.four_properties import NCMetrics
from ncsolve._metrics.frames import (
    cosine_matrix,
    distance_to_orthogonal_frame,
    distance_to_simplex_etf,
    self_duality_error,
    simplex_cosine,
)
from ncsolve._metrics.within_classes import class_means_of, nc1, within_class_energy

__all__ = [
    "NCMetrics",
    "class_means_of",
    "cosine_matrix",
    "distance_to_orthogonal_frame",
    "distance_to_simplex_etf",
    "nc1",
    "nc4_mismatch",
    "self_duality_error",
    "simplex_cosine",
    "within_class_energy",
]

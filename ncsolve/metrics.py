"""All NC metrics of any features: ours, and every published definition under a name of its own.

**Ours** are scale free, 0 where the property holds exactly and None where it is undefined; nothing is centred unless
the name says so, because a centred orthogonal frame is a simplex ETF and only uncentred means show what the bias does.
``ncsolve.geometry`` is an older name of these.

**Published** ones are what papers and packages compute, but for rounding, so that numbers can be compared;
``ncsolve.verify.peers`` is an older name of these, and ``PUBLISHED`` says whose each is, at which version of the code
and with which global mean.  ``centring`` chooses that: ``"classes"``, the mean of the class means, ``"samples"``, the
mean of all samples, for which metrics of class means need ``counts`` (K,), or ``"none"``; the first two are one thing
only for balanced classes.  A published metric that is undefined, because what it divides by is zero but for rounding,
is NaN; a class without a sample is refused.

Features are (d, N), class means (d, K), W is (m, d).  What each metric *cannot* see is in docs/explanation/metrics.md.
``ncsolve.verify.metrics`` computes NC1 to NC4 a second time and shares no formula with this module: it checks it.
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
from ncsolve._metrics.published import (
    bias_centring,
    equiangularity,
    equinorm,
    ncc_agreement,
    package_self_duality_error,
    papyan_self_duality,
    simplex_etf_error,
    zhou_classifier_etf_error,
    zhou_self_duality_error,
    zhu_classifier_etf_error,
    zhu_self_duality_error,
)
from ncsolve._metrics.published_arrays import ShapeError
from ncsolve._metrics.published_nc1 import (
    cdnv,
    covariance_pinv,
    covariance_pinv_2024_10,
    covariance_quotient,
    covariance_ratio_2024_10,
)
from ncsolve._metrics.variants import PUBLISHED, Variant
from ncsolve._metrics.within_classes import class_means_of, nc1, within_class_energy

__all__ = [
    "PUBLISHED",
    "NCMetrics",
    "ShapeError",
    "Variant",
    "bias_centring",
    "cdnv",
    "class_means_of",
    "cosine_matrix",
    "covariance_pinv",
    "covariance_pinv_2024_10",
    "covariance_quotient",
    "covariance_ratio_2024_10",
    "distance_to_orthogonal_frame",
    "distance_to_simplex_etf",
    "equiangularity",
    "equinorm",
    "nc1",
    "nc4_mismatch",
    "ncc_agreement",
    "package_self_duality_error",
    "papyan_self_duality",
    "self_duality_error",
    "simplex_cosine",
    "simplex_etf_error",
    "within_class_energy",
    "zhou_classifier_etf_error",
    "zhou_self_duality_error",
    "zhu_classifier_etf_error",
    "zhu_self_duality_error",
]

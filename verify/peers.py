"""The published metrics of ``ncsolve.metrics`` under their older name: NC1 to NC4 as the field computes them.

``self_duality_error`` is the package's, which is ``package_self_duality_error`` there.  Whose each is, at which version
and with which global mean, says ``ncsolve.metrics.PUBLISHED``, and docs/explanation/metrics.md in a table.
"""

from ncsolve.metrics import (
    ShapeError,
    bias_centring,
    cdnv,
    covariance_pinv,
    covariance_pinv_2024_10,
    covariance_quotient,
    covariance_ratio_2024_10,
    equiangularity,
    equinorm,
    ncc_agreement,
    papyan_self_duality,
    simplex_etf_error,
    zhou_classifier_etf_error,
    zhou_self_duality_error,
    zhu_classifier_etf_error,
    zhu_self_duality_error,
)
from ncsolve.metrics import package_self_duality_error as self_duality_error

__all__ = [
    "ShapeError",
    "bias_centring",
    "cdnv",
    "covariance_pinv",
    "covariance_pinv_2024_10",
    "covariance_quotient",
    "covariance_ratio_2024_10",
    "equiangularity",
    "equinorm",
    "ncc_agreement",
    "papyan_self_duality",
    "self_duality_error",
    "simplex_etf_error",
    "zhou_classifier_etf_error",
    "zhou_self_duality_error",
    "zhu_classifier_etf_error",
    "zhu_self_duality_error",
]

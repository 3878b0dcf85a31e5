"""The geometry of features where there is no loss to compare: without a head, without lambdas, or held out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.head import MeasuredHead
from ncsolve._measure.implied import Implied, implied_by
from ncsolve._measure.metrics import measured_nc, nc1_of
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve.encodings import Encoding
from ncsolve.geometry import NCMetrics, cosine_matrix, distance_to_orthogonal_frame, distance_to_simplex_etf

__all__ = ["WHY_NOT", "FeatureGeometry", "feature_geometry"]

# Why there is no gap, in the order in which it is said.
WHY_NOT = {
    "held out": "held-out data has no gap, as training minimized the loss of the training set",
    "no head": "loss, gap, NC3 and NC4 need the last layer, and there are features and labels only",
    "no scatter": "the statistic keeps no scatter, which the loss needs",
    "no lambdas": "no weight decays were given, and without them there is no prediction",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureGeometry:
    """Class means and NC metrics of a statistic that has samples; ``why`` is a key of ``WHY_NOT``.

    ``head`` is there where the last layer is known, with a problem of which only codes and counts are meant.
    """

    statistics: FeatureStatistics
    why: str
    head: MeasuredHead | None

    @cached_property
    def means(self) -> Array:
        """The class means (d, K) of the classes that have samples."""
        return np.asarray(self.statistics.class_means[:, self.statistics.present])

    @cached_property
    def gram(self) -> Array:
        """Their inner products (K, K)."""
        return np.asarray(self.means.T @ self.means)

    @cached_property
    def cosines(self) -> Array:
        """Their cosines (K, K); NaN where one is zero."""
        return cosine_matrix(self.gram)

    @cached_property
    def nc(self) -> NCMetrics:
        """The NC metrics; NC3 and NC4 are None without a head."""
        if self.head is not None:
            return measured_nc(self.head)
        return NCMetrics(
            nc1=nc1_of(self.statistics), nc2_simplex=distance_to_simplex_etf(self.gram),
            nc2_orthogonal=distance_to_orthogonal_frame(self.gram), nc3=None, nc4=None,
        )

    @cached_property
    def implied(self) -> Implied | None:
        """The weight decays that the head implies; of training data whose scatter is kept."""
        return None if self.head is None or self.why != "no lambdas" else implied_by(self.head)


def feature_geometry(
    statistics: FeatureStatistics, head: tuple[Array, Array] | None, encoding: Encoding, *, why: str,
    loss: str | None = None,
) -> FeatureGeometry:
    """The geometry of a statistic, with the last layer (W, b) if it is known, and its ``loss`` if the statistic's is
    another.  Raises ProblemError without samples."""
    problem = statistics.problem(encoding, lambda_w=1.0, lambda_h=1.0, lambda_b=1.0, loss=loss)
    known = None if head is None else MeasuredHead(problem=problem, statistics=statistics, W=head[0], b=head[1])
    return FeatureGeometry(statistics=statistics, why=why, head=known)

"""What a loss takes of a statistic: how much variation within the classes costs it, and its slopes in the head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve.errors import ProblemError

if TYPE_CHECKING:
    from ncsolve._measure.head import MeasuredHead

__all__ = ["FITS", "MeasuredFit"]


class MeasuredFit(ABC):
    """The fit of a last layer over all samples of a statistic, whose classes are those that have samples."""

    # Whether it needs the scatter within the classes.
    takes_scatter: ClassVar[bool] = False

    @abstractmethod
    def check(self, statistics: FeatureStatistics, w: Array, b: Array) -> None:
        """That the statistic keeps what this loss of the head takes.  Raises ProblemError."""

    @abstractmethod
    def spread(self, head: MeasuredHead) -> float:
        """How much the fit of all samples is above that of their class means, summed."""

    @abstractmethod
    def slope(self, head: MeasuredHead) -> Array:
        """N times the slope in W (m, d)."""

    @abstractmethod
    def bias_slope(self, head: MeasuredHead) -> Array:
        """N times the slope in b (m,)."""


class SquaredFit(MeasuredFit):
    """Mean squared error, whose outputs see class means and W S_W."""

    takes_scatter = True

    def check(self, statistics: FeatureStatistics, w: Array, b: Array) -> None:
        """``FeatureStatistics.seen_by`` does, where the loss is asked for."""

    def spread(self, head: MeasuredHead) -> float:
        return float(np.sum(head.seen * head.W)) / 2

    def slope(self, head: MeasuredHead) -> Array:
        return np.asarray((_residual(head) * head.problem.counts.array) @ head.means.T + head.seen)

    def bias_slope(self, head: MeasuredHead) -> Array:
        return np.asarray(_residual(head) @ head.problem.counts.array)


class SoftmaxFit(MeasuredFit):
    """Cross-entropy, of the probabilities that the statistic keeps."""

    def check(self, statistics: FeatureStatistics, w: Array, b: Array) -> None:
        own = statistics.head
        if statistics.loss == "cross-entropy" and own is not None and (
            np.array_equal(own[0], w) and np.array_equal(own[1], b)
        ):
            return
        raise ProblemError(
            f"under cross-entropy the loss takes the outputs of every sample by this very head; got {statistics!r}"
            f"{' of another head' if statistics.loss == 'cross-entropy' else ''}, gather it anew with "
            "FeatureStatistics(..., head=(W, b), loss='cross-entropy')"
        )

    def spread(self, head: MeasuredHead) -> float:
        found = head.statistics.divergence
        assert found is not None
        return found

    def slope(self, head: MeasuredHead) -> Array:
        products = head.statistics.probability_products
        assert products is not None
        return np.asarray(products - (head.problem.encoding.matrix * head.problem.counts.array) @ head.means.T)

    def bias_slope(self, head: MeasuredHead) -> Array:
        return np.asarray((_probabilities(head) - head.problem.encoding.matrix) @ head.problem.counts.array)


FITS: dict[str, MeasuredFit] = {"mse": SquaredFit(), "cross-entropy": SoftmaxFit()}


def _residual(head: MeasuredHead) -> Array:
    return np.asarray(head.outputs - head.problem.encoding.matrix)


def _probabilities(head: MeasuredHead) -> Array:
    found = head.probabilities
    assert found is not None
    return found

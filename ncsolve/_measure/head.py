"""A last layer on the features of a statistic: residual, slopes, and the regularization that they imply (T14)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._measure.fits import FITS, MeasuredFit
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve._models.registry import model_of
from ncsolve._problem.ufm import UFM

__all__ = ["MeasuredHead"]


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredHead:
    """W (m, d), b (m,), the features' statistic, and the problem whose classes are those that have samples."""

    problem: UFM
    statistics: FeatureStatistics
    W: Array
    b: Array

    @cached_property
    def means(self) -> Array:
        """The class means (d, K) of the classes that have samples."""
        return np.asarray(self.statistics.class_means[:, self.statistics.present])

    @cached_property
    def seen(self) -> Array:
        """W S_W (m, d)."""
        return self.statistics.seen_by(self.W)

    @cached_property
    def outputs(self) -> Array:
        """The outputs of the class means (m, K)."""
        return np.asarray(self.W @ self.means + self.b[:, None])

    @cached_property
    def probabilities(self) -> Array | None:
        """The mean softmax probabilities of the classes that have samples (m, K); None but under cross-entropy."""
        found = self.statistics.class_probabilities
        return None if found is None else np.asarray(found[:, self.statistics.present])

    @property
    def fit(self) -> MeasuredFit:
        """What the loss of the problem takes of the statistic."""
        return FITS[self.problem.loss]

    @cached_property
    def slope(self) -> Array:
        """The slope of the fit in W (m, d); R H^T / N for MSE with the residual R."""
        return np.asarray(self.fit.slope(self) / self.problem.samples)

    @cached_property
    def bias_slope(self) -> Array:
        """The slope of the fit in b (m,); R 1 / N for MSE."""
        return np.asarray(self.fit.bias_slope(self) / self.problem.samples)

    @property
    def stationarity(self) -> float:
        r"""How far the head is from stationary: the slope of the loss in W over that of its weight decay, inf if W = 0.

        For MSE with the residual R it is :math:`\|R H^T/N + \lambda_W W\| / (\lambda_W \|W\|)`.
        """
        size = self.problem.lambda_w * float(np.linalg.norm(self.W))
        apart = float(np.linalg.norm(self.slope + self.problem.lambda_w * self.W))
        if size == 0.0:
            return math.inf if apart > 0.0 else 0.0
        return apart / size

    @property
    def implied_lambda_w(self) -> float | None:
        """The weight decay of W at which a head in the direction of this one is stationary; None for W = 0."""
        size = float(np.sum(self.W**2))
        return None if size == 0.0 else -float(np.sum(self.slope * self.W)) / size

    @property
    def implied_lambda_b(self) -> float | None:
        """The same of the bias; None for b = 0."""
        size = float(self.b @ self.b)
        return None if size == 0.0 else -float(self.bias_slope @ self.b) / size

    @cached_property
    def feature_energy(self) -> float:
        """||H||^2."""
        inside = float(self.problem.counts.array @ np.sum(self.means**2, axis=0))
        return inside + self.statistics.within_energy

    @property
    def balance(self) -> float | None:
        """lambda_h for which W and H are balanced (T2): lambda_w ||W||^2 / ||H||^2; None for features that are zero."""
        size = self.feature_energy
        return None if size == 0.0 else self.problem.lambda_w * float(np.sum(self.W**2)) / size

    @cached_property
    def decisions(self) -> Index | None:
        """How many samples of class k this head decides as class r (R, K); None where another was known in the pass."""
        own, decided = self.statistics.head, self.statistics.decisions
        if own is None or not (np.array_equal(own[0], self.W) and np.array_equal(own[1], self.b)):
            return None
        return decided

    @property
    def accuracy(self) -> float | None:
        """Share of the samples that this head decides as their class; None where another was known in the pass."""
        return None if self.decisions is None else self.statistics.accuracy

    @cached_property
    def by_direction(self) -> tuple[float, float] | None:
        """The same along the mean of all features and across it, which at a minimum of linear features are equal.

        None where the statistic does not keep S_W, where the features have nothing along or across, and for features
        that may not be negative, which balance neuron by neuron only.
        """
        scatter, counts = self.statistics.within_scatter, self.problem.counts.array
        if model_of(self.problem).least_feature > -math.inf:
            return None
        mean = self.means @ counts / self.problem.samples
        length = float(np.linalg.norm(mean))
        if scatter is None or length == 0.0:
            return None
        v = mean / length
        along = float(counts @ (v @ self.means) ** 2 + v @ scatter @ v)
        across, head = self.feature_energy - along, float(np.sum((self.W @ v) ** 2))
        rest = float(np.sum((self.W - np.outer(self.W @ v, v)) ** 2))
        if not min(along, across) > 1e-12 * self.feature_energy:  # what rounding leaves of a difference
            return None
        return self.problem.lambda_w * head / along, self.problem.lambda_w * rest / across

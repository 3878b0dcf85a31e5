"""The numbers of T15 where previous features and codes are regular, from which transition and regime follow."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import EPS, Array
from ncsolve._models.metric.reduced import extended_means
from ncsolve._problem.metric_problem import MetricProblem

__all__ = ["RegularMetric", "regular_metric"]

# What rounding leaves of sums of products over classes and dimensions, relative to their terms.
_ROUNDING = 1e-12


class RegularMetric(NamedTuple):
    """``a`` and ``w`` = a + K q of the codes, K ``classes``, the ``size`` of the mean of the previous features with
    their constant, ``t``, and the (K-1)-fold singular value ``contrast`` of their class means; None where there is no
    such one."""

    a: float
    w: float
    classes: int
    size: float
    t: float
    tau: float
    contrast: float | None

    @property
    def across(self) -> float:
        """s_perp, that of the contrasts of the outputs."""
        assert self.contrast is not None
        return float(_formulas.metric_perp_singular_value(self.a, self.contrast, self.classes, self.tau))

    def along(self, lambda_b: float) -> float:
        """s_mu, that of the label mean."""
        return float(_formulas.metric_mean_singular_value(self.w, self.t, lambda_b, self.classes, self.size))

    @property
    def transition(self) -> float | None:
        """lb*, from which the label mean is in; None if it never is."""
        return float(_formulas.affine_threshold(self.w, self.t)) if abs(self.w) > self.t else None

    @property
    def orthogonal(self) -> float | None:
        """The lambda_b at which the frame is orthogonal; None if it never is, or at no finite one."""
        if self.contrast is None or self.across <= 0.0 or self.ahead(math.inf) <= _ROUNDING * self.across:
            return None
        return float(_formulas.metric_orthogonal_lambda_b(
            self.a, self.w, self.contrast, self.classes, self.size, self.tau
        ))

    def ahead(self, lambda_b: float) -> float:
        """s_mu - s_perp, without cancellation."""
        assert self.contrast is not None
        return float(_formulas.metric_singular_value_gap(
            self.a, self.w, self.t, lambda_b, self.contrast, self.classes, self.size
        ))

    def regime(self, lambda_b: float, noise: float = _ROUNDING) -> str:
        """Of balanced codes, from the two singular values, equal ones to within ``noise``."""
        across, along = self.across, self.along(lambda_b)
        if max(across, along) <= 0.0:
            return "collapsed"
        if along <= 0.0:
            return "simplex"
        ahead = self.ahead(lambda_b)
        if abs(ahead) <= noise * self.classes ** 0.5 * self.size:
            return "orthogonal"
        return "intermediate" if ahead < 0.0 else "acute"


def regular_metric(problem: MetricProblem) -> RegularMetric | None:
    """The numbers of a problem with balanced affine one-hot codes, where the mean of the previous features is across
    all that varies among them; else None."""
    affine = problem.encoding.affine
    if affine is None or not problem.counts.balanced or problem.classes < 2:
        return None
    means = extended_means(problem)
    mean = means @ problem.shares
    apart, size = means - mean[:, None], float(np.linalg.norm(mean))
    largest = float(np.linalg.norm(means))
    seen = problem.within @ mean[:-1]
    if size <= EPS * largest or float(np.linalg.norm(mean @ apart)) > _ROUNDING * size * largest or (
        float(np.linalg.norm(seen)) > _ROUNDING * size * max(float(np.linalg.norm(problem.within)), largest**2)
    ):
        return None
    return RegularMetric(
        a=affine.a, w=affine.row_sum, classes=problem.classes, size=size,
        t=float(_formulas.metric_threshold(problem.tau, problem.classes, size)), tau=problem.tau,
        contrast=_contrast(problem, apart[:-1], largest),
    )


def _contrast(problem: MetricProblem, apart: Array, largest: float) -> float | None:
    """The (K-1)-fold singular value, if there is nothing within the classes along the contrasts."""
    k = problem.classes
    gram = apart.T @ apart
    square = float(np.trace(gram)) / (k - 1)
    wanted = square * (np.eye(k) - 1.0 / k)
    if np.abs(gram - wanted).max() > _ROUNDING * largest**2 or square <= EPS * largest**2:
        return None
    if float(np.abs(problem.within @ apart).max(initial=0.0)) > _ROUNDING * largest**3:
        return None
    return math.sqrt(square)

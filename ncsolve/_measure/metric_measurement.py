"""What geometry the last two layers of a network took under plain weight decay, beside the predicted one (T13, T15)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.metric_gap import MetricGapParts, metric_gap_parts
from ncsolve._measure.metric_point import LastLayers, decay_by_direction
from ncsolve._measure.metric_verdict import metric_verdict
from ncsolve._measure.verdict import Verdict
from ncsolve._minimizer.metric_minimizer import MetricMinimizer
from ncsolve._outlets import outlet
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve.checks.arrays import Frozen, array_property
from ncsolve.geometry import NCMetrics, cosine_matrix

__all__ = ["MetricDistances", "MetricMeasurement"]


@dataclass(frozen=True, kw_only=True)
class MetricDistances:
    r"""How far two layers are from the minimum, or can be at most.

    ``outputs`` :math:`\|O - O^*\|_F` over all samples, and ``bias`` :math:`\|b - b^*\|`.  ``gram``,
    :math:`\|D^{1/2} (G - G^*) D^{1/2}\|_F` with the Gram matrices of the class means of h and the counts in D, is None
    in a bound: no theorem gives one here.
    """

    outputs: float
    bias: float | None
    gram: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class MetricMeasurement(Frozen):
    """The last two layers of a network against their global minimum under plain weight decay, for given z.

    ``layers`` holds W, V, c, b and the ``problem`` with the moments of z; ``predicted`` is the minimizer, and
    ``names`` are those of the classes.  ``tolerances`` are those of the verdict: of the gap over the minimum, and of
    the stationarity.

    Source: T13 and T15 of docs/theory.md.

    >>> import numpy as np, ncsolve
    >>> z, labels = np.array([[2.0, 0.0], [2.0, 1.0], [0.0, 2.0], [1.0, 2.0]]), [0, 0, 1, 1]
    >>> statistics = ncsolve.FeatureStatistics(2, 2).update(z, labels)
    >>> problem = statistics.metric_problem(lambda_w=0.02, lambda_v=0.03, lambda_b=0.1)
    >>> best = ncsolve.solve(problem)
    >>> found = ncsolve.measure(statistics, 1.1 * best.W, best.bias, problem, hidden=(best.V, best.c))
    >>> found.verdict.kind, bool(abs(found.gap - (found.loss - best.loss)) < 1e-9)
    ('not finished', True)
    """

    layers: LastLayers
    predicted: MetricMinimizer
    names: tuple[str, ...]
    tolerances: tuple[float, float]

    @property
    def problem(self) -> MetricProblem:
        """The problem, in the convention of the paper."""
        return self.layers.problem

    @property
    def loss(self) -> float:
        """The regularized loss of the network: the objective of the problem."""
        return self.layers.loss_terms.total

    @property
    def minimum(self) -> float:
        """The bound below every loss that the dual of ``predicted`` proves (its ``lower_bound``), within a billionth of
        the minimum, or a millionth where rounding is in the way: above it the gap is a sum of parts that are never
        negative."""
        return self.predicted.lower_bound

    @cached_property
    def parts(self) -> MetricGapParts:
        """The four parts of the gap."""
        return metric_gap_parts(self.predicted.frame, self.layers)

    @property
    def gap(self) -> float:
        """Loss minus minimum: the sum of the parts, in which nothing cancels."""
        return self.parts.total

    @property
    def relative_gap(self) -> float:
        """The gap over the minimum; where that is 0, as of labels that the bias alone fits, over the loss of nothing,
        W = V = c = b = 0."""
        problem, unit = self.problem, self.minimum
        if unit <= 0.0:
            unit = float(problem.shares @ np.sum(problem.encoding.matrix**2, axis=0)) / 2
        if unit <= 0.0:
            return math.inf if self.gap > 0.0 else 0.0
        return self.gap / unit

    @property
    def stationarity(self) -> float:
        """How far W is from stationary, relative to its weight decay."""
        return self.layers.stationarity

    @property
    def hidden_stationarity(self) -> float:
        """How far V and c are from stationary, relative to their weight decay."""
        return self.layers.hidden_stationarity

    @property
    def bias_stationarity(self) -> float:
        """How far b is from stationary, relative to its weight decay; of a free bias the mean residual times the
        length of h over the weight decay of W, and 0 without a bias."""
        return self.layers.bias_stationarity

    @property
    def class_means(self) -> Array:
        """The class means of h (d, K)."""
        return self.layers.class_means

    @array_property
    def gram(self) -> Array:
        """Inner products of the measured class means of h (K, K)."""
        return np.asarray(self.class_means.T @ self.class_means)

    @array_property
    def cosines(self) -> Array:
        """Cosines between the measured class means (K, K); NaN where one is zero."""
        return cosine_matrix(self.gram)

    @property
    def nc(self) -> NCMetrics:
        """NC1 to NC4 of the network's h and W."""
        return self.layers.nc

    @property
    def lambda_h_by_direction(self) -> tuple[float, float] | None:
        r"""The penalty on the features that W implies, along the mean of h and across it.

        :math:`\lambda_W \|W v\|^2 / \|H^T v\|^2` with the unit vector v of the mean, and the same of what is across it;
        None where h has nothing along or across.  Weight decay penalizes no features: the two differ at its minimum,
        which ``predicted_lambda_h_by_direction`` tells.
        """
        return self.layers.by_direction

    @cached_property
    def predicted_lambda_h_by_direction(self) -> tuple[float, float] | None:
        """The same of the minimizer."""
        frame = self.predicted.frame
        return decay_by_direction(self.problem, frame.weights(frame.rank), frame.hidden(frame.rank))

    @cached_property
    def distance(self) -> MetricDistances:
        """The distances from the minimizer."""
        problem, frame, u = self.problem, self.predicted.frame, np.sqrt(self.problem.counts.array)
        seen = (self.layers.product - frame.product)[:, :-1]
        square = problem.shares @ np.sum((self.layers.outputs - frame.outputs) ** 2, axis=0)
        square += np.sum((seen @ problem.within) * seen)
        return MetricDistances(
            outputs=math.sqrt(problem.samples * max(float(square), 0.0)),
            bias=float(np.linalg.norm(self.layers.b - frame.bias)),
            gram=float(np.linalg.norm((self.gram - self.predicted.gram) * np.outer(u, u))),
        )

    @property
    def certificate(self) -> MetricDistances:
        r"""Bounds on the distances from the exact minimum, from the gap alone.

        The objective is convex in A and b, and the fit strongly so in the outputs: with the gap :math:`\epsilon`,
        :math:`\|O - O^*\|_F \le \sqrt{2 N \epsilon}` and :math:`\|b - b^*\| \le \sqrt{2 \epsilon/\lambda_b}`, which
        says nothing (None) of a free bias.
        """
        eps, lb = self.gap, self.problem.lambda_b
        bias = None if lb == 0.0 else 0.0 if math.isinf(lb) else math.sqrt(2 * eps / lb)
        return MetricDistances(outputs=math.sqrt(2 * self.problem.samples * eps), bias=bias, gram=None)

    @cached_property
    def verdict(self) -> Verdict:
        """Collapsed as predicted, not finished, or another model, with the numbers and what to try next."""
        return metric_verdict(self)

    def summary(self, *, convention: str = "paper") -> str:
        """What ``ncsolve measure --previous-features`` prints: the verdict, and measured beside predicted.

        ``convention`` is that of losses and lambdas ("paper", "sum", "torch-mean" or "per-sample-features").  Raises
        UnknownNameError.
        """
        return str(outlet("MetricMeasurement.summary")(self, convention).text(full=False))

    def _repr_html_(self) -> str:
        return str(outlet("MetricMeasurement.summary")(self, "paper").html())

    def to_json(self) -> dict[str, object]:
        """The document of ``--json``, in the convention of the paper (schema ncsolve.last-layers-measurement/1)."""
        found: dict[str, object] = outlet("MetricMeasurement.to_json")(self)
        return found

    def __repr__(self) -> str:
        return f"MetricMeasurement({self.verdict.kind}, loss={self.loss:.9g}, gap={self.gap:.3g}, {self.problem!r})"

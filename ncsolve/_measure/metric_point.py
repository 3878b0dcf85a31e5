"""The last two layers of a network on given previous features: loss, slopes, and how near they are to stationary."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ncsolve._arrays import Array
from ncsolve._models.metric.frame import MetricLossTerms
from ncsolve._models.metric.nc_metrics import nc_of_layers
from ncsolve._models.metric.reduced import extended_means
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve.checks.arrays import Frozen, array_property
from ncsolve.geometry import NCMetrics

__all__ = ["LastLayers", "bias_distance", "decay_by_direction"]

# Directions of the class means that single precision makes of equal ones, over the largest feature's length.
_NOISE = 1e-6
# Codes of mean 0 have no bias but that of rounding and of the last steps of a training: a weight decay of b below this
# share of what balances W is not what its slope is measured by.
_UNSEEN = 0.1
# What rounding leaves of a mean of residuals.
_ROUNDED = 1e-12
# What rounding leaves of a difference of energies.
_NONE = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class LastLayers(Frozen):
    """W (m, d), V (d, p), c (d,) and b (m,) of h = V z + c and the outputs W h + b, with any d.

    What is sent through them are the moments of ``problem``.  ``accuracy`` is the share of the samples that they decide
    as their class, where it was counted, and ``half`` says that features came in half precision.
    """

    problem: MetricProblem
    W: Array
    V: Array
    c: Array
    b: Array
    accuracy: float | None = None
    half: bool = False

    @property
    def dim(self) -> int:
        """d, the dimension of h."""
        return int(self.V.shape[0])

    @array_property
    def hidden(self) -> Array:
        """(V, c/s) (d, p + 1), which multiplies (z; s); the last column is 0 without c."""
        unit = self.problem.hidden_unit
        return np.column_stack((self.V, self.c / unit if unit > 0.0 else self.c))

    @array_property
    def class_means(self) -> Array:
        """The class means of h (d, K)."""
        return np.asarray(self.V @ self.problem.class_means + self.c[:, None])

    @array_property
    def product(self) -> Array:
        """W (V, c/s) (m, p + 1)."""
        return np.asarray(self.W @ self.hidden)

    @array_property
    def outputs(self) -> Array:
        """The outputs of the class means (m, K)."""
        return np.asarray(self.W @ self.class_means + self.b[:, None])

    @cached_property
    def loss_terms(self) -> MetricLossTerms:
        """From the definition, over class means and the covariance within the classes."""
        problem, seen = self.problem, self.product[:, :-1]
        apart = self.outputs - problem.encoding.matrix
        return MetricLossTerms(
            fit=float(problem.shares @ np.sum(apart**2, axis=0) + np.sum((seen @ problem.within) * seen)) / 2,
            head=problem.lambda_w / 2 * float(np.sum(self.W**2)),
            hidden=problem.lambda_v / 2 * float(np.sum(self.hidden**2)),
            bias=0.0 if math.isinf(problem.lambda_b) else problem.lambda_b / 2 * float(self.b @ self.b),
        )

    @cached_property
    def slope(self) -> Array:
        """(Y - O)(z; s)^T / N (m, p + 1), minus the slope of the fit in W (V, c/s)."""
        problem = self.problem
        found = ((problem.encoding.matrix - self.outputs) * problem.shares) @ extended_means(problem).T
        found[:, :-1] -= self.product[:, :-1] @ problem.within
        return np.asarray(found)

    @property
    def stationarity(self) -> float:
        """How far W is from stationary: the slope of the loss in W over that of its weight decay, inf if W = 0."""
        return _relative(self.slope @ self.hidden.T, self.problem.lambda_w * self.W)

    @property
    def hidden_stationarity(self) -> float:
        """The same of V and c together."""
        return _relative(self.W.T @ self.slope, self.problem.lambda_v * self.hidden)

    @property
    def bias_stationarity(self) -> float:
        r"""The same of b: the mean residual less lambda_b b, over lambda_b b; 0 without a bias.

        A free bias has no weight decay: there it is the mean residual over :math:`\lambda_W \|W\|` by the root mean
        square length of h, by which the slope of W is balanced, and a tenth of that is the least that it is measured
        by at any weight decay.
        """
        return bias_distance(self, self.problem.lambda_b)

    @property
    def length(self) -> float:
        """The root mean square length of h."""
        means = self.problem.shares @ np.sum(self.class_means**2, axis=0)
        return math.sqrt(max(float(means + np.sum((self.V @ self.problem.within) * self.V)), 0.0))

    @property
    def mean_residual(self) -> Array:
        """The mean of codes minus outputs (m,), minus the slope of the fit in b."""
        return np.asarray((self.problem.encoding.matrix - self.outputs) @ self.problem.shares)

    @property
    def implied_lambda_b(self) -> float | None:
        """The weight decay at which b is nearest to stationary; None for b = 0."""
        return _implied(self.mean_residual, self.b)

    @property
    def implied_lambda_w(self) -> float | None:
        """The weight decay at which a W in the direction of this one is stationary; None for W = 0."""
        return _implied(self.slope @ self.hidden.T, self.W)

    @property
    def implied_lambda_v(self) -> float | None:
        """The same of V."""
        return _implied((self.W.T @ self.slope)[:, :-1], self.V)

    @property
    def implied_lambda_c(self) -> float | None:
        """The same of c; None without one."""
        return _implied(self.W.T @ self.mean_residual, self.c)

    @cached_property
    def by_direction(self) -> tuple[float, float] | None:
        """lambda_h along the mean of h and across it, as ``decay_by_direction``."""
        return decay_by_direction(self.problem, self.W, self.hidden)

    @cached_property
    def nc(self) -> NCMetrics:
        """NC1 to NC4 of h and W."""
        return nc_of_layers(self.problem, self.W, self.hidden, self.b, noise=_NOISE)


def bias_distance(layers: LastLayers, decay: float) -> float:
    """How far b is from stationary at a weight decay of it, as ``LastLayers.bias_stationarity``; inf for b = 0."""
    if math.isinf(decay):
        return 0.0
    apart = float(np.linalg.norm(layers.mean_residual - decay * layers.b))
    length, nothing = layers.length, _ROUNDED * math.sqrt(2 * layers.loss_terms.fit)
    unit = layers.problem.lambda_w * float(np.linalg.norm(layers.W)) / length if length > 0.0 else 0.0
    least = max(_UNSEEN * unit, nothing)
    if decay == 0.0:
        size = max(unit, nothing)
    elif layers.b.any() or apart <= least:
        size = max(decay * float(np.linalg.norm(layers.b)), least)
    else:
        return math.inf
    return apart / size if size > 0.0 else 0.0


def decay_by_direction(problem: MetricProblem, w: Array, hidden: Array) -> tuple[float, float] | None:
    r"""What penalty on the features W implies, along their mean and across it.

    With the unit vector v of the mean of h it is :math:`\lambda_W \|W v\|^2 / \|H^T v\|^2` along it, and the same of
    what is left across it.  A penalty on the features makes them equal (T2), and weight decay of the layer below does
    not: it is a small penalty where the previous features are large.  None where h has nothing along or across.
    """
    means = hidden @ extended_means(problem)
    mean = means @ problem.shares
    length = float(np.linalg.norm(mean))
    energy = float(problem.shares @ np.sum(means**2, axis=0) + np.sum((hidden[:, :-1] @ problem.within)
                                                                       * hidden[:, :-1]))
    if not length**2 > _NONE * energy:
        return None
    v = mean / length
    seen = v @ hidden[:, :-1]
    along = float(problem.shares @ (v @ means) ** 2 + seen @ problem.within @ seen)
    across = energy - along
    if not min(along, across) > _NONE * energy:
        return None
    head = w @ v
    rest = float(np.sum((w - np.outer(head, v)) ** 2))
    scale = problem.lambda_w / problem.samples
    return scale * float(head @ head) / along, scale * rest / across


def _relative(slope: Array, decay: Array) -> float:
    size, apart = float(np.linalg.norm(decay)), float(np.linalg.norm(decay - slope))
    if size == 0.0:
        return math.inf if apart > 0.0 else 0.0
    return apart / size


def _implied(slope: Array, weights: Array) -> float | None:
    size = float(np.sum(weights**2))
    return None if size == 0.0 else float(np.sum(slope * weights)) / size

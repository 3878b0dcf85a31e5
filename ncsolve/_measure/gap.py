"""How far a network's loss is above the minimum, and the four properties that it is the sum of (T13)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._models.residual import Residual
from ncsolve._problem.ufm import UFM

__all__ = ["GapParts", "Point", "gap_parts", "loss_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Point:
    """A last layer and its features: W (m, d), b (m,), class means (d, K), and what varies within the classes.

    ``energy`` is tr S_W, and ``spread`` what the outputs see of it: how far the fit of all samples is above that of
    their class means, tr W S_W W^T / 2 for MSE.
    """

    W: Array
    b: Array
    means: Array
    energy: float
    spread: float


@dataclass(frozen=True, kw_only=True)
class GapParts:
    r"""The gap of a point as the sum of four parts, each at least 0 and 0 where its property holds.

    With the minimum's outputs :math:`O^*`, bias :math:`b^*` and residual :math:`\Lambda`, and D the Bregman divergence
    of the loss between outputs, :math:`\tfrac12 \|O - O^*\|_F^2` for MSE and
    :math:`\sum_i \mathrm{KL}(p^*_i \| p_i)` of the probabilities for cross-entropy,

    .. math:: F - F^* = \underbrace{\tfrac1N D(W H + b 1^T, O^*)}_{fit}
              + \underbrace{\tfrac{\lambda_b}{2} \|b - b^*\|^2}_{bias}
              + \underbrace{\tfrac{\lambda_W}{2} \|W - \Lambda H^T/\lambda_W\|_F^2}_{dual}
              + \underbrace{\tfrac{1}{2\lambda_W}
                \operatorname{tr} H (\lambda_W \lambda_H I - \Lambda^T \Lambda) H^T}_{feature} .

    ``fit``: the outputs are those of the minimum.  ``bias``: so is the bias.  ``dual``: the head is the dual of the
    features (NC3).  ``feature``: the features have energy only in directions that the minimum keeps, and none within
    the classes; ``within`` is the share of NC1 in it and in ``fit``, the part that only the variation within the
    classes makes.

    Source: T13 and T16 of docs/theory.md.
    """

    fit: float
    bias: float
    dual: float
    feature: float
    within: float

    @property
    def total(self) -> float:
        """The gap."""
        return math.fsum((self.fit, self.bias, self.dual, self.feature))


def loss_of(problem: UFM, point: Point) -> float:
    """The objective at a point, from the class means and the two numbers on what varies within the classes."""
    n, outputs = problem.counts.array, point.W @ point.means + point.b[:, None]
    terms = [
        float(n @ problem.spec.fit.of_columns(outputs, problem.encoding.matrix) + point.spread) / problem.samples,
        problem.lambda_w / 2 * float(np.sum(point.W**2)),
        problem.lambda_h / 2 * (float(n @ np.sum(point.means**2, axis=0)) + point.energy),
    ]
    if math.isfinite(problem.lambda_b):
        terms.append(problem.lambda_b / 2 * float(point.b @ point.b))
    return math.fsum(terms)


def gap_parts(minimum: Residual, point: Point) -> GapParts:
    """The four parts of the gap of a point."""
    problem = minimum.problem
    n, samples, tau = problem.counts.array, problem.samples, problem.tau
    step = point.W @ point.means + point.b[:, None] - minimum.outputs
    weighted = point.means * np.sqrt(n)
    along = weighted @ minimum.right  # (d, r)
    outside = weighted - along @ minimum.right.T
    energies = np.sum(along**2, axis=0)
    left_out = float((tau - minimum.values) * (tau + minimum.values) @ energies) + tau**2 * float(np.sum(outside**2))
    within_feature = problem.lambda_h / 2 * point.energy
    within_fit = point.spread / samples
    pull = (minimum.left * minimum.values) @ along.T
    return GapParts(
        fit=float(n @ problem.spec.fit.divergence(minimum.outputs, step)) / samples + within_fit,
        bias=0.0 if math.isinf(problem.lambda_b) else (
            problem.lambda_b / 2 * float(np.sum((point.b - minimum.bias) ** 2))
        ),
        dual=problem.lambda_w / 2 * float(np.sum((point.W - pull / problem.lambda_w) ** 2)),
        feature=left_out / (2 * problem.lambda_w) + within_feature,
        within=within_fit + within_feature,
    )

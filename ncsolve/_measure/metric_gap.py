"""How far the last two layers are above the minimum under plain weight decay, and what it is the sum of (T13, T15)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve._measure.metric_point import LastLayers
from ncsolve._models.metric.frame import MetricFrame

__all__ = ["MetricGapParts", "metric_gap_parts"]


@dataclass(frozen=True, kw_only=True)
class MetricGapParts:
    r"""The gap of two layers as the sum of four parts, each at least 0 and 0 where its property holds.

    With :math:`\tilde V = (V, c/s)`, :math:`\tilde z = (z; s)`, :math:`s^2 = \lambda_V/\lambda_c`, the minimum's
    outputs :math:`O^*`, its bias :math:`b^*` and :math:`G = (Y - O^*) \tilde Z^T / N`, whose singular values are at
    most :math:`\sqrt{\lambda_W \lambda_V}`,

    .. math:: F - F^* = \underbrace{\tfrac1{2N} \|O - O^*\|_F^2}_{fit}
              + \underbrace{\tfrac{\lambda_b}{2} \|b - b^*\|^2}_{bias}
              + \underbrace{\tfrac{\lambda_W}{2} \|W - G \tilde V^T/\lambda_W\|_F^2}_{dual}
              + \underbrace{\tfrac{1}{2\lambda_W}
                \operatorname{tr} \tilde V (\lambda_W \lambda_V I - G^T G) \tilde V^T}_{feature} .

    ``fit``: the outputs are those of the minimum.  ``bias``: so is the bias.  ``dual``: the head is the dual of the
    layer below.  ``feature``: the layer below sees previous features only in directions that the minimum keeps.

    Source: T13 and T15 of docs/theory.md.
    """

    fit: float
    bias: float
    dual: float
    feature: float

    @property
    def total(self) -> float:
        """The gap."""
        return math.fsum((self.fit, self.bias, self.dual, self.feature))


def metric_gap_parts(frame: MetricFrame, layers: LastLayers) -> MetricGapParts:
    """The four parts of the gap above the bound that a frame proves.

    The slope of the frame meets the condition of the dual, and for what is feasible the identity holds with the value
    of the dual in place of the minimum.  So the parts are never negative, and their sum is the loss less that bound.
    """
    problem = frame.problem
    lw, tau = problem.lambda_w, problem.tau
    step = layers.outputs - frame.outputs
    seen = (layers.product - frame.product)[:, :-1]
    fit = float(problem.shares @ np.sum(step**2, axis=0)) + float(np.sum((seen @ problem.within) * seen))
    slope = frame.slope
    _, values, right = np.linalg.svd(slope, full_matrices=False)
    values = np.minimum(values, tau)
    along = layers.hidden @ right.T
    outside = layers.hidden - along @ right
    left_out = float(((tau - values) * (tau + values)) @ np.sum(along**2, axis=0)) + tau**2 * float(np.sum(outside**2))
    return MetricGapParts(
        fit=max(fit, 0.0) / 2,
        bias=0.0 if math.isinf(problem.lambda_b) else (
            problem.lambda_b / 2 * float(np.sum((layers.b - frame.bias) ** 2))
        ),
        dual=lw / 2 * float(np.sum((layers.W - slope @ layers.hidden.T / lw) ** 2)),
        feature=left_out / (2 * lw),
    )

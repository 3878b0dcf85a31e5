r"""A lower bound on the objective at every W, H, b, from weak duality.

For any l_j in R^m with :math:`\sum_j l_j l_j^T \preceq \lambda_W \lambda_H I`,

.. math:: f(W, H, b) \ge \sum_j \langle l_j, y_j \rangle - \tfrac N2 \sum_j \|l_j\|^2
          - \tfrac{1}{2 \lambda_b} \Big\|\sum_j l_j\Big\|^2

(lambda_b = 0: the l_j must sum to zero; lambda_b = inf: no last term), because then
lambda_W/2 |W|^2 + lambda_H/2 |H|^2 >= <L, W H>, and the rest is 1/(2N)|r|^2 >= <l, r> - N/2 |l|^2.
"""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._samples import Point, Samples

__all__ = ["lower_bound"]


def lower_bound(samples: Samples, point: Point) -> float:
    """The best bound that the residual of a point gives, in floating point: it agrees, it does not prove.

    At a global minimizer it equals the objective.

    >>> import ncsolve, numpy as np
    >>> problem = ncsolve.UFM(encoding=np.eye(2), counts=1, lambda_w=9., lambda_h=1., lambda_b=float("inf"))
    >>> zero = Point(W=np.zeros((2, 2)), H=np.zeros((2, 2)), b=np.zeros(2))
    >>> lower_bound(Samples.of(problem), zero)
    0.5
    """
    residual = samples.targets - point.W @ point.H - point.b[:, None]
    root = np.sqrt(samples.weights)
    duals = residual * root / samples.total
    if samples.lambda_b == 0.0:
        duals = duals - np.outer(duals @ root, root) / samples.total
    linear = float(np.sum(duals * samples.targets * root))
    quadratic = samples.total * float(np.sum(duals * duals))
    if samples.has_bias and samples.lambda_b > 0.0:
        pull = duals @ root
        quadratic += float(pull @ pull) / samples.lambda_b
    largest = float(np.linalg.norm(duals, 2))
    if largest == 0.0 or quadratic == 0.0:
        return 0.0
    # Along the ray s * duals the bound is s linear - s^2 quadratic / 2.
    scale = min(math.sqrt(samples.lambda_w) * math.sqrt(samples.lambda_h) / largest, linear / quadratic)
    return scale * linear - scale * scale * quadratic / 2

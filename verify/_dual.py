r"""A lower bound on the objective at every W, H, b, from weak duality.

For any l_j in R^m with :math:`\sum_j l_j l_j^T \preceq \lambda_W \lambda_H I`

.. math:: \tfrac{\lambda_W}{2} \|W\|_F^2 + \tfrac{\lambda_H}{2} \|H\|_F^2 \ge \sum_j \langle l_j, W h_j \rangle .

MSE: as :math:`\tfrac{1}{2N} |r|^2 \ge \langle l, r \rangle - \tfrac N2 |l|^2`,

.. math:: f(W, H, b) \ge \sum_j \langle l_j, y_j \rangle - \tfrac N2 \sum_j \|l_j\|^2
          - \tfrac{1}{2 \lambda_b} \Big\|\sum_j l_j\Big\|^2

(lambda_b = 0: the l_j must sum to zero; lambda_b = inf: no last term).  Cross-entropy: the loss of an output o is at
least <p - y, o> plus the entropy of p, for any probabilities p (their own softmax makes it equal), so that with
l_j = (y_j - p_j)/N the first two terms become :math:`\tfrac1N \sum_j \mathrm{entropy}(p_j)`.
For H >= 0 negative <l_i, l_j> only help and are left out of the condition.
"""

from __future__ import annotations

import math

import numpy as np
from ncsolve.verify._fit import FITS
from ncsolve.verify._samples import Point, Samples
from ncsolve.verify._types import Array
from scipy.special import entr

__all__ = ["lower_bound"]


def lower_bound(samples: Samples, point: Point) -> float:
    """The best bound that the residual of a point gives, in floating point: it agrees, it does not prove.

    At a global minimizer it equals the objective (for H >= 0: where no two residuals meet at an acute angle).

    >>> import ncsolve, numpy as np
    >>> problem = ncsolve.UFM(encoding=np.eye(2), counts=1, lambda_w=9., lambda_h=1., lambda_b=float("inf"))
    >>> zero = Point(W=np.zeros((2, 2)), H=np.zeros((2, 2)), b=np.zeros(2))
    >>> lower_bound(Samples.of(problem), zero)
    0.5
    """
    return _BOUNDS[samples.loss](samples, point)


def _of_squares(samples: Samples, point: Point) -> float:
    residual = samples.targets - point.W @ point.H - point.b[:, None]
    root = np.sqrt(samples.weights)
    duals = residual * root / samples.total
    lambda_b = samples.counted_lambda_b
    if lambda_b == 0.0:
        duals = duals - np.outer(duals @ root, root) / samples.total
    linear = float(np.sum(duals * samples.targets * root))
    quadratic = samples.total * float(np.sum(duals * duals))
    if samples.has_bias and lambda_b > 0.0:
        pull = duals @ root
        quadratic += float(pull @ pull) / lambda_b
    most = _most(samples, duals)
    if most == math.inf or quadratic == 0.0:
        return 0.0
    # Along the ray s * duals the bound is s linear - s^2 quadratic / 2.
    scale = min(most, linear / quadratic)
    return scale * linear - scale * scale * quadratic / 2


def _of_softmax(samples: Samples, point: Point) -> float:
    """With the b of least cost beside W H: then sum_j l_j = lambda_b b, which for a free bias is zero."""
    outputs, y, share = point.W @ point.H, samples.targets, samples.share
    fit, lambda_b = FITS["cross-entropy"], samples.counted_lambda_b
    bias = fit.best_bias(outputs, y, share, lambda_b)
    _, errors = fit.values_and_slopes(outputs + bias[:, None], y)
    errors = min(1.0, _most(samples, errors * np.sqrt(samples.weights) / samples.total)) * errors
    bound = float(entr(np.maximum(y + errors, 0.0)).sum(axis=0) @ share)
    if samples.has_bias and lambda_b > 0.0:
        bound -= float(np.sum((errors @ share) ** 2)) / (2 * lambda_b)
    return bound


def _most(samples: Samples, duals: Array) -> float:
    """The largest factor with which the duals, columns times the roots of their weights, obey the condition."""
    if samples.nonnegative:
        largest = math.sqrt(float(np.linalg.norm(np.maximum(duals.T @ duals, 0.0), 2)))
    else:
        largest = float(np.linalg.norm(duals, 2))
    return math.sqrt(samples.lambda_w) * math.sqrt(samples.lambda_h) / largest if largest > 0.0 else math.inf


_BOUNDS = {"mse": _of_squares, "cross-entropy": _of_softmax}

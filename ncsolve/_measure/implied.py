"""Which weight decays a last layer implies that was trained to the end, where nobody says them (T14)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve._measure.head import MeasuredHead

__all__ = ["Implied", "implied_by"]


@dataclass(frozen=True, kw_only=True)
class Implied:
    r"""The lambdas at which a head is nearest to stationary, and how near that is.

    .. math:: \hat\lambda_W = -\langle R H^T, W \rangle / (N \|W\|^2), \qquad
              \hat\lambda_b = -\langle R 1, b \rangle / (N \|b\|^2), \qquad
              \hat\lambda_H = \hat\lambda_W \|W\|^2 / \|H\|^2

    ``lambda_b`` is inf for a head without a bias.  ``along_mean`` and ``across_mean`` are lambda_H along the mean of
    the features and across it.  What is not determined is None: a negative decay is none.

    Source: T14 of docs/theory.md.
    """

    lambda_w: float | None
    lambda_h: float | None
    lambda_b: float | None
    along_mean: float | None
    across_mean: float | None
    stationarity: float | None


def implied_by(head: MeasuredHead) -> Implied:
    """What a head implies, whatever lambdas its problem has."""
    w, b = head.implied_lambda_w, head.implied_lambda_b
    if not head.b.any():
        b = math.inf
    if b is not None and b < 0.0:
        b = None
    if w is None or w <= 0.0:
        return Implied(lambda_w=None, lambda_h=None, lambda_b=b, along_mean=None, across_mean=None, stationarity=None)
    scale = w / head.problem.lambda_w
    balance, directions = head.balance, head.by_direction
    along, across = (None, None) if directions is None else (scale * directions[0], scale * directions[1])
    return Implied(
        lambda_w=w, lambda_h=None if balance is None else scale * balance, lambda_b=b, along_mean=along,
        across_mean=across,
        stationarity=float(np.linalg.norm(head.slope + w * head.W)) / (w * float(np.linalg.norm(head.W))),
    )

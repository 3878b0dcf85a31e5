r"""The duality gap of any A (T15).

With the best bias, :math:`r = \tfrac1N \|Y - A Z - b 1^T\|_F^2 + \lambda_b \|b\|^2` and :math:`G = B - A C`, every
:math:`0 \le \theta \le \min(1, \tau / \|G\|_2)` bounds the minimum from below, so that
:math:`F(A) - F^* \le \tfrac r2 (1 - \theta)^2 + \tau \|A\|_* - \theta \langle G, A \rangle`.
"""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import Array

__all__ = ["duality_gap", "shrunk"]


def shrunk(slope: Array, tau: float) -> float:
    """The largest theta for which theta G meets the condition of the dual."""
    size = float(np.linalg.norm(slope, 2)) if slope.size else 0.0
    return 1.0 if size <= tau else tau / size


def duality_gap(square: float, slope: Array, product: float, nuclear: float, tau: float) -> float:
    """Of r = ``square``, G = ``slope``, <G, A> = ``product`` and the ``nuclear`` norm of A."""
    theta = shrunk(slope, tau)
    return square / 2 * (1.0 - theta) ** 2 + tau * nuclear - theta * product

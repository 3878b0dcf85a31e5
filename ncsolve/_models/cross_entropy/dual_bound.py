"""A lower bound of the cross-entropy problem from any probabilities, by weak duality (T16).

With residuals r_k = p_k - e_k, G = [sqrt(n_k) r_k]/N and g = sum n_k r_k / N, no point has a loss below

    sum n_k H(p_k) / N - ||g||^2 / (2 lambda_b)                  if ||G||_2 <= tau

(H the entropy; g = 0 needed at lambda_b = 0; no last term at inf).  Probabilities that miss the conditions are moved
until they meet them, so that what a solver of limited accuracy returned is never trusted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._frames.columns import Columns
from ncsolve._frames.softmax_fit import entropies

__all__ = ["Dual", "best_bound"]

_FREE = 1e-8


@dataclass(frozen=True, kw_only=True, eq=False)
class Dual:
    """Residuals p_k - e_k (by cells) that meet the conditions up to rounding, and the bound that they give."""

    residual: Array
    bound: float


def best_bound(columns: Columns, residual: Array, tau: float, lambda_b: float, bias: Array | None) -> Dual:
    """The better one of the bounds of residuals (C, K) as they are, and centred as a bias (m,) per output demands."""
    tries = [(residual, lambda_b)] if lambda_b > 0.0 else []
    if lambda_b < _FREE:  # no minimum is below that of a free bias, whose bound divides no rounding by lambda_b
        tries.append((_centred(columns, residual, np.zeros_like(columns.alike)), 0.0))
    if 0.0 < lambda_b < math.inf and bias is not None and np.all(lambda_b * bias <= columns.label_mean):
        tries.append((_centred(columns, residual, lambda_b * bias), lambda_b))
    return max((_feasible(columns, each, tau, decay) for each, decay in tries), key=lambda dual: dual.bound)


def _centred(columns: Columns, residual: Array, pull: Array) -> Array:
    """Residuals with a mean of -``pull`` (m,): what is too much of an output goes where there is too little."""
    weights = columns.samples / (columns.total * columns.alike[:, None])
    chances = columns.codes + residual
    excess = np.sum(columns.fold(residual) * weights, axis=1) + pull
    mean = np.sum(columns.fold(chances) * weights, axis=1)
    share = np.divide(np.maximum(excess, 0.0), mean, out=np.zeros_like(mean), where=mean > 0.0)
    lacking = np.maximum(-excess, 0.0)
    room = float(columns.alike @ lacking)
    if room <= 0.0:
        return residual
    taken = columns.spread(np.minimum(share, 1.0)[:, None]) * chances
    given = columns.spread((lacking / room)[:, None]) * columns.outputs
    return np.asarray(residual - taken + np.sum(taken, axis=0) * given)


def _feasible(columns: Columns, residual: Array, tau: float, lambda_b: float) -> Dual:
    norm = columns.norm(residual) / columns.total
    if norm > tau:
        residual = tau / norm * (1 - 4 * EPS) * residual
    bound = float(columns.samples @ entropies(columns, residual)) / columns.total
    if 0.0 < lambda_b < math.inf:
        pull = columns.fold(residual) @ columns.samples / columns.total
        bound -= float(np.sum(pull**2 / columns.alike)) / (2 * lambda_b)
    return Dual(residual=residual, bound=bound)

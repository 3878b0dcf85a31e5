"""The minimum of the problem of a trained network: a bound by weak duality, and the solver's prediction of the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ncsolve.verify._dual import lower_bound
from ncsolve.verify._networks import NetworkRun
from ncsolve.verify._samples import Point, Samples
from ncsolve.verify._types import Array
from scipy.special import entr

import ncsolve

__all__ = ["Minimum", "minimum_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Minimum:
    """``bound`` by weak duality below every loss; ``gram`` (K, K), ``outputs`` (m, K) of the class means and ``bias``
    (m,) of the solver's point, with ``within`` of tr (A S_W A^T)/N of two layers.

    ``loss`` is the solver's, ``known`` whether that is the global minimum, ``unique`` whether a theorem or convexity
    says so of the Gram matrix.  ``floor`` is what no fit is below, ``unit`` what gaps are relative to.
    """

    loss: float
    bound: float
    floor: float
    unit: float
    known: bool
    unique: bool
    gram: Array
    outputs: Array
    bias: Array
    within: float = 0.0


def minimum_of(run: NetworkRun) -> Minimum:
    """The minimum of the problem of a run."""
    problem = run.solvable()
    if isinstance(problem, ncsolve.MetricProblem):
        return _of_layers(run, ncsolve.solve(problem))
    found = ncsolve.solve(problem)
    at = Point(W=found.W, H=found.class_means, b=found.bias)
    bound = lower_bound(Samples.of(problem, merged=True), at)
    share = run.counts / run.counts.sum()
    if problem.loss == "mse":
        floor, nothing = 0.0, float(np.sum(run.codes**2, axis=0) @ share) / 2
    else:
        floor, nothing = float(entr(run.codes).sum(axis=0) @ share), math.log(run.codes.shape[0])
    least = bound - floor
    return Minimum(
        loss=found.loss, bound=bound, floor=floor, unit=least if least > 1e-14 * floor else nothing - floor,
        known=found.guarantee == "global", unique=_unique(run), gram=found.gram,
        outputs=found.W @ found.class_means + found.bias[:, None], bias=found.bias,
    )


def _unique(run: NetworkRun) -> bool:
    """Linear features are unique but for rotation; H >= 0 where b is decayed or absent, or codes and counts regular."""
    if run.problem["features"] == "linear" or run.decay("lambda_b") > 0.0:
        return True
    return bool(np.ptp(run.counts) == 0.0 and np.array_equal(run.codes, np.eye(run.counts.size)))


def _of_layers(run: NetworkRun, found: ncsolve.MetricMinimizer) -> Minimum:
    weights = found.A.copy()  # (m, p + 1), of (z; 1), with the bias of the hidden layer
    means = run.moments[1].T * (run.counts.sum() / run.counts)  # of (z; 1), (p + 1, K)
    outputs = weights @ means + found.bias[:, None]
    bound = layers_bound(run, np.column_stack((weights[:, :-1], weights[:, -1] + found.bias)))
    share = run.counts / run.counts.sum()
    square = float(np.sum(weights @ run.moments[0] * weights) - np.sum((weights @ means) ** 2, axis=0) @ share)
    nothing = float(np.sum(run.codes**2, axis=0) @ share) / 2
    return Minimum(
        loss=found.loss, bound=bound, floor=0.0, unit=bound if bound > 0.0 else nothing, known=True, unique=True,
        gram=found.gram, outputs=outputs, bias=found.bias, within=max(square, 0.0),
    )


def layers_bound(run: NetworkRun, product: Array) -> float:
    r"""Weak duality for two layers, from moments, at outputs P (z; 1) with ``product`` P (m, p + 1).

    With :math:`R = Y - P (Z; 1)` and any factor x for which :math:`x \|R \tilde Z^T\|_2/N \le \sqrt{\lambda_W
    \lambda_V}`, :math:`\tilde z = (z; s)`, :math:`s^2 = \lambda_V/\lambda_c`, no loss is below
    :math:`\tfrac xN \langle R, Y \rangle - \tfrac{x^2}{2N} \|R\|^2 - \tfrac{x^2}{2 \lambda_b} \|R 1/N\|^2`; a free bias
    wants R 1 = 0, and without one there is no last term.
    """
    second, cross = run.moments
    moved, decay = run.codes @ cross, run.decay("lambda_b")
    if decay == 0.0:
        product = product.copy()
        product[:, -1] += (moved - product @ second)[:, -1]
    slope = moved - product @ second  # R (Z; 1)^T/N
    square = float(np.sum(run.codes**2, axis=0) @ run.counts / run.counts.sum())
    linear = square - float(np.sum(product * moved))
    quadratic = linear - float(np.sum(product * slope))
    if 0.0 < decay < math.inf:
        quadratic += float(np.sum(slope[:, -1] ** 2)) / decay
    lv, lc = run.decay("lambda_v"), run.decay("lambda_c")
    reach = np.column_stack((slope[:, :-1], math.sqrt(lv / lc) * slope[:, -1]))
    most = math.sqrt(run.decay("lambda_w") * lv) / max(float(np.linalg.norm(reach, 2)), 1e-300)
    x = min(most, linear / quadratic) if quadratic > 0.0 else 0.0
    return x * linear - x * x * quadratic / 2

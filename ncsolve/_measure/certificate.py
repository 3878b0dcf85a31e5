"""What a gap proves of a network: how far its geometry can be from that of the minimum (T13, T16)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import EPS
from ncsolve._measure.gap import GapParts, Point
from ncsolve._models.residual import Residual
from ncsolve._problem.losses import softmax
from ncsolve._problem.ufm import weighted_codes

__all__ = ["Distances", "certified", "certified_softmax", "gram_bound"]


@dataclass(frozen=True, kw_only=True)
class Distances:
    r"""How far a network is from the minimum, or can be at most.

    ``gram`` :math:`\|D^{1/2} (G - G^*) D^{1/2}\|_F` with the Gram matrices of the class means and the counts in D,
    ``outputs`` :math:`\|O - O^*\|_F` over all samples, ``bias`` :math:`\|b - b^*\|` and ``within``
    :math:`\|H - \bar H\|_F`.  Under cross-entropy there are ``probabilities``, :math:`\|P - P^*\|_F` over all samples,
    in place of outputs: softmax hardly tells large ones apart.
    """

    gram: float
    outputs: float | None
    bias: float
    within: float
    probabilities: float | None = None


def certified(minimum: Residual, point: Point, parts: GapParts) -> Distances:
    """Bounds on the distances of a point from its gap.  Holds for MSE and linear features.

    Source: T13 of docs/theory.md.
    """
    problem, eps = minimum.problem, max(parts.total, 0.0)
    lb, lh, samples = problem.lambda_b, problem.lambda_h, problem.samples
    if lb == 0.0:
        size = float(np.linalg.norm(point.W, 2))
        bias = math.sqrt(2 * eps) + size * math.sqrt(2 * eps / (lh * samples))
    else:
        bias = 0.0 if math.isinf(lb) else math.sqrt(2 * eps / lb)
    return Distances(
        # The Gram matrix is that of the class means, whose gap is less by what varies within the classes.
        gram=gram_bound(minimum, point, max(eps - parts.within, 0.0)), outputs=math.sqrt(2 * samples * eps), bias=bias,
        within=math.sqrt(2 * eps / lh),
    )


def certified_softmax(minimum: Residual, point: Point, parts: GapParts) -> Distances:
    r"""Bounds on the distances of a point from its gap under cross-entropy, for linear features.

    By Pinsker's inequality, and as the entries of :math:`p - p^*` sum to zero,
    :math:`\|p - p^*\|^2 \le \tfrac12 \|p - p^*\|_1^2 \le \mathrm{KL}(p^* \| p)`, so that
    :math:`\|P - P^*\|_F^2 \le N \min(\epsilon, 2)`.  A free bias is compared but for a constant, which softmax does not
    see.

    Source: T16 of docs/theory.md (the gap of a network, and its certificate); Pinsker's inequality.
    """
    problem, eps = minimum.problem, max(parts.total, 0.0)
    lb, means = problem.lambda_b, max(eps - parts.within, 0.0)
    outputs = _softmax_outputs(minimum, means)
    if math.isinf(outputs) and lb == 0.0:
        bias = math.inf
    elif lb == 0.0:
        size = float(np.linalg.norm(point.W, 2))
        bias = math.sqrt(outputs * means) + size * math.sqrt(2 * means / (problem.lambda_h * problem.samples))
    else:
        bias = 0.0 if math.isinf(lb) else math.sqrt(2 * eps / lb)
    return Distances(
        gram=gram_bound(minimum, point, means, outputs=outputs), outputs=None, bias=bias,
        within=math.sqrt(2 * eps / problem.lambda_h),
        probabilities=math.sqrt(problem.samples * min(eps, 2.0)),  # no two vectors of probabilities are further apart
    )


def _softmax_outputs(minimum: Residual, eps: float) -> float:
    r"""The largest :math:`(2 + R)/p_{min}` of a class: N eps times this bounds the outputs of the class means, squared,
    but for what all outputs of a sample have in common."""
    least, counts = softmax(minimum.outputs).min(axis=0), minimum.problem.counts.array
    if not least.min() > 0.0:  # too small for a float
        return math.inf
    with np.errstate(over="ignore"):  # of probabilities that are nearly so
        spread = _formulas.cross_entropy_spread(minimum.problem.samples * eps / counts / least)
        return float(np.max((2 + spread) / least))


def gram_bound(
    minimum: Residual, point: Point, eps: float, *, outputs: float = 2.0, directions: int | None = None
) -> float:
    r"""The bound on :math:`\|D^{1/2} (G - G^*) D^{1/2}\|_F` at a gap ``eps``.

    With the singular values :math:`s_1 \ge \dots \ge s_K` of :math:`\Lambda_w`, its first j right singular vectors
    :math:`V_j`, and :math:`X = \|\bar H D^{1/2}\|_2^2`, the least over all j that hold the active directions of
    :math:`\sqrt{p_j^2 + 2 X Y_j + Y_j^2}` with

    .. math:: p_j = \tfrac{\lambda_W}{s_j} \sqrt{\epsilon}\,
              \sqrt{2N + 2 \|V_j^T u\|^2/\lambda_b + 2X/\lambda_W}, \qquad
              Y_j = \frac{2 \epsilon \lambda_W}{\tau^2 - s_{j+1}^2}, \quad Y_K = 0 .

    ``outputs`` N eps bounds the squared distance of the outputs, and stands for the 2 N of MSE.
    ``directions`` asks for one j only.  At lambda_b = 0 a j counts only where :math:`V_j^T u = 0`.
    """
    problem = minimum.problem
    lw, lb, tau, classes = problem.lambda_w, problem.lambda_b, problem.tau, problem.classes
    _, u = weighted_codes(problem)
    x = float(np.linalg.norm(point.means * u, 2)) ** 2
    values = np.concatenate((minimum.values, np.zeros(classes - minimum.values.size)))
    real = values > EPS * classes * tau
    met = np.concatenate(([0.0], np.cumsum((minimum.right.T @ u) ** 2)))
    best = math.inf
    for j in range(minimum.active, int(real.sum()) + 1) if directions is None else (directions,):
        bias = 0.0
        if lb == 0.0 and met[j] > 1e-20 * problem.samples:  # rounding of V_j, squared
            continue
        if 0.0 < lb < math.inf:
            bias = 2 * float(met[j]) / lb
        p = 0.0
        if j:
            p = lw / float(values[j - 1]) * math.sqrt(eps * (outputs * problem.samples + bias + 2 * x / lw))
        y = 0.0
        if j < classes:
            room = (tau - float(values[j])) * (tau + float(values[j]))
            if room <= 0.0:
                continue
            y = 2 * eps * lw / room
        best = min(best, math.sqrt(p**2 + 2 * x * y + y**2))
    return best

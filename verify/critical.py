"""Stationarity, balancedness and second order at any point, and the way down from a saddle."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ncsolve.verify._definition import Definition, Parts, fit_size
from ncsolve.verify._eigen import symmetric_eigen
from ncsolve.verify._fit import FITS
from ncsolve.verify._samples import Point, Samples, check_one_layer
from ncsolve.verify.descent import Run, descend

from ncsolve import UFM, NCSolveError
from ncsolve.checks.arguments import check_kind, check_real, check_whole

__all__ = ["CriticalPoint", "confined_critical_point", "examine", "leave", "zero_point"]

# A dense Hessian of this size takes about a second to decompose.
_MAX_PARAMETERS = 2000
_COLLAPSED = 1e-6
_ROUNDING = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class CriticalPoint:
    """A point and its derivatives, all from the definition.

    ``gradient``, of W, H or b, is relative to the terms that cancel in it (at least the label mean, or a millionth of
    the labels); ``balance`` is ``|lw W^T W - lh H H^T|`` over the size of either (at least a millionth of the loss);
    ``curvature`` is the least eigenvalue of the Hessian over the largest, ``escape`` the direction in which it is taken
    (both None where the Hessian is too large to form).
    """

    point: Point
    loss: float
    gradient: float
    balance: float
    curvature: float | None
    escape: Point | None


def examine(problem: UFM, point: Point, *, merged: bool = False) -> CriticalPoint:
    """Measure a point W (m, d), H (d, N) or, ``merged``, (d, K), and b (m,).

    Raises NCSolveError for arrays of other shapes, OpenProblemError for a deep head and for ReLU features.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(2), counts=2,
    ...                       lambda_w=0.1, lambda_h=0.1, lambda_b=1.0)
    >>> zero = examine(problem, zero_point(problem))
    >>> zero.gradient, zero.curvature < -0.01
    (0.0, True)
    """
    check_one_layer(problem, "second order")
    check_kind("the point", point, Point, "such as zero_point(problem)")
    samples = Samples.of(problem, dim=point.W.shape[1], merged=merged)
    expected = ((samples.code_length, samples.dim), (samples.dim, samples.columns), (samples.code_length,))
    if (point.W.shape, point.H.shape, point.b.shape) != expected:
        raise NCSolveError(
            f"W, H and b must have shapes {expected[0]}, {expected[1]} and {expected[2]}; "
            f"got {point.W.shape}, {point.H.shape} and {point.b.shape}"
        )
    f = Definition(samples)
    x = f.vector(point)
    loss = f.value(x)
    # Where all terms are rounding (collapsed features, labels of mean zero) the labels themselves are the measure.
    mean = float(np.linalg.norm(samples.targets @ samples.weights)) / samples.total
    least = max(mean / math.sqrt(1.0 + samples.lambda_b), _COLLAPSED * fit_size(samples))
    gradient = f.stationarity(Parts(point.H, (point.W,), point.b), least=least)
    curvature: float | None = None
    escape: Point | None = None
    if f.size <= _MAX_PARAMETERS:
        values, vectors = symmetric_eigen(f.hessian(x))
        curvature = float(values[0] / np.abs(values).max())
        escape = f.point(vectors[:, 0])
    return CriticalPoint(
        point=point, loss=loss, gradient=gradient, balance=_balance(samples, point, loss),
        curvature=curvature, escape=escape,
    )


def _balance(samples: Samples, point: Point, loss: float) -> float:
    weights = samples.lambda_w * point.W.T @ point.W
    features = samples.lambda_h * (point.H * samples.weights) @ point.H.T
    # Both are shares of the loss: next to it a collapsed W and H are zero, and not out of balance.
    size = max(float(np.linalg.norm(weights)), float(np.linalg.norm(features)), _COLLAPSED * loss)
    return float(np.linalg.norm(weights - features)) / size if size > 0 else 0.0


def zero_point(problem: UFM, *, dim: int | None = None) -> Point:
    """The critical point W = 0, H = 0, where b fits best: for MSE the label mean over 1 + lambda_b, and under
    cross-entropy a b whose softmax is the label mean less lambda_b b."""
    check_one_layer(problem, "the critical point at zero")
    samples = Samples.of(problem, dim=dim)
    outputs = np.zeros_like(samples.targets)
    return Point(
        W=np.zeros((samples.code_length, samples.dim)),
        H=np.zeros((samples.dim, samples.columns)),
        b=FITS[samples.loss].best_bias(outputs, samples.targets, samples.share, samples.lambda_b),
    )


def confined_critical_point(problem: UFM, *, rank: int, seed: int = 0) -> Point:
    """A critical point of the full problem whose features fill only ``rank`` dimensions.

    Rows of H and columns of W that are zero have zero gradients, so a minimizer in ``rank`` dimensions, padded with
    zeros, is critical in d dimensions.  Below the rank of the minimizer it is not a global one.
    """
    check_one_layer(problem, "a confined critical point")
    rank = check_whole("rank", rank, most=problem.feature_dim)
    run = descend(problem, method="newton", seed=seed, dim=rank, tolerance=1e-11, trace=False, progress=False)
    pad = problem.feature_dim - rank
    return Point(W=np.pad(run.point.W, ((0, 0), (0, pad))), H=np.pad(run.point.H, ((0, pad), (0, 0))), b=run.point.b)


def leave(problem: UFM, critical: CriticalPoint, *, length: float = 1e-2, seed: int = 0) -> Run:
    """Descend from a step of ``length`` along the escape direction, and a random hundredth of it in all directions.

    Without the random part descent would stay in the subspace that the critical point and the escape direction
    span, and could end at the next saddle.  Raises NCSolveError where there is no escape direction.
    """
    check_kind("the critical point", critical, CriticalPoint, "make one with examine(...)")
    check_real("length", length, 0.0)
    if critical.escape is None or critical.curvature is None or critical.curvature >= -_ROUNDING:
        raise NCSolveError(f"there is no direction of negative curvature here; the least is {critical.curvature}")
    rng = np.random.default_rng(seed)
    here, way = critical.point, critical.escape
    start = Point(
        W=here.W + length * (way.W + 1e-2 * rng.standard_normal(way.W.shape)),
        H=here.H + length * (way.H + 1e-2 * rng.standard_normal(way.H.shape)),
        b=here.b + length * way.b,
    )
    return descend(
        problem, method="newton", dim=start.W.shape[1], tolerance=1e-11, start=start, trace=False, progress=False
    )

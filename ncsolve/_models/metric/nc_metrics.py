"""The NC metrics of the last two layers: with given previous features there is variation within the classes."""

from __future__ import annotations

import numpy as np

from ncsolve._arrays import Array
from ncsolve._metrics.decision_boundaries import boundary_mismatch
from ncsolve._metrics.four_properties import NCMetrics
from ncsolve._metrics.frames import frame_distances, self_duality_error
from ncsolve._models.metric.frame import MetricFrame
from ncsolve._models.metric.reduced import extended_means
from ncsolve._problem.metric_problem import MetricProblem

__all__ = ["metric_nc", "nc_of_layers"]

# Directions in which the class means of h differ by less, over the longest, are rounding.
_NOISE = 1e-12


def metric_nc(frame: MetricFrame) -> NCMetrics:
    """NC1 to NC4; None where all class means are zero, NC1 where they coincide."""
    return nc_of_layers(
        frame.problem, frame.weights(frame.rank), frame.hidden(frame.rank), frame.bias, noise=_NOISE
    )


def nc_of_layers(problem: MetricProblem, weights: Array, hidden: Array, bias: Array, *, noise: float) -> NCMetrics:
    """The same of any W (m, d), (V, c/s) (d, p + 1) and b (m,); ``noise`` of the longest class mean is rounding."""
    means, codes = hidden @ extended_means(problem), problem.encoding.matrix
    if not means.any():
        return NCMetrics(nc1=None, nc2_simplex=None, nc2_orthogonal=None, nc3=None, nc4=None)
    given = weights.T if problem.encoding.affine is not None else weights.T @ (codes - bias[:, None])
    simplex, orthogonal = frame_distances(means.T @ means)
    worst = boundary_mismatch(means, weights.T @ codes, problem.spec.fit.offsets(codes, bias))
    return NCMetrics(
        nc1=_within_over_between(problem, hidden[:, :-1], means, noise), nc2_simplex=simplex,
        nc2_orthogonal=orthogonal, nc3=self_duality_error(given, means), nc4=None if worst is None else worst[0],
        nc4_classes=None if worst is None else worst[1],
    )


def _within_over_between(problem: MetricProblem, hidden: Array, means: Array, noise: float) -> float | None:
    """tr(Sigma_W Sigma_B^+)/K, as ``metrics.nc1`` has it."""
    basis, sizes, _ = np.linalg.svd(means - means.mean(axis=1, keepdims=True), full_matrices=False)
    real = sizes > noise * float(np.sqrt(np.sum(means**2, axis=0).max()))
    if not real.any():
        return None
    kept = basis[:, real] / sizes[real]
    return float(np.sum((hidden @ problem.within @ hidden.T @ kept) * kept))

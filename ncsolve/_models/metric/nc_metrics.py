"""The NC metrics of the last two layers: with given previous features there is variation within the classes."""

from __future__ import annotations

import numpy as np

from ncsolve._metrics.decision_boundaries import boundary_mismatch
from ncsolve._metrics.four_properties import NCMetrics
from ncsolve._metrics.frames import frame_distances, self_duality_error
from ncsolve._models.metric.frame import MetricFrame

__all__ = ["metric_nc"]

# Directions in which the class means of h differ by less, over the longest, are rounding.
_NOISE = 1e-12


def metric_nc(frame: MetricFrame) -> NCMetrics:
    """NC1 to NC4; None where all class means are zero, NC1 where they coincide."""
    if frame.rank == 0:
        return NCMetrics(nc1=None, nc2_simplex=None, nc2_orthogonal=None, nc3=None, nc4=None)
    problem, means, weights = frame.problem, frame.means, frame.weights(frame.rank)
    codes, bias = problem.encoding.matrix, frame.bias
    given = weights.T if problem.encoding.affine is not None else weights.T @ (codes - bias[:, None])
    simplex, orthogonal = frame_distances(means.T @ means)
    worst = boundary_mismatch(means, weights.T @ codes, problem.spec.fit.offsets(codes, bias))
    return NCMetrics(
        nc1=_within_over_between(frame), nc2_simplex=simplex, nc2_orthogonal=orthogonal,
        nc3=self_duality_error(given, means), nc4=None if worst is None else worst[0],
        nc4_classes=None if worst is None else worst[1],
    )


def _within_over_between(frame: MetricFrame) -> float | None:
    """tr(Sigma_W Sigma_B^+)/K, as ``metrics.nc1`` has it."""
    hidden = frame.hidden(frame.rank)[:, :-1]
    basis, sizes, _ = np.linalg.svd(frame.means - frame.means.mean(axis=1, keepdims=True), full_matrices=False)
    real = sizes > _NOISE * float(np.sqrt(np.sum(frame.means**2, axis=0).max()))
    if not real.any():
        return None
    kept = basis[:, real] / sizes[real]
    return float(np.sum((hidden @ frame.problem.within @ hidden.T @ kept) * kept))

"""What is written down while a run goes on, so that collapse can be watched."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ncsolve.verify import metrics
from ncsolve.verify._definition import Definition
from ncsolve.verify._samples import Point, class_means
from ncsolve.verify._types import Array

from ncsolve.checks.arrays import Frozen

__all__ = ["Recorder", "Snapshot", "Trajectory"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot(Frozen):
    """One step of a run: loss, gradient norm, cosines between class means, bias, and NC1-NC3 (None: undefined)."""

    step: int
    loss: float
    gradient_norm: float
    cosine_min: float | None
    cosine_max: float | None
    cosine_mean: float | None
    bias: Array
    nc1: float | None
    nc2_simplex: float | None
    nc2_orthogonal: float | None
    nc3: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Trajectory(Frozen):
    """Snapshots at the first steps, then ever more sparsely, and at the last step.

    ``column("loss")`` is one quantity over all snapshots, NaN where it is undefined.
    """

    snapshots: tuple[Snapshot, ...]

    def column(self, name: str) -> Array:
        """One quantity of all snapshots (T,), or (T, m) for the bias.  Raises AttributeError for other names."""
        return np.array([getattr(snapshot, name) for snapshot in self.snapshots], dtype=np.float64)

    def __len__(self) -> int:
        return len(self.snapshots)


class Recorder:
    """Takes snapshots at steps 0, 1, 2, ... that grow by a tenth; ``sparse`` takes only the last one."""

    def __init__(self, f: Definition, *, sparse: bool) -> None:
        self._f = f
        self._sparse = sparse
        self._next = 0
        self._taken: list[Snapshot] = []

    def due(self, step: int) -> bool:
        """Whether a snapshot is wanted at this step."""
        return not self._sparse and step >= self._next

    def take(self, step: int, x: Array, loss: float, gradient_norm: float) -> None:
        """Take a snapshot."""
        point = self._f.point(x)
        self._taken.append(_snapshot(self._f, point, step, loss, gradient_norm))
        self._next = max(step + 1, math.ceil(1.1 * step))

    def finish(self, step: int, x: Array, loss: float, gradient_norm: float) -> Trajectory:
        """Take the last snapshot, once, and return all."""
        if not self._taken or self._taken[-1].step != step:
            self.take(step, x, loss, gradient_norm)
        return Trajectory(snapshots=tuple(self._taken))


def _snapshot(f: Definition, point: Point, step: int, loss: float, gradient_norm: float) -> Snapshot:
    samples = f.samples
    # A run that diverges ends in points that have no geometry.
    real = math.isfinite(loss)
    means = class_means(samples, point.H)
    cosines = metrics.cosines(class_means=means) if real else None
    return Snapshot(
        step=step,
        loss=loss,
        gradient_norm=gradient_norm,
        cosine_min=None if cosines is None else float(cosines.min()),
        cosine_max=None if cosines is None else float(cosines.max()),
        cosine_mean=None if cosines is None else float(cosines.mean()),
        bias=point.b.copy(),
        nc1=metrics.within_class_variation(point.H, samples.labels, samples.classes) if real else None,
        nc2_simplex=metrics.simplex_distance(class_means=means) if real else None,
        nc2_orthogonal=metrics.orthogonal_distance(class_means=means) if real else None,
        nc3=metrics.self_duality(metrics.class_vectors(point.W, point.b, samples.codes), means) if real else None,
    )

"""A fixed frame for the class means, so that they move smoothly, and the three axes on which they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._minimizer.minimizer import Minimizer

__all__ = ["Axes", "choose_axes", "fixed_frame"]

# Directions in which a classifier or a Gram matrix is rounding have no orientation.
_NOISE = 1e-12


def fixed_frame(minimizer: Minimizer) -> Array:
    """The class means (min(m, K), K) of the one minimizer, among all its rotations, that is drawn.

    For m <= K it is the one whose classifier W is symmetric and positive semidefinite, so that features and labels
    share their axes; for longer codes the class means are the symmetric square root of their Gram matrix.  Both
    are continuous in the problem's parameters.
    """
    if minimizer.problem.code_length <= minimizer.problem.classes:
        left, sizes, right = np.linalg.svd(minimizer.W, full_matrices=False)
        kept = sizes > _NOISE * max(sizes[0], np.finfo(float).tiny)
        return np.asarray(left[:, kept] @ (right[kept] @ minimizer.class_means))
    squares, vectors = np.linalg.eigh(minimizer.gram)
    return np.asarray((vectors * np.sqrt(np.maximum(squares, 0.0))) @ vectors.T)


@dataclass(frozen=True, kw_only=True, eq=False)
class Axes:
    """Orthonormal axes (p, 3), the third of which is drawn upwards: ``mean`` has the leading principal axes across the
    direction of the mean, and then that direction; ``principal`` has the leading principal axes.  The two are equal
    where p <= 3 (``exact``).

    Columns of zeros fill up where there are fewer than three directions.
    """

    mean: Array
    principal: Array
    exact: bool

    def views(self, count: int) -> list[Array]:
        """The first ``count`` of the two sets of axes."""
        return [self.mean, self.principal][:count]


def choose_axes(clouds: Sequence[Array], counts: Array) -> Axes:
    """The axes for clouds of K points (p, K), the same axes for all clouds.

    Every cloud has the same weight.  In its second moment about the origin every class counts once, so that a rare
    class is not drawn end on; in its mean a class counts as often as it has samples.
    """
    p = clouds[0].shape[0]
    moment, mean = np.zeros((p, p)), np.zeros(p)
    for cloud in clouds:
        size = float(np.sum(cloud * cloud))
        if size > 0.0:
            moment += cloud @ cloud.T / size
            mean += cloud @ counts / (np.sqrt(size) * counts.sum())
    length = float(np.linalg.norm(mean))
    lead = mean[:, None] / length if length > _NOISE * len(clouds) else np.zeros((p, 0))
    across = np.eye(p) - lead @ lead.T
    with_mean = np.concatenate((_leading(across @ moment @ across, 3 - lead.shape[1]), lead), axis=1)
    exact = p <= 3
    return Axes(mean=with_mean, principal=with_mean if exact else _leading(moment, 3), exact=exact)


def _leading(moment: Array, count: int) -> Array:
    values, vectors = np.linalg.eigh((moment + moment.T) / 2)
    order = np.argsort(-values)[:count]
    kept = vectors[:, order] * (values[order] > _NOISE * max(float(values.max()), 0.0))
    # The sign of an eigenvector is arbitrary: the largest entry is made positive, on every machine.
    largest = np.abs(kept).argmax(axis=0)
    kept = kept * np.where(kept[largest, np.arange(kept.shape[1])] < 0.0, -1.0, 1.0)
    return np.pad(kept, ((0, 0), (0, count - kept.shape[1])))

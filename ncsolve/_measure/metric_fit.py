"""h = V z + c from the moments of z and h: by least squares, and what a layer leaves of h."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.statistics import FeatureStatistics

__all__ = ["JointMoments", "fit_layer", "residual_of"]

# A combination of the columns of z, each of variance 1, that varies by less than a hundred-thousandth can't be told
# from what single precision rounds: V is taken to be of least weight decay there.  Of eigenvalues, which are squares.
_SEEN = 1e-10
# A column that varies by less than this share of its length is constant: single precision rounds 6e-8 of it.
_CONSTANT = 1e-7


@dataclass(frozen=True, kw_only=True)
class JointMoments:
    """Means of z (p,) and h (d,) over all samples, and their covariances: ``square`` (p, p), ``cross`` (d, p) and
    ``own`` (d, d).
    """

    z: Array
    h: Array
    square: Array
    cross: Array
    own: Array

    @classmethod
    def of(cls, statistics: FeatureStatistics, dim: int) -> JointMoments:
        """Of a statistic of (z, h), z of dimension ``dim``."""
        present, within = statistics.present, statistics.within_scatter
        assert within is not None  # it was made so
        shares = statistics.counts[present] / statistics.samples
        means = statistics.class_means[:, present]
        mean = means @ shares
        apart = means - mean[:, None]
        found = (apart * shares) @ apart.T + within / statistics.samples
        return cls(z=mean[:dim], h=mean[dim:], square=found[:dim, :dim], cross=found[dim:, :dim],
                   own=found[dim:, dim:])

    @property
    def lengths(self) -> Array:
        """Root mean squares of the columns of z (p,)."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.square), 0.0) + self.z**2))


def fit_layer(moments: JointMoments, unit: float) -> tuple[Array, Array | None, int]:
    """V (d, p), c (d,), which is None for ``unit`` = 0, and how many numbers per row of V and c were fitted.

    What is fitted depends on no weight decay and on no scale of the columns of z.  Where z leaves (V, c) open, it is
    what makes |V|^2 + |c|^2/unit^2 least.
    """
    spread = np.sqrt(np.maximum(np.diag(moments.square), 0.0))
    moves = spread > _CONSTANT * moments.lengths
    scale = np.where(moves, spread, 1.0)
    basis, root = _root(np.where(np.outer(moves, moves), moments.square, 0.0) / np.outer(scale, scale))
    cross = (moments.cross * moves / scale) @ basis / root
    seen = scale[:, None] * basis
    if unit > 0.0:
        v = (cross / root) @ basis.T / scale * moves
        c = moments.h - v @ moments.z
        if root.size == moments.z.size:
            return v, c, root.size + 1
        directions = np.block([[seen, moments.z[:, None]], [np.zeros((1, root.size)), np.array([[unit]])]])
        both = _least(np.column_stack((v, c / unit)), directions)
        return both[:, :-1], both[:, -1] * unit, root.size + 1
    # Without c the mean of z is one more direction.  Columns are of length 1, and directions that vary little stay.
    scale = np.where(moments.lengths > 0.0, moments.lengths, 1.0)
    sent = np.column_stack((seen * root, moments.z)) / scale[:, None]
    left, sizes, right = np.linalg.svd(sent, full_matrices=False)
    kept = sizes > _SEEN**0.5 * max(float(sizes.max(initial=0.0)), np.finfo(float).tiny)
    left, sizes, right = left[:, kept], sizes[kept], right[kept]
    v = (np.column_stack((cross, moments.h)) @ right.T / sizes) @ left.T / scale
    if sizes.size == moments.z.size:
        return v, None, sizes.size
    return _least(v, scale[:, None] * left), None, sizes.size


def residual_of(moments: JointMoments, v: Array, c: Array | None) -> float:
    """The mean of |h - V z - c|^2, of covariances and of the means apart."""
    apart = moments.h - v @ moments.z - (0.0 if c is None else c)
    rest = np.trace(moments.own) - 2 * np.sum(v * moments.cross) + np.sum((v @ moments.square) * v)
    return max(float(rest), 0.0) + float(apart @ apart)


def _root(square: Array) -> tuple[Array, Array]:
    """Directions that are seen (p, r), and the roots of their eigenvalues (r,)."""
    values, vectors = np.linalg.eigh(square)
    kept = values > _SEEN * max(float(values.max(initial=0.0)), np.finfo(float).tiny)
    return np.asarray(vectors[:, kept]), np.asarray(np.sqrt(values[kept]))


def _least(weights: Array, directions: Array) -> Array:
    """Weights (d, n) without what no sample sees, across the ``directions`` (n, r) of the samples."""
    lengths = np.linalg.norm(directions, axis=0)
    basis, sizes, _ = np.linalg.svd(directions / np.where(lengths > 0.0, lengths, 1.0), full_matrices=False)
    basis = basis[:, sizes > np.finfo(float).eps * max(directions.shape) * float(sizes.max(initial=0.0))]
    return np.asarray(weights @ basis @ basis.T)

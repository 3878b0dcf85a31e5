"""What classification makes of a minimizer: distances between class means, classes that collapse, decoding margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array, Mask
from ncsolve._frames.nc_metrics import alive
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve.errors import SizeError

__all__ = ["MOST_CLASSES", "Decoding", "decoding_of"]

# All pairs of this many classes take seconds.
MOST_CLASSES = 2000
# Class means closer than this much of the longest are one point: rounding of their entries.
_SAME = 1e-12
# Squared distances below this much of the largest squared length are recomputed from differences.
_CANCELLED = 1e-6


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """Figures over pairs of classes.

    ``min_distance`` smallest distance between two class means (None for K = 1); ``margin`` of nearest-code decoding,
    the smallest signed distance of an output W h_k + b to the boundary between its own code and another one: negative
    where a class is decoded as another, None where two codes coincide or K = 1; ``margin_share`` the margin over
    half the smallest distance between codes, 1 where outputs equal codes (None under cross-entropy, whose class is that
    of the largest <e_k, y>).  ``vanished`` classes have a zero mean; ``merged`` are groups of classes that share one
    mean which is not zero.
    """

    min_distance: float | None
    margin: float | None
    margin_share: float | None
    vanished: tuple[int, ...]
    merged: tuple[tuple[int, ...], ...]


def decoding_of(minimizer: Minimizer) -> Decoding:
    """Compare all pairs of classes.  Raises SizeError for more than 2000."""
    k = minimizer.problem.classes
    if k > MOST_CLASSES:
        raise SizeError(f"all pairs of up to {MOST_CLASSES} classes are compared; got {k} classes, use fewer")
    means = minimizer.class_means
    squares = np.sum(means * means, axis=0)
    living = alive(squares)
    vanished = tuple(int(c) for c in np.flatnonzero(~living))
    if k < 2:
        return Decoding(min_distance=None, margin=None, margin_share=None, vanished=vanished, merged=())
    distance = _distances(np.where(living, means, 0.0))
    least = float(distance[np.triu_indices(k, 1)].min())
    margin, share = _margin(minimizer, means)
    return Decoding(
        min_distance=least, margin=margin, margin_share=share, vanished=vanished,
        merged=_groups(distance <= _SAME * float(np.sqrt(squares.max(initial=0.0))), living),
    )


def _distances(points: Array) -> Array:
    """Distances between columns (K, K); close pairs from their differences, which do not cancel."""
    gram = points.T @ points
    length = np.diag(gram)
    square = np.maximum(length[:, None] + length[None, :] - 2.0 * gram, 0.0)
    for first, second in zip(*np.nonzero(np.triu(square <= _CANCELLED * length.max(), 1)), strict=True):
        delta = points[:, first] - points[:, second]
        square[first, second] = square[second, first] = float(delta @ delta)
    np.fill_diagonal(square, 0.0)
    return np.asarray(np.sqrt(square))


def _margin(minimizer: Minimizer, means: Array) -> tuple[float | None, float | None]:
    """Distance of outputs to the boundaries <y - (e_k + e_l)/2, e_k - e_l> = 0, at worst."""
    codes = np.asarray(minimizer.problem.encoding.matrix)
    between = _distances(codes)
    off = ~np.eye(codes.shape[1], dtype=bool)
    closest = float(between[off].min())
    if closest <= _SAME * float(np.abs(codes).max()):
        return None, None
    outputs = minimizer.W @ means + minimizer.bias[:, None]
    if not minimizer.problem.spec.fit.fits_codes:  # the boundaries <y, e_k - e_l> = 0
        pull = np.sum(outputs * codes, axis=0)[:, None] - outputs.T @ codes
        return float((pull[off] / between[off]).min()), None
    # |y_k - e_l|^2 - |y_k - e_k|^2 = 2 <y_k - e_k, e_k - e_l> + |e_k - e_l|^2: exact for outputs near their codes
    error = outputs - codes
    pull = np.sum(error * codes, axis=0)[:, None] - error.T @ codes
    margins = pull[off] / between[off] + between[off] / 2.0
    worst = float(margins.min())
    if abs(worst) <= _SAME * closest:  # a tie
        worst = 0.0
    return worst, worst / (closest / 2.0)


def _groups(same: Mask, living: Mask) -> tuple[tuple[int, ...], ...]:
    """Living classes that share a mean, in groups of two or more."""
    groups = []
    free = living.copy()
    for first in range(living.size):
        if not free[first]:
            continue
        members = np.flatnonzero(same[first] & free)
        free[members] = False
        if members.size > 1:
            groups.append(tuple(int(c) for c in members))
    return tuple(groups)

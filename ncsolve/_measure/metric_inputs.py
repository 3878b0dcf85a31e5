"""The last hidden layer from features on both sides of it: one pass over both, and h = V z + c by least squares."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncsolve._arrays import Array
from ncsolve._measure.inputs import Tell
from ncsolve._measure.shards import Shard
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve.errors import FileError, ProblemError

__all__ = ["LinearLayer", "gather_both", "layer_between"]

# Rows of both that are joined at a time: numbers in memory.
_ENTRIES = 1 << 22
# Directions in which z varies by less than a hundred-thousandth of its length can't be told from what single precision
# rounds: V is taken to be 0 there.  Of eigenvalues, which are squares.
_SEEN = 1e-10
# How much of the length of h a linear layer may leave: half precision leaves 3e-4, and a ReLU some per cent.
_LINEAR = 1e-3


@dataclass(frozen=True, kw_only=True)
class LinearLayer:
    """V (d, p) and c (d,), or None without one, and the ``sentence`` on where they are from."""

    V: Array
    c: Array | None
    sentence: str


def gather_both(
    statistics: FeatureStatistics, previous: Sequence[Shard], shards: Sequence[Shard],
    numbers: Sequence[NDArray[np.intp]], tell: Tell,
) -> None:
    """Add all rows (z, h) to a statistic of dimension p + d.  Raises FileError, with the row in it."""
    labels, done = np.concatenate(numbers), 0
    for name, z, h in _rows_of_both(previous, shards):
        rows = np.hstack((np.asarray(z, dtype=np.float64), np.asarray(h, dtype=np.float64)))
        bad = np.argwhere(~np.isfinite(rows))
        if bad.size:
            raise FileError(f"{name}: features must be finite; got {rows[tuple(bad[0])]:g} in row {done + bad[0][0]} "
                            "of all, leave that sample out of both")
        try:
            statistics.update(rows, labels[done : done + len(rows)])
        except ProblemError as error:
            raise FileError(f"{name}: {error}") from None
        done += len(rows)
        tell(done, name)


def _rows_of_both(previous: Sequence[Shard], shards: Sequence[Shard]) -> Iterator[tuple[str, Any, Any]]:
    """Rows of z and of h with one another, whatever parts they come in."""
    rows = max(1, _ENTRIES // (previous[0].dim + shards[0].dim))
    above = ((shard.name, part) for shard in shards for _, part in shard.batches())
    below = ((shard.name, part) for shard in previous for _, part in shard.batches())
    name, h = "", np.empty((0, 0))
    for other, whole in below:
        z = whole
        while len(z):
            if not len(h):
                name, h = next(above)
            n = min(len(z), len(h), rows)
            yield f"{other} and {name}", z[:n], h[:n]
            z, h = z[n:], h[n:]


def layer_between(
    statistics: FeatureStatistics, dim: int, *, unit: float, held: dict[str, Array], files: tuple[str, str]
) -> LinearLayer:
    """The layer h = V z + c of a statistic of (z, h), z of dimension ``dim``: what is ``held``, or fitted.

    Fitted weights are those of least weight decay where z leaves them open, with ``unit``^2 = lambda_v/lambda_c, 0
    without c.  ``files`` are the names of z and h.  Raises ProblemError where h is no such layer of z.
    """
    moments = _second_moments(statistics, dim)
    square, cross = moments[: dim + 1, : dim + 1], moments[dim + 1 :, : dim + 1]
    own = moments[dim + 1 :, dim + 1 :]
    unit_of = np.append(np.ones(dim), unit)
    if held:
        v, c = held["V"], held.get("c")
        if v.shape != (own.shape[0], dim):
            turned = ", save V.T" if v.shape == (dim, own.shape[0]) else ", is it the layer between the two?"
            raise ProblemError(f"V must be (d, p) = ({own.shape[0]}, {dim}), h by z; got {v.shape}{turned}")
        if c is not None and c.shape != v.shape[:1]:
            raise ProblemError(f"c must have one entry per row of V, {v.shape[0]}; got shape {c.shape}")
        both = np.column_stack((v, np.zeros(v.shape[0]) if c is None else c))
        sentence = f"V {v.shape[0]} x {v.shape[1]}{', no c' if c is None else f', c {c.size}'}, from the files"
    else:
        scaled = square * np.outer(unit_of, unit_of)
        both = (cross * unit_of) @ np.linalg.pinv(scaled, rcond=_SEEN, hermitian=True) * unit_of
        v, c = both[:, :dim], both[:, dim] if unit > 0.0 else None
        sentence = f"h = V z{'' if c is None else ' + c'} by least squares"
    left = float(np.trace(own) - 2 * np.sum(both * cross) + np.sum((both @ square) * both))
    energy = float(np.trace(own))
    apart = math.sqrt(max(left, 0.0) / energy) if energy > 0.0 else 0.0
    if apart > _LINEAR:
        what = "V z + c with the V and c of the files" if held else "V z + c" if unit > 0.0 else "V z without a bias c"
        raise ProblemError(
            f"the features of {files[1]} must be h = {what}, z of {files[0]}; got a residual of {apart:.2g} of their "
            "length, is there a ReLU, a normalisation or dropout between the two, or another order of rows?"
        )
    return LinearLayer(V=v, c=c, sentence=f"{sentence}, up to {apart:.1g} of the length of h")


def _second_moments(statistics: FeatureStatistics, dim: int) -> Array:
    """The second moments of (z; 1; h) over N."""
    present = statistics.present
    means = np.insert(statistics.class_means[:, present], dim, 1.0, axis=0)
    found = (means * (statistics.counts[present] / statistics.samples)) @ means.T
    within = statistics.within_scatter
    assert within is not None  # it was made so
    rest = np.delete(np.arange(means.shape[0]), dim)
    found[np.ix_(rest, rest)] += within / statistics.samples
    return np.asarray(found)

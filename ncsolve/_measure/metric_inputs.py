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
from ncsolve._measure.metric_fit import JointMoments, fit_layer, residual_of
from ncsolve._measure.shards import Shard
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve.errors import FileError, ProblemError

__all__ = ["HALF", "LinearLayer", "gather_both", "layer_between"]

# Rows of both that are joined at a time: numbers in memory.
_ENTRIES = 1 << 22
# What half precision rounds to.
HALF = float(np.finfo(np.float16).eps) / 2
# How much of the variation of h about its mean a linear layer may leave beside rounding; a ReLU leaves some per cent.
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
) -> tuple[float, float]:
    """Add all rows (z, h) to a statistic of dimension p + d, and give what numbers of z and of h are rounded to.

    Raises FileError, with the row in it.
    """
    labels, done, precision = np.concatenate(numbers), 0, (0.0, 0.0)
    for name, z, h in _rows_of_both(previous, shards):
        precision = max(precision[0], _rounding(z)), max(precision[1], _rounding(h))
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
    return precision


def _rounding(numbers: Any) -> float:
    """Half the distance of numbers of this type, over their size; whole numbers are as floats hold them."""
    kind = np.asarray(numbers).dtype
    return float(np.finfo(kind if kind.kind == "f" else np.float64).eps) / 2


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
    statistics: FeatureStatistics, dim: int, *, unit: float, held: dict[str, Array], files: tuple[str, str],
    precision: tuple[float, float],
) -> LinearLayer:
    """The layer h = V z + c of a statistic of (z, h), z of dimension ``dim``: what is ``held``, or fitted.

    Fitted weights are those of least weight decay where z leaves them open, with ``unit``^2 = lambda_v/lambda_c, 0
    without c.  ``files`` are the names of z and h, and ``precision`` is what their numbers are rounded to.  Raises
    ProblemError where h is no such layer of z, and where it would be one for any h.
    """
    moments = JointMoments.of(statistics, dim)
    c: Array | None
    if held:
        v, c = _checked(held, (moments.h.size, dim))
        sentence = f"V {v.shape[0]} x {v.shape[1]}{', no c' if c is None else f', c {c.size}'}, from the files"
    else:
        v, c, fitted = fit_layer(moments, unit)
        if statistics.samples <= fitted:
            raise ProblemError(
                f"fitting h = V z{'' if c is None else ' + c'} takes more samples than the {fitted} numbers that are "
                f"fitted for each dimension of h; got {statistics.samples} samples, which any h would fit, save V and "
                "c beside z, or features of more samples"
            )
        sentence = f"h = V z{'' if c is None else ' + c'} by least squares"
    spread = math.sqrt(max(float(np.trace(moments.own)), 0.0))
    apart = math.sqrt(residual_of(moments, v, c))
    # What rounding leaves: of h and its mean, and of every term of V z.  Four times that, as layers add up many terms.
    rounded = 4 * (precision[1] * math.hypot(spread, float(np.linalg.norm(moments.h)))
                   + precision[0] * float(np.linalg.norm(v * moments.lengths)))
    share = apart / spread if spread > 0.0 else 0.0
    if apart > _LINEAR * spread + rounded:
        raise ProblemError(_not_linear(share, files, held, c is None))
    return LinearLayer(V=v, c=c, sentence=f"{sentence}, up to {share:.1g} of the variation of h about its mean")


def _checked(held: dict[str, Array], shape: tuple[int, int]) -> tuple[Array, Array | None]:
    """V and c of the files, of the shapes of z and h.  Raises ProblemError."""
    v, c = held["V"], held.get("c")
    if v.shape != shape:
        turned = ", save V.T" if v.shape == shape[::-1] else ", is it the layer between the two?"
        raise ProblemError(f"V must be (d, p) = {shape}, h by z; got {v.shape}{turned}")
    if c is not None and c.shape != v.shape[:1]:
        raise ProblemError(f"c must have one entry per row of V, {v.shape[0]}; got shape {c.shape}")
    return v, c


def _not_linear(share: float, files: tuple[str, str], held: dict[str, Array], without: bool) -> str:
    """The sentence on a residual of that ``share`` of the variation of h."""
    what = ("V z with the V of the files, which have no c" if without else "V z + c with the V and c of the files") if (
        held) else "V z without a bias c" if without else "V z + c"
    bias = "a bias c (save it beside V), " if held and without else "a bias c, " if without else ""
    return (
        f"the features of {files[1]} must be h = {what}, z of {files[0]}; got a residual of {share:.2g} of their "
        f"variation about their mean, is there {bias}a ReLU, a normalisation or dropout between the two, or another "
        "order of rows?"
    )

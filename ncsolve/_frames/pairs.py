"""Inner products of class means, pair by pair, and arrays of which none is larger than a machine holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve.errors import SizeError

__all__ = ["ClassPairs", "check_size", "choose_evenly", "pad", "pairs_between"]

_MAX_ENTRIES = 2**27
# Figures over pairs of classes compare at most this many: four million pairs take a second and 100 MB.
_MOST_PAIRED = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassPairs:
    """Inner products of class means, each with how often it occurs.

    ``diagonal`` (G,) with ``diagonal_count``; ``inner`` (P,) between different classes of the diagonal entries
    ``first`` and ``second`` (P,), with ``inner_count`` over ordered pairs.  Where the pairs of ``sampled`` entries
    stand for all, the diagonal still is that of all classes, and ``inner_count`` adds up to all pairs.
    """

    diagonal: Array
    diagonal_count: Array
    inner: Array
    inner_count: Array
    first: Index
    second: Index
    sampled: int | None = None  # how many classes (or distinct counts) stand for all, if not all were compared


def check_size(rows: int, columns: int, what: str) -> None:
    if rows * columns > _MAX_ENTRIES:
        raise SizeError(
            f"{what} would be a {rows} x {columns} array of {rows * columns * 8 / 1e9:.1f} GB; "
            "use the minimizer's blocks (one entry per distinct count)"
        )


def choose_evenly(size: int) -> tuple[Index, int | None]:
    """All of 0 .. size-1 with None, or _MOST_PAIRED of them, evenly spaced, with that number."""
    if size <= _MOST_PAIRED:
        return np.arange(size), None
    return np.linspace(0, size - 1, _MOST_PAIRED).round().astype(np.intp), _MOST_PAIRED


def pairs_between(means: Array) -> ClassPairs:
    """The pairs of class means (p, K), each a class of its own."""
    classes = means.shape[1]
    chosen, sampled = choose_evenly(classes)
    gram = means[:, chosen].T @ means[:, chosen]
    first, second = np.triu_indices(chosen.size, 1)
    times = 1.0 if sampled is None else classes * (classes - 1) / (chosen.size * (chosen.size - 1))
    return ClassPairs(
        diagonal=np.diag(gram).copy() if sampled is None else np.sum(means * means, axis=0),
        diagonal_count=np.ones(classes), inner=gram[first, second], inner_count=np.full(first.size, 2.0 * times),
        first=chosen[first], second=chosen[second], sampled=sampled,
    )


def pad(array: Array, dim: int) -> Array:
    """Columns of zeros up to ``dim`` columns."""
    check_size(array.shape[0], dim, "W or the class means")
    return np.pad(array, ((0, 0), (0, dim - array.shape[1])))

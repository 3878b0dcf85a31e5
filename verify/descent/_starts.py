"""Many starts of a descent on deep heads, bottlenecks and nonnegative features, none of which knows the solver."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from ncsolve.verify._layered import LayeredDefinition
from ncsolve.verify.descent._layered import LayeredRun, descend_from
from numpy.typing import NDArray

from ncsolve import UFM

__all__ = ["beside", "layered_starts"]

Array = NDArray[np.float64]
# Of the random starts, in natural units.  Deep heads sink to zero from small ones and keep too much from large ones.
_SIZES = (0.4, 1.0, 2.0)
_NOISE, _BESIDE = 0.1, 3e-3


def layered_starts(
    problem: UFM, *, seed: int, merged: bool, dim: int | None = None, trace: bool = False, squares: bool = True
) -> Iterator[LayeredRun]:
    """Descents from one random vector in three sizes, and beside points that fit the labels with and without a bias.

    Nonnegative features are kept in the orthant, and with ``squares`` also made squares.
    """
    for square in (False, True) if problem.features == "relu" and squares else (False,):
        f = LayeredDefinition(problem, dim=dim, merged=merged, square=square, natural=True)
        vector = np.random.default_rng(seed).standard_normal(f.size)
        vector[: f.ends[-1]] /= math.sqrt(math.sqrt(f.width))
        for size in _SIZES:
            yield descend_from(f, size * vector, trace=trace, name=f"random, size {size:g}")
        for centred in (False, True) if f.has_bias else (False,):
            start = _fit(f, centred=centred) + _NOISE * vector
            yield descend_from(f, start, trace=trace, name="fits the labels" + (", centred" if centred else ""))


def beside(problem: UFM, point: tuple[Array, list[Array], Array], *, seed: int) -> LayeredRun:
    """A descent with one feature per class from beside a given point (class means, layers, b)."""
    f = LayeredDefinition(problem, dim=point[0].shape[0], merged=True, natural=True)
    vector = np.random.default_rng(seed).standard_normal(f.size)
    return descend_from(f, f.pack(*point) + _BESIDE * vector, trace=False, name="beside the solver's point")


def _fit(f: LayeredDefinition, *, centred: bool) -> Array:
    """A point whose outputs are the labels, as far as the width allows.

    Linear: features and last layer are the leading singular vectors of the labels (less their mean, which b has).
    Nonnegative: one direction per class while there are, and the codes in the last layer.
    """
    p, weight = f.problem, f.weight
    root = np.sqrt(weight)
    mean = f.targets @ weight / p.samples if centred else np.zeros(p.code_length)
    labels = f.targets - mean[:, None]
    if p.features == "relu":
        size = (float(np.linalg.norm(labels * root)) or 1.0) ** 0.5 / p.classes**0.25
        own = np.arange(f.width)[:, None] == f.labels % f.width
        features = size * own / root / np.sqrt(np.bincount(f.labels, minlength=p.classes)[f.labels])
        last = np.zeros((p.code_length, f.width))
        codes = p.encoding.matrix[:, : f.width] - mean[:, None]
        last[:, : codes.shape[1]] = codes * np.sqrt(p.counts.array[: codes.shape[1]]) / size
        return f.pack(features, [last], mean)
    left, values, right = np.linalg.svd(labels * root, full_matrices=False)
    rank = min(f.width, values.size)
    share = values[:rank] ** (1.0 / (p.depth + 1))
    features = np.zeros(f.shapes[0])
    features[:rank] = share[:, None] * right[:rank] / root
    inner = np.zeros((f.width, f.width))
    inner[:rank, :rank] = np.diag(share)
    last = np.zeros(f.shapes[-1])
    last[:, :rank] = left[:, :rank] * share
    return f.pack(features, [inner] * (p.depth - 1) + [last], mean)

"""Many starts of a descent on deep heads, bottlenecks and nonnegative features, none of which knows the solver."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from ncsolve.verify._definition import Definition, Parts
from ncsolve.verify._samples import Samples
from ncsolve.verify.descent._layered import LayeredRun, descend_from

from ncsolve import UFM

__all__ = ["beside", "layered_starts"]

# Of the random starts, in natural units.  Deep heads sink to zero from small ones and keep too much from large ones.
_SIZES = (0.4, 1.0, 2.0)
_NOISE, _BESIDE = 0.1, 3e-3


def layered_starts(
    problem: UFM, *, seed: int, merged: bool, dim: int | None = None, trace: bool = False, squares: bool = True
) -> Iterator[LayeredRun]:
    """Descents from one random vector in three sizes, and beside points that fit the labels with and without a bias.

    Nonnegative features are kept in the orthant, and with ``squares`` also made squares.
    """
    samples = Samples.of(problem, dim=dim, merged=merged)
    for square in (False, True) if samples.nonnegative and squares else (False,):
        f = Definition(samples, square=square, units="natural")
        vector = f.level(np.random.default_rng(seed).standard_normal(f.size))
        vector[: f.ends[-1]] /= math.sqrt(math.sqrt(samples.dim))
        for size in _SIZES:
            yield descend_from(f, size * vector, trace=trace, name=f"random, size {size:g}")
        for centred in (False, True) if samples.has_bias else (False,):
            start = f.pack(_fit(samples, centred=centred)) + _NOISE * vector
            yield descend_from(f, start, trace=trace, name="fits the labels" + (", centred" if centred else ""))


def beside(problem: UFM, point: Parts, *, seed: int) -> LayeredRun:
    """A descent with one feature per class from beside a given point, whose features are class means."""
    f = Definition(Samples.of(problem, dim=point.features.shape[0], merged=True), units="natural")
    vector = f.level(np.random.default_rng(seed).standard_normal(f.size))
    return descend_from(f, f.pack(point) + _BESIDE * vector, trace=False, name="beside the solver's point")


def _fit(samples: Samples, *, centred: bool) -> Parts:
    """A point whose outputs are the labels, as far as the width allows.

    Linear: features and last layer are the leading singular vectors of the labels (less their mean, which b has).
    Nonnegative: one direction per class while there are, and the codes in the last layer.
    """
    s, root = samples, np.sqrt(samples.weights)
    mean = s.targets @ s.weights / s.total if centred else np.zeros(s.code_length)
    labels = s.targets - mean[:, None]
    if s.nonnegative:
        size = (float(np.linalg.norm(labels * root)) or 1.0) ** 0.5 / s.classes**0.25
        own = np.arange(s.dim)[:, None] == s.labels % s.dim
        features = size * own / root / np.sqrt(np.bincount(s.labels, minlength=s.classes)[s.labels])
        last = np.zeros((s.code_length, s.dim))
        codes = s.codes[:, : s.dim] - mean[:, None]
        last[:, : codes.shape[1]] = codes * np.sqrt(s.counts[: codes.shape[1]]) / size
        return Parts(features, (last,), mean)
    left, values, right = np.linalg.svd(labels * root, full_matrices=False)
    rank = min(s.dim, values.size)
    share = values[:rank] ** (1.0 / (s.depth + 1))
    features = np.zeros((s.dim, s.columns))
    features[:rank] = share[:, None] * right[:rank] / root
    inner = np.zeros((s.dim, s.dim))
    inner[:rank, :rank] = np.diag(share)
    last = np.zeros((s.code_length, s.dim))
    last[:, :rank] = left[:, :rank] * share
    return Parts(features, (inner,) * (s.depth - 1) + (last,), mean)

"""Counts, class means and scatter within the classes of features, of one block or merged of several.

Everything is summed over deviations from class means, and two blocks are merged by the formula of Chan, Golub and
LeVeque (1983), because sums of squares lose what is small beside the means: features of a class that are 1e-3 apart at
a distance of 100 from zero have a scatter of 1e-6 beside 1e4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._measure.layout import Layout
from ncsolve._measure.softmax_moments import SoftmaxMoments

__all__ = ["Moments"]

_ARRAYS = ("counts", "means", "energies", "scatter", "decisions")


@dataclass(kw_only=True, eq=False)
class Moments:
    """Of K classes of features of dimension d.

    ``counts`` (K,), ``means`` (d, K), zero for a class without samples, ``energies`` (K,), the squared distances of a
    class's samples to its mean, summed, ``scatter`` (d, d), the products of these deviations summed over all classes,
    or W times it (m, d), or nothing (0, d), and ``decisions`` (R, K), how many samples of a class the head decides as
    each of R classes.  ``lowest`` is the smallest entry of any feature.  ``softmax`` is there for a head under
    cross-entropy.
    """

    layout: Layout
    counts: Index
    means: Array
    energies: Array
    scatter: Array
    decisions: Index
    lowest: float
    softmax: SoftmaxMoments | None = None

    @classmethod
    def none(cls, layout: Layout) -> Moments:
        """Of no samples."""
        return cls(
            layout=layout, counts=np.zeros(layout.classes, dtype=np.intp),
            means=np.zeros((layout.dim, layout.classes)), energies=np.zeros(layout.classes),
            scatter=np.zeros((layout.rows, layout.dim)), lowest=np.inf,
            decisions=np.zeros((0 if layout.head is None else layout.head.decides, layout.classes), dtype=np.intp),
            softmax=None if layout.softmax is None else SoftmaxMoments.none(layout.softmax, layout.classes),
        )

    @classmethod
    def of(cls, layout: Layout, features: Array, labels: Index) -> Moments:
        """Of one block: features (n, d) in double precision, which are spent, and class numbers (n,)."""
        found = cls.none(layout)
        lowest = float(features.min())
        if layout.head is not None:
            np.add.at(found.decisions, (layout.head.decide(features), labels), 1)
        order = np.argsort(labels, kind="stable")
        starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
        met, counts = labels[order[starts]], np.diff(starts, append=labels.size)
        first = features[order[starts]]
        apart = features[order]
        apart -= np.repeat(first, counts, axis=0)  # so that equal features deviate by exactly 0
        shift = np.add.reduceat(apart, starts, axis=0) / counts[:, None]
        apart -= np.repeat(shift, counts, axis=0)
        found.counts[met], found.means[:, met] = counts, (first + shift).T
        found.energies[met] = np.add.reduceat(np.einsum("ij,ij->i", apart, apart), starts)
        if layout.softmax is not None:
            means = found.means[:, met]
            found.softmax = SoftmaxMoments.of(layout.softmax, layout.classes, met, starts, means, apart)
        return replace(found, lowest=lowest, scatter=layout.products(apart) if layout.rows else found.scatter)

    def __reduce__(self) -> tuple[Callable[..., Moments], tuple[Any, ...]]:
        """What is sent to another process: of no samples the layout alone, and not d x d zeros."""
        return (_with, (vars(self),)) if self.counts.any() else (Moments.none, (self.layout,))

    def merged(self, other: Moments) -> Moments:
        """Of both sets of samples together."""
        both = replace(
            self, softmax=None if self.softmax is None else self.softmax.copy(),
            **{name: getattr(self, name).copy() for name in _ARRAYS},
        )
        both.add(other)
        return both

    def add(self, other: Moments) -> None:
        """Take in the samples of another set, in the arrays that are here."""
        met = np.flatnonzero(other.counts)
        own, new = self.counts[met], other.counts[met]
        share = new / (own + new)
        step = other.means[:, met] - self.means[:, met]
        between = step * np.sqrt(own * share)
        if self.softmax is not None and other.softmax is not None and self.layout.head is not None:
            self.softmax.add(other.softmax, self.layout.head, met, own, new, self.means[:, met], step)
        self.means[:, met] = np.where(own == 0, other.means[:, met], self.means[:, met] + share * step)
        self.energies[:] += other.energies
        self.energies[met] += np.sum(between**2, axis=0)
        if self.scatter.size:
            self.scatter[:] += other.scatter
            if own.any():
                self.scatter[:] += self.layout.products(between[:, own > 0].T)
        self.counts[:] += other.counts
        self.decisions[:] += other.decisions
        self.lowest = min(self.lowest, other.lowest)


def _with(fields: dict[str, Any]) -> Moments:
    return Moments(**fields)

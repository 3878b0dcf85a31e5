"""What the cross-entropy of all samples needs beside counts and class means, which no scatter tells (T13, T16).

As in ``Moments`` everything is about what a class has in the mean, and merged so: near the end of a training samples
of a class differ by less than the rounding of a sum of their losses.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._measure.layout import Head
from ncsolve._problem.losses import softmax

__all__ = ["SoftmaxMoments"]


@dataclass(kw_only=True, eq=False)
class SoftmaxMoments:
    """Of the softmax probabilities p of a head, for K classes, m outputs and features of dimension d.

    ``probabilities`` (m, K) are their means, zero for a class without samples, ``chance_energies`` (K,) the squared
    distances of a class's probabilities to that mean, summed, ``divergences`` (K,) the Kullback-Leibler divergences
    from the probabilities of a sample to those of its class mean, summed: how much the cross-entropy of a class is
    above that of its mean.  ``products`` (m, d) is the sum of p h^T over all samples.
    """

    probabilities: Array
    chance_energies: Array
    divergences: Array
    products: Array

    @classmethod
    def none(cls, head: Head, classes: int) -> SoftmaxMoments:
        """Of no samples."""
        m, d = head.W.shape
        return cls(
            probabilities=np.zeros((m, classes)), chance_energies=np.zeros(classes), divergences=np.zeros(classes),
            products=np.zeros((m, d)),
        )

    @classmethod
    def of(cls, head: Head, classes: int, met: Index, starts: Index, means: Array, apart: Array) -> SoftmaxMoments:
        """Of one block, sorted by class: deviations (n, d) from the ``means`` (d, k) of the classes ``met`` (k,), whose
        rows begin at ``starts`` (k,)."""
        found, counts = cls.none(head, classes), np.diff(starts, append=len(apart))
        middle = head.W @ means + head.b[:, None]  # (m, k)
        outputs, step = np.repeat(middle, counts, axis=1), head.W @ apart.T
        found.divergences[met] = np.add.reduceat(head.fit.divergence(outputs, step), starts)
        chances = softmax(outputs + step)
        mean = np.add.reduceat(chances, starts, axis=1) / counts
        found.probabilities[:, met] = mean
        found.products[:] = chances @ apart + (mean * counts) @ means.T
        chances -= np.repeat(mean, counts, axis=1)
        found.chance_energies[met] = np.add.reduceat(np.einsum("ij,ij->j", chances, chances), starts)
        return found

    def copy(self) -> SoftmaxMoments:
        """Of the same samples, in arrays of its own."""
        return SoftmaxMoments(**{one.name: getattr(self, one.name).copy() for one in fields(self)})

    def add(
        self, other: SoftmaxMoments, head: Head, met: Index, own: Index, new: Index, means: Array, step: Array
    ) -> None:
        """Take in other samples, of which the classes ``met`` (k,) have ``new`` (k,), where there were ``own``.

        ``means`` (d, k) are the class means before, where there were samples, and ``step`` how far those of the others
        are from them.
        """
        share = new / (own + new)
        middle = head.W @ (means + share * step) + head.b[:, None]
        for count, part in ((own, -share * step), (new, (1.0 - share) * step)):
            far = head.fit.divergence(middle, head.W @ part)
            self.divergences[met] += np.where(count > 0, count * far, 0.0)
        self.divergences += other.divergences
        apart = other.probabilities[:, met] - self.probabilities[:, met]
        self.chance_energies += other.chance_energies
        self.chance_energies[met] += own * share * np.sum(apart**2, axis=0)
        self.probabilities[:, met] += share * apart
        self.products += other.products

    def holds(self, head: Head, counts: Index) -> bool:
        """Whether arrays have the shapes and types of these moments, and values that they can have."""
        plain = SoftmaxMoments.none(head, counts.size)
        for one in fields(self):
            found, wanted = getattr(self, one.name), getattr(plain, one.name)
            if found.shape != wanted.shape or found.dtype != wanted.dtype or not np.isfinite(found).all():
                return False
        sums = self.probabilities.sum(axis=0)
        positive = (self.probabilities, self.chance_energies, self.divergences)
        return all((array >= 0.0).all() for array in positive) and bool((np.abs(sums - (counts > 0)) < 1e-6).all())

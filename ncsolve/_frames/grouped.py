"""Frames that permutations of classes of equal count leave as they are: all arrays, from one dimension per count.

No K x K array is formed unless it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._frames.pairs import ClassPairs, check_size, choose_evenly, pad
from ncsolve._frames.protocol import OneLayerFrame
from ncsolve._problem.counts import ClassCounts

__all__ = ["ClassBlock", "GroupedFrame"]


@dataclass(frozen=True, kw_only=True)
class ClassBlock:
    """What the ``classes`` classes of ``count`` samples each have in common at a symmetric minimizer.

    ``bias`` is their entry of b, ``squared_length`` that of a class mean, ``inner_product`` that between two different
    class means of the block (None if it has one class).

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=[100, 100, 9], lambda_w=1e-3, lambda_h=1e-3,
    ...                       lambda_b=1)
    >>> [(block.count, block.classes) for block in ncsolve.solve(problem).blocks]
    [(9, 1), (100, 2)]
    """

    count: int
    classes: int
    bias: float
    squared_length: float
    inner_product: float | None


class GroupedFrame(OneLayerFrame):
    """Z of a problem with affine one-hot codes, by Schur's lemma, and W and the class means that it is factored into.

    On the vectors that sum to zero within a group of p classes of one count Z is a multiple of the identity, with the
    singular value ``within_z`` (G,) p - 1 times and the sign ``sign``; the rest is the quotient, of one dimension per
    group, with the singular system ``left`` (G, r), ``z`` (r,), ``right`` (G, r).  ``group_bias`` (G,) is that of a
    class of each group; ``known_gram`` squared length and inner product of class means where a closed form gives them
    without cancellation.
    """

    gap = None

    if TYPE_CHECKING:

        @property
        def counts(self) -> ClassCounts: ...
        @property
        def known_gram(self) -> tuple[float, float] | None: ...
        @property
        def left(self) -> Array: ...
        @property
        def z(self) -> Array: ...
        @property
        def right(self) -> Array: ...
        @property
        def within_z(self) -> Array: ...
        @property
        def group_bias(self) -> Array: ...
        @property
        def sign(self) -> float: ...
        @property
        def lambdas(self) -> tuple[float, float, float]: ...

    @property
    def symmetric(self) -> Self:
        return self

    @cached_property
    def sizes(self) -> Array:
        """Classes per group (G,)."""
        return np.array(self.counts.multiplicities, dtype=np.float64)

    @cached_property
    def group_counts(self) -> Array:
        """Samples per class of each group (G,)."""
        return np.array(self.counts.values, dtype=np.float64)

    @property
    def rank(self) -> int:
        return int(self.z.size + np.sum((self.sizes - 1) * (self.within_z > 0)))

    @property
    def bias(self) -> Array:
        return self.group_bias[self.counts.groups]

    def _scales(self) -> tuple[float, float]:
        lw, lh, _ = self.lambdas
        return _formulas.weight_scale(lw, lh), _formulas.feature_scale(lw, lh)

    def _assemble(self, quotient: Array, within: Array) -> Array:
        """The K x K matrix with the given part on the groups' sums and multiples of I - J/p within the groups."""
        classes, groups = self.counts.classes, self.counts.groups
        check_size(classes, classes, "this matrix")
        root = np.sqrt(self.sizes)
        flat = quotient / np.outer(root, root) - np.diag(within / self.sizes)
        full: Array = flat[np.ix_(groups, groups)]
        full.flat[:: classes + 1] += within[groups]
        return full

    def weights(self, dim: int) -> Array:
        kw, _ = self._scales()
        if dim >= self.counts.classes:  # the symmetric square root: the frame as people draw it
            left = self.left * np.sqrt(self.z)
            full = self._assemble(left @ self.right.T, self.sign * np.sqrt(self.within_z))
            return pad(kw * full, dim)
        basis, _, z = self._singular_basis()
        return pad(kw * basis * np.sqrt(z), dim)

    def class_means(self, dim: int) -> Array:
        _, kh = self._scales()
        root_n = np.sqrt(self.group_counts)[self.counts.groups]
        if dim >= self.counts.classes:
            right = self.right * np.sqrt(self.z)
            full = self._assemble(right @ self.right.T, np.sqrt(self.within_z))
            return np.ascontiguousarray(pad(kh * full / root_n[:, None], dim).T)
        _, basis, z = self._singular_basis()
        return np.ascontiguousarray(pad(kh * basis * np.sqrt(z) / root_n[:, None], dim).T)

    def _singular_basis(self) -> tuple[Array, Array, Array]:
        """Left and right singular vectors of Z (K, p) and its nonzero singular values (p,)."""
        from scipy.linalg import helmert

        classes, groups = self.counts.classes, self.counts.groups
        check_size(classes, max(self.rank, 1), "this matrix")
        spread = 1.0 / np.sqrt(self.sizes)
        left = [self._spread(self.left, spread)]
        right = [self._spread(self.right, spread)]
        values = [self.z]
        for g in np.flatnonzero(self.within_z > 0):
            size = int(self.sizes[g])
            block = np.zeros((classes, size - 1))
            block[groups == g] = helmert(size).T
            left.append(self.sign * block)
            right.append(block)
            values.append(np.full(size - 1, self.within_z[g]))
        z = np.concatenate(values)
        order = np.argsort(-z, kind="stable")
        return np.concatenate(left, axis=1)[:, order], np.concatenate(right, axis=1)[:, order], z[order]

    def _spread(self, array: Array, spread: Array) -> Array:
        return (array * spread[:, None])[self.counts.groups]

    def group_gram(self) -> tuple[Array, Array]:
        """Inner products of class means between groups (G, G), and squared lengths (G,).

        The diagonal of the first holds the inner product of two different classes of the same group.
        """
        if self.known_gram is not None:
            return np.array([[self.known_gram[1]]]), np.array([self.known_gram[0]])
        _, kh = self._scales()
        root = np.sqrt(self.sizes * self.group_counts)
        right = self.right * np.sqrt(self.z)
        quotient = right @ right.T
        between = quotient / np.outer(root, root)
        within = self.within_z / self.group_counts
        lengths = np.diag(between) + within * (1.0 - 1.0 / self.sizes)
        between.flat[:: self.sizes.size + 1] -= within / self.sizes
        return kh * kh * between, kh * kh * lengths

    def blocks(self) -> tuple[ClassBlock, ...]:
        """One block per distinct count, in ascending order."""
        between, lengths = self.group_gram()
        bias = self.group_bias
        return tuple(
            ClassBlock(
                count=count,
                classes=classes,
                bias=float(bias[g]),
                squared_length=float(lengths[g]),
                inner_product=float(between[g, g]) if classes > 1 else None,
            )
            for g, (count, classes) in enumerate(zip(self.counts.values, self.counts.multiplicities, strict=True))
        )

    def gram(self) -> Array:
        check_size(self.counts.classes, self.counts.classes, "the Gram matrix")
        between, lengths = self.group_gram()
        groups = self.counts.groups
        full: Array = between[np.ix_(groups, groups)]
        full.flat[:: self.counts.classes + 1] = lengths[groups]
        return full

    def pairs(self) -> ClassPairs:
        between, lengths = self.group_gram()
        chosen, sampled = choose_evenly(lengths.size)
        first, second = (chosen[side] for side in np.triu_indices(chosen.size))
        p, classes = self.sizes, self.counts.classes
        count = np.where(first == second, p[first] * (p[first] - 1), 2 * p[first] * p[second])
        if sampled is not None:
            count *= classes * (classes - 1) / float(count.sum())
        real = count > 0
        first, second = first[real], second[real]
        return ClassPairs(
            diagonal=lengths, diagonal_count=p, inner=between[first, second], inner_count=count[real], first=first,
            second=second, sampled=sampled,
        )

    def singular_values(self) -> tuple[Array, NDArray[np.int64]]:
        """Distinct singular values of Z, descending, with multiplicities that add up to K."""
        quotient = np.zeros(self.sizes.size)
        quotient[: self.z.size] = self.z
        several = self.sizes > 1
        values = np.concatenate((quotient, self.within_z[several]))
        counts = np.concatenate((np.ones(quotient.size), self.sizes[several] - 1)).astype(np.int64)
        order = np.argsort(-values, kind="stable")
        return values[order], counts[order]

"""A point of the descent: balanced factors of Q, the bias and the values within groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ncsolve._arrays import Array

__all__ = ["Point", "factored"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Point:
    """W (m, r), H (r, K), the bias (m,) and the values within groups (s,), in the units of ``columns.py``."""

    weights: Array
    features: Array
    bias: Array
    within: Array

    @property
    def matrix(self) -> Array:
        """Q = W H (m, K)."""
        return np.asarray(self.weights @ self.features)

    @property
    def rank(self) -> int:
        """The number of directions r."""
        return int(self.weights.shape[1])

    @property
    def factors(self) -> float:
        """||W||^2 + ||H||^2."""
        return float(np.sum(self.weights**2) + np.sum(self.features**2))

    @property
    def row(self) -> Array:
        """All entries in a row."""
        return np.concatenate((self.weights.ravel(), self.features.ravel(), self.bias, self.within))

    def parts(self, row: Array) -> tuple[Array, Array, Array, Array]:
        """A row of all entries, cut up."""
        first = self.weights.size
        second = first + self.features.size
        third = second + self.bias.size
        return (
            row[:first].reshape(self.weights.shape), row[first:second].reshape(self.features.shape),
            row[second:third], row[third:],
        )

    def moved(self, step: Array) -> Point:
        """This point plus a step, with balanced factors."""
        weights, features, bias, within = self.parts(step)
        matrix = (self.weights + weights) @ (self.features + features)
        return self.of(matrix, self.rank, bias=self.bias + bias, within=self.within + within)

    def moved_along(self, step: Array) -> Point:
        """As ``moved``, but Q moves by the step to first order: along a curved valley that stays near its bottom."""
        weights, features, bias, within = self.parts(step)
        matrix = self.matrix + weights @ self.features + self.weights @ features
        return self.of(matrix, self.rank, bias=self.bias + bias, within=self.within + within)

    def of(self, matrix: Array, rank: int, *, bias: Array, within: Array) -> Point:
        """The point with the best factors of this rank of a matrix (m, K)."""
        if rank == 0:
            return replace(self, bias=bias, within=within)
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        return factored(left, values, right.T, rank, bias=bias, within=within)

    def singular(self) -> tuple[Array, Array, Array]:
        """The singular value decomposition of Q: left (m, r), values (r,), right (K, r)."""
        left, values, right = np.linalg.svd(self.matrix, full_matrices=False)
        return left[:, : self.rank], values[: self.rank], right[: self.rank].T


def factored(left: Array, values: Array, right: Array, rank: int, *, bias: Array, within: Array) -> Point:
    """The point with the first so many directions of a singular value decomposition."""
    root = np.sqrt(values[:rank])
    return Point(
        weights=left[:, :rank] * root, features=root[:, None] * right[:, :rank].T, bias=bias, within=within
    )

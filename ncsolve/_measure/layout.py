"""What a statistic of features is taken for: classes, dimension, last layer, and how much of the scatter it keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array, Index

__all__ = ["SCATTERS", "Head", "Layout"]

SCATTERS = ("full", "projected", "trace")


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """The last layer: W (m, d), b (m,), and the codes (m, K) that outputs stand for; None: output k is class k."""

    W: Array
    b: Array
    codes: Array | None = None

    @property
    def decides(self) -> int:
        """Between how many classes it decides."""
        return int(self.W.shape[0] if self.codes is None else self.codes.shape[1])

    def decide(self, features: Array) -> Index:
        """The class of each row of features (n, d): of the nearest code, or of the largest output."""
        outputs = features @ self.W.T + self.b
        if self.codes is None:
            return np.asarray(np.argmax(outputs, axis=1), dtype=np.intp)
        return np.asarray(np.argmax(outputs @ self.codes - np.sum(self.codes**2, axis=0) / 2, axis=1), dtype=np.intp)

    def same(self, other: Head) -> bool:
        """Whether the numbers are the same."""
        pairs = ((self.W, other.W), (self.b, other.b), (self.codes, other.codes))
        return all(a is b or (a is not None and b is not None and np.array_equal(a, b)) for a, b in pairs)


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """K classes, dimension d, the last layer if it is known, and the scatter: one of ``SCATTERS``."""

    classes: int
    dim: int
    head: Head | None
    scatter: str

    @property
    def rows(self) -> int:
        """How many rows the kept scatter has: d of S_W, m of W S_W, 0 of neither."""
        if self.scatter == "projected" and self.head is not None:
            return int(self.head.W.shape[0])
        return self.dim if self.scatter == "full" else 0

    def products(self, apart: Array) -> Array:
        """The scatter of deviations (n, d), a row each: its d rows, or those that the head sees."""
        if self.scatter == "projected" and self.head is not None:
            return np.asarray((apart @ self.head.W.T).T @ apart)
        return np.asarray(apart.T @ apart)

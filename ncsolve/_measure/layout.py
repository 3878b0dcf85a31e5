"""What a statistic of features is taken for: classes, dimension, last layer, and how much of the scatter it keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve._problem.losses import LOSSES, Loss

__all__ = ["SCATTERS", "Head", "Layout"]

SCATTERS = ("full", "projected", "trace")


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """The last layer: W (m, d), b (m,), the codes (m, K) that outputs stand for (None: output k is class k), and the
    name of the loss that it was trained with."""

    W: Array
    b: Array
    codes: Array | None = None
    loss: str = "mse"

    @property
    def fit(self) -> Loss:
        """That loss."""
        return LOSSES[self.loss]

    @property
    def decides(self) -> int:
        """Between how many classes it decides."""
        return int(self.W.shape[0] if self.codes is None else self.codes.shape[1])

    def decide(self, features: Array) -> Index:
        """The class of each row of features (n, d): of the largest output, or of the nearest code (under cross-entropy
        of that which has the largest mean output)."""
        outputs = features @ self.W.T + self.b
        if self.codes is None:
            return np.asarray(np.argmax(outputs, axis=1), dtype=np.intp)
        offsets = self.fit.offsets(self.codes, np.zeros_like(self.b))
        return np.asarray(np.argmax(outputs @ self.codes - offsets / 2, axis=1), dtype=np.intp)

    def same(self, other: Head) -> bool:
        """Whether the numbers and the loss are the same."""
        pairs = ((self.W, other.W), (self.b, other.b), (self.codes, other.codes))
        return self.loss == other.loss and all(
            a is b or (a is not None and b is not None and np.array_equal(a, b)) for a, b in pairs
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """K classes, dimension d, the last layer if it is known, and the scatter: one of ``SCATTERS``."""

    classes: int
    dim: int
    head: Head | None
    scatter: str

    @property
    def softmax(self) -> Head | None:
        """The head, if its loss takes more of every sample than counts, means and scatter."""
        return self.head if self.head is not None and self.head.loss == "cross-entropy" else None

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

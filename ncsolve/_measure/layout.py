"""What a statistic of features is taken for: classes, dimension, last layer, and how much of the scatter it keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ncsolve._arrays import Array, Index
from ncsolve.checks.arguments import entries
from ncsolve.checks.arrays import read_only
from ncsolve.checks.measured import measured
from ncsolve.encodings import Encoding, from_array
from ncsolve.errors import ProblemError, shown

__all__ = ["SCATTERS", "Head", "Layout", "head_of", "names_of"]

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


def names_of(classes: object) -> tuple[str, ...]:
    """Names of classes, text that differs; or ProblemError."""
    names = entries("classes", classes, "pass a number of classes or their names")
    wrong = next((name for name in names if not isinstance(name, str)), None)
    if wrong is not None:
        raise ProblemError(f"names of classes must be text; got {shown(wrong)}, pass [str(name) for name in names]")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ProblemError(f"names of classes must differ; got {shown(twice)} twice, rename one")
    return names  # type: ignore[return-value]


def head_of(head: object, dim: int, codes: object, classes: int) -> Head:
    """The last layer (W, b), or W, for features of dimension ``dim``; or ProblemError."""
    w, b = head if isinstance(head, tuple) and len(head) == 2 else (head, None)
    weights = measured(w, "the head W", "(m, d)")  # type: ignore[arg-type]
    if weights.shape[1] != dim:
        turned = ", pass W.T" if weights.shape[0] == dim else ""
        raise ProblemError(f"the head W must be (m, d) with d = {dim}; got {weights.shape}{turned}")
    bias = np.zeros(weights.shape[0]) if b is None else measured(b, "the bias b of the head", "(m,)")
    if bias.shape != weights.shape[:1]:
        raise ProblemError(f"the bias b must have one entry per row of W; got {bias.size} for {weights.shape[0]}")
    if codes is None:
        if weights.shape[0] != classes:
            raise ProblemError(
                f"a head without codes decides by its largest output and needs one for each of the {classes} classes; "
                f"got {weights.shape[0]} outputs, pass codes= (m, K)"
            )
        matrix = None
    else:
        matrix = (codes if isinstance(codes, Encoding) else from_array(codes)).matrix  # type: ignore[arg-type]
        if matrix.shape != (weights.shape[0], classes):
            raise ProblemError(
                f"codes must be (m, K) = ({weights.shape[0]}, {classes}), a column a class; got {matrix.shape}"
            )
    return Head(W=read_only(weights.copy()), b=read_only(bias.copy()), codes=matrix)

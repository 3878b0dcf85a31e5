"""The data of a problem written out sample by sample, and a point (W, H, b) of its parameter space."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ncsolve.verify._types import Array
from numpy.typing import NDArray

from ncsolve import UFM, OpenProblemError, SizeError
from ncsolve.checks.arguments import check_kind, check_whole
from ncsolve.checks.arrays import Frozen, array_property

__all__ = ["Point", "Samples", "check_one_layer", "class_means"]

Labels = NDArray[np.intp]
# 2^27 doubles are one gigabyte.
_MAX_ENTRIES = 2**27
_NO_DECAY = 1e-16


@dataclass(frozen=True, kw_only=True, eq=False)
class Point(Frozen):
    """Any W (m, d), H (d, N) and b (m,)."""

    W: Array
    H: Array
    b: Array

    def __post_init__(self) -> None:
        for name in ("W", "H", "b"):  # what is given stays the caller's, who may change it
            value = getattr(self, name)
            if isinstance(value, np.ndarray) and value.flags.writeable:
                object.__setattr__(self, name, value.copy())
        super().__post_init__()


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples(Frozen):
    """A problem with one column per sample.

    ``targets`` Y (m, N); ``labels`` (N,) class of each column; ``weights`` (N,) how many samples a column stands
    for, all one unless the columns were merged; ``codes`` E (m, K); ``counts`` (K,); the lambdas, ``lambda_w`` being
    the geometric mean of those of the layers; the ``loss``; ``nonnegative`` features; ``dim`` d.
    """

    targets: Array
    labels: Labels
    weights: Array
    codes: Array
    counts: Array
    lambda_w: float
    lambda_w_layers: tuple[float, ...]
    lambda_h: float
    lambda_b: float
    loss: str
    nonnegative: bool
    dim: int

    @classmethod
    def of(cls, problem: UFM, *, dim: int | None = None, merged: bool = False) -> Samples:
        """Write a problem out; ``merged`` makes one column per class, which supposes NC1 and is for large problems.

        Raises SizeError for more columns than fit into memory.

        >>> import ncsolve
        >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(2), counts=[1, 2],
        ...                       lambda_w=0.1, lambda_h=0.1, lambda_b=0.1)
        >>> Samples.of(problem).targets
        array([[1., 0., 0.],
               [0., 1., 1.]])
        """
        check_kind("the problem", problem, UFM, "make one with ncsolve.UFM(...)")
        if dim is not None:
            check_whole("dim", dim)
        columns = problem.classes if merged else problem.samples
        width = max(problem.code_length, problem.feature_dim if dim is None else dim)
        if columns * width > _MAX_ENTRIES:
            raise SizeError(
                f"{columns} columns of length {width} are too many to hold; "
                + ("the problem is too large" if merged else "pass merged=True for one feature per class")
            )
        codes = np.array(problem.encoding.matrix, dtype=np.float64)
        counts = np.array([float(n) for n in problem.counts])
        classes = codes.shape[1]
        labels = np.arange(classes) if merged else np.repeat(np.arange(classes), counts.astype(np.int64))
        return cls(
            targets=codes[:, labels],
            labels=labels,
            weights=counts if merged else np.ones(labels.size),
            codes=codes,
            counts=counts,
            lambda_w=problem.lambda_w,
            lambda_w_layers=problem.lambda_w_layers,
            lambda_h=problem.lambda_h,
            lambda_b=problem.lambda_b,
            loss=problem.loss,
            nonnegative=problem.features == "relu",
            dim=problem.feature_dim if dim is None else dim,
        )

    @property
    def total(self) -> float:
        """N, the number of samples."""
        return float(self.weights.sum())

    @property
    def has_bias(self) -> bool:
        return math.isfinite(self.lambda_b)

    @property
    def counted_lambda_b(self) -> float:
        """lambda_b, or 0 where it is so small that bounds which are divided by it are rounding: a bound for 0 holds for
        all.  (Under cross-entropy there is a minimum for 0 only where every output has a label.)"""
        labelled = self.loss == "mse" or bool((self.targets @ self.weights > 0.0).all())
        return 0.0 if self.lambda_b < _NO_DECAY and labelled else self.lambda_b

    @array_property
    def share(self) -> Array:
        """The part of the samples that each column stands for (N,)."""
        return self.weights / self.total

    @property
    def depth(self) -> int:
        """L, the number of layers."""
        return len(self.lambda_w_layers)

    @property
    def code_length(self) -> int:
        """m."""
        return int(self.codes.shape[0])

    @property
    def classes(self) -> int:
        """K."""
        return int(self.codes.shape[1])

    @property
    def columns(self) -> int:
        """Columns of H: N, or K if merged."""
        return int(self.labels.size)

    def singular_values(self, outputs: Array) -> Array:
        """The min(m, K) largest singular values of W H (m, N), descending (all others are zero under NC1)."""
        values = np.linalg.svd(outputs * np.sqrt(self.weights), compute_uv=False)
        size = min(self.codes.shape)
        return np.pad(values, (0, max(0, size - values.size)))[:size]

    def spread(self, class_features: Array) -> Array:
        """Features (d, N) in which every sample has its class's column of (d, K)."""
        return class_features[:, self.labels]


def check_one_layer(problem: UFM, what: str) -> None:
    """OpenProblemError for a deep head and for ReLU features."""
    check_kind("the problem", problem, UFM, "make one with ncsolve.UFM(...)")
    if problem.features != "linear" or problem.depth != 1:
        raise OpenProblemError(
            f"{what} is for linear features and one layer; got features = {problem.features!r} and depth = "
            f"{problem.depth}, verify.check(problem) takes them"
        )


def class_means(samples: Samples, H: Array) -> Array:
    """Class means (d, K) of features (d, N)."""
    means = np.zeros((H.shape[0], samples.classes))
    np.add.at(means.T, samples.labels, (H * samples.weights).T)
    return means / samples.counts

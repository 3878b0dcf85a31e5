"""Label statistics: all that W W^T, the bias and the loss depend on (T1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve._problem.codes_of import labelled_codes
from ncsolve.checks.arguments import check_whole
from ncsolve.checks.arrays import Frozen, as_array, check_labels, real_array
from ncsolve.encodings import Encoding, from_array
from ncsolve.errors import ProblemError

__all__ = ["LabelStatistics"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelStatistics(Frozen):
    r"""Number, mean and scatter of a set of label vectors, a mergeable sufficient statistic.

    .. math:: N, \qquad \mu = \tfrac1N \sum_i y_i, \qquad S = \sum_i (y_i - \mu)(y_i - \mu)^T .

    ``samples`` N >= 1, ``mean`` (m,), ``scatter`` (m, m) symmetric positive semidefinite.  Raises ProblemError
    for arrays of other shapes, NaN, infinity, or a scatter that is not symmetric.

    Source: T1 of docs/theory.md; for regression targets Andriopoulos et al. 2024.

    >>> import numpy as np
    >>> left = LabelStatistics.from_targets(np.array([[0., 1.], [1., 0.]]))
    >>> right = LabelStatistics.from_targets(np.array([[1.], [1.]]))
    >>> left.merge(right).mean
    array([0.66666667, 0.66666667])
    """

    samples: int
    mean: Array
    scatter: Array

    def __post_init__(self) -> None:
        mean, scatter = real_array(self.mean, "mean"), real_array(self.scatter, "scatter")
        check_whole("samples", self.samples)
        if mean.ndim != 1 or mean.size == 0 or scatter.shape != (mean.size, mean.size):
            raise ProblemError(
                f"mean must have shape (m,) and scatter (m, m); got {mean.shape} and {scatter.shape}"
            )
        if not (np.isfinite(mean).all() and np.isfinite(scatter).all()):
            raise ProblemError("label statistics must be finite; drop the samples with NaN or infinite labels")
        if not np.allclose(scatter, scatter.T, rtol=1e-10, atol=1e-12 * float(np.abs(scatter).max())):
            raise ProblemError("scatter must be symmetric; pass sum (y - mean)(y - mean)^T")
        least = float(scatter.diagonal().min())
        if least < 0.0:
            raise ProblemError(
                f"scatter must be positive semidefinite; got {least:g} on its diagonal, pass sum (y - mean)(y - mean)^T"
            )
        for name, value in (("samples", int(self.samples)), ("mean", mean), ("scatter", (scatter + scatter.T) / 2)):
            object.__setattr__(self, name, value)
        mean.setflags(write=False)
        self.scatter.setflags(write=False)

    @property
    def code_length(self) -> int:
        """m, the length of a label vector."""
        return int(self.mean.size)

    @classmethod
    def from_labels(
        cls, labels: Sequence[object] | ArrayLike, encoding: Encoding | ArrayLike | str
    ) -> LabelStatistics:
        """From the labels of N samples and an encoding.

        Whole numbers beside codes of K classes are class numbers 0 .. K-1, which need not all occur.  Other labels, and
        any labels beside the name of an encoding, are classes as in ``UFM.from_labels``.  Raises ProblemError for
        labels that do not fit the codes.

        >>> from ncsolve import encodings
        >>> LabelStatistics.from_labels([0, 1, 1], encodings.onehot(2)).mean
        array([0.33333333, 0.66666667])
        >>> LabelStatistics.from_labels(["cat", "dog", "dog"], "onehot").mean
        array([0.33333333, 0.66666667])
        """
        if isinstance(encoding, str) or as_array(labels).dtype.kind not in "iu":
            found = labelled_codes(labels, encoding)
            code, array = found.encoding, found.labels.numbers
        else:
            code = encoding if isinstance(encoding, Encoding) else from_array(encoding)
            array = check_labels(labels, code.classes)
        n = np.bincount(array, minlength=code.classes).astype(np.float64)
        total = int(array.size)
        mean = code.matrix @ (n / total)
        centred = (code.matrix - mean[:, None]) * np.sqrt(n)
        return cls(samples=total, mean=mean, scatter=centred @ centred.T)

    @classmethod
    def from_targets(cls, targets: ArrayLike) -> LabelStatistics:
        """From soft labels, multi-label vectors or regression targets Y (m, N), one sample a column.

        Raises ProblemError for an array that is not of that form.
        """
        y = real_array(targets, "targets")
        if y.ndim != 2 or y.size == 0:
            raise ProblemError(f"targets must be a non-empty array (m, N), one sample a column; got shape {y.shape}")
        if not np.isfinite(y).all():
            raise ProblemError("targets must be finite; drop the samples with NaN or infinite labels")
        mean = y.mean(axis=1)
        centred = y - mean[:, None]
        return cls(samples=int(y.shape[1]), mean=mean, scatter=centred @ centred.T)

    def merge(self, other: LabelStatistics) -> LabelStatistics:
        """The statistics of both sets of samples together (Chan, Golub & LeVeque 1983).

        Raises ProblemError when the code lengths differ.
        """
        if not isinstance(other, LabelStatistics):
            raise ProblemError(f"statistics can only be merged with LabelStatistics; got {type(other).__name__}")
        if self.code_length != other.code_length:
            raise ProblemError(
                f"merged statistics must have the same code length; got {self.code_length} and {other.code_length}"
            )
        total = self.samples + other.samples
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.samples / total)
        weight = self.samples * (other.samples / total)
        return LabelStatistics(
            samples=total, mean=mean, scatter=self.scatter + other.scatter + weight * np.outer(gap, gap)
        )

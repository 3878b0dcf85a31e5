"""The problem: a regularized unconstrained features model (T0)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ncsolve._counts import ClassCounts
from ncsolve.encodings import Encoding, from_array
from ncsolve.errors import ProblemError

__all__ = ["UFM", "check_dim", "check_lambda", "check_lambda_b", "check_problem"]

_EPS = float(np.finfo(float).eps)
# Beyond these the squares and fourth powers that the solver forms leave the range of floats.
_LEAST, _MOST = 1e-50, 1e50


@dataclass(frozen=True, kw_only=True, eq=False)
class UFM:
    r"""The regularized unconstrained features model with MSE loss, in the convention of the paper:

    .. math:: \min_{W, H, b} \tfrac{1}{2N} \|W H + b 1^T - Y\|_F^2 + \tfrac{\lambda_W}{2} \|W\|_F^2
              + \tfrac{\lambda_H}{2} \|H\|_F^2 + \tfrac{\lambda_b}{2} \|b\|^2 .

    Parameters
    ----------
    encoding : Encoding or array (m, K)
        The code of class k is column k.
    counts : int or sequence of K ints
        Samples per class, at least 1 each.
    lambda_w, lambda_h : float
        Weight decay of the classifier W (m, d) and of the features H (d, N); 1e-50 to 1e50.
    lambda_b : float
        Weight decay of the bias b (m,); 0, 1e-100 to 1e100, or inf, which means no bias.
    dim : int, optional
        Feature dimension d; by default min(m, K), which holds every minimizer.

    Raises
    ------
    ProblemError
        For a value outside these ranges; the message names the rule, the value and the remedy.

    Source: Zhou et al. 2022; Tirer & Bruna 2022; T0 of docs/theory.md.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
    ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
    >>> problem.samples, problem.threshold
    (1000, 0.5)
    """

    encoding: Encoding
    counts: ClassCounts
    lambda_w: float
    lambda_h: float
    lambda_b: float
    dim: int | None = None
    class_names: tuple[str, ...] | None = None

    def __init__(
        self,
        *,
        encoding: Encoding | ArrayLike,
        counts: int | Sequence[int] | ArrayLike | ClassCounts,
        lambda_w: float,
        lambda_h: float,
        lambda_b: float,
        dim: int | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        code = encoding if isinstance(encoding, Encoding) else from_array(encoding)
        if not isinstance(counts, ClassCounts):
            counts = ClassCounts.of(counts, code.classes)
        names = _names(class_names)
        for name, size in (("counts", counts.classes), ("class_names", code.classes if names is None else len(names))):
            if size != code.classes:
                raise ProblemError(f"{name} must have one entry per class; got {size} for {code.classes} classes")
        for field, value in (
            ("encoding", code),
            ("counts", counts),
            ("lambda_w", check_lambda("lambda_w", lambda_w)),
            ("lambda_h", check_lambda("lambda_h", lambda_h)),
            ("lambda_b", check_lambda_b(lambda_b)),
            ("dim", check_dim(dim)),
            ("class_names", names),
        ):
            object.__setattr__(self, field, value)
        if not 0.0 < self.threshold < math.inf:
            raise ProblemError(
                f"N sqrt(lambda_w lambda_h) must be a positive float; got {self.threshold} from N = {self.samples}, "
                f"lambda_w = {self.lambda_w:g}, lambda_h = {self.lambda_h:g}, rescale the lambdas"
            )

    @property
    def classes(self) -> int:
        """K, the number of classes."""
        return self.encoding.classes

    @property
    def code_length(self) -> int:
        """m, the length of a code."""
        return self.encoding.code_length

    @property
    def samples(self) -> int:
        """N, the number of samples."""
        return self.counts.total

    @property
    def tau(self) -> float:
        """sqrt(lambda_w lambda_h), the price of a unit of nuclear norm."""
        return math.sqrt(self.lambda_w) * math.sqrt(self.lambda_h)

    @property
    def threshold(self) -> float:
        """T = N sqrt(lambda_w lambda_h), the threshold of the singular values."""
        return self.samples * self.tau

    @property
    def feature_dim(self) -> int:
        """d: ``dim`` if given, else min(m, K)."""
        return min(self.code_length, self.classes) if self.dim is None else self.dim

    @cached_property
    def label_mean(self) -> NDArray[np.float64]:
        """mu = E n / N (m,), the mean of the labels over all samples."""
        affine = self.encoding.affine
        if affine is not None and self.counts.balanced:
            return np.full(self.classes, affine.row_sum / self.classes)
        n = self.counts.array.astype(np.float64)
        if affine is not None:
            return affine.a * (n / self.samples) + affine.q
        total, size = self.encoding.matrix @ n, np.abs(self.encoding.matrix) @ n
        # What is left of codes that cancel is rounding, not a mean.
        return np.where(np.abs(total) > 4 * _EPS * size, total, 0.0) / self.samples

    def replace(self, **changes: object) -> UFM:
        """The same problem with some fields changed."""
        fields = ("encoding", "counts", "lambda_w", "lambda_h", "lambda_b", "dim", "class_names")
        unknown = sorted(set(changes) - set(fields))
        if unknown:
            raise ProblemError(f"a UFM has no field {unknown[0]!r}; its fields are {', '.join(fields)}")
        return UFM(**({name: getattr(self, name) for name in fields} | changes))

    def __repr__(self) -> str:
        return (
            f"UFM(encoding={self.encoding.name}, classes={self.classes}, code_length={self.code_length}, "
            f"samples={self.samples}, lambda_w={self.lambda_w:g}, lambda_h={self.lambda_h:g}, "
            f"lambda_b={self.lambda_b:g}, dim={self.dim})"
        )


def check_problem(problem: object) -> None:
    """That the problem is one, or ProblemError."""
    if not isinstance(problem, UFM):
        raise ProblemError(f"the problem must be a UFM; got {type(problem).__name__}, make one with ncsolve.UFM(...)")


def check_lambda(name: str, value: object) -> float:
    """A positive finite regularization, or ProblemError."""
    number = _real(name, value)
    if not _LEAST <= number <= _MOST:
        raise ProblemError(
            f"{name} must be positive and finite (1e-50 to 1e50); got {number:g} (without weight decay the minimizer "
            "is not unique and does not collapse; give a small positive value)"
        )
    return number


def check_lambda_b(value: object, name: str = "lambda_b") -> float:
    """A bias regularization in [0, inf], or ProblemError."""
    number = _real(name, value)
    if not (number in (0.0, math.inf) or _LEAST**2 <= number <= _MOST**2):
        raise ProblemError(
            f"{name} must be between 0 and inf (0, inf, or 1e-100 to 1e100); got {number:g} (0 is a free bias, inf is "
            "no bias)"
        )
    return number


def check_dim(value: object) -> int | None:
    """A feature dimension, or ProblemError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ProblemError(f"dim must be a positive integer or None; got {value!r}")
    return int(value)


def _names(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ProblemError(f"class_names must be a sequence with one name per class; got {value!r}")
    return tuple(str(name) for name in value)


def _real(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ProblemError(f"{name} must be a real number; got {value!r}")
    try:
        return float(value)
    except OverflowError:
        raise ProblemError(f"{name} must be a float; got an integer that is too large for one") from None

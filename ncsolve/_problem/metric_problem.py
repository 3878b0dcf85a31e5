"""The problem of the last two layers under plain weight decay: a metric unconstrained features model (T15)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import Array
from ncsolve._problem.class_names import names_of
from ncsolve._problem.codes_of import codes_of
from ncsolve._problem.counts import ClassCounts
from ncsolve._problem.model_spec import ModelSpec
from ncsolve._problem.moments_of_z import ClassMoments, checked_moments, moments_of
from ncsolve._problem.weight_decays import check_lambda, check_lambda_b, layers_in_paper
from ncsolve.checks.arrays import Frozen, array_property
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError

__all__ = ["MetricProblem", "check_hidden_bias"]

_FIELDS = ("encoding", "counts", "lambda_w", "lambda_v", "lambda_b", "lambda_c", "class_names")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MetricProblem(Frozen):
    r"""The last two layers of a network under plain weight decay, for given previous features z in R^p:

    .. math:: \min_{W, V, c, b} \tfrac{1}{2N} \|W (V Z + c 1^T) + b 1^T - Y\|_F^2 + \tfrac{\lambda_W}{2} \|W\|_F^2
              + \tfrac{\lambda_V}{2} \|V\|_F^2 + \tfrac{\lambda_c}{2} \|c\|^2 + \tfrac{\lambda_b}{2} \|b\|^2 .

    The last hidden layer h = V z + c is linear, and nothing penalizes the features h themselves.  In
    :math:`A = W (V, c)` it is convex, and of z it takes second moments only.

    Parameters
    ----------
    second_moments : array (p + 1, p + 1)
        :math:`\tfrac1N \sum_i (z_i; 1)(z_i; 1)^T` over all samples.
    cross_moments : array (K, p + 1)
        Moments with the one-hot labels: row k is :math:`\tfrac1N \sum_{i \in k} (z_i; 1)^T`.
    encoding : Encoding, array (m, K) or str
        As of ``ncsolve.UFM``.
    counts : int or sequence of K ints
        Samples per class, at least 1 each.
    lambda_w, lambda_v : float
        Weight decay of the last layer W (m, d) and of the last hidden layer V (d, p); 1e-50 to 1e50.
    lambda_b : float
        Weight decay of the last bias b (m,); 0, 1e-100 to 1e100, or inf, which means no bias.
    lambda_c : float, optional
        Weight decay of the bias c (d,) of the hidden layer, by default ``lambda_v``; inf means no bias.
    class_names, convention, classes, seed
        As of ``ncsolve.UFM``; in a convention lambda_v and lambda_c are scaled like lambda_w.

    Raises
    ------
    ProblemError
        For moments that are not those of such samples, and as ``ncsolve.UFM``.
    UnknownNameError
        For a convention or an encoding of another name.

    Notes
    -----
    ``FeatureStatistics(...).metric_problem(...)`` makes it of the features z themselves, in one pass, and without the
    rounding of a difference of moments.  The problem is in the convention of the paper.

    Source: T15 of docs/theory.md.

    Examples
    --------
    >>> import numpy as np, ncsolve
    >>> z, labels = np.array([[2.0, 0.0], [2.0, 1.0], [0.0, 2.0], [1.0, 2.0]]), np.array([0, 0, 1, 1])
    >>> one, labels_one = np.column_stack([z, np.ones(4)]), np.eye(2)[labels]
    >>> problem = ncsolve.MetricProblem(second_moments=one.T @ one / 4, cross_moments=labels_one.T @ one / 4,
    ...                                 encoding="onehot", counts=[2, 2], lambda_w=0.02, lambda_v=0.03, lambda_b=0.1)
    >>> problem.dim, problem.class_means.tolist()
    (2, [[2.0, 0.5], [0.5, 2.0]])
    >>> print(f"{ncsolve.solve(problem).loss:.9f}")
    0.049610324
    """

    encoding: Encoding
    counts: ClassCounts
    lambda_w: float
    lambda_v: float
    lambda_b: float
    lambda_c: float
    moments: ClassMoments
    class_names: tuple[str, ...] | None = None

    def __init__(
        self,
        *,
        second_moments: ArrayLike,
        cross_moments: ArrayLike,
        encoding: Encoding | ArrayLike | str,
        counts: int | Sequence[int] | ArrayLike | ClassCounts,
        lambda_w: float,
        lambda_v: float,
        lambda_b: float,
        lambda_c: float | None = None,
        class_names: Sequence[str] | None = None,
        convention: str = "paper",
        classes: int | None = None,
        seed: int = 0,
    ) -> None:
        code = codes_of(encoding, counts, classes, seed)
        if not isinstance(counts, ClassCounts):
            counts = ClassCounts.of(counts, code.classes)
        self._fill(
            code, counts, checked_moments(second_moments, cross_moments, counts), class_names, convention,
            lambda_w=lambda_w, lambda_v=lambda_v, lambda_b=lambda_b, lambda_c=lambda_c,
        )

    @classmethod
    def of_classes(
        cls, class_means: ArrayLike, within: ArrayLike, *, encoding: Encoding | ArrayLike | str,
        counts: int | Sequence[int] | ArrayLike | ClassCounts, lambda_w: float, lambda_v: float, lambda_b: float,
        lambda_c: float | None = None, class_names: Sequence[str] | None = None, convention: str = "paper",
        seed: int = 0,
    ) -> MetricProblem:
        """The problem of class means of z (p, K) and their covariance within the classes S_W/N (p, p).

        The other arguments are those of the class; raises ProblemError as that.

        >>> import ncsolve
        >>> ncsolve.MetricProblem.of_classes([[1.0, 3.0]], [[0.0]], encoding="onehot", counts=[2, 2], lambda_w=1e-2,
        ...                                  lambda_v=1e-2, lambda_b=0).second_moments.tolist()
        [[5.0, 2.0], [2.0, 1.0]]
        """
        moments = moments_of(class_means, within)
        code = codes_of(encoding, counts, moments.class_means.shape[1], seed)
        found = cls.__new__(cls)
        found._fill(
            code, counts if isinstance(counts, ClassCounts) else ClassCounts.of(counts, code.classes), moments,
            class_names, convention, lambda_w=lambda_w, lambda_v=lambda_v, lambda_b=lambda_b, lambda_c=lambda_c,
        )
        return found

    def _fill(
        self, code: Encoding, counts: ClassCounts, moments: ClassMoments, class_names: Sequence[str] | None,
        convention: str, *, lambda_w: float, lambda_v: float, lambda_b: float, lambda_c: float | None,
    ) -> None:
        names = names_of(class_names)
        means = moments.class_means.shape[1]
        sizes = (("counts", counts.classes), ("class means", means), ("class_names", len(names or code.matrix.T)))
        for name, size in sizes:
            if size != code.classes:
                raise ProblemError(f"{name} must have one entry per class; got {size} for {code.classes} classes")
        given = (check_lambda("lambda_w", lambda_w), check_lambda("lambda_v", lambda_v))
        hidden = given[1] if lambda_c is None else check_hidden_bias(lambda_c)
        finite = () if math.isinf(hidden) else (hidden,)
        layers, _, b = layers_in_paper(
            convention, "mse", (*given, *finite), 1.0, check_lambda_b(lambda_b), samples=counts.total,
            code_length=code.code_length,
        )
        for field, value in (
            ("encoding", code), ("counts", counts), ("moments", moments), ("class_names", names),
            ("lambda_w", layers[0]), ("lambda_v", layers[1]), ("lambda_b", b), ("lambda_c", (*layers, math.inf)[2]),
        ):
            object.__setattr__(self, field, value)

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
    def dim(self) -> int:
        """p, the dimension of the previous features z."""
        return int(self.moments.class_means.shape[0])

    @property
    def tau(self) -> float:
        """sqrt(lambda_w lambda_v), the price of a unit of nuclear norm of A."""
        return math.sqrt(self.lambda_w) * math.sqrt(self.lambda_v)

    @property
    def spec(self) -> ModelSpec:
        """The parts of the model: MSE, linear features, and one layer on top of the hidden one."""
        return ModelSpec()

    @property
    def hidden_unit(self) -> float:
        """sqrt(lambda_v/lambda_c), the entry beside z by which c is decayed as V is; 0 without c."""
        return math.sqrt(self.lambda_v / self.lambda_c)

    @property
    def class_means(self) -> Array:
        """Class means of z (p, K)."""
        return self.moments.class_means

    @property
    def within(self) -> Array:
        """Covariance of z within the classes, S_W / N (p, p)."""
        return self.moments.within

    @array_property
    def mean(self) -> Array:
        """The mean of z over all samples (p,)."""
        return self.class_means @ self.shares

    @array_property
    def shares(self) -> Array:
        """n_k / N (K,)."""
        return self.counts.array / self.samples

    @array_property
    def second_moments(self) -> Array:
        """The second moments of (z; 1) over all samples (p + 1, p + 1)."""
        ones = np.vstack((self.class_means, np.ones(self.classes)))
        found = (ones * self.shares) @ ones.T
        found[:-1, :-1] += self.within
        return found

    @array_property
    def cross_moments(self) -> Array:
        """The moments of (z; 1) with the one-hot labels (K, p + 1)."""
        return np.column_stack((self.class_means.T * self.shares[:, None], self.shares))

    @array_property
    def label_mean(self) -> Array:
        """mu = E n / N (m,), the mean of the labels over all samples."""
        return self.encoding.matrix @ self.shares

    def replace(self, **changes: Any) -> MetricProblem:
        """The same problem with some fields changed; lambdas are those of the paper's convention."""
        unknown = sorted(set(changes) - set(_FIELDS))
        if unknown:
            raise ProblemError(f"a MetricProblem can't change {unknown[0]!r}; it can {', '.join(_FIELDS)}")
        own = {name: getattr(self, name) for name in _FIELDS} | changes
        return MetricProblem.of_classes(self.class_means, self.within, **own)

    def __repr__(self) -> str:
        return (
            f"MetricProblem(encoding={self.encoding.name}, classes={self.classes}, code_length={self.code_length}, "
            f"samples={self.samples}, dim={self.dim}, lambda_w={self.lambda_w:g}, lambda_v={self.lambda_v:g}, "
            f"lambda_b={self.lambda_b:g}, lambda_c={self.lambda_c:g})"
        )


def check_hidden_bias(value: object, name: str = "lambda_c") -> float:
    """A weight decay of the hidden bias, or inf for none; ProblemError for others."""
    if not isinstance(value, bool) and isinstance(value, Real):
        if float(value) == math.inf:
            return math.inf
        if not float(value) > 0.0:
            why = " (of a free c the minimum is never reached: W shrinks and c grows for ever)" if value == 0 else ""
            raise ProblemError(
                f"{name} must be positive, or inf for no bias; got {float(value):g}{why}, give the decay that it was "
                "trained with"
            )
    return check_lambda(name, value)

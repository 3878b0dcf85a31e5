"""The problem: a regularized unconstrained features model (T0)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._arrays import EPS, Array
from ncsolve._problem.class_names import names_of
from ncsolve._problem.codes_of import codes_of, labelled_codes
from ncsolve._problem.counts import ClassCounts
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve._problem.model_fields import SPEC_FIELDS
from ncsolve._problem.model_spec import ModelSpec
from ncsolve._problem.regular import RegularProblem
from ncsolve._problem.weight_decays import check_lambda, check_lambda_b, check_layers, geometric_mean, layers_in_paper
from ncsolve.checks.arrays import Frozen, array_property
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError

__all__ = ["UFM", "check_problem", "weighted_codes"]


@dataclass(frozen=True, kw_only=True)
class UFM(Frozen):
    r"""The regularized unconstrained features model, in the convention of the paper:

    .. math:: \min_{W, H, b} \tfrac{1}{2N} \|W H + b 1^T - Y\|_F^2 + \tfrac{\lambda_W}{2} \|W\|_F^2
              + \tfrac{\lambda_H}{2} \|H\|_F^2 + \tfrac{\lambda_b}{2} \|b\|^2 ,

    or, with ``loss="cross-entropy"``, the mean over samples of :math:`\log \sum_j \exp o_j - \langle y, o \rangle` for
    outputs :math:`o = W h + b` in place of the first term.

    Parameters
    ----------
    encoding : Encoding, array (m, K) or str
        The code of class k is column k; or a name with parameters, such as "onehot" or "smoothed:0.1", for
        ``encodings.make``.
    counts : int or sequence of K ints
        Samples per class, at least 1 each.
    lambda_w : float or sequence of ``depth`` floats
        Weight decay of the classifier W (m, d); 1e-50 to 1e50.  A deep head has one per layer, from the features to
        the output; a single number is that of every layer.
    lambda_h : float
        Weight decay of the features H (d, N); 1e-50 to 1e50.
    lambda_b : float
        Weight decay of the bias b (m,); 0, 1e-100 to 1e100, or inf, which means no bias.
    loss : "mse" or "cross-entropy"
        "cross-entropy" (or "ce") is that of softmax outputs, for codes that are probabilities, such as "onehot" and
        "smoothed:0.1" (T16).
    dim : int, optional
        Feature dimension d (of a deep head: the width of every hidden layer); by default min(m, K), which holds every
        minimizer, and K for ReLU features, 2 K where the frame is not known and K > 4.  A smaller d is a bottleneck
        (T8).
    features : "linear" or "relu"
        "relu" restricts the features to H >= 0 (T10).
    depth : int
        Number of linear layers of the head, W = W_L ... W_1 (T9).
    convention : str
        The convention that the lambdas are given in, a name in ``ncsolve.CONVENTIONS``, such as "torch-mean".
    classes : int, optional
        K, for a named encoding with one count for all classes.
    seed : int
        Of a named encoding with random codes.

    Raises
    ------
    ProblemError
        For a value outside these ranges; the message names the rule, the value and the remedy.
    UnknownNameError
        For a convention, a loss or an encoding of another name.

    Notes
    -----
    The problem itself, and what is solved of it, is in the convention of the paper: lambdas in another are converted
    once, when it is made, and ``replace`` takes the paper's.  Problems are equal if codes, counts, lambdas, names of
    classes and the parts of the model are.

    Source: Zhou et al. 2022; Tirer & Bruna 2022; T0 of docs/theory.md.

    Examples
    --------
    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
    ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
    >>> problem.samples, problem.threshold
    (1000, 0.5)
    >>> problem == ncsolve.UFM(encoding="onehot", classes=10, counts=100, lambda_w=1e-4, lambda_h=1e-4, lambda_b=0.1,
    ...                        convention="torch-mean")
    True
    """

    encoding: Encoding
    counts: ClassCounts
    lambda_w: float
    lambda_h: float
    lambda_b: float
    loss: str = "mse"
    dim: int | None = None
    class_names: tuple[str, ...] | None = None
    features: str = "linear"
    depth: int = 1
    # One per layer.  ``lambda_w`` is their geometric mean, which is all that loss, bias and singular values depend on.
    lambda_w_layers: tuple[float, ...] = ()

    def __init__(
        self,
        *,
        encoding: Encoding | ArrayLike | str,
        counts: int | Sequence[int] | ArrayLike | ClassCounts,
        lambda_w: float | Sequence[float],
        lambda_h: float,
        lambda_b: float,
        loss: str = "mse",
        dim: int | None = None,
        class_names: Sequence[str] | None = None,
        features: str = "linear",
        depth: int = 1,
        convention: str = "paper",
        classes: int | None = None,
        seed: int = 0,
    ) -> None:
        code = codes_of(encoding, counts, classes, seed)
        if not isinstance(counts, ClassCounts):
            counts = ClassCounts.of(counts, code.classes)
        names = names_of(class_names)
        for name, size in (("counts", counts.classes), ("class_names", code.classes if names is None else len(names))):
            if size != code.classes:
                raise ProblemError(f"{name} must have one entry per class; got {size} for {code.classes} classes")
        spec = ModelSpec(loss=loss, dim=dim, features=features, depth=depth)
        layers, h, b = layers_in_paper(
            convention, spec.loss, check_layers("lambda_w", lambda_w, spec.depth), check_lambda("lambda_h", lambda_h),
            check_lambda_b(lambda_b), samples=counts.total, code_length=code.code_length,
        )
        spec.fit.check_codes(code, b)
        for field, value in (
            ("encoding", code),
            ("counts", counts),
            *((name, getattr(spec, name)) for name in SPEC_FIELDS),
            ("lambda_w_layers", layers),
            ("lambda_w", geometric_mean(layers)),
            ("lambda_h", h),
            ("lambda_b", b),
            ("class_names", names),
        ):
            object.__setattr__(self, field, value)
        if not 0.0 < self.threshold < math.inf:
            raise ProblemError(
                f"N sqrt(lambda_w lambda_h) must be a positive float; got {self.threshold} from N = {self.samples}, "
                f"lambda_w = {self.lambda_w:g}, lambda_h = {self.lambda_h:g}, rescale the lambdas"
            )

    @classmethod
    def from_labels(
        cls,
        labels: Sequence[object] | ArrayLike,
        encoding: Encoding | ArrayLike | str = "onehot",
        *,
        lambda_w: float | Sequence[float],
        lambda_h: float,
        lambda_b: float,
        order: Sequence[object] | None = None,
        loss: str = "mse",
        dim: int | None = None,
        features: str = "linear",
        depth: int = 1,
        convention: str = "paper",
        seed: int = 0,
    ) -> UFM:
        """The problem of a data set, from the labels of its samples.

        Parameters
        ----------
        labels : sequence of N numbers, truth values or texts
            A list, an array, a column of pandas or a tensor.  Which are one class is as in files: labels that are all
            numbers are numbers (3, 3.0 and "03" are one class), and one text among them makes all of them text.
        encoding : Encoding, array (m, K) or str
            As in ``UFM``, with column k for class k; "ordinal:values" takes labels that are numbers as their codes.
        lambda_w, lambda_h, lambda_b, loss, dim, features, depth, convention, seed
            As in ``UFM``.
        order : sequence of K labels, optional
            Every class once.  By default numbers are in numerical order and others in that of text; an ordered
            ``Categorical`` of pandas has its own.

        Raises
        ------
        ProblemError
            For a missing label, with its place; a category without a sample; an encoding of another number of classes;
            and as ``UFM`` does.

        Notes
        -----
        The classes have the names ``class_names``.  The rules are in docs/reference/files.md.

        Examples
        --------
        >>> import ncsolve
        >>> problem = ncsolve.UFM.from_labels(["cat", "dog", "dog"], lambda_w=1e-3, lambda_h=1e-3, lambda_b=0.1)
        >>> problem.class_names, list(problem.counts)
        (('cat', 'dog'), [1, 2])
        """
        found = labelled_codes(labels, encoding, order, seed)
        return cls(
            encoding=found.encoding, counts=found.classes.counts, class_names=found.classes.names, lambda_w=lambda_w,
            lambda_h=lambda_h, lambda_b=lambda_b, loss=loss, dim=dim, features=features, depth=depth,
            convention=convention,
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
        """d: ``dim`` if given, else what holds the minimizer: min(m, K), or for ReLU features K, or 2 K."""
        if self.dim is not None:
            return self.dim
        return self.spec.default_dim(self.code_length, self.classes, self.regular is not None)

    @cached_property
    def spec(self) -> ModelSpec:
        """The parts of the model: loss, dim, features and depth."""
        return ModelSpec(**{name: getattr(self, name) for name in SPEC_FIELDS})

    @property
    def plain(self) -> bool:
        """Whether this is the model of the paper: MSE, linear features and one layer."""
        return self.spec.plain

    @cached_property
    def regular(self) -> RegularProblem | None:
        """The numbers of T5 where counts are balanced and codes affine one-hot, else None."""
        affine = self.encoding.affine
        if affine is None or not self.counts.balanced:
            return None
        n = self.counts.values[0]
        return RegularProblem(
            a=affine.a, w=affine.row_sum, t=self.threshold / math.sqrt(n), n=n, classes=affine.classes
        )

    @array_property
    def label_mean(self) -> Array:
        """mu = E n / N (m,), the mean of the labels over all samples."""
        if self.regular is not None:
            return np.full(self.classes, self.regular.w / self.classes)
        affine, n = self.encoding.affine, self.counts.array.astype(np.float64)
        if affine is not None:
            return affine.a * (n / self.samples) + affine.q
        total, size = self.encoding.matrix @ n, np.abs(self.encoding.matrix) @ n
        # What is left of codes that cancel is rounding, not a mean.
        return np.where(np.abs(total) > 4 * EPS * size, total, 0.0) / self.samples

    def replace(self, **changes: object) -> UFM:
        """The same problem with some fields changed; lambdas are those of the paper's convention."""
        fields = ("encoding", "counts", "lambda_w", "lambda_h", "lambda_b", "class_names", *SPEC_FIELDS)
        unknown = sorted(set(changes) - set(fields))
        if unknown:
            raise ProblemError(f"a UFM has no field {unknown[0]!r}; its fields are {', '.join(fields)}")
        own = {name: getattr(self, name) for name in fields}
        if len(set(self.lambda_w_layers)) > 1:
            own["lambda_w"] = self.lambda_w_layers
        return UFM(**(own | changes))

    def __repr__(self) -> str:
        return (
            f"UFM(encoding={self.encoding.name}, classes={self.classes}, code_length={self.code_length}, "
            f"samples={self.samples}, lambda_w={self.lambda_w:g}, lambda_h={self.lambda_h:g}, "
            f"lambda_b={self.lambda_b:g}, dim={self.dim}"
            + "".join(
                f", {name}={getattr(self, name)}" for name in ("loss", "features", "depth")
                if getattr(self, name) != getattr(ModelSpec, name)
            )
            + ")"
        )


def check_problem(problem: object) -> None:
    """That the problem is one, or ProblemError."""
    if isinstance(problem, MetricProblem):
        raise ProblemError(
            "the problem must be a UFM, whose features are free; got a MetricProblem, whose previous features are "
            "data, use solve, path along lambda_b or lambda_w, and measure for it"
        )
    if not isinstance(problem, UFM):
        raise ProblemError(f"the problem must be a UFM; got {type(problem).__name__}, make one with ncsolve.UFM(...)")


def weighted_codes(problem: UFM) -> tuple[Array, Array]:
    """M = E D^(1/2) (m, K) and u = D^(1/2) 1 (K,), with the counts in D."""
    u = np.sqrt(problem.counts.array)
    return problem.encoding.matrix * u, u

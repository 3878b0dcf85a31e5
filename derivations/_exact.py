"""Exact minimizers: W, class means and bias as sympy matrices, verified by exact arithmetic.

Every closed form has the shape Z = L L^T O with a partial isometry O (polar form).  The factors W = weight_scale L
and Hbar = feature_scale L^T O D^(-1/2) are balanced, so they are a minimizer (T2); all others are rotations of the
feature space.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from ncsolve.derivations._algebraic import is_semidefinite, tidy, vanishes
from ncsolve.derivations._exact_forms import FORMS, ExactProblem, Polar
from ncsolve.derivations._registry import get
from ncsolve.derivations._steps import DerivationError

import ncsolve
from ncsolve.errors import DimensionError, OpenProblemError, ProblemError, SizeError

__all__ = ["ExactMinimizer", "NoClosedFormError", "exact_minimizer"]

_MOST_CLASSES = 12  # beyond, the radicals of the Cholesky factor take minutes


class NoClosedFormError(ProblemError):
    """The problem has no closed form among those that the derivations give."""


@dataclass(frozen=True, kw_only=True)
class ExactMinimizer:
    """A global minimizer in exact numbers: ``W`` (m, d), ``class_means`` (d, K), ``bias`` (m, 1), ``loss``.

    ``theorem`` names the derivation it comes from; ``certificate`` (m, K) has the columns l_k of T12.
    """

    W: sp.ImmutableMatrix
    class_means: sp.ImmutableMatrix
    bias: sp.ImmutableMatrix
    loss: sp.Expr
    certificate: sp.ImmutableMatrix
    theorem: str

    @property
    def gram(self) -> sp.ImmutableMatrix:
        """Inner products of the class means (K, K)."""
        return sp.ImmutableMatrix((self.class_means.T * self.class_means).applyfunc(tidy))


def exact_minimizer(problem: ncsolve.UFM) -> ExactMinimizer:
    """A global minimizer of a problem that has a closed form, as sympy matrices.

    The numbers are read as the decimals they print as (0.01 is 1/100).  Before it is returned the minimizer is verified
    exactly: the gradient is zero in every entry, the multipliers are feasible and the duality gap is zero (T12).

    Closed forms: affine one-hot codes with balanced counts, any lambda_b (T5); one-hot codes with any counts,
    lambda_b = inf (T6) or lambda_b >= lambda_b+ (T5b); codes of length 1 where the quartic of T4 has a rational root,
    is not needed, or mu = 0.

    Raises NoClosedFormError for any other problem, OpenProblemError for deep heads and ReLU features, DimensionError
    when ``dim`` is below the rank of the minimizer, SizeError for more than 12 classes.

    >>> from ncsolve import UFM, encodings
    >>> problem = UFM(encoding=encodings.onehot(3), counts=4, lambda_w=0.01, lambda_h=0.01, lambda_b=0.5)
    >>> exact_minimizer(problem).loss
    57/1000
    """
    if not problem.plain:
        raise OpenProblemError(
            f"an exact minimizer is for linear features and one layer; got features = {problem.features!r} and depth = "
            f"{problem.depth}; ncsolve minimizer (ncsolve.solve) takes them, one problem at a time"
        )
    if problem.classes > _MOST_CLASSES:
        raise SizeError(
            f"exact minimizers are for at most {_MOST_CLASSES} classes; got {problem.classes}, use ncsolve.solve"
        )
    exact = _read(problem)
    for form in FORMS:
        polar = form(exact)
        if polar is not None:
            return _verified(exact, _assemble(exact, polar, problem.feature_dim))
    raise NoClosedFormError(
        "this problem has no closed form here; there is one for balanced affine one-hot codes, for one-hot codes with "
        "lambda_b = inf or lambda_b >= lambda_b+, and for some codes of length 1; use ncsolve.solve for the others"
    )


def _read(problem: ncsolve.UFM) -> ExactProblem:
    counts = tuple(int(n) for n in problem.counts.array)
    affine = problem.encoding.affine
    a = q = None
    if affine is not None:
        # Label smoothing stores 1 - alpha rounded; its name holds alpha as it was typed.  q is often rounded, w is not.
        kind, _, parameter = affine.name.partition(":")
        a = 1 - _decimal(float(parameter)) if kind == "smoothed" else _decimal(affine.a)
        q = _decimal(affine.q) if kind == "affine" else (_decimal(affine.row_sum) - a) / len(counts)
        E = a * sp.eye(len(counts)) + q * sp.ones(len(counts), len(counts))
    else:
        E = sp.Matrix(problem.encoding.matrix.tolist()).applyfunc(lambda x: _decimal(float(x)))
    return ExactProblem(
        E=sp.ImmutableMatrix(E),
        a=a,
        q=q,
        counts=counts,
        lambda_w=_decimal(problem.lambda_w),
        lambda_h=_decimal(problem.lambda_h),
        lambda_b=_decimal(problem.lambda_b),
    )


def _decimal(value: float) -> sp.Expr:
    """The decimal that a float prints as, or infinity."""
    return sp.oo if value == float("inf") else sp.Rational(Fraction(repr(value)))


def _assemble(exact: ExactProblem, polar: Polar, dim: int) -> ExactMinimizer:
    factors = get("factorization").result
    scale = {sp.Symbol("lambda_w", positive=True): exact.lambda_w, sp.Symbol("lambda_h", positive=True): exact.lambda_h}
    L = polar.basis * sp.diag(*map(sp.sqrt, polar.squares))
    rank = L.cols
    if dim < rank:
        raise DimensionError(
            f"dim must be at least {rank}, the rank of the minimizer; got {dim}, raise dim or leave it out"
        )
    L = sp.Matrix(L).row_join(sp.zeros(L.rows, dim - rank))
    roots = sp.diag(*[1 / sp.sqrt(n) for n in exact.counts])
    W = factors["weight_scale"].subs(scale) * L
    means = factors["feature_scale"].subs(scale) * L.T * (polar.isometry * roots).applyfunc(tidy)
    residual = (exact.E - polar.bias * sp.ones(1, len(exact.counts)) - W * means).applyfunc(tidy)
    weights = [exact.lambda_w / 2 * _square(W), exact.lambda_h / 2 * _square(means * roots.inv())]
    fit = _square(residual * roots.inv()) / (2 * exact.samples)
    bias = exact.lambda_b / 2 * _square(polar.bias) if exact.lambda_b.is_finite else sp.S.Zero
    return ExactMinimizer(
        W=sp.ImmutableMatrix(W),
        class_means=sp.ImmutableMatrix(means),
        bias=sp.ImmutableMatrix(polar.bias),
        loss=tidy(fit + sum(weights) + bias),
        certificate=sp.ImmutableMatrix(residual / exact.samples),
        theorem=polar.theorem,
    )


def _square(matrix: sp.Matrix) -> sp.Expr:
    return sum((x**2 for x in matrix), sp.S.Zero)


def _verified(exact: ExactProblem, found: ExactMinimizer) -> ExactMinimizer:
    """The minimizer, if its gradient is exactly zero and its bound exactly its loss; DerivationError otherwise."""
    n = sp.diag(*exact.counts)
    multipliers = sp.Matrix(found.certificate)
    total = multipliers * sp.Matrix(exact.counts)
    bias_side = exact.lambda_b * found.bias if exact.lambda_b.is_finite else total
    conditions: tuple[tuple[str, sp.Matrix], ...] = (
        ("gradient in W", exact.lambda_w * found.W - multipliers * n * found.class_means.T),
        ("gradient in H", exact.lambda_h * found.class_means - found.W.T * multipliers),
        ("gradient in b", sp.Matrix(bias_side) - total),
        ("duality gap", sp.Matrix([found.loss - _bound(exact, multipliers, total)])),
    )
    for name, matrix in conditions:
        if not all(vanishes(x) for x in matrix):
            raise DerivationError(f"the exact minimizer of theorem {found.theorem!r} fails: {name} is not zero")
    slack = exact.lambda_w * exact.lambda_h * sp.eye(multipliers.rows) - multipliers * n * multipliers.T
    if not is_semidefinite(slack):
        raise DerivationError(
            f"the exact minimizer of theorem {found.theorem!r} fails: its multipliers are not feasible"
        )
    return found


def _bound(exact: ExactProblem, multipliers: sp.Matrix, total: sp.Matrix) -> sp.Expr:
    linear = sum(n * multipliers[:, k].dot(exact.E[:, k]) for k, n in enumerate(exact.counts))
    square = sum(n * _square(multipliers[:, k]) for k, n in enumerate(exact.counts))
    last = sp.S.Zero if exact.lambda_b in (0, sp.oo) else _square(total) / (2 * exact.lambda_b)
    return linear - sp.Rational(exact.samples, 2) * square - last

"""The closed forms that exact minimizers are made of: each maps a problem to Z in polar form, or to None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp
from ncsolve.derivations._algebraic import tidy, vanishes
from ncsolve.derivations._notation import N, T, a, lambda_b, mean_norm, n, s, t, tau, w
from ncsolve.derivations._registry import get

__all__ = ["FORMS", "ExactProblem", "Polar"]


@dataclass(frozen=True, kw_only=True)
class ExactProblem:
    """A problem in exact numbers; ``a``, ``q`` are given when E = a I + q J."""

    E: sp.ImmutableMatrix
    a: sp.Expr | None
    q: sp.Expr | None
    counts: tuple[int, ...]
    lambda_w: sp.Expr
    lambda_h: sp.Expr
    lambda_b: sp.Expr

    @property
    def samples(self) -> int:
        return sum(self.counts)

    @property
    def tau(self) -> sp.Expr:
        return sp.sqrt(self.lambda_w * self.lambda_h)

    @property
    def threshold(self) -> sp.Expr:
        return self.samples * self.tau


@dataclass(frozen=True, kw_only=True)
class Polar:
    """Z = basis diag(squares) basis^T isometry; the bias (m, 1); the theorem that gives them.

    The columns of ``basis`` need not be orthonormal.  ``squares`` are positive; their roots, often nested radicals,
    enter the factors as multiples of whole columns only, which keeps exact arithmetic short.
    """

    basis: sp.Matrix
    squares: tuple[sp.Expr, ...]
    isometry: sp.Matrix
    bias: sp.Matrix
    theorem: str


def _value(theorem: str, key: str, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """A result at exact values; lambda_b = inf is taken as the limit of the branch that holds there."""
    expr = get(theorem).result[key].subs({k: v for k, v in values.items() if v != sp.oo}, simultaneous=True)
    if values.get(lambda_b) == sp.oo:
        expr = sp.limit(expr.args[-1].expr if isinstance(expr, sp.Piecewise) else expr, lambda_b, sp.oo)
    return expr


def balanced_affine(problem: ExactProblem) -> Polar | None:
    """T5."""
    if problem.a is None or problem.q is None or len(set(problem.counts)) > 1:
        return None
    classes, count = len(problem.counts), sp.Integer(problem.counts[0])
    row = problem.a + classes * problem.q
    values = {a: problem.a, w: row, t: problem.threshold / sp.sqrt(count), lambda_b: problem.lambda_b}
    alive = _greater(abs(row), values[t]) or problem.lambda_b != sp.oo
    s_perp = _value("affine", "s_perp", values)
    # At lambda_b = inf the mean direction is alive iff |w| > t; the other branch has the same limits where it is not.
    s_mu = _value("affine", "s_mu", values) if alive else sp.S.Zero
    beta = _value("affine", "beta", values) if row != 0 and problem.lambda_b != sp.oo else sp.S.Zero
    mean = sp.ones(classes, classes) / classes
    contrasts = sp.eye(classes) - mean
    helmert = sp.Matrix.hstack(sp.ones(classes, 1) / sp.sqrt(classes), *_contrasts(classes))
    values_of_z = [s_mu, *([s_perp] * (classes - 1))]
    keep = [k for k, value in enumerate(values_of_z) if not vanishes(value)]
    return Polar(
        basis=helmert[:, keep],
        squares=tuple(sp.radsimp(sp.sqrt(count) * values_of_z[k]) for k in keep),
        isometry=sp.sign(problem.a) * contrasts + (sp.sign(row) if row != 0 else 1) * mean,
        bias=beta * row / classes * sp.ones(classes, 1),
        theorem="affine",
    )


def _contrasts(classes: int) -> list[sp.Matrix]:
    """Helmert's orthonormal basis of the vectors that sum to zero."""
    return [sp.Matrix([*([1] * k), -k, *([0] * (classes - k - 1))]) / sp.sqrt(k * (k + 1)) for k in range(1, classes)]


def imbalanced_onehot(problem: ExactProblem) -> Polar | None:
    """T6 without bias, T5b from lambda_b+ on."""
    if problem.a != 1 or problem.q != 0 or problem.lambda_b == 0:
        return None
    T_ = problem.threshold
    roots = [sp.sqrt(count) for count in problem.counts]
    size = len(roots)
    if problem.lambda_b == sp.oo:
        alive = [k for k, root in enumerate(roots) if _greater(root, T_)]
        return Polar(
            basis=sp.eye(size)[:, alive],
            squares=tuple(roots[k] - T_ for k in alive),
            isometry=sp.eye(size),
            bias=sp.zeros(size, 1),
            theorem="imbalanced",
        )
    values = {tau: problem.tau, T: T_, lambda_b: problem.lambda_b}
    if not all(_greater(root, T_) for root in roots):
        return None
    start = sum(_value("imbalanced", "threshold_term", values | {n: sp.Integer(c)}) for c in problem.counts)
    if _greater(start, problem.lambda_b):
        return None
    bias = sp.Matrix([_value("imbalanced", "bias", values | {n: sp.Integer(c)}) for c in problem.counts])
    core = sp.diag(*roots) - T_ * sp.eye(size) - bias * sp.Matrix([roots])
    basis, squares = _ldl(core)
    return Polar(basis=basis, squares=squares, isometry=sp.eye(size), bias=bias, theorem="large-bias")


def _ldl(matrix: sp.Matrix) -> tuple[sp.Matrix, tuple[sp.Expr, ...]]:
    """B, z with matrix = B diag(z) B^T for a positive semidefinite matrix, by elimination; exact."""
    rest = sp.Matrix(matrix).applyfunc(tidy)
    columns, squares = [], []
    for i in range(rest.rows):
        pivot = rest[i, i]
        if not vanishes(pivot):  # a zero pivot has a zero row in a positive semidefinite matrix
            column = (rest[:, i] / pivot).applyfunc(tidy)
            rest = (rest - pivot * column * column.T).applyfunc(tidy)
            columns.append(column)
            squares.append(pivot)
    return sp.Matrix.hstack(*columns), tuple(squares)


def one_row(problem: ExactProblem) -> Polar | None:
    """Codes of length 1: mu is an eigenvector of S (T4), and Z has one singular value."""
    if problem.E.rows != 1:
        return None
    counts = sp.diag(*problem.counts)
    mean = (problem.E * counts * sp.ones(counts.rows, 1))[0] / problem.samples
    fraction = _bias_fraction(problem, mean)
    if fraction is None:
        return None
    bias = mean * fraction
    target = (problem.E - bias * sp.ones(1, counts.rows)) * counts.applyfunc(sp.sqrt)
    length = sp.sqrt(sp.expand(sum(x**2 for x in target)))
    alive = _greater(length, problem.threshold)
    return Polar(
        basis=sp.eye(1)[:, : int(alive)],
        squares=(length - problem.threshold,) * alive,
        isometry=target / length if alive else target,
        bias=sp.Matrix([[bias]]),
        theorem="eigenvector",
    )


def _bias_fraction(problem: ExactProblem, mean: sp.Expr) -> sp.Expr | None:
    """b/mu, or None when the quartic has no rational root."""
    if mean == 0 or problem.lambda_b == sp.oo:
        return sp.S.Zero
    if problem.lambda_b == 0:
        return sp.S.One
    second = sum(c * e**2 for c, e in zip(problem.counts, problem.E, strict=True))
    values = {
        N: sp.Integer(problem.samples),
        T: problem.threshold,
        lambda_b: problem.lambda_b,
        mean_norm: abs(mean),
        s: second - problem.samples * mean**2,
    }
    gamma = sp.Symbol("gamma", positive=True)
    centred = _value("eigenvector", "gamma_centred", values)
    if not _greater(_value("eigenvector", "eigenvalue", values | {gamma: centred}), problem.threshold**2):
        return 1 - centred
    if values[s] == 0:
        return 1 - _value("eigenvector", "gamma_zero_scatter", values)
    quartic = sp.Poly(_value("eigenvector", "quartic", values), gamma)
    rational = [x for x in sp.roots(quartic, filter="Q") if 0 < x < 1]
    # The quartic has exactly one root in (0, 1) that exceeds the threshold (T4).
    kept = [
        x for x in rational if _greater(_value("eigenvector", "eigenvalue", values | {gamma: x}), problem.threshold**2)
    ]
    return 1 - kept[0] if kept else None


def _greater(left: sp.Expr, right: sp.Expr) -> bool:
    """left > right for exact numbers."""
    difference = sp.sympify(left - right)
    return not vanishes(difference) and bool(difference.is_positive)


FORMS: tuple[Callable[[ExactProblem], Polar | None], ...] = (balanced_affine, imbalanced_onehot, one_row)

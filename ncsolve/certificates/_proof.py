"""A point, dual vectors and the evidence for them: all that a certificate adds to a problem."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import fmpq, fmpq_mat

from ncsolve._numbers.exact import Table, log2, on_grid
from ncsolve.certificates._approximation import Approximation, Precision
from ncsolve.certificates._exact_problem import ExactProblem
from ncsolve.certificates._psd import evidence_for, exact_factors

__all__ = ["Proof", "exact_proof", "rounded_proof"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Proof:
    """A point and a bound: T12 of docs/theory.md.

    W = ``weights`` diag(root ``scales``) (m, d) and ``class_means`` (K, d), one row a class, in the same units;
    ``bias`` (m); ``dual`` (K, m), the l_k; ``psd_factor`` F (m, q) and ``psd_scales`` s such that
    lambda_w lambda_h I - sum n_k l_k l_k^T - F diag(s) F^T is diagonally dominant.  For features h >= 0 instead
    lambda_w lambda_h diag(n_k) - [n_k n_j <l_k, l_j>] - R - F diag(s) F^T is, with F (K, q) and R = ``nonnegative``
    (K, K), which is None for linear features.  Under cross-entropy ``levels`` (K) are numbers from which the log sum
    exp of the outputs are bounded, in numbers of ``bits`` bits behind the point; else both are None.
    """

    scales: list[Fraction]
    weights: Table
    class_means: Table
    bias: list[Fraction]
    dual: Table
    psd_scales: list[Fraction]
    psd_factor: Table
    nonnegative: Table | None = None
    levels: list[Fraction] | None = None
    bits: int | None = None


def rounded_proof(problem: ExactProblem, found: Approximation, precision: Precision) -> Proof:
    """Make the sum of the dual vectors exactly lambda_b b (0 for lambda_b = 0), shrunk like them."""
    dual = found.dual
    if problem.lambda_b is not None:
        target = _sum_of_duals(problem, found.bias, precision)
        shift = [
            (goal - sum((n * x for n, x in zip(problem.counts, row, strict=True)), Fraction(0))) / problem.samples
            for goal, row in zip(target, zip(*dual, strict=True), strict=True)
        ]
        dual = [[x + y for x, y in zip(l, shift, strict=True)] for l in dual]
    unit = _short(problem.lambda_w * problem.lambda_h * precision.factor**2, precision.claim)
    return Proof(
        scales=[Fraction(1)] * len(found.weights[0]), weights=found.weights, class_means=found.class_means,
        bias=found.bias, dual=dual, psd_scales=[unit] * len(found.factor[0]), psd_factor=found.factor,
    )


def _sum_of_duals(problem: ExactProblem, bias: list[Fraction], precision: Precision) -> list[Fraction]:
    """lambda_b b, shrunk and with few digits.

    Only its relative error matters to the bound, which loses |error|^2/(2 lambda_b).
    """
    lambda_b = problem.lambda_b or Fraction(0)
    wanted = [lambda_b * x * precision.factor for x in bias]
    largest = max(map(abs, wanted))
    return [_short(x, precision.shrink + 24, largest) for x in wanted]


def _short(x: Fraction, significant: int, largest: Fraction | None = None) -> Fraction:
    """Rounded to the grid on which ``largest`` (by default x itself) has so many bits."""
    unit = abs(x) if largest is None else largest
    if unit == 0:
        return x
    bits = significant - log2(unit)
    return on_grid(round(x * Fraction(2) ** bits), -bits, bits)


def exact_proof(problem: ExactProblem, bias: list[Fraction], outputs: Table) -> Proof | None:
    """The proof with gap zero at a rational minimizer: b and the W h_k, one row a class; None if it is none.

    By stationarity l_k = (e_k - b - W h_k)/N, W W^T = sum n_k l_k (W h_k)^T/lambda_w and h_k = W^T l_k/lambda_h are
    rational functions of them; the exact factors W W^T = L diag(s) L^T leave roots of s in W, squared where they count.
    """
    dual = [
        [(x - b - z) / problem.samples for x, b, z in zip(code, bias, output, strict=True)]
        for code, output in zip(problem.codes, outputs, strict=True)
    ]
    if problem.lambda_b is not None and any(
        problem.lambda_b * b != sum(n * l[i] for n, l in zip(problem.counts, dual, strict=True))
        for i, b in enumerate(bias)
    ):
        return None
    square = _weighted(problem, dual, outputs)
    if square != [list(row) for row in zip(*square, strict=True)]:
        return None
    weights = exact_factors([[x / problem.lambda_w for x in row] for row in square])
    level = problem.lambda_w * problem.lambda_h
    rest = [[level * (i == j) - x for j, x in enumerate(row)] for i, row in enumerate(_weighted(problem, dual, dual))]
    evidence = None if weights is None else evidence_for(rest)
    if weights is None or evidence is None:
        return None
    means = _product([[x / problem.lambda_h for x in l] for l in dual], weights.factor)
    return Proof(
        scales=weights.scales, weights=weights.factor, class_means=means, bias=bias, dual=dual,
        psd_scales=evidence.scales, psd_factor=evidence.factor,
    )


def _weighted(problem: ExactProblem, left: Table, right: Table) -> Table:
    """sum n_k x_k y_k^T (m, m)."""
    weighted = [[n * x for x in row] for n, row in zip(problem.counts, left, strict=True)]
    return _product([list(column) for column in zip(*weighted, strict=True)], right)


def _product(left: Table, right: Table) -> Table:
    a, b = (
        fmpq_mat(len(rows), len(rows[0]), [fmpq(x.numerator, x.denominator) for row in rows for x in row])
        for rows in (left, right)
    )
    return [[Fraction(int(x.p), int(x.q)) for x in row] for row in (a * b).tolist()]

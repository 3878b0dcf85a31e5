"""Certificates for features h >= 0 with orthogonal class means (T10): to any number of digits, and exact if rational.

No two shifted codes f_k = e_k - b meet at an acute angle.  Then l_k = min(1, T/(sqrt(n_k) |f_k|)) f_k/N have no
positive inner products, R = -[n_k n_j <l_k, l_j>] off the diagonal leaves a diagonal matrix, and each class has a
feature of its own.  The bias solves lambda_b b = sum n_k l_k, by Newton's method in python-flint's numbers.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from flint import arb, arb_mat, ctx

from ncsolve._numbers.exact import Table, log2, simplest_between, square_root
from ncsolve.certificates._approximation import Approximation, Precision
from ncsolve.certificates._exact_problem import ExactProblem
from ncsolve.certificates._proof import Proof, rounded_proof
from ncsolve.certificates._refine import as_arb, grid_of, norm, table_of
from ncsolve.certificates.checker import gram
from ncsolve.errors import ConvergenceError

__all__ = ["inner_products", "orthogonal_proof", "rational_orthogonal_proof"]

_MAX_STEPS = 60
# A bias of doubles is guessed to be a fraction of so small a denominator; the guess is verified exactly.
_ERROR, _DENOMINATOR = Fraction(1, 2**40), 2**14


def rational_orthogonal_proof(problem: ExactProblem, start: list[Fraction]) -> Proof | None:
    """The proof with gap zero where b and all sqrt(n_k) |f_k|/T of the surviving classes are rational; else None."""
    size = max(map(abs, start), default=Fraction(0))
    bias = [simplest_between(x - size * _ERROR, x + size * _ERROR) for x in start]
    if any(x.denominator > _DENOMINATOR for x in bias):
        bias = start
    shifted = [[x - y for x, y in zip(code, bias, strict=True)] for code in problem.codes]
    dual, scales, alive = [], [], []
    for k, (f, n) in enumerate(zip(shifted, problem.counts, strict=True)):
        ratio = n * sum(x * x for x in f) / problem.square_threshold
        root = square_root(ratio) if ratio > 1 else Fraction(1)
        if root is None:
            return None
        dual.append([x / (root * problem.samples) for x in f])
        if ratio > 1:
            alive.append(k)
            scales.append(problem.samples * problem.lambda_w * (root - 1) / n)
    total = [sum(n * x for n, x in zip(problem.counts, column, strict=True)) for column in zip(*dual, strict=True)]
    if problem.lambda_b is not None and total != [problem.lambda_b * x for x in bias]:
        return None
    slack = _obtuse_part(problem, dual)
    if slack is None:
        return None
    # W h_k = f_k - N l_k with h_k = root(s_k) in a coordinate of its own.
    columns = [
        [(x - problem.samples * y) / s for x, y in zip(shifted[k], dual[k], strict=True)]
        for k, s in zip(alive, scales, strict=True)
    ]
    return Proof(
        scales=scales, weights=[[column[i] for column in columns] for i in range(problem.outputs)],
        class_means=[[Fraction(k == j) for j in alive] for k in range(problem.classes)], bias=bias, dual=dual,
        psd_scales=[], psd_factor=[[] for _ in problem.codes], nonnegative=slack,
    )


def orthogonal_proof(problem: ExactProblem, start: list[Fraction], precision: Precision) -> Proof:
    """The proof to a given precision from a nearby bias.  Raises ConvergenceError if Newton's method stalls."""
    span = max(0, log2(max(n * sum(x * x for x in f) for n, f in zip(problem.counts, problem.codes, strict=True))
                       / problem.square_threshold))
    with ctx.workprec(precision.claim + span + 80):
        codes = arb_mat(problem.classes, problem.outputs, [as_arb(x) for code in problem.codes for x in code])
        ones = arb_mat(problem.classes, 1, [1] * problem.classes)
        threshold = (problem.samples * as_arb(problem.lambda_w * problem.lambda_h).sqrt()).mid()
        counts = [arb(n) for n in problem.counts]
        bias = arb_mat(problem.outputs, 1, [as_arb(x) for x in start])
        for _ in range(_MAX_STEPS):
            shifted = (codes - ones * bias.transpose()).mid()
            lengths = [_length(shifted, k) for k in range(problem.classes)]
            ratios = [(n.sqrt() * length / threshold).mid() for n, length in zip(counts, lengths, strict=True)]
            pull = [n / problem.samples / (x if x > 1 else 1) for n, x in zip(counts, ratios, strict=True)]
            if problem.lambda_b is None:
                break
            force = (shifted.transpose() * arb_mat(problem.classes, 1, pull) - bias * as_arb(problem.lambda_b)).mid()
            size = norm(force)
            if size <= threshold / arb(problem.samples).sqrt() * arb(2) ** -precision.claim:
                break
            bent = [p / length**2 if x > 1 else arb(0) for p, length, x in zip(pull, lengths, ratios, strict=True)]
            slope = _scaled_gram(shifted, bent, as_arb(problem.lambda_b) + sum(pull, arb(0)))
            try:
                bias = (bias + slope.solve(force, algorithm="approx")).mid()
            except ZeroDivisionError:
                raise ConvergenceError(_stalled(float(size), 0)) from None
        else:
            raise ConvergenceError(_stalled(float(size), _MAX_STEPS))
        return _rounded(problem, precision, (bias, shifted, lengths, ratios), span)


def _rounded(
    problem: ExactProblem, precision: Precision, at: tuple[arb_mat, arb_mat, list[arb], list[arb]], span: int
) -> Proof:
    bias, shifted, lengths, ratios = at
    m, alive = problem.outputs, [k for k, x in enumerate(ratios) if x > 1]
    gains = [1 / (x if x > 1 else 1) / problem.samples * as_arb(precision.factor) for x in ratios]
    dual = arb_mat(problem.classes, m, [shifted[k, i] * g for k, g in enumerate(gains) for i in range(m)])
    threshold = problem.samples * as_arb(problem.lambda_w * problem.lambda_h).sqrt()
    unit = as_arb(problem.lambda_h / problem.lambda_w).root(4)
    roots = [((ratios[k] - 1) * threshold).sqrt() for k in alive]
    at_class = dict(zip(alive, roots, strict=True))
    weights = arb_mat(m, len(alive), [shifted[k, i] / lengths[k] * at_class[k] * unit for i in range(m) for k in alive])
    means = arb_mat(
        problem.classes, len(alive),
        [at_class[k] / unit / arb(problem.counts[k]).sqrt() if k == j else arb(0)
         for k in range(problem.classes) for j in alive],
    )
    bits = precision.point(span // 2 + 1)
    found = Approximation(
        bias=table_of(bias.transpose(), grid_of(bias, precision.shrink + 24))[0],
        weights=table_of(weights, grid_of(weights, bits)), class_means=table_of(means, grid_of(means, bits)),
        dual=table_of(dual, precision.dual), factor=[[] for _ in problem.codes],
    )
    proof = rounded_proof(problem, found, precision)
    slack = _obtuse_part(problem, proof.dual, bits=precision.claim - 2 * precision.tau + 2)
    return replace(proof, nonnegative=slack)


def inner_products(problem: ExactProblem, dual: Table) -> Table:
    """n_k n_j <l_k, l_j> (K, K)."""
    weighted = [[n * x for x in l] for n, l in zip(problem.counts, dual, strict=True)]
    lower, den = gram(weighted, [Fraction(1)] * problem.outputs, max(problem.classes, problem.outputs))
    every = range(problem.classes)
    return [[Fraction(lower[max(j, k)][min(j, k)], den) for j in every] for k in every]


def _obtuse_part(problem: ExactProblem, dual: Table, bits: int | None = None) -> Table | None:
    """R = max(0, -n_k n_j <l_k, l_j>) off the diagonal, rounded down to a grid of so many ``bits``.

    Without ``bits`` it is exact, and None if an inner product is positive.
    """
    inner = inner_products(problem, dual)
    if bits is None and any(x > 0 for k, row in enumerate(inner) for x in row[:k]):
        return None
    slack = [[max(-x, Fraction(0)) * (j != k) for j, x in enumerate(row)] for k, row in enumerate(inner)]
    return slack if bits is None else [[Fraction(math.floor(x * 2**bits), 2**bits) for x in row] for row in slack]


def _scaled_gram(rows: arb_mat, weights: list[arb], level: arb) -> arb_mat:
    """level I - sum weights_k f_k f_k^T."""
    size = rows.ncols()
    scaled = arb_mat(rows.nrows(), size, [rows[k, i] * w for k, w in enumerate(weights) for i in range(size)])
    whole = arb_mat(size, size, [level if i == j else 0 for i in range(size) for j in range(size)])
    return (whole - rows.transpose() * scaled).mid()


def _length(rows: arb_mat, k: int) -> arb:
    return sum((rows[k, i] ** 2 for i in range(rows.ncols())), arb(0)).sqrt().mid()


def _stalled(size: float, steps: int) -> str:
    return (
        f"Newton's method for the bias must converge; its residual is {size:.1e} after {steps} steps (please report "
        "this problem)"
    )

"""Certificates under cross-entropy (T16): dual vectors l_k = (e_k - p_k)/N, p_k the probabilities of the point."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from flint import arb, arb_mat, ctx

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._numbers.exact import Table, on_grid
from ncsolve.certificates._approximation import DOUBLE_DIGITS, Precision
from ncsolve.certificates._certificate import Certificate, certificate_or_none
from ncsolve.certificates._eigen import diagonalise
from ncsolve.certificates._exact_problem import ExactProblem
from ncsolve.certificates._proof import Proof
from ncsolve.certificates._refine import as_arb, grid_of, table_of
from ncsolve.certificates._softmax import MOST_UNKNOWNS, SoftmaxPoint, matrix_of, newton, simplex_point, unknowns
from ncsolve.certificates.cross_entropy_checker import MAX_BITS, MAX_STEPS
from ncsolve.errors import ConvergenceError, SizeError

__all__ = ["entropy_certificate"]

_NOISE = 1e-10  # relative: smaller singular values of the outputs are rounding
_LONG = 1e-40  # evidence at a lambda_w lambda_h below this may be longer than a file should hold
_GUARD = 40  # bits: the roundings of an exponential and of the terms of an entropy, and 2^10 of them


def entropy_certificate(exact: ExactProblem, minimizer: Minimizer, precision: Precision) -> Certificate:
    """The certificate of a minimizer under cross-entropy, for a relative gap of 10^-digits.

    Raises SizeError for more digits than doubles have where Newton's method has too many unknowns; ConvergenceError,
    with the digits that there are, if the gap is larger.
    """
    fixed = precision.shrink + _small(minimizer.loss) + _GUARD
    most = min(MAX_BITS, math.isqrt(MAX_STEPS // (exact.classes * exact.outputs)))
    if fixed > most:
        raise SizeError(
            f"certificates under cross-entropy have at most {most} bits for {exact.classes} classes and "
            f"{exact.outputs} outputs; got {fixed}, ask for fewer digits"
        )
    # What cancels in 1 - p and in the logarithms of small p is some bits more.
    with ctx.workprec(precision.claim + 2 * _GUARD + max(0, -2 * precision.tau)):
        point = simplex_point(exact)
        if point is None:
            point = _point_of(exact, minimizer)
            size = unknowns(exact, point.weights.ncols())
            if size <= MOST_UNKNOWNS:
                point = newton(exact, point, precision.shrink + 16)
            elif precision.digits > DOUBLE_DIGITS:
                raise SizeError(
                    f"certificates of cross-entropy have more than {DOUBLE_DIGITS} digits for at most {MOST_UNKNOWNS} "
                    f"numbers in W, class means and b, or balanced one-hot or smoothed codes; got {size}, ask for "
                    f"digits = {DOUBLE_DIGITS} or fewer"
                )
        found = certificate_or_none(exact, _proof_at(exact, point, precision, fixed))
    if found is None or found.relative_gap > Fraction(1, 10**precision.digits):
        gap, remedy = "the semidefinite claim fails", "please report this problem"
        if (decay := float(exact.lambda_w * exact.lambda_h)) < _LONG:
            gap = f"its evidence takes longer numbers than a file may hold at lambda_w lambda_h = {decay:.1e}"
            remedy = "use a larger lambda_w or lambda_h"
        if found is not None:
            reached = next(n for n in range(precision.digits, -1, -1) if found.relative_gap <= Fraction(1, 10**n))
            gap = f"it is {float(found.relative_gap):.1e}"
            remedy = f"ask for digits = {reached}" if reached else remedy
        raise ConvergenceError(
            f"the relative gap of a certificate must be at most 1e-{precision.digits}; {gap}, {remedy}"
        )
    return found


def _point_of(exact: ExactProblem, minimizer: Minimizer) -> SoftmaxPoint:
    """The solver's point, with as many features as its outputs have dimensions."""
    root = np.sqrt(np.array(exact.counts, dtype=np.float64))
    left, z, right = np.linalg.svd(minimizer.W @ (minimizer.class_means * root), full_matrices=False)
    kept = z > _NOISE * max(float(z.max(initial=0.0)), float(np.finfo(float).tiny))
    ratio = (float(exact.lambda_h) / float(exact.lambda_w)) ** 0.25
    share = np.sqrt(z[kept])
    return SoftmaxPoint(
        weights=matrix_of(left[:, kept] * (share * ratio)),
        class_means=matrix_of(right[kept].T * (share / ratio) / root[:, None]),
        bias=matrix_of(minimizer.bias[:, None]),
    )


def _proof_at(exact: ExactProblem, point: SoftmaxPoint, precision: Precision, bits: int) -> Proof:
    """Roundings of a point and of its dual vectors, with evidence that these are short enough."""
    logs = point.logarithms()[1]
    # The objective is stationary: half the digits of W, class means and b are enough.
    reach = max((float(abs(x.mid())) for x in logs.entries()), default=0.0)
    half = bits // 2 + math.ceil(math.log2(1 + reach))
    weights = table_of(point.weights, grid_of(point.weights, half))
    means = table_of(point.class_means, grid_of(point.class_means, half))
    bias = table_of(point.bias.transpose(), grid_of(point.bias, precision.shrink + 24))[0]
    rounded = SoftmaxPoint(weights=_matrix(weights), class_means=_matrix(means), bias=_matrix([[x] for x in bias]))
    levels = [on_grid(math.ceil(_fraction(x) * 2**bits), -bits, bits) for x in rounded.logarithms()[0]]
    dual, factor = _evidence(exact, point, precision)
    unit = exact.lambda_w * exact.lambda_h * precision.factor**2
    return Proof(
        scales=[Fraction(1)] * point.weights.ncols(), weights=weights, class_means=means, bias=bias, dual=dual,
        psd_scales=[unit] * len(factor[0]), psd_factor=factor, levels=levels, bits=bits,
    )


def _evidence(exact: ExactProblem, point: SoftmaxPoint, precision: Precision) -> tuple[Table, Table]:
    """The dual vectors, shrunk until their matrix stays below lambda_w lambda_h I, and F."""
    m, classes = exact.outputs, exact.classes
    duals, p = point.duals(exact)
    goal = [arb(0)] * m if exact.lambda_b is not None else None
    if exact.lambda_b:
        mean = sum(point.bias.entries(), arb(0)) / m
        goal = [as_arb(exact.lambda_b) * (x - mean) for x in point.bias.entries()]
    if goal is not None:
        sums = [sum((n * duals[k, j] for k, n in enumerate(exact.counts)), arb(0)) for j in range(m)]
        shift = [(x - y) / exact.samples for x, y in zip(goal, sums, strict=True)]
        duals = arb_mat(classes, m, [duals[k, j] + shift[j] for k in range(classes) for j in range(m)]).mid()
    level = as_arb(exact.lambda_w * exact.lambda_h)
    weighted = [arb(n).sqrt() * duals[k, j] for k, n in enumerate(exact.counts) for j in range(m)]
    scaled = (arb_mat(classes, m, weighted) / level.sqrt()).mid()
    tiny = arb(2) ** -precision.claim
    values, vectors = diagonalise((scaled.transpose() * scaled).mid(), tiny / 2**24)
    top = max(values)
    scale = (1 / top).mid() if top > 1 else arb(1)
    # What no dual vector needs is left as room, which shows that all class means vanish.
    room = ((1 - scale * top) / 2).mid() if point.weights.ncols() == 0 else arb(0)
    lengths = [1 - scale * value - room for value in values]
    kept = [i for i, x in enumerate(lengths) if x > tiny]
    columns = [vectors[i, j] * lengths[j].sqrt() for i in range(m) for j in kept]
    shrunk = (duals * (scale.sqrt() * as_arb(precision.factor))).mid()
    least = min(p.entries())
    grid = max(precision.dual, _log2(exact.samples / least) + 8)
    table = _probable(table_of(shrunk, grid), p)
    if goal is not None:
        wanted = table_of((arb_mat(1, m, goal) * (scale.sqrt() * as_arb(precision.factor))).mid(), grid_of(
            arb_mat(1, m, goal), precision.shrink + 24))[0]
        wanted[0] -= sum(wanted, Fraction(0))
        table = _with_sums(exact, table, wanted)
    return table, table_of(arb_mat(m, len(kept), columns), precision.claim)


def _probable(table: Table, p: arb_mat) -> Table:
    """Dual vectors whose entries add up to zero, by that of the largest probability."""
    found = []
    for k, row in enumerate(table):
        most = max(range(len(row)), key=lambda j: p[k, j])
        found.append([x - (sum(row, Fraction(0)) if j == most else 0) for j, x in enumerate(row)])
    return found


def _with_sums(exact: ExactProblem, table: Table, wanted: list[Fraction]) -> Table:
    """With sum n_k l_k exactly as wanted."""
    columns = zip(*table, strict=True)
    sums = [sum((n * x for n, x in zip(exact.counts, column, strict=True)), Fraction(0)) for column in columns]
    shift = [(x - y) / exact.samples for x, y in zip(wanted, sums, strict=True)]
    return [[x + y for x, y in zip(row, shift, strict=True)] for row in table]


def _small(loss: float) -> int:
    """Bits between the point and the first digit."""
    return max(0, -math.frexp(loss)[1]) if loss > 0 else 0


def _matrix(table: Table) -> arb_mat:
    return arb_mat(len(table), len(table[0]), [as_arb(x) for row in table for x in row])


def _fraction(x: arb) -> Fraction:
    mantissa, exponent = x.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _log2(x: arb) -> int:
    """Rounded up."""
    mantissa, exponent = x.mid().man_exp()
    return int(mantissa).bit_length() + int(exponent)

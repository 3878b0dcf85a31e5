"""The same evidence to any number of digits, in python-flint's ball arithmetic (the midpoints serve; nothing rests on
the radii, since the certificate is checked exactly).

Newton's method on lambda_b b = h(G(b)) c, c = mu - b, G(b) = sum n_k (e_k - b)(e_k - b)^T, h(g) = min(1, T/sqrt g),
with the derivative of Daleckii and Krein: T3 of docs/theory.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, arb_mat, ctx, fmpq

from ncsolve._numbers.exact import Table, log2, on_grid
from ncsolve.certificates._approximation import Approximation, Precision
from ncsolve.certificates._eigen import diagonalise
from ncsolve.certificates._exact_problem import ExactProblem
from ncsolve.errors import ConvergenceError

__all__ = ["as_arb", "grid_of", "norm", "refine", "table_of"]

_MAX_STEPS = 60


@dataclass(frozen=True, kw_only=True, eq=False)
class _Spectrum:
    """Eigenvalues g_i of G/T^2, eigenvectors (m, m), and h(g_i)."""

    values: list[arb]
    vectors: arb_mat
    gains: list[arb]


def refine(
    problem: ExactProblem, start: list[Fraction], precision: Precision, *, known_bias: bool
) -> Approximation:
    """Evidence of the given precision, from a nearby bias (or the exact one, if it is known).

    Raises ConvergenceError if Newton's method or an eigenvalue iteration stalls.
    """
    # log2 of the largest eigenvalue of G/T^2, at most: the digits that cancel.
    total = sum(n * sum(x * x + b * b for x, b in zip(code, start, strict=True))
                for n, code in zip(problem.counts, problem.codes, strict=True))
    span = max(0, log2(total / problem.square_threshold))
    with ctx.workprec(precision.claim + span + 80):
        return _Refinement(problem, precision, span).run(start, known_bias)


class _Refinement:
    """One problem in flint's numbers."""

    def __init__(self, problem: ExactProblem, precision: Precision, span: int) -> None:
        self.problem, self.precision, self.span = problem, precision, span
        self.m, self.classes, self.samples = problem.outputs, problem.classes, arb(problem.samples)
        self.lambda_w, self.lambda_h = as_arb(problem.lambda_w), as_arb(problem.lambda_h)
        self.threshold = (self.samples * (self.lambda_w * self.lambda_h).sqrt()).mid()
        self.codes = arb_mat(self.classes, self.m, [as_arb(x) for code in problem.codes for x in code])
        self.mean = arb_mat(self.m, 1, [as_arb(x) for x in problem.label_mean])
        self.ones = arb_mat(self.classes, 1, [1] * self.classes)
        self.scales = [(arb(n).sqrt() / self.threshold).mid() for n in problem.counts]
        # G/T^2 has entries up to 2^span; eigenvalues near 1 are what matters
        self.tiny = arb(2) ** -precision.claim
        self.tolerance = self.tiny / 2**24

    def run(self, start: list[Fraction], known: bool) -> Approximation:
        bias = arb_mat(self.m, 1, [as_arb(x) for x in start])
        spectrum = self.spectrum(bias, None)
        if not known:
            bias, spectrum = self.newton(bias, spectrum)
        return self.evidence(bias, spectrum, start if known else None)

    def shifted(self, bias: arb_mat) -> arb_mat:
        """e_k - b, one row a class."""
        return (self.codes - self.ones * bias.transpose()).mid()

    def spectrum(self, bias: arb_mat, start: arb_mat | None) -> _Spectrum:
        f = self.shifted(bias)
        x = arb_mat(self.classes, self.m, [f[k, i] * s for k, s in enumerate(self.scales) for i in range(self.m)]).mid()
        values, vectors = diagonalise((x.transpose() * x).mid(), self.tolerance, start)
        gains = [(1 / v.sqrt()).mid() if v > 1 else arb(1) for v in values]
        return _Spectrum(values=values, vectors=vectors, gains=gains)

    def newton(self, bias: arb_mat, at: _Spectrum) -> tuple[arb_mat, _Spectrum]:
        lambda_b = as_arb(self.problem.lambda_b or Fraction(0))
        unit = self.threshold / self.samples.sqrt()  # |h(G) c| is at most this
        for _ in range(_MAX_STEPS):
            along = (at.vectors.transpose() * (self.mean - bias)).mid()
            pull = _diagonal(at.gains) * along
            force = (pull - at.vectors.transpose() * bias * lambda_b).mid()
            size = (norm(force) / unit).mid()
            if size <= self.tiny:
                return bias, at
            jacobian = _jacobian(at, along, lambda_b, self.samples / self.threshold**2)
            bias = (bias + at.vectors * jacobian.solve(force, algorithm="approx")).mid()
            at = self.spectrum(bias, at.vectors)
        raise ConvergenceError(
            f"Newton's method for the bias must converge; its residual is {float(size):.1e} after {_MAX_STEPS} steps "
            "(please report this problem)"
        )

    def evidence(self, bias: arb_mat, at: _Spectrum, exact_bias: list[Fraction] | None) -> Approximation:
        precision = self.precision
        dual = (self.shifted(bias) * (at.vectors * _diagonal(at.gains) * at.vectors.transpose()) / self.samples).mid()
        active = [i for i, v in enumerate(at.values) if v > 1 + self.tiny]
        roots = [(at.values[i].sqrt() - 1) * self.threshold for i in active]
        ratio = (self.lambda_h / self.lambda_w).root(4)
        weights = _columns(at.vectors, active, [ratio * z.sqrt() for z in roots])
        means = (dual * weights / self.lambda_h).mid()
        below = [i for i, v in enumerate(at.values) if v < 1 - self.tiny]
        bits = precision.point(self.span // 2 + 1)
        shrunk = (dual * as_arb(precision.factor)).mid()
        return Approximation(
            bias=exact_bias or table_of(bias.transpose(), grid_of(bias, precision.shrink + 24))[0],
            weights=table_of(weights, grid_of(weights, bits)),
            class_means=table_of(means, grid_of(means, bits)),
            dual=table_of(shrunk, precision.dual),
            factor=table_of(_columns(at.vectors, below, [(1 - at.values[i]).sqrt() for i in below]), precision.claim),
        )


def _jacobian(at: _Spectrum, along: arb_mat, lambda_b: arb, weight: arb) -> arb_mat:
    """Minus the derivative of h(G) c - lambda_b b by b, in the eigenbasis; d G/T^2 = weight (dc c^T + c dc^T)."""
    m = len(at.values)
    slopes = [[arb(0)] * m for _ in range(m)]
    roots = [v.sqrt() if v > 1 else None for v in at.values]
    for i in range(m):
        for j in range(i + 1):
            high, low = (i, j) if at.values[i] > at.values[j] else (j, i)
            upper, lower = roots[high], roots[low]
            if upper is None:
                continue
            if lower is not None:
                slope = -1 / (upper * lower * (upper + lower))
            else:
                slope = (at.gains[high] - 1) / (at.values[high] - at.values[low])
            slopes[i][j] = slopes[j][i] = (slope * weight).mid()
    w = [along[i, 0] for i in range(m)]
    rows = [[w[i] * slopes[i][j] * w[j] for j in range(m)] for i in range(m)]
    for i in range(m):
        change = sum((slopes[i][k] * w[k] * w[k] for k in range(m)), arb(0))
        rows[i][i] += at.gains[i] + lambda_b + change
    return arb_mat(rows).mid()


def as_arb(x: Fraction) -> arb:
    """The midpoint of a rational number, to the precision at work."""
    return arb(fmpq(x.numerator, x.denominator)).mid()


def _diagonal(values: list[arb]) -> arb_mat:
    n = len(values)
    return arb_mat(n, n, [values[i] if i == j else 0 for i in range(n) for j in range(n)])


def _columns(a: arb_mat, chosen: list[int], scales: list[arb]) -> arb_mat:
    """Some columns, each times its scale."""
    rows, columns = a.nrows(), len(chosen)
    return arb_mat(
        rows, columns, [a[i, j] * s for i in range(rows) for j, s in zip(chosen, scales, strict=True)]
    ).mid()


def norm(a: arb_mat) -> arb:
    """The midpoint of the Frobenius norm."""
    return sum((x * x for x in a.entries()), arb(0)).sqrt().mid()


def grid_of(a: arb_mat, significant: int) -> int:
    """Bits of the grid on which the largest entry has so many."""
    sizes = [int(mantissa).bit_length() + int(exponent) for mantissa, exponent in map(_parts, a.entries()) if mantissa]
    return significant - max(sizes, default=0)


def table_of(a: arb_mat, bits: int) -> Table:
    """The midpoints on a grid of so many bits."""
    columns = a.ncols()
    numbers = [on_grid(mantissa, exponent, bits) for mantissa, exponent in map(_parts, a.entries())]
    return [numbers[i * columns : (i + 1) * columns] for i in range(a.nrows())]


def _parts(x: arb) -> tuple[int, int]:
    mantissa, exponent = x.mid().man_exp()
    return int(mantissa), int(exponent)

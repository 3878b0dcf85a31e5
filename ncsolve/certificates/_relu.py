"""Certificates for features h >= 0: exact ones, those of orthogonal class means, and those of doubles at any point."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ncsolve._arrays import Array
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.relu.dual_bound import Dual, feasible, multipliers
from ncsolve._models.relu.orthogonal_frame import obtuse
from ncsolve._numbers.exact import Table
from ncsolve.certificates._approximation import DOUBLE_DIGITS, Approximation, Precision
from ncsolve.certificates._certificate import Certificate, certificate_or_none
from ncsolve.certificates._doubles import grid_bias, grid_of_doubles, table_of_doubles
from ncsolve.certificates._exact_problem import ExactProblem
from ncsolve.certificates._orthogonal import inner_products, orthogonal_proof, rational_orthogonal_proof
from ncsolve.certificates._proof import Proof, rounded_proof
from ncsolve.certificates._psd import evidence_for
from ncsolve.errors import ConvergenceError, OpenProblemError, SizeError

__all__ = ["relu_certificate"]

_CLOSED = 1e-11


def relu_certificate(exact: ExactProblem, minimizer: Minimizer, precision: Precision) -> Certificate:
    """The certificate of a minimizer with H >= 0, for a relative gap of 10^-digits.

    Raises OpenProblemError for more digits than doubles have where the class means are not orthogonal, and where the
    frame has more features than ``dim``; ConvergenceError, with the digits that there are, if the gap is larger.
    """
    orthogonal = obtuse(minimizer.problem.encoding.matrix - minimizer.bias[:, None], 64)
    # The bias, exactly where it is known for a reason.
    known = exact.lambda_b is None or (exact.lambda_b == 0 and minimizer.problem.regular is not None)
    start = exact.centred_bias if known else grid_bias(minimizer.bias, precision)
    proof = _collapsed_proof(exact) if minimizer.rank == 0 else None
    if proof is None and orthogonal:
        proof = rational_orthogonal_proof(exact, start)
    if proof is not None:
        with suppress(SizeError):  # rounded numbers are shorter
            found = certificate_or_none(exact, proof)
            if found is not None and found.exact:
                return _of_the_problem(found, minimizer)
    if precision.digits > DOUBLE_DIGITS and not orthogonal:
        raise OpenProblemError(
            f"certificates of ReLU features have more than {DOUBLE_DIGITS} digits only where the class means are "
            f"orthogonal, no two shifted codes meeting at an acute angle; got digits = {precision.digits}, ask for "
            f"{DOUBLE_DIGITS} or fewer"
        )
    found = certificate_or_none(
        exact,
        orthogonal_proof(exact, start, precision) if orthogonal else _copositive_proof(exact, minimizer, precision),
    )
    if found is None or found.relative_gap > Fraction(1, 10**precision.digits):
        reached = 0 if found is None else next(
            n for n in range(precision.digits, -1, -1) if found.relative_gap <= Fraction(1, 10**n)
        )
        gap = "the copositive claim fails" if found is None else f"it is {float(found.relative_gap):.1e}"
        remedies = [f"ask for digits = {reached}"] if reached else []
        if minimizer.problem.feature_dim < minimizer.problem.replace(dim=None).feature_dim:
            remedies.append("leave dim out, as the bound is that of every dim")
        remedy = ", or ".join(remedies) or "no certificate can be given here"
        raise ConvergenceError(
            f"the relative gap of a certificate must be at most 1e-{precision.digits}; {gap}, {remedy}"
        )
    return _of_the_problem(found, minimizer)


def _of_the_problem(found: Certificate, minimizer: Minimizer) -> Certificate:
    """The point of an orthogonal frame does not come from the solver: it may need more features than there are."""
    wide, dim = len(found.proof.scales), minimizer.problem.feature_dim
    if wide > dim:
        raise OpenProblemError(
            f"a certificate holds for every dim, and dim = {dim} is below the {wide} features of the minimizer; leave "
            "dim out"
        )
    return found


def _collapsed_proof(exact: ExactProblem) -> Proof | None:
    """The proof, with gap zero, that all class means vanish: l_k = (e_k - b)/N with b = mu/(1 + lambda_b)."""
    bias = exact.centred_bias
    dual = [[(x - y) / exact.samples for x, y in zip(code, bias, strict=True)] for code in exact.codes]
    inner = inner_products(exact, dual)
    level = exact.lambda_w * exact.lambda_h
    for sign in (0, 1):  # R = 0, or all that is negative off the diagonal
        slack = [[max(-sign * x, Fraction(0)) * (j != k) for j, x in enumerate(row)] for k, row in enumerate(inner)]
        rest = [
            [level * n * (j == k) - x - r for j, (x, r) in enumerate(zip(row, taken, strict=True))]
            for k, (n, row, taken) in enumerate(zip(exact.counts, inner, slack, strict=True))
        ]
        evidence = evidence_for(rest)
        if evidence is not None:
            return Proof(
                scales=[], weights=[[] for _ in bias], class_means=[[] for _ in dual], bias=bias, dual=dual,
                psd_scales=evidence.scales, psd_factor=evidence.factor, nonnegative=slack,
            )
    return None


def _copositive_proof(exact: ExactProblem, minimizer: Minimizer, precision: Precision) -> Proof:
    """The proof at any point of a solver; dual vectors that miss the condition are scaled until they meet it."""
    problem = minimizer.problem
    root = np.sqrt(problem.counts.array)
    kept = np.any(minimizer.class_means > 0, axis=1)
    weights, means = minimizer.W[:, kept], minimizer.class_means[kept]
    dual = _best_dual(minimizer, means * root)
    level = problem.lambda_w * problem.lambda_h
    weighted = dual.vectors * root
    values, vectors = np.linalg.eigh(np.eye(problem.classes) - (weighted.T @ weighted + dual.slack) / level)
    shown = values > 2.0**-precision.claim
    bits = precision.point(24)  # singular values up to 2^24 T; for longer ones doubles are not enough in any case
    share = float(precision.factor)
    found = Approximation(
        bias=grid_bias(minimizer.bias, precision),
        weights=table_of_doubles(weights, grid_of_doubles(weights, bits)),
        class_means=table_of_doubles(means.T, grid_of_doubles(means, bits)),
        dual=table_of_doubles(dual.vectors.T * share, precision.dual),
        factor=table_of_doubles(root[:, None] * vectors[:, shown] * np.sqrt(values[shown]), precision.claim),
    )
    # Only a free bias needs a certain sum of the dual vectors.
    pinned = exact if exact.lambda_b == 0 else replace(exact, lambda_b=None)
    slack = _grid(dual.slack * np.outer(root, root) * share**2, precision.claim - 2 * precision.tau)
    return replace(rounded_proof(pinned, found, precision), nonnegative=slack)


def _best_dual(minimizer: Minimizer, rows: Array) -> Dual:
    """The dual vectors of the point, or those of the convex programme if they give a better bound."""
    problem = minimizer.problem
    found = feasible(problem, multipliers(problem, minimizer.W, minimizer.class_means, minimizer.bias), rows=rows)
    if minimizer.loss - found.bound > _CLOSED * minimizer.loss:
        from ncsolve._models.relu.doubly_nonnegative import relax

        relaxed = relax(problem)
        if relaxed is not None:
            found = max(found, feasible(problem, relaxed.dual, rows=rows), key=lambda dual: dual.bound)
    return found


def _grid(a: Array, bits: int) -> Table:
    """Rounded to multiples of 2**-bits, not negative and exactly symmetric."""
    exact = [[Fraction(x) * Fraction(2) ** bits for x in row] for row in ((a + a.T) / 2).tolist()]
    return [[max(Fraction(round(x)), Fraction(0)) / Fraction(2) ** bits for x in row] for row in exact]

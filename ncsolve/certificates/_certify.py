"""From a problem to its certificate."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from types import SimpleNamespace

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import solve
from ncsolve._models.open_problems import check_one_layer
from ncsolve._models.registry import model_of
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve.certificates import checker
from ncsolve.certificates._approximation import DOUBLE_DIGITS, Precision
from ncsolve.certificates._certificate import Certificate, certificate_or_none, within_bounds
from ncsolve.certificates._cross_entropy import entropy_certificate
from ncsolve.certificates._doubles import from_doubles, grid_bias
from ncsolve.certificates._exact_problem import ExactProblem
from ncsolve.certificates._guess import rational_proof
from ncsolve.certificates._proof import rounded_proof
from ncsolve.certificates._refine import refine
from ncsolve.certificates._relu import relu_certificate
from ncsolve.checks.exact import Exact
from ncsolve.errors import ConvergenceError, OpenProblemError, ProblemError, SizeError, shown

__all__ = ["MAX_DIGITS", "certify"]

MAX_DIGITS = 500


def certify(
    problem: UFM | Minimizer,
    *,
    digits: int = DOUBLE_DIGITS,
    lambda_w: Exact | None = None,
    lambda_h: Exact | None = None,
    lambda_b: Exact | None = None,
    codes: Sequence[Sequence[Exact]] | None = None,
) -> Certificate:
    r"""Prove, in exact rational arithmetic, how small the loss can be: by T12, for linear features and H >= 0, or T16.

    For vectors l_k with :math:`\sum_k n_k l_k l_k^T \preceq \lambda_W \lambda_H I` every W, H, b have

    .. math:: f(W, H, b) \ge \sum_k n_k \langle l_k, e_k \rangle - \tfrac N2 \sum_k n_k \|l_k\|^2
              - \tfrac{1}{2 \lambda_b} \Big\| \sum_k n_k l_k \Big\|^2 ,

    and under cross-entropy, for probability vectors :math:`p_k = e_k - N l_k`, with the entropies
    :math:`\tfrac1N \sum_k n_k \sum_j p_{kj} \log(1/p_{kj})` for the first two terms.

    Parameters
    ----------
    problem : UFM or Minimizer
        Its floats are taken as the dyadic rationals that they are.
    digits : int
        The relative gap is at most 10^-digits, from 1 to 500.  Up to 10 digits come from double precision where
        that is enough, more from python-flint; ReLU features have more where their class means are orthogonal, and
        cross-entropy for at most 2000 unknown numbers in W, class means and b, or balanced one-hot or smoothed codes.
    lambda_w, lambda_h, lambda_b : optional
        Exact values for the problem's floats: "5e-4" is 1/2000; also Fractions, Decimals and ints.
    codes : optional
        Exact codes, one row per output and one column per class.

    Returns
    -------
    Certificate
        With gap 0 where the minimizer is rational (as for T5 with sqrt(n lambda_w lambda_h) rational); under
        cross-entropy there is always a gap, unless there is one output.

    Raises
    ------
    ProblemError
        For digits out of range, or exact values that are not the problem's.
    OpenProblemError
        For a bottleneck or a deep head, to which T12 does not apply, for ReLU features under cross-entropy, and for
        more than 10 digits of ReLU features whose class means are not orthogonal.
    SizeError
        Beyond 256 classes or outputs, or where the numbers get too long; under cross-entropy for more digits than can
        be had.
    ConvergenceError
        If the gap stays above 10^-digits: no certificate is returned.  For ReLU features there may be a gap for any
        digits; fewer of them give the certificate of that gap.

    Notes
    -----
    Source: T12 and T16 of docs/theory.md; VIPR (Cheung, Gleixner & Steffy 2017) for the division of labour with the
    checker.

    Examples
    --------
    >>> import ncsolve
    >>> codes = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
    >>> problem = ncsolve.UFM(encoding=codes, counts=[5, 20, 1, 10], lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1)
    >>> certificate = certify(problem, lambda_w="1e-3", lambda_h="4e-3", lambda_b="0.1", digits=30)
    >>> certificate.relative_gap < 1e-30, certificate.check().holds
    (True, True)
    >>> certify(problem.replace(encoding="onehot", counts=[400, 100, 1, 1], loss="cross-entropy")).classes
    (0, 1, 2, 2)
    """
    if isinstance(digits, bool) or not isinstance(digits, int) or not 1 <= digits <= MAX_DIGITS:
        raise ProblemError(f"digits must be a whole number from 1 to {MAX_DIGITS}; got {shown(digits)}")
    minimizer = problem if isinstance(problem, Minimizer) else None
    ufm = problem.problem if isinstance(problem, Minimizer) else problem
    check_problem(ufm)
    check_one_layer(ufm, "a certificate")
    exact = ExactProblem.of(ufm, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, codes=codes)
    minimizer = minimizer or solve(ufm)
    model = model_of(ufm, minimizer.frame)
    make = {
        "plain": _convex_certificate, "relu": relu_certificate, "cross-entropy": entropy_certificate
    }.get(model.name)
    if make is None:
        raise OpenProblemError(model.uncertified(ufm))
    return make(exact, minimizer, Precision(digits=digits, problem=exact))


def _convex_certificate(exact: ExactProblem, minimizer: Minimizer, precision: Precision) -> Certificate:
    digits = precision.digits
    known = _known_bias(exact)
    bias = grid_bias(minimizer.bias, precision) if known is None else known
    proof = rational_proof(exact, minimizer, bias, known_bias=known is not None)
    if proof is not None:
        with suppress(SizeError):  # rounded numbers are shorter
            found = certificate_or_none(exact, proof)
            if found is not None and found.exact:
                return found
    if digits <= DOUBLE_DIGITS:
        found = certificate_or_none(exact, rounded_proof(exact, from_doubles(exact, bias, precision), precision))
        if found is not None and found.relative_gap <= Fraction(1, 10**digits):
            return found
    # Double precision cannot do it, or was not asked.
    refined = refine(exact, bias, precision, known_bias=known is not None)
    found = certificate_or_none(exact, rounded_proof(exact, refined, precision))
    if found is None or found.relative_gap > Fraction(1, 10**digits):
        gap = "the semidefinite claim fails" if found is None else f"it is {float(found.relative_gap):.1e}"
        raise ConvergenceError(
            f"the relative gap of a certificate must be at most 1e-{digits}; {gap} (please report this problem, and "
            "try more digits)"
        )
    return found


def _known_bias(problem: ExactProblem) -> list[Fraction] | None:
    """The bias where it is rational for a reason: no bias, a free bias, or complete centring (T4)."""
    if problem.lambda_b is None or problem.lambda_b == 0:
        return problem.centred_bias
    mean = problem.label_mean
    table = [[x - y for x, y in zip(code, mean, strict=True)] for code in problem.codes]
    with within_bounds():
        (*rows, last), den = checker.integers([*table, mean], max(problem.classes, problem.outputs))
    data = SimpleNamespace(
        n=problem.counts, total=problem.samples, lambda_w=problem.lambda_w, lambda_h=problem.lambda_h
    )
    room = checker.margin(data, rows, den, last)
    share = problem.lambda_b / (1 + problem.lambda_b)
    if room is None or share**2 * problem.samples * sum(x * x for x in mean) > room:
        return None
    return problem.centred_bias

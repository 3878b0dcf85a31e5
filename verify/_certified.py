"""Claims of the theory proved on instances: certificates of gap zero, and exact arithmetic on the minimizer they hold.

At gap zero the point of a certificate is a global minimizer, and its Gram matrix, bias and outputs are those of every
minimizer (T3; with H >= 0 where the bias is unique, as it is in the problems here).  What is said of them here is
compared between rational numbers; nothing is rounded.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from ncsolve.verify._certified_facts import balancedness, dual, gram, regular, stationarity, turn
from ncsolve.verify._certified_problem import RationalProblem, affine_problem, rational
from ncsolve.verify._certified_relu import relu_frame, relu_problems

from ncsolve import solve
from ncsolve.certificates import Certificate

__all__ = ["CERTIFIED", "Certified", "certified"]

Problems = list[RationalProblem]

# K, n (a square), t = K sqrt(n lambda_w lambda_h), for which all of T5 is rational
_BALANCED = ((2, 1, Fraction(1, 3)), (3, 4, Fraction(1, 2)), (4, 9, Fraction(3, 7)), (10, 100, Fraction(1, 20)))


class Certified(NamedTuple):
    """What is proved of every one of the ``problems``: ``statement`` in words, ``holds`` of its certificate."""

    statement: str
    problems: Callable[[], Problems]
    holds: Callable[[RationalProblem, Certificate], bool]


def certified(claim: str) -> tuple[int, int]:
    """How many problems of a claim are certified, and on how many of them the certificate has gap zero, passes its
    checker and holds the minimizer that is claimed.

    >>> certified("orthogonal-frame")
    (4, 4)
    """
    entry = CERTIFIED[claim]
    results = []
    for problem in entry.problems():
        made = problem.certificate()
        results.append(made.exact and made.check().holds and entry.holds(problem, made))
    return len(results), sum(results)


def _transition(t: Fraction) -> Fraction:
    return t / (1 - t)


def _along(*factors: Fraction | None, ratio: int = 1) -> Problems:
    """Balanced one-hot codes at multiples of their transition; None is no bias."""
    return [
        affine_problem(k, n, t, None if factor is None else _transition(t) * factor, ratio=ratio)
        for k, n, t in _BALANCED for factor in factors
    ]


_past_transition = partial(_along, Fraction(11, 10), Fraction(2), Fraction(100))


def _simplex(problem: RationalProblem, made: Certificate) -> bool:
    frame = regular(made)
    return frame is not None and 0 < frame[0] == -(problem.classes - 1) * frame[1] and made.centring == "complete"


def _cosine(problem: RationalProblem, made: Certificate) -> bool:
    assert problem.lambda_b is not None
    across, along = 1 - problem.t, 1 - problem.t / problem.lambda_b - problem.t
    frame = regular(made)
    expected = (along - across) / (along + (problem.classes - 1) * across)
    return frame is not None and frame[1] / frame[0] == expected and made.centring == "incomplete"


def _free_bias_problems() -> Problems:
    return [
        affine_problem(k, n, t, Fraction(0), Fraction(a), q)
        for k, n, t in _BALANCED
        for a, q in ((1, Fraction(0)), (2, Fraction(-1)), (Fraction(9, 10), Fraction(1, 10 * k)))
    ]


def _law_problems() -> Problems:
    return [
        RationalProblem(
            name=f"codes E = {codes}", codes=rational(codes), counts=counts, tau=tau,
            lambda_b=lambda_b,
        )
        for codes, counts, tau in (
            ([[1, 0], [0, 1]], (4, 9), Fraction(1, 52)),
            ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], (100, 64, 25), Fraction(1, 512)),
            ([[1, 1], [1, -1], [0, 0]], (8, 8), Fraction(1, 64)),
            ([[3, 4], [4, -3], [0, 0]], (1, 1), Fraction(1, 8)),
        )
        for lambda_b in (Fraction(1), Fraction(7, 2))
    ]


def _law(problem: RationalProblem, made: Certificate) -> bool:
    """Against the same problem without a bias, certified as well."""
    assert problem.lambda_b is not None
    limit = dataclasses.replace(problem, lambda_b=None).certificate()
    lowered = [[x - made.problem.lambda_w / problem.lambda_b for x in row] for row in gram(limit)]
    loss = limit.lower - sum(problem.counts) * problem.tau**2 / (2 * problem.lambda_b)
    return limit.exact and limit.check().holds and gram(made) == lowered and made.lower == loss


def _smoothing_problems() -> Problems:
    return [
        affine_problem(k, n, t, t / alpha * factor, 1 - alpha, alpha / k)
        for k, n, t in _BALANCED for alpha in (Fraction(1, 10), Fraction(1, 4))
        for factor in (Fraction(1), Fraction(9, 10), Fraction(11, 10))
    ]


def _smoothing(problem: RationalProblem, made: Certificate) -> bool:
    assert problem.lambda_b is not None
    crossing = problem.t / (problem.classes * problem.codes[0][1])  # t/alpha
    return turn(made) == (problem.lambda_b > crossing) - (problem.lambda_b < crossing)


def _signed_problems() -> Problems:
    return [
        affine_problem(k, n, t, None, Fraction(2), Fraction(-1))
        for k, n, t in ((3, 4, Fraction(1, 2)), (4, 9, Fraction(3, 7)), (10, 100, Fraction(1, 20)))
    ]


def _signed(problem: RationalProblem, made: Certificate) -> bool:
    k = problem.classes
    return turn(made) == (k > 4) - (k < 4) and not dual(problem, made)


def _minority_problems() -> Problems:
    return [
        RationalProblem(
            name="one-hot codes", counts=counts,
            codes=rational([[int(i == j) for j in range(len(counts))] for i in range(len(counts))]),
            tau=threshold / sum(counts), lambda_b=None,
        )
        for counts, threshold in (((16, 9, 4, 1), Fraction(2)), ((25, 9, 9, 1), Fraction(5, 2)), ((4, 1), Fraction(1)))
    ]


def _minority(problem: RationalProblem, made: Certificate) -> bool:
    counts, k, threshold = problem.counts, problem.classes, problem.tau * sum(problem.counts)
    lengths = [max(math.isqrt(n) - threshold, Fraction(0)) / n for n in counts]
    expected = [[lengths[i] if i == j else Fraction(0) for j in range(k)] for i in range(k)]
    words = tuple("zero" if n <= threshold**2 else "nonzero" for n in counts)
    return gram(made) == expected and made.classes == words


def _self_duality_problems() -> Problems:
    return [
        affine_problem(k, n, t, lambda_b, a, q, ratio=4)
        for k, n, t in _BALANCED for a, q in ((Fraction(1), Fraction(0)), (Fraction(9, 10), Fraction(1, 10 * k)))
        for lambda_b in (Fraction(0), _transition(t) * 2, None)
    ]


def _paper(problem: RationalProblem, made: Certificate) -> bool:
    losses = {Fraction(0): Fraction("0.043875"), Fraction(1, 2): Fraction("0.0485"), None: Fraction("0.04875")}
    return made.lower == losses[problem.lambda_b]


# Of which claim, what is proved of each problem, and the problems.
CERTIFIED: dict[str, Certified] = {
    "orthogonal-frame": Certified(
        "the Gram matrix is sqrt(lw/lh) (1 - t)/sqrt(n) I", partial(_along, None, ratio=3),
        lambda problem, made: regular(made) == (problem.ratio * (1 - problem.t) / problem.root, Fraction(0)),
    ),
    "simplex-etf": Certified(
        "the Gram matrix is that of a simplex ETF (lambda_b = 0, lb*/10 and lb* itself)",
        partial(_along, Fraction(0), Fraction(1, 10), Fraction(1), ratio=2), _simplex,
    ),
    "transition-threshold": Certified(
        "lb* = t/(1 - t) exactly", lambda: [affine_problem(k, n, t, Fraction(1)) for k, n, t in _BALANCED],
        lambda problem, made: made.centred_up_to == (str(_transition(problem.t)),) * 2,
    ),
    "cosine-curve": Certified("cos = (s_mu - s_perp)/(s_mu + (K - 1) s_perp), above lb*", _past_transition, _cosine),
    "free-bias": Certified(
        "b = mu", _free_bias_problems, lambda problem, made: made.proof.bias == made.problem.label_mean
    ),
    "bias-centring": Certified(
        "b = mu/(1 + lambda_b) and the mean feature is zero (lambda_b = lb*/10 and lb*)",
        partial(_along, Fraction(1, 10), Fraction(1)),
        lambda problem, made: made.proof.bias == made.problem.centred_bias and made.centring == "complete",
    ),
    "large-bias-law": Certified(
        "Gram = Gram(inf) - lw/lambda_b, loss = loss(inf) - N lw lh/(2 lambda_b)", _law_problems, _law
    ),
    "label-smoothing": Certified(
        "orthogonal at lambda_b = t/alpha, obtuse 10 percent below and acute 10 percent above", _smoothing_problems,
        _smoothing,
    ),
    "signed-codes": Certified(
        "obtuse for K = 3, orthogonal for K = 4, acute for K = 10; never self-dual", _signed_problems, _signed
    ),
    "minority-collapse": Certified(
        "orthogonal class means of squared length max(sqrt(n_k) - T, 0)/n_k, zero iff n_k <= T^2", _minority_problems,
        _minority,
    ),
    "self-duality": Certified("W^T = sqrt(n lh/lw) Hbar", _self_duality_problems, dual),
    "bias-stationarity": Certified(
        "(1 + lambda_b) b = mean of Y - W H", lambda: [*_past_transition(), *_law_problems()], stationarity
    ),
    "global-optimum": Certified(
        "the loss that solve returns is the global minimum, to a relative 1e-12",
        lambda: [*_past_transition(), *_smoothing_problems(), *_law_problems(), *_minority_problems()],
        lambda problem, made: abs(Fraction(solve(problem.rounded).loss) - made.lower) * 10**12 <= made.lower,
    ),
    "balancedness": Certified(
        "lambda_w W^T W = lambda_h H H^T", lambda: [*_past_transition(), *_law_problems(), *_minority_problems()],
        balancedness,
    ),
    "relu-orthogonal-frame": Certified(
        "with H >= 0 the Gram matrix is alpha I, b = beta/K 1, and the loss is that of T10", relu_problems, relu_frame
    ),
    "paper-scale": Certified(
        "the loss is 351/8000, 97/2000, 39/800",
        lambda: [affine_problem(10, 100, Fraction(1, 20), lb) for lb in (Fraction(0), Fraction(1, 2), None)],
        _paper,
    ),
}

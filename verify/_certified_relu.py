"""T10 proved on instances: balanced one-hot codes with features h >= 0, in exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

from ncsolve.verify._certified_facts import regular
from ncsolve.verify._certified_problem import RationalProblem, rational

from ncsolve.certificates import Certificate

__all__ = ["relu_frame", "relu_problems"]

# K, n, beta and rho = T/(sqrt(n) |e_k - b|), for which all of T10 is rational: n (K - 1 + (1 - beta)^2)/K is a square
_SETTINGS = (
    (2, 10, Fraction(1, 2), Fraction(1, 3)), (3, 3, Fraction(1, 2), Fraction(1, 4)),
    (4, 13, Fraction(1, 2), Fraction(2, 3)), (5, 5, Fraction(1), Fraction(1, 2)),
    (10, 10, Fraction(1), Fraction(1, 20)), (10, 370, Fraction(1, 2), Fraction(1, 20)),
    (10, 100, Fraction(0), Fraction(1, 10)),
)


def _spread(k: int, beta: Fraction) -> Fraction:
    return k - 1 + (1 - beta) ** 2


def relu_problems() -> list[RationalProblem]:
    """Balanced one-hot codes with features h >= 0 whose minimizer is rational."""
    problems = []
    for k, n, beta, rho in _SETTINGS:
        square = n * _spread(k, beta) / k
        root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
        problems.append(
            RationalProblem(
                name="one-hot codes, H >= 0", codes=rational([[int(i == j) for j in range(k)] for i in range(k)]),
                counts=(n,) * k, tau=rho * root / (n * k), ratio=2, features="relu",
                lambda_b=rho * (1 - beta) / beta if beta else None,
            )
        )
    return problems


def relu_frame(problem: RationalProblem, made: Certificate) -> bool:
    """Gram = alpha I, b = beta/K 1 and the loss of T10."""
    k, (n, *_), value = problem.classes, problem.counts, problem.lambda_b
    beta, rho = next(
        (beta, rho) for size, count, beta, rho in _SETTINGS
        if (size, count, rho * (1 - beta) / beta if beta else None) == (k, n, value)
    )
    alpha = k * made.problem.lambda_w * (1 / rho - 1)
    decay = Fraction(0) if value is None else value * beta**2 / (2 * k)
    loss = rho * _spread(k, beta) / k - k * k * n * problem.tau**2 / 2 + decay
    return regular(made) == (alpha, Fraction(0)) and set(made.proof.bias) == {beta / k} and made.lower == loss

"""Guessing a rational minimizer from many digits of it; the guess is verified exactly, or dropped."""

from __future__ import annotations

import math
from fractions import Fraction

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._numbers.exact import Table, simplest_between, square_root
from ncsolve.certificates._approximation import Precision
from ncsolve.certificates._exact_problem import ExactProblem
from ncsolve.certificates._proof import Proof, exact_proof
from ncsolve.certificates._refine import refine

__all__ = ["rational_proof"]

_DIGITS = 150
# Up to this size many digits are found in a tenth of a second; beyond it the doubles must look rational first.
_SMALL = 16
_DOUBLE_BITS, _DOUBLE_DENOMINATOR = 38, 2**17


def rational_proof(
    problem: ExactProblem, minimizer: Minimizer, start: list[Fraction], *, known_bias: bool
) -> Proof | None:
    """The proof with gap zero, if the minimizer is rational; None if it does not seem to be."""
    if minimizer.rank == 0:
        return exact_proof(problem, problem.centred_bias, [[Fraction(0)] * problem.outputs] * problem.classes)
    if not _plausible(problem, minimizer):
        return None
    precision = Precision(digits=_DIGITS, problem=problem)
    found = refine(problem, start, precision, known_bias=known_bias)
    scale = problem.samples / precision.factor
    outputs = [
        [x - b - scale * y for x, b, y in zip(code, found.bias, l, strict=True)]
        for code, l in zip(problem.codes, found.dual, strict=True)
    ]
    threshold = Fraction(math.isqrt(math.ceil(problem.square_threshold * 2**64)) + 1, 2**32)
    error = (threshold + max(map(abs, found.bias))) / 2 ** (precision.shrink - 8)
    most = 1 << (precision.shrink // 2 - 40)
    guess = _rationals([*([found.bias] if not known_bias else []), *outputs], error, most)
    if guess is None:
        return None
    return exact_proof(problem, start if known_bias else guess[0], guess if known_bias else guess[1:])


def _plausible(problem: ExactProblem, minimizer: Minimizer) -> bool:
    ufm = minimizer.problem
    if ufm.regular is not None:  # T5: rational with t = K sqrt(n lambda_w lambda_h)
        return square_root(problem.counts[0] * problem.lambda_w * problem.lambda_h) is not None
    if max(problem.classes, problem.outputs) <= _SMALL:
        return True
    outputs = minimizer.class_means.T @ minimizer.W.T
    largest = float(abs(outputs).max())
    error = Fraction(largest) / 2**_DOUBLE_BITS
    return _rationals([[Fraction(x) for x in row] for row in outputs.tolist()], error, _DOUBLE_DENOMINATOR) is not None


def _rationals(numbers: Table, error: Fraction, most: int) -> Table | None:
    """The simplest fractions within an error, or None as soon as one has a denominator above ``most``."""
    found = []
    for row in numbers:
        simple = []
        for x in row:
            simple.append(simplest_between(x - error, x + error))
            if simple[-1].denominator > most:
                return None
        found.append(simple)
    return found

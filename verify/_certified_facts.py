"""What the exact point of a certificate says of its minimizer, in fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ncsolve.verify._certified_problem import RationalProblem

from ncsolve.certificates import Certificate

__all__ = ["balancedness", "dual", "gram", "regular", "stationarity", "turn"]

Table = Sequence[Sequence[Fraction]]


def gram(made: Certificate) -> Table:
    """Inner products of the class means (K, K)."""
    scales, means = made.proof.scales, made.proof.class_means
    return [
        [sum((s * x * y for s, x, y in zip(scales, left, right, strict=True)), Fraction(0)) for right in means]
        for left in means
    ]


def regular(made: Certificate) -> tuple[Fraction, Fraction] | None:
    """Diagonal and inner products of a Gram matrix d I + o (J - I), or None if it is none."""
    table = gram(made)
    d, o = table[0][0], table[0][-1]
    k = len(table)
    return (d, o) if table == [[d if i == j else o for j in range(k)] for i in range(k)] else None


def turn(made: Certificate) -> int | None:
    """The sign of the inner products of a regular Gram matrix."""
    frame = regular(made)
    return None if frame is None else (frame[1] > 0) - (frame[1] < 0)


def dual(problem: RationalProblem, made: Certificate) -> bool:
    """W^T = c Hbar for the c with equal norms, in the coordinates of the file."""
    kappa = problem.counts[0] * made.problem.lambda_h / made.problem.lambda_w  # c^2
    return all(
        w * w == kappa * h * h and w * h >= 0
        for row, mean in zip(made.proof.weights, made.proof.class_means, strict=True)
        for w, h in zip(row, mean, strict=True)
    )


def balancedness(problem: RationalProblem, made: Certificate) -> bool:
    """lambda_w W^T W = lambda_h H H^T."""
    proof, exact = made.proof, made.problem
    d = range(len(proof.scales))
    left = [[exact.lambda_w * sum(row[i] * row[j] for row in proof.weights) for j in d] for i in d]
    right = [
        [exact.lambda_h * sum(n * h[i] * h[j] for n, h in zip(exact.counts, proof.class_means, strict=True)) for j in d]
        for i in d
    ]
    return left == right


def stationarity(problem: RationalProblem, made: Certificate) -> bool:
    """(1 + lambda_b) b is the mean of Y - W H."""
    proof, exact = made.proof, made.problem
    mean_feature = [
        sum((n * h for n, h in zip(exact.counts, column, strict=True)), Fraction(0)) / exact.samples
        for column in zip(*proof.class_means, strict=True)
    ]
    outputs = [
        sum((s * w * h for s, w, h in zip(proof.scales, row, mean_feature, strict=True)), Fraction(0))
        for row in proof.weights
    ]
    left = [(1 + (exact.lambda_b or Fraction(0))) * b for b in proof.bias]
    return left == [mu - z for mu, z in zip(exact.label_mean, outputs, strict=True)]

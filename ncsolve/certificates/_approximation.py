"""What a numerical solution must give to a certificate, and how many bits of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from ncsolve._numbers.exact import Table, log2
from ncsolve.certificates._exact_problem import ExactProblem

__all__ = ["DOUBLE_DIGITS", "Approximation", "Precision"]

# The digits that doubles have.
DOUBLE_DIGITS = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Approximation:
    """A nearly optimal point, and its dual vectors, in rationals on binary grids.

    ``bias`` (m); ``weights`` W (m, r); ``class_means`` (K, r); ``dual`` l_k (K, m), shrunk so that
    sum n_k l_k l_k^T stays below lambda_w lambda_h; ``factor`` F (m, q): lambda_w lambda_h (I - F F^T), shrunk as well,
    is that sum up to rounding.
    """

    bias: list[Fraction]
    weights: Table
    class_means: Table
    dual: Table
    factor: Table


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How finely to round for a relative gap of 10**-digits.

    The dual vectors are shrunk by 1 - 2**-shrink, which costs at most that share of the loss and leaves twice that
    share of slack in the semidefinite claim; whatever enters the claim is rounded well below it.  The objective is
    stationary at the minimizer, so half the digits do for W and the class means.
    """

    digits: int
    problem: ExactProblem

    @property
    def shrink(self) -> int:
        """The dual vectors are multiplied by 1 - 2**-shrink."""
        return math.ceil(self.digits * math.log2(10)) + 4

    @property
    def factor(self) -> Fraction:
        """1 - 2**-shrink."""
        return 1 - Fraction(1, 1 << self.shrink)

    @property
    def claim(self) -> int:
        """Bits below the unit of the semidefinite claim."""
        return self.shrink + 8 + math.ceil(1.5 * math.log2(self.problem.outputs + self.problem.classes))

    @property
    def tau(self) -> int:
        """About log2 of sqrt(lambda_w lambda_h)."""
        return log2(self.problem.lambda_w * self.problem.lambda_h) // 2

    @property
    def dual(self) -> int:
        """Bits of the grid of the dual vectors."""
        return self.claim - self.tau + math.ceil(math.log2(max(self.problem.counts)) / 2)

    def point(self, span: int) -> int:
        """Significant bits of W and the class means, where the largest singular value is about 2^span T."""
        return (self.shrink + span) // 2 + 13 + math.ceil(math.log2(self.problem.outputs + 1) / 2)

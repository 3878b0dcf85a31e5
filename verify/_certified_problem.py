"""A problem with rational data whose minimizer is rational, its certificate, and its description in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ncsolve import UFM
from ncsolve.certificates import Certificate, certify

__all__ = ["RationalProblem", "affine_problem", "listing", "rational"]

Codes = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, kw_only=True)
class RationalProblem:
    """``codes`` E by rows (m, K), ``counts`` (K,), lambda_w = ``tau`` ``ratio``, lambda_h = ``tau``/``ratio`` and
    ``lambda_b`` (None: infinite); ``name`` says what the codes are; ``features`` "linear" or "relu"."""

    name: str
    codes: Codes
    counts: tuple[int, ...]
    tau: Fraction
    ratio: int = 1
    lambda_b: Fraction | None
    features: str = "linear"

    @property
    def classes(self) -> int:
        """K."""
        return len(self.counts)

    @property
    def root(self) -> int:
        """sqrt(n) of balanced classes; n is a square."""
        return math.isqrt(self.counts[0])

    @property
    def t(self) -> Fraction:
        """K sqrt(n lambda_w lambda_h) of balanced classes."""
        return self.classes * self.root * self.tau

    @property
    def rounded(self) -> UFM:
        """The problem in floats."""
        return UFM(
            encoding=[[float(x) for x in row] for row in self.codes], counts=list(self.counts),
            lambda_w=float(self.tau * self.ratio), lambda_h=float(self.tau / self.ratio),
            lambda_b=math.inf if self.lambda_b is None else float(self.lambda_b), features=self.features,
        )

    def certificate(self) -> Certificate:
        """The certificate of the exact problem."""
        return certify(
            self.rounded, lambda_w=self.tau * self.ratio, lambda_h=self.tau / self.ratio, lambda_b=self.lambda_b,
            codes=self.codes,
        )

    @property
    def setting(self) -> str:
        """All of the problem but lambda_b.

        >>> affine_problem(3, 4, Fraction(1, 2), None, ratio=2).setting
        'one-hot codes, K = 3, n = 4, t = 1/2, lambda_w/lambda_h = 4'
        """
        if len(set(self.counts)) == 1:
            sizes = f"K = {self.classes}, n = {self.counts[0]}, t = {self.t}"
            if self.root**2 != self.counts[0]:
                sizes = f"K = {self.classes}, n = {self.counts[0]}, sqrt(lambda_w lambda_h) = {self.tau}"
        else:
            sizes = f"n_k = {', '.join(map(str, self.counts))}, sqrt(lambda_w lambda_h) = {self.tau}"
        return f"{self.name}, {sizes}, lambda_w/lambda_h = {self.ratio**2}"


def affine_problem(
    k: int, n: int, t: Fraction, lambda_b: Fraction | None, a: Fraction = Fraction(1), q: Fraction = Fraction(0),
    ratio: int = 1,
) -> RationalProblem:
    """Balanced codes a I + q J with lambda_w/lambda_h the square of ``ratio``; n a square."""
    ones = f"{'-' if q < 0 else '+'} {'' if abs(q) == 1 else f'{abs(q)} '}J"
    return RationalProblem(
        name="one-hot codes" if a == 1 and q == 0 else f"codes {a} I {ones}",
        codes=tuple(tuple(a * (i == j) + q for j in range(k)) for i in range(k)), counts=(n,) * k,
        tau=t / (k * math.isqrt(n)), ratio=ratio, lambda_b=lambda_b,
    )


def listing(problems: Iterable[RationalProblem]) -> str:
    """The problems, those that differ in lambda_b alone together.

    >>> listing([affine_problem(2, 1, Fraction(1, 3), value) for value in (Fraction(0), None)])
    'one-hot codes, K = 2, n = 1, t = 1/3, lambda_w/lambda_h = 1: lambda_b = 0, inf'
    """
    settings: dict[str, list[str]] = {}
    for problem in problems:
        value = "inf" if problem.lambda_b is None else str(problem.lambda_b)
        settings.setdefault(problem.setting, []).append(value)
    return "; ".join(f"{setting}: lambda_b = {', '.join(values)}" for setting, values in settings.items())


def rational(rows: Sequence[Sequence[int]]) -> Codes:
    """Integer codes as fractions."""
    return tuple(tuple(Fraction(x) for x in row) for row in rows)

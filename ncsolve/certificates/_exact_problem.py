"""The problem of T0 in rational numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ncsolve._problem.ufm import UFM, check_problem
from ncsolve.certificates.checker import MAX_SIZE
from ncsolve.checks.arguments import entries
from ncsolve.checks.exact import Exact, exact_number
from ncsolve.encodings import AffineOneHot, Encoding
from ncsolve.errors import ProblemError, SizeError, shown

__all__ = ["ExactProblem", "affine_codes"]

_AGREE = 1e-9  # relative; an exact value must be the float's, up to how it was rounded


@dataclass(frozen=True, kw_only=True)
class ExactProblem:
    """Codes (one tuple of m rationals a class), counts and lambdas as rational numbers; lambda_b is None for inf.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.smoothed(4, 0.5), counts=3,
    ...                       lambda_w=1e-2, lambda_h=0.25, lambda_b=float("inf"))
    >>> exact = ExactProblem.of(problem, lambda_w="1e-2")
    >>> exact.lambda_w, exact.lambda_h, exact.lambda_b, exact.codes[0][:2]
    (Fraction(1, 100), Fraction(1, 4), None, (Fraction(5, 8), Fraction(1, 8)))
    """

    codes: tuple[tuple[Fraction, ...], ...]
    counts: tuple[int, ...]
    lambda_w: Fraction
    lambda_h: Fraction
    lambda_b: Fraction | None

    @classmethod
    def of(
        cls,
        problem: UFM,
        *,
        lambda_w: Exact | None = None,
        lambda_h: Exact | None = None,
        lambda_b: Exact | None = None,
        codes: Sequence[Sequence[Exact]] | None = None,
    ) -> ExactProblem:
        """Take the problem's floats as the dyadic rationals that they are, except for what is given exactly.

        ``codes`` has one row per output and one column per class, as the matrix of an encoding.  Under cross-entropy
        the largest entry of a code is what the others leave of one, which rounded ones may miss.
        Raises ProblemError where an exact value is not the problem's, SizeError beyond 256 classes or outputs.
        """
        check_problem(problem)
        size = max(problem.classes, problem.code_length)
        if size > MAX_SIZE:
            raise SizeError(
                f"a certificate holds dense matrices and is for at most {MAX_SIZE} classes and outputs; got {size}; "
                "fewer classes are another problem with another minimum: 'ncsolve verify' checks this one numerically"
            )
        exact = _codes(problem.encoding, codes)
        return cls(
            codes=tuple(map(_probabilities, exact)) if problem.loss == "cross-entropy" else exact,
            counts=tuple(int(n) for n in problem.counts),
            lambda_w=_lambda("lambda_w", lambda_w, problem.lambda_w),
            lambda_h=_lambda("lambda_h", lambda_h, problem.lambda_h),
            lambda_b=None if problem.lambda_b == math.inf and lambda_b in (None, math.inf, "inf")
            else _lambda("lambda_b", lambda_b, problem.lambda_b),
        )

    @property
    def classes(self) -> int:
        """K."""
        return len(self.codes)

    @property
    def outputs(self) -> int:
        """m."""
        return len(self.codes[0])

    @cached_property
    def samples(self) -> int:
        """N."""
        return sum(self.counts)

    @cached_property
    def label_mean(self) -> list[Fraction]:
        """mu (m)."""
        return [
            Fraction(sum((n * x for n, x in zip(self.counts, row, strict=True)), Fraction(0)), self.samples)
            for row in zip(*self.codes, strict=True)
        ]

    @property
    def square_threshold(self) -> Fraction:
        """T^2 = N^2 lambda_w lambda_h."""
        return self.samples**2 * self.lambda_w * self.lambda_h

    @property
    def centred_bias(self) -> list[Fraction]:
        """mu/(1 + lambda_b), the bias of complete centring."""
        if self.lambda_b is None:
            return [Fraction(0)] * self.outputs
        return [x / (1 + self.lambda_b) for x in self.label_mean]


def affine_codes(classes: int, a: Fraction, q: Fraction) -> tuple[tuple[Fraction, ...], ...]:
    """The codes a I + q J."""
    return tuple(tuple(a + q if i == k else q for i in range(classes)) for k in range(classes))


def _codes(encoding: Encoding, given: Sequence[Sequence[Exact]] | None) -> tuple[tuple[Fraction, ...], ...]:
    if given is None:
        if isinstance(encoding, AffineOneHot):
            return affine_codes(encoding.classes, *_coefficients(encoding))
        return tuple(tuple(map(Fraction, column)) for column in encoding.matrix.T.tolist())
    how = "give one row per output and one column per class"
    rows = [[exact_number("a code", x) for x in entries("a row of codes", row, how)]  # type: ignore[arg-type]
            for row in entries("codes", given, how)]
    if [len(row) for row in rows] != [encoding.classes] * encoding.code_length:
        raise ProblemError(
            f"codes must have one row per output and one column per class, {encoding.code_length} x "
            f"{encoding.classes}; got rows of {sorted({len(row) for row in rows})} entries, transpose or complete them"
        )
    size = max(float(abs(encoding.matrix).max()), 1e-300)
    for i, row in enumerate(rows):
        for k, x in enumerate(row):
            code = float(encoding.matrix[i, k])
            if abs(x - Fraction(code)) > Fraction(_AGREE * size):
                got = f"{float(x):g}" if abs(x) < 10**300 else "above 1e300"
                raise ProblemError(f"codes must be those of the encoding; entry {i} of class {k} is {got}, "
                                   f"not {code:g}")
    return tuple(zip(*rows, strict=True))


def _probabilities(code: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    """The same, where decimals or doubles do not add up to one exactly, with the largest entry as what is left."""
    most = code.index(max(code))
    return tuple(x + (1 - sum(code) if i == most else 0) for i, x in enumerate(code))


def _coefficients(encoding: AffineOneHot) -> tuple[Fraction, Fraction]:
    """a and q, of the named members by their definition and not by their rounded coefficients."""
    kind, _, rest = encoding.name.partition(":")
    k = encoding.classes
    try:
        alpha = Fraction(float(rest)) if kind == "smoothed" else Fraction(0)
    except ValueError:
        kind = ""
    exact = {
        "onehot": (Fraction(1), Fraction(0)),
        "smoothed": (1 - alpha, alpha / k),
        "signed": (Fraction(2), Fraction(-1)),
        "simplex": (Fraction(1), Fraction(-1, k)),
    }.get(kind)
    floats = (Fraction(encoding.a), Fraction(encoding.q))
    if exact is None or (float(exact[0]), float(exact[1])) != (encoding.a, encoding.q):
        return floats
    return exact


def _lambda(name: str, given: Exact | None, value: float) -> Fraction:
    if given is None:
        return Fraction(value)
    found = exact_number(name, given)
    # Not as floats: integers may be larger than any.
    if math.isinf(value) or abs(found - Fraction(value)) > Fraction(_AGREE) * Fraction(value):
        raise ProblemError(f"{name} must be the problem's, {value:g}; got {shown(given)}, which is another number")
    return found

"""The certificate: a problem, a point, dual vectors, and what they prove."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from ncsolve._files.write_whole import write_whole
from ncsolve._numbers.exact import log2
from ncsolve.certificates import checker, cross_entropy_checker, relu_checker
from ncsolve.certificates._check import CheckResult, check_bytes
from ncsolve.certificates._exact_problem import ExactProblem
from ncsolve.certificates._proof import Proof
from ncsolve.errors import SizeError

__all__ = ["Certificate", "build_certificate", "certificate_or_none", "within_bounds"]

_MAX_CLAIM_BITS = 5000


class _Rules(NamedTuple):
    """How the checker of one kind of certificate reads it, and what it finds in it."""

    schema: str
    read: Callable[[bytes], Any]
    evidence: Callable[[Any], None]
    regime: Callable[[Any], dict[str, Any]]
    objective: Callable[[Any], Fraction]
    bound: Callable[[Any], Fraction]


_RULES = {
    "linear": _Rules(
        checker.SCHEMA, checker.read, checker.semidefinite, checker.regime, checker.objective, checker.bound
    ),
    "relu": _Rules(
        relu_checker.RELU, relu_checker.read_relu, relu_checker.copositive, relu_checker.vanishing, checker.objective,
        checker.bound,
    ),
    "cross-entropy": _Rules(
        cross_entropy_checker.ENTROPY, cross_entropy_checker.read_entropy, checker.semidefinite,
        cross_entropy_checker.groups, cross_entropy_checker.entropy_objective, cross_entropy_checker.entropy_bound,
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Certificate:
    """A proof that the minimum of a problem is between ``lower`` and ``upper``, for every feature dimension d >= rank.

    ``problem`` in exact numbers; ``proof`` the point, the dual vectors and the semidefinite evidence; ``centring``
    "complete", "incomplete" or None (undecided); ``centred_up_to``, two rationals (as text, or "inf") between which
    complete centring ends, equal where that lambda_b is rational, None if undecided; ``classes``, for each class
    whether its mean is "zero", "nonzero" or None.  For features h >= 0 centring is not examined: both are None.  Nor is
    it under cross-entropy, where ``classes`` are numbers: equal ones for equal class means, different ones for
    different class means, None where undecided; or all are "zero".
    The format is described in docs/explanation/certificates.md.

    >>> import ncsolve
    >>> from ncsolve.certificates import certify
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(10), counts=100,
    ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)
    >>> certificate = certify(problem, lambda_w="5e-4", lambda_h="5e-4")
    >>> certificate.lower, certificate.upper, certificate.gap
    (Fraction(97, 2000), Fraction(97, 2000), Fraction(0, 1))
    >>> print(certificate.check().lines[0])
    proved: the minimum is 97/2000 = 0.0485
    """

    problem: ExactProblem
    proof: Proof
    lower: Fraction
    upper: Fraction
    centring: Literal["complete", "incomplete"] | None
    centred_up_to: tuple[str, str] | None
    classes: tuple[Literal["zero", "nonzero"] | int | None, ...]

    @property
    def gap(self) -> Fraction:
        """upper - lower."""
        return self.upper - self.lower

    @property
    def relative_gap(self) -> Fraction:
        """The gap over the upper bound; 0 if both are zero."""
        return self.gap / self.upper if self.upper else Fraction(0)

    @property
    def relu(self) -> bool:
        """Whether it is about features h >= 0."""
        return self.proof.nonnegative is not None

    @property
    def loss(self) -> str:
        """"mse" or "cross-entropy"."""
        return "mse" if self.proof.levels is None else "cross-entropy"

    @property
    def exact(self) -> bool:
        """Whether the minimum is known exactly: the gap is zero."""
        return self.lower == self.upper

    def check(self) -> CheckResult:
        """Run the stand-alone checker on the certificate as it would be written."""
        return check_bytes(self.to_bytes())

    def to_json(self) -> dict[str, object]:
        """The document, as plain data: schema ncsolve.certificate/1, for features h >= 0 ncsolve.relu-certificate/1,
        under cross-entropy ncsolve.cross-entropy-certificate/1.

        Numbers are strings "p/q".
        """
        problem, proof, kind = self.problem, self.proof, self._kind
        up_to = None if self.centred_up_to is None else list(self.centred_up_to)
        return {
            "schema": _RULES[kind].schema,
            "codes": _texts(problem.codes),
            "counts": list(problem.counts),
            "lambda_w": str(problem.lambda_w),
            "lambda_h": str(problem.lambda_h),
            "lambda_b": "inf" if problem.lambda_b is None else str(problem.lambda_b),
            "lower": str(self.lower),
            "upper": str(self.upper),
            "gap": str(self.gap),
            **({"centring": self.centring, "centred_up_to": up_to} if kind == "linear" else {}),
            "classes": list(self.classes),
            "scales": list(map(str, proof.scales)),
            "weights": _texts(proof.weights),
            "class_means": _texts(proof.class_means),
            "bias": list(map(str, proof.bias)),
            "dual": _texts(proof.dual),
            "psd_scales": list(map(str, proof.psd_scales)),
            "psd_factor": _texts(proof.psd_factor),
            **({} if proof.nonnegative is None else {"nonnegative": _texts(proof.nonnegative)}),
            **({} if proof.levels is None else {"levels": list(map(str, proof.levels)), "bits": proof.bits}),
        }

    @property
    def _kind(self) -> str:
        return "relu" if self.relu else "linear" if self.loss == "mse" else self.loss

    def to_bytes(self) -> bytes:
        """The file: one key a line, one row of a matrix a line."""
        lines = [f"{json.dumps(key)}: {_dumps(value)}" for key, value in self.to_json().items()]
        return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the certificate.  Raises FileError if the file exists and ``force`` is not set; never half a file."""
        data = self.to_bytes()

        def write(stream: BinaryIO) -> None:
            stream.write(data)

        write_whole(path, write, force=force)

    def __repr__(self) -> str:
        kind = "proved" if self.exact else f"relative gap {float(self.relative_gap):.1e}"
        return f"Certificate(loss={float(self.upper):.15g}, {kind}, classes={self.problem.classes}, " \
               f"outputs={self.problem.outputs})"


def build_certificate(problem: ExactProblem, proof: Proof) -> Certificate:
    """State what a proof proves.

    Raises ``checker.Refuted`` if its semidefinite evidence does not hold, SizeError if its numbers are too long.
    """
    draft = Certificate(
        problem=problem, proof=proof, lower=Fraction(0), upper=Fraction(0), centring=None, centred_up_to=None,
        classes=(None,) * problem.classes,
    )
    rules = _RULES[draft._kind]
    with within_bounds():
        read = rules.read(draft.to_bytes())
        rules.evidence(read)
        read.upper = _short(rules.objective(read), proof.bits, up=True)
        read.lower = _short(rules.bound(read), proof.bits, up=False)
        regime = rules.regime(read)
    up_to, classes = regime.get("centred_up_to"), tuple(map(_class_word, regime["classes"]))
    return replace(
        draft, lower=read.lower, upper=read.upper, centring=regime.get("centring"),
        centred_up_to=None if up_to is None else (up_to[0], up_to[1]), classes=classes,
    )


def _class_word(word: Any) -> Any:
    """Numbers of classes are text to the checker."""
    return int(word) if word and word.isdigit() else word


def certificate_or_none(problem: ExactProblem, proof: Proof) -> Certificate | None:
    """None if the semidefinite evidence does not hold."""
    try:
        return build_certificate(problem, proof)
    except checker.Refuted:
        return None


@contextmanager
def within_bounds() -> Iterator[None]:
    """Turn the checker's refusal of too many or too long numbers into a SizeError."""
    try:
        yield
    except checker.Malformed as error:
        raise SizeError(
            f"the numbers of a certificate must fit into its checker's bounds: {error}; ask for fewer digits, or "
            "round the codes or lambdas, which is a problem nearby with another minimum"
        ) from None


def _short(x: Fraction, bits: int | None, *, up: bool) -> Fraction:
    """The number itself, or if it would be too long for a claim, a weaker one; one with ``bits`` bits if it is rounded
    in any case.
    """
    if bits is None:
        if max(x.numerator.bit_length(), x.denominator.bit_length()) <= _MAX_CLAIM_BITS:
            return x
        bits = _MAX_CLAIM_BITS // 2 - log2(x)
    unit = Fraction(2) ** -bits
    return (-((-x) // unit) if up else x // unit) * unit


def _texts(table: Sequence[Sequence[Fraction]]) -> list[list[str]]:
    return [list(map(str, row)) for row in table]


def _dumps(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n]"
    return json.dumps(value)

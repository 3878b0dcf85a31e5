"""How papers and libraries scale the objective, and the way to and from the convention of T0."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

from ncsolve._problem.losses import check_loss
from ncsolve.checks.arguments import check_name, check_real, check_whole

__all__ = ["CONVENTIONS", "Convention", "Lambdas", "convention"]


class Lambdas(NamedTuple):
    """The three weight decays of a problem: of the classifier, the features and the bias.

    >>> import ncsolve
    >>> lambdas = ncsolve.convention("sum").to_paper(1000, 10, 0.5, 0.5, 20.0)
    >>> ncsolve.UFM(encoding="onehot", classes=10, counts=100, **lambdas._asdict()).lambda_b
    0.02
    """

    lambda_w: float
    lambda_h: float
    lambda_b: float


@dataclass(frozen=True, kw_only=True)
class Convention:
    """One scaling of the objective, for one ``loss``.

    ``factors(N, m)`` are the numbers by which the user's (lambda_w, lambda_h, lambda_b) are multiplied to give
    the paper's, and the number by which the paper's loss is multiplied to give the user's; exact for Fractions.

    >>> convention("torch-mean").loss_factor(1000, 10)
    0.2
    """

    name: str
    objective: str
    factors: Callable[[Any, Any], tuple[float, float, float, float]]
    loss: str = "mse"

    def __reduce__(self) -> tuple[Callable[[str, str], Convention], tuple[str, str]]:
        return convention, (self.name, self.loss)  # functions without a name cannot be pickled

    def to_paper(
        self, samples: int, code_length: int, lambda_w: float, lambda_h: float, lambda_b: float
    ) -> Lambdas:
        r"""The lambdas of the paper's convention that give the same minimizer.

        With N ``samples`` and codes of length m each is multiplied by a number: of ``torch-mean`` by m/2, of ``sum`` by
        1/N, of ``per-sample-features`` :math:`\lambda_H` by 1/N.  ``UFM(..., convention=...)`` does this itself.

        Parameters: ``samples`` N and ``code_length`` m of at least 1; ``lambda_w`` and ``lambda_h`` finite,
        ``lambda_b`` finite or inf.  Raises ProblemError for others.  Source: T0 of docs/theory.md.

        >>> convention("torch-mean").to_paper(samples=1000, code_length=10, lambda_w=1e-4, lambda_h=1e-4, lambda_b=0.1)
        Lambdas(lambda_w=0.0005, lambda_h=0.0005, lambda_b=0.5)
        """
        n, m = check_whole("samples", samples), check_whole("code_length", code_length)
        fw, fh, fb, _ = self.factors(n, m)
        w, h = check_real("lambda_w", lambda_w), check_real("lambda_h", lambda_h)
        given: object = lambda_b
        none = isinstance(given, Real) and given == math.inf
        return Lambdas(w * fw, h * fh, (math.inf if none else check_real("lambda_b", lambda_b)) * fb)

    def from_paper(
        self, samples: int, code_length: int, lambda_w: float, lambda_h: float, lambda_b: float
    ) -> Lambdas:
        """The lambdas of this convention that give the same minimizer as these of the paper's: ``to_paper`` inverted.

        Raises as ``to_paper``.  Source: T0 of docs/theory.md.

        >>> convention("torch-mean").from_paper(samples=1000, code_length=4, lambda_w=2e-4, lambda_h=2e-4, lambda_b=0.5)
        Lambdas(lambda_w=0.0001, lambda_h=0.0001, lambda_b=0.25)
        """
        w, h, b = CONVENTIONS["paper"].to_paper(samples, code_length, lambda_w, lambda_h, lambda_b)
        fw, fh, fb, _ = self.factors(samples, code_length)
        return Lambdas(w / fw, h / fh, b / fb)

    def lambda_b_from_paper(self, samples: int, code_length: int, lambda_b: float) -> float:
        """A lambda_b of the paper's convention in this one."""
        return lambda_b / self.factors(samples, code_length)[2]

    def loss_factor(self, samples: int, code_length: int) -> float:
        """This convention's loss over the paper's."""
        return float(self.factors(samples, code_length)[3])


CONVENTIONS: dict[str, Convention] = {
    entry.name: entry
    for entry in (
        Convention(name="paper", objective="1/(2N) |R|^2 + l/2 |.|^2", factors=lambda n, m: (1, 1, 1, 1)),
        Convention(name="sum", objective="1/2 |R|^2 + l/2 |.|^2", factors=lambda n, m: (1 / n, 1 / n, 1 / n, n)),
        Convention(
            name="torch-mean", objective="1/(Nm) |R|^2 + l/2 |.|^2", factors=lambda n, m: (m / 2, m / 2, m / 2, 2 / m)
        ),
        Convention(
            name="per-sample-features", objective="1/(2N) |R|^2 + lw/2 |W|^2 + lh/(2N) |H|^2",
            factors=lambda n, m: (1, 1 / n, 1, 1),
        ),
    )
}


# Under cross-entropy fit is the mean over samples (``torch.nn.CrossEntropyLoss()``), without a factor of 1/2 or 1/m.
_CROSS_ENTROPY = {
    entry.name: entry
    for entry in (
        Convention(
            name="paper", objective="1/N sum CE + l/2 |.|^2", factors=lambda n, m: (1, 1, 1, 1), loss="cross-entropy"
        ),
        Convention(
            name="sum", objective="sum CE + l/2 |.|^2", factors=lambda n, m: (1 / n, 1 / n, 1 / n, n),
            loss="cross-entropy",
        ),
        Convention(
            name="torch-mean", objective="1/N sum CE + l/2 |.|^2", factors=lambda n, m: (1, 1, 1, 1),
            loss="cross-entropy",
        ),
        Convention(
            name="per-sample-features", objective="1/N sum CE + lw/2 |W|^2 + lh/(2N) |H|^2",
            factors=lambda n, m: (1, 1 / n, 1, 1), loss="cross-entropy",
        ),
    )
}
_BY_LOSS = {"mse": CONVENTIONS, "cross-entropy": _CROSS_ENTROPY}


def convention(name: str, loss: str = "mse") -> Convention:
    """The convention of a name, for a loss.  Raises UnknownNameError, which lists the choices.

    Source: T0 and T16 of docs/theory.md.

    >>> convention("sum").to_paper(1000, 10, 0.5, 0.5, float("inf"))
    Lambdas(lambda_w=0.0005, lambda_h=0.0005, lambda_b=inf)
    >>> convention("torch-mean", "cross-entropy").to_paper(1000, 10, 5e-4, 5e-4, 0.0)
    Lambdas(lambda_w=0.0005, lambda_h=0.0005, lambda_b=0.0)
    """
    return _BY_LOSS[check_loss(loss)][check_name("convention", name, CONVENTIONS)]

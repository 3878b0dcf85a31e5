"""Theorem: assumptions, statement, proof steps, result formulas, and the functions generated from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import sympy as sp
from ncsolve.derivations._notation import describe
from ncsolve.derivations._steps import DerivationError, Identity, Step
from ncsolve.derivations._words import TRANSPOSED

__all__ = ["Checked", "Formula", "Function", "Theorem"]

Result = Mapping[str, sp.Expr]


@dataclass(frozen=True, kw_only=True)
class Formula:
    """One result of a theorem: a sympy expression and what it is (with its unit)."""

    expr: sp.Expr
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function of ``ncsolve/_formulas.py``: the result it evaluates, and the form in which floats are safe.

    ``form`` is the result rewritten against cancellation and overflow; that it equals the result is one more
    checked step.  ``arrays`` names the arguments that are arrays (elementwise functions).
    """

    name: str
    arguments: tuple[str, ...]
    result: str
    doc: str
    form: sp.Expr | None = None
    arrays: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What ``Theorem.check`` did."""

    theorem: str
    obligations: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Theorem:
    """A theorem as one file states it.

    ``prove`` receives the result expressions and yields the steps, so that a wrong result breaks a step.
    ``definitions`` are abbreviations in the results (t for K sqrt(n lambda_w lambda_h)).
    """

    name: str
    label: str
    title: str
    assumptions: tuple[str, ...]
    statement: str
    formulas: Mapping[str, Formula]
    prove: Callable[[Result], Iterator[Step]]
    source: str
    functions: tuple[Function, ...] = ()
    definitions: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)
    # Assumptions on values that no single symbol's domain says, e.g. t < 1; and the meaning of symbols that occur
    # in this theorem's results only.
    conditions: tuple[sp.Basic, ...] = ()
    letters: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """The file that states and proves the theorem, from the root of the repository."""
        return f"derivations/{self.prove.__module__.rpartition('.')[2]}.py"

    @property
    def symbols(self) -> dict[sp.Symbol, str]:
        """Meaning of every symbol in the results and in the definitions of their abbreviations."""
        found: set[sp.Symbol] = set()
        for expr in (*self.result.values(), *self.definitions.values()):
            found |= expr.free_symbols
        plain = {
            sp.Symbol(x.name.removesuffix(TRANSPOSED), commutative=False) if x.name.endswith(TRANSPOSED) else x
            for x in found
        }
        return {
            x: self.letters[x.name] if x.name in self.letters else describe(x.name).meaning
            for x in sorted(plain, key=lambda x: x.name)
        }

    @property
    def result(self) -> dict[str, sp.Expr]:
        """The result expressions by name."""
        return {key: formula.expr for key, formula in self.formulas.items()}

    def steps(self) -> Iterator[Step]:
        """The proof, then one step for every numeric form that differs from the result it evaluates."""
        yield from self.prove(self.result)
        for function in self.functions:
            if function.form is not None:
                for left, right in _branches(function.form, self.result[function.result]):
                    yield Identity(
                        text=f"Numeric form of {function.name}: the same number, without cancellation",
                        left=left,
                        right=right,
                    )

    def check(self) -> Checked:
        """Prove every step, or raise DerivationError naming the theorem and the step."""
        start = time.perf_counter()
        count = 0
        for count, step in enumerate(self.steps(), start=1):
            try:
                step.check()
            except DerivationError as error:
                raise DerivationError(f"{self.name}, step {count}: {error}") from error
        if count == 0:
            raise DerivationError(f"{self.name} has no step, so it proves nothing")
        return Checked(theorem=self.name, obligations=count, seconds=time.perf_counter() - start)


def _branches(form: sp.Expr, result: sp.Expr) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """Pairs of expressions that must be equal for ``form`` to be ``result``.

    A Piecewise with the same conditions is compared branch by branch; a Piecewise that splits one branch further
    (small and large lambda_b, say) must equal it in each part.
    """
    if isinstance(form, sp.Piecewise):
        conditions = [c for _, c in form.args]
        if isinstance(result, sp.Piecewise) and conditions == [c for _, c in result.args]:
            for (left, _), (right, _) in zip(form.args, result.args, strict=True):
                yield from _branches(left, right)
        else:
            for left, _ in form.args:
                yield from _branches(left, result)
    elif form != result:
        yield form, result

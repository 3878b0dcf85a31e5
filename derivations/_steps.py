"""The kinds of proof step.  A step is an obligation: ``check`` proves it with sympy or raises DerivationError."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp
from ncsolve.derivations._prove import Given, at_point, branch, carried_out, is_nonnegative, is_positive, is_zero
from ncsolve.derivations._words import Words

__all__ = ["AtLeast", "DerivationError", "Identity", "Limit", "Positive", "Solution", "Stationary", "Step"]


class DerivationError(ValueError):
    """A step of a derivation that does not reduce to true."""


@dataclass(frozen=True, kw_only=True)
class Step(ABC):
    """One obligation: ``text`` says it, ``given`` is the case it is made in (substitutions), ``shown`` its formula."""

    text: str
    given: Given = field(default_factory=dict)

    @property
    @abstractmethod
    def shown(self) -> tuple[sp.Expr, str, sp.Expr]:
        """Left side, relation (one of = >= > ->), right side, as a reader sees them."""

    @property
    def gives(self) -> tuple[sp.Expr, sp.Expr] | None:
        """The equation ``unknown = value`` that a solved equation gives, to be shown behind it."""
        return None

    @abstractmethod
    def holds(self) -> bool:
        """Whether sympy proves the step."""

    def check(self) -> None:
        """Raise DerivationError unless the step is proved."""
        try:
            proved = self.holds()
        except ValueError as error:
            raise DerivationError(f"{self.text}: {error}") from error
        if not proved:
            left, relation, right = self.shown
            case = ", ".join(f"{k} = {v}" for k, v in self.given.items())
            raise DerivationError(
                f"{self.text}: {left} {relation} {right} does not reduce to true{case and ' for ' + case}"
            )


@dataclass(frozen=True, kw_only=True)
class Identity(Step):
    """``left = right``; derivatives, integrals and sums inside are carried out, Piecewise decided by the case."""

    left: sp.Expr
    right: sp.Expr
    words: Words | None = None

    @property
    def shown(self) -> tuple[sp.Expr, str, sp.Expr]:
        return self.left, "=", self.right

    def holds(self) -> bool:
        left, right = sp.sympify(self.left), sp.sympify(self.right)
        if left == right:
            raise ValueError("both sides are the same object, so the step says nothing")
        if self.words is not None:
            return self.words.equal(left, right)
        if isinstance(left, sp.MatrixBase | sp.MatrixExpr):
            difference = sp.Matrix(left.doit()) - sp.Matrix(right.doit())
            return all(is_zero(branch(x, self.given)) for x in difference)
        # A sum or derivative is carried out in general before the case is put in.
        return is_zero(branch(carried_out(left), self.given) - branch(carried_out(right), self.given))


@dataclass(frozen=True, kw_only=True)
class AtLeast(Step):
    """``left >= right``, by showing that the difference is a sum or product of nonnegative terms."""

    left: sp.Expr
    right: sp.Expr = sp.S.Zero

    @property
    def shown(self) -> tuple[sp.Expr, str, sp.Expr]:
        return self.left, ">=", self.right

    def holds(self) -> bool:
        return is_nonnegative(branch((self.left - self.right).doit(), self.given))


@dataclass(frozen=True, kw_only=True)
class Positive(Step):
    """``left > right``, in the same way."""

    left: sp.Expr
    right: sp.Expr = sp.S.Zero

    @property
    def shown(self) -> tuple[sp.Expr, str, sp.Expr]:
        return self.left, ">", self.right

    def holds(self) -> bool:
        return is_positive(branch((self.left - self.right).doit(), self.given))


@dataclass(frozen=True, kw_only=True)
class Solution(Step):
    """``unknown = value`` is the only solution of ``equation = 0`` that sympy's solver finds."""

    equation: sp.Expr
    unknown: sp.Symbol
    value: sp.Expr

    @property
    def shown(self) -> tuple[sp.Expr, str, sp.Expr]:
        return self.equation, "=", sp.S.Zero

    @property
    def gives(self) -> tuple[sp.Expr, sp.Expr]:
        return self.unknown, self.value

    def holds(self) -> bool:
        found = sp.solve(branch(self.equation.doit(), self.given), self.unknown)
        return len(found) == 1 and is_zero(found[0] - branch(self.value, self.given))


@dataclass(frozen=True, kw_only=True)
class Stationary(Step):
    """Every partial derivative of ``function`` by ``variables`` vanishes at the point ``at``."""

    function: sp.Expr
    variables: tuple[sp.Symbol, ...]
    at: Mapping[sp.Symbol, sp.Expr]

    @property
    def shown(self) -> tuple[sp.Expr, str, sp.Expr]:
        point = dict(self.at)
        gradient = [sp.Subs(sp.Derivative(self.function, x), list(point), list(point.values())) for x in self.variables]
        return (gradient[0] if len(gradient) == 1 else sp.Tuple(*gradient)), "=", sp.S.Zero

    def holds(self) -> bool:
        point = {k: branch(v, self.given) for k, v in self.at.items()}
        function = branch(self.function.doit(), self.given)
        gradient = [sp.diff(function, x) for x in self.variables]
        if any(entry == 0 for entry in gradient):
            raise ValueError("the function does not depend on a variable, so the step says nothing")
        return all(is_zero(at_point(entry, point)) for entry in gradient)


@dataclass(frozen=True, kw_only=True)
class Limit(Step):
    """``left`` tends to ``right`` as ``variable`` tends to ``to`` (from the side ``side``)."""

    left: sp.Expr
    variable: sp.Symbol
    to: sp.Expr
    right: sp.Expr
    side: str = "+"

    @property
    def shown(self) -> tuple[sp.Expr, str, sp.Expr]:
        return sp.Limit(self.left, self.variable, self.to, self.side), "=", self.right

    def holds(self) -> bool:
        value = sp.limit(branch(self.left, self.given), self.variable, self.to, self.side)
        return is_zero(value - branch(self.right, self.given))

"""Deciding zero and signs symbolically.  Nothing is sampled: what is not proved is reported as not proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import sympy as sp
from sympy.codegen.cfunctions import log1p
from sympy.polys.matrices import DomainMatrix

__all__ = [
    "Given", "at_point", "branch", "carried_out", "chosen", "is_nonnegative", "is_positive", "is_zero", "substitute"
]

Given = Mapping[sp.Symbol, sp.Expr]
# What gives symbols a meaning of its own, so that not every occurrence stands for a value.
_BINDING = (sp.Derivative, sp.Integral, sp.Lambda, sp.Limit, sp.Product, sp.Subs, sp.Sum)


def substitute(expr: sp.Expr, given: Given) -> sp.Expr:
    """Put a case into an expression, one substitution after the other (later ones may use earlier symbols)."""
    for symbol, value in given.items():
        expr = expr.subs(symbol, value)
    return expr


def at_point(expr: sp.Expr, point: Given) -> sp.Expr:
    """Put values into an expression, all at once; sympy's own way, needed where symbols are bound, is far slower."""
    return expr.subs(point, simultaneous=True) if expr.has(*_BINDING) else expr.xreplace(dict(point))


def carried_out(expr: sp.Expr) -> sp.Expr:
    """Derivatives, integrals, sums and determinants carried out; log1p(x), a form for floats, as log(1 + x)."""
    expr = expr.replace(log1p, lambda x: sp.log(1 + x))
    return expr.replace(lambda x: isinstance(x, sp.Determinant), _determinant).doit()


def _determinant(determinant: sp.Determinant) -> sp.Expr:
    """By exact division of polynomials, where the entries are some: sympy's elimination of expressions is slow."""
    matrix = determinant.arg
    if not isinstance(matrix, sp.MatrixBase):
        return determinant
    entries = DomainMatrix.from_Matrix(matrix)
    return determinant if entries.domain.is_EX else entries.domain.to_sympy(entries.det())


def is_zero(expr: sp.Expr) -> bool:
    """Whether sympy reduces the expression to 0, by ever stronger simplifications."""
    expr = sp.sympify(expr)
    if isinstance(expr, sp.MatrixBase):
        return all(is_zero(entry) for entry in expr)
    if _refuted(expr):
        return False
    ways: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
        sp.expand,
        lambda x: sp.expand(sp.fraction(sp.together(sp.powsimp(x)))[0]),
        lambda x: sp.cancel(sp.together(x)),
        sp.simplify,
        lambda x: sp.simplify(sp.sqrtdenest(sp.radsimp(x))),
    )
    return any(way(expr) == 0 for way in ways)


def _refuted(expr: sp.Expr) -> bool:
    """Whether the expression is clearly not 0 at one point, which saves the long way; it never proves."""
    symbols = sorted(expr.free_symbols, key=lambda x: x.name)
    point = {x: sp.Integer(3 + k) if x.is_integer else sp.Rational(sp.prime(k + 5), 17) for k, x in enumerate(symbols)}
    parts = at_point(expr, point).evalf(20).as_real_imag()
    return any(part.is_Float and abs(part) > sp.Float("1e-6") for part in parts)


def is_positive(expr: sp.Expr) -> bool:
    """Whether the expression is a product or sum of manifestly positive terms (exp of its symbols' assumptions)."""
    return _sign(expr, lambda x: x.is_positive)


def is_nonnegative(expr: sp.Expr) -> bool:
    """Whether the expression is manifestly >= 0."""
    return _sign(expr, lambda x: x.is_nonnegative) or sp.cancel(sp.together(expr)) == 0


def _sign(expr: sp.Expr, holds: Callable[[sp.Expr], bool | None]) -> bool:
    if holds(expr):
        return True
    together = sp.factor(sp.together(expr))
    if holds(together):
        return True
    numerator, denominator = sp.fraction(together)
    if not (denominator.is_positive or sp.expand(denominator).is_positive):
        return False
    return bool(holds(numerator) or holds(sp.expand(numerator)) or all(_factor(f, holds) for f in _factors(numerator)))


def _factors(expr: sp.Expr) -> tuple[sp.Expr, ...]:
    return tuple(sp.Mul.make_args(sp.factor(expr)))


def _factor(expr: sp.Expr, holds: Callable[[sp.Expr], bool | None]) -> bool:
    return bool(holds(expr) or holds(sp.expand(expr)))


def branch(expr: sp.Expr, given: Given) -> sp.Expr:
    """The value of an expression in a case: every Piecewise condition in it is decided by proof.

    Raises ValueError when a condition can be neither proved nor refuted in the case.
    """
    expr = substitute(sp.sympify(expr), given)
    expr = expr.replace(lambda x: isinstance(x, sp.Max | sp.Min), lambda x: x.rewrite(sp.Piecewise))
    expr = expr.replace(sp.Abs, _absolute)
    while True:
        pieces = expr.atoms(sp.Piecewise)
        if not pieces:
            return expr
        piece = min(pieces, key=sp.count_ops)  # innermost first
        expr = expr.xreplace({piece: _choose(piece)})


def chosen(expr: sp.Expr, given: Given) -> sp.Expr:
    """The expression with the branches that hold in the case, but without the case put in: what a reader is shown."""
    expr = sp.sympify(expr)
    while given and isinstance(expr, sp.Expr):
        pieces = expr.atoms(sp.Piecewise)
        if not pieces:
            return expr
        piece = min(pieces, key=sp.count_ops)
        for value, condition in piece.args:
            if _decide(_in_case(condition, given)):
                expr = expr.xreplace({piece: value})
                break
    return expr


def _in_case(condition: sp.Basic, given: Given) -> sp.Basic:
    """A condition in a case, as a relation between expressions without bars."""
    condition = substitute(condition, given)
    return condition.replace(sp.Abs, _absolute)


def _absolute(inner: sp.Expr) -> sp.Expr:
    """|x| without the bars where the sign of x is proved."""
    for value in (inner, -inner):
        if is_nonnegative(value):
            return value
    return sp.Abs(inner)


def _choose(piece: sp.Piecewise) -> sp.Expr:
    for value, condition in piece.args:
        if _decide(condition):
            return value
    raise ValueError(f"no branch of {piece} holds")


@cache
def _decide(condition: sp.Basic) -> bool:
    if condition in (sp.true, sp.false):
        return bool(condition)
    difference = condition.gts - condition.lts
    strict = isinstance(condition, sp.StrictGreaterThan | sp.StrictLessThan)
    proved, refuted = (is_positive, is_nonnegative) if strict else (is_nonnegative, is_positive)
    if proved(difference):
        return True
    if refuted(-difference):
        return False
    raise ValueError(f"cannot decide {condition} in this case")

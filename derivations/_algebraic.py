"""Exact algebraic numbers: a canonical enough form, and a decision whether one is zero."""

from __future__ import annotations

import sympy as sp

__all__ = ["is_semidefinite", "tidy", "vanishes"]


def tidy(expr: sp.Expr) -> sp.Expr:
    """Products multiplied out and radicals taken out of denominators."""
    expr = sp.expand(expr)
    return expr if expr.is_Rational else sp.radsimp(expr)


def vanishes(expr: sp.Expr) -> bool:
    """Whether an algebraic number is zero: by multiplying out, else by its minimal polynomial, which decides it."""
    expr = sp.expand(expr)
    if expr.is_Rational:
        return bool(expr == 0)
    if abs(expr.evalf(30)) > sp.Float("1e-20"):
        return False  # 30 digits are enough to tell it from 0; only a claim of zero needs proof
    if sp.radsimp(expr) == 0:
        return True
    x = sp.Symbol("x")
    return bool(sp.minimal_polynomial(expr, x) == x)


def is_semidefinite(matrix: sp.Matrix) -> bool:
    """Whether a symmetric matrix is positive semidefinite: no negative pivot, and zero pivots in zero rows."""
    rest = sp.Matrix(matrix).applyfunc(tidy)
    for i in range(rest.rows):
        pivot = rest[i, i]
        if vanishes(pivot):
            if not all(vanishes(x) for x in rest[i, i:]):
                return False
        elif not pivot.is_positive:
            return False
        else:
            column = rest[:, i]
            rest = (rest - column * column.T / pivot).applyfunc(tidy)
    return True

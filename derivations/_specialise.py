"""Putting exact values into results: rational arithmetic only, assumptions checked, lambda_b = inf as a limit."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from ncsolve.derivations._framework import Theorem
from ncsolve.derivations._notation import NOTATION

from ncsolve.checks.exact import exact_number
from ncsolve.errors import ProblemError, UnknownNameError

__all__ = ["parse_settings", "specialise"]


def parse_settings(settings: list[str]) -> dict[str, sp.Expr]:
    """``["K=3", "lambda_b=1/2"]`` as exact numbers; decimals are read as typed (0.05 is 1/20), inf is allowed.

    Raises ProblemError for anything else, and for numbers that are not between 1e-300 and 1e300.
    """
    values: dict[str, sp.Expr] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name, text = name.strip(), text.strip()
        if not equals or not name or not text:
            raise ProblemError(f"--set takes SYMBOL=VALUE; got {setting!r}, write for example --set K=3")
        if name in values:
            raise ProblemError(f"--set gives {name} twice; give it once")
        values[name] = _number(name, text)
    return values


def _number(name: str, text: str) -> sp.Expr:
    if text in ("inf", "oo", "∞"):
        return sp.oo
    return sp.Rational(exact_number(name, text))


def specialise(theorem: Theorem, values: Mapping[str, sp.Expr], *, simplify: bool = False) -> dict[str, sp.Expr]:
    """The results of a theorem with exact values put in.

    Raises UnknownNameError for a symbol that the results do not have, ProblemError for a value outside the
    assumptions (the message names the assumption).

    >>> from ncsolve.derivations import get
    >>> specialise(get("onehot"), {"K": sp.Integer(3), "t": sp.Rational(1, 4)})["threshold"]
    1/3
    """
    symbols = {x.name: x for x in theorem.symbols if x.is_commutative}
    given: dict[sp.Symbol, sp.Expr] = {}
    for name, value in values.items():
        if name not in symbols:
            raise UnknownNameError(f"symbol of theorem {theorem.name!r}", name, symbols)
        _check_domain(theorem, symbols[name], value)
        given[symbols[name]] = value
    definitions = _definitions(theorem, given)
    for condition in theorem.conditions:
        if _put(condition, definitions, given) == sp.false:
            raise ProblemError(
                f"theorem {theorem.name!r} assumes {condition}; got {_shown(condition, theorem, given)}, change a value"
            )
    results = {key: _put(expr, definitions, given) for key, expr in theorem.result.items()}
    if simplify:
        results = {key: sp.simplify(expr) if expr.is_commutative else expr for key, expr in results.items()}
    return results


def _check_domain(theorem: Theorem, symbol: sp.Symbol, value: sp.Expr) -> None:
    if symbol.name in NOTATION and symbol.name not in theorem.letters:
        entry = NOTATION[symbol.name]
        if not entry.holds(value):
            raise ProblemError(f"{symbol.name} must be {entry.domain} ({entry.meaning}); got {value}")
        return
    # A symbol of this theorem alone carries its assumption in sympy.
    for assumption in ("positive", "nonnegative"):
        if getattr(symbol, f"is_{assumption}") and not (value.is_finite and getattr(value, f"is_{assumption}")):
            raise ProblemError(
                f"{symbol.name} must be {assumption} and finite ({theorem.symbols[symbol]}); got {value}"
            )


def _definitions(theorem: Theorem, given: Mapping[sp.Symbol, sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
    """The abbreviations that these values resolve: those that depend on a value other than K, or on values only."""
    resolved: dict[sp.Symbol, sp.Expr] = {}
    for symbol, definition in theorem.definitions.items():
        parts = _parts(definition, theorem)
        known = parts & set(given)
        if symbol in given:
            if parts <= set(given):
                raise ProblemError(
                    f"{symbol} follows from the other values ({symbol} = {definition}); leave one of them out"
                )
            continue
        if {x.name for x in known} - {"K"} or parts <= set(given):
            resolved[symbol] = definition
    return resolved


def _parts(definition: sp.Expr, theorem: Theorem) -> set[sp.Symbol]:
    found = set(definition.free_symbols)
    for symbol in tuple(found):
        if symbol in theorem.definitions:
            found |= _parts(theorem.definitions[symbol], theorem)
    return found - set(theorem.definitions)


def _put(expr: sp.Basic, definitions: Mapping[sp.Symbol, sp.Expr], given: Mapping[sp.Symbol, sp.Expr]) -> sp.Basic:
    for symbol, definition in definitions.items():
        expr = expr.subs(symbol, definition)
    finite = {k: v for k, v in given.items() if v.is_finite}
    expr = expr.subs(finite, simultaneous=True)
    for symbol in (k for k, v in given.items() if not v.is_finite):
        expr = _at_infinity(expr, symbol)
    return expr


def _at_infinity(expr: sp.Basic, symbol: sp.Symbol) -> sp.Basic:
    """The value as ``symbol`` (lambda_b) grows without bound: every branch at its limit, conditions at theirs."""
    if not expr.has(symbol):
        return expr
    if isinstance(expr, sp.core.relational.Relational):
        lead = sp.Poly(expr.gts - expr.lts, symbol).LC()
        return sp.Ge(lead, 0)
    folded = sp.piecewise_fold(expr)
    if isinstance(folded, sp.Piecewise):
        return sp.Piecewise(*[(_at_infinity(value, symbol), _at_infinity(c, symbol)) for value, c in folded.args])
    return sp.limit(folded, symbol, sp.oo)


def _shown(condition: sp.Basic, theorem: Theorem, given: Mapping[sp.Symbol, sp.Expr]) -> str:
    symbol = next(iter(sorted(condition.free_symbols & set(theorem.definitions), key=str)), None)
    value = given.get(symbol) if symbol is not None else None
    if symbol is not None and value is None:
        value = _put(symbol, theorem.definitions, given)
    return f"{symbol} = {value}" if symbol is not None else ", ".join(f"{k} = {v}" for k, v in given.items())

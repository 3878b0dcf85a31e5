"""The symbols of the theorems: one table of name, domain and meaning, used by every derivation and by the docs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

__all__ = ["NOTATION", "Notation", "describe"]


@dataclass(frozen=True, kw_only=True)
class Notation:
    """A symbol, the values that the theorems assume for it, and what it stands for."""

    symbol: sp.Symbol
    domain: str
    holds: Callable[[sp.Expr], bool]
    meaning: str
    latex: str = ""


NOTATION: dict[str, Notation] = {}


def _positive(value: sp.Expr) -> bool:
    return bool(value.is_finite and value.is_positive)


def _nonnegative(value: sp.Expr) -> bool:
    return bool(value.is_finite and value.is_nonnegative)


def _nonnegative_or_infinite(value: sp.Expr) -> bool:
    return bool(value.is_extended_nonnegative)


def _real(value: sp.Expr) -> bool:
    return bool(value.is_finite and value.is_real)


def _at_least(least: int) -> Callable[[sp.Expr], bool]:
    return lambda value: bool(value.is_integer and value >= least)


def _unit(value: sp.Expr) -> bool:
    return bool(value.is_finite and 0 <= value < 1)


def _add(
    name: str, domain: str, holds: Callable[[sp.Expr], bool], meaning: str, latex: str = "", **assume: bool
) -> sp.Symbol:
    symbol = sp.Symbol(name, **assume)
    NOTATION[name] = Notation(symbol=symbol, domain=domain, holds=holds, meaning=meaning, latex=latex)
    return symbol


def describe(name: str) -> Notation:
    """The entry of a symbol; KeyError for a helper symbol that lives in one proof only."""
    return NOTATION[name]


K = _add("K", "integer >= 2", _at_least(2), "number of classes", integer=True, positive=True)
# One class's count is an integer, but no proof needs that: positive is all that is assumed inside them.
n = _add(
    "n", "integer >= 1", _at_least(1), "number of samples of a class (of each class, when balanced)", positive=True
)
N = _add("N", "integer >= 1", _at_least(1), "number of samples, N = n_1 + ... + n_K", positive=True)
lambda_w = _add("lambda_w", "> 0 and finite", _positive, "weight decay of the classifier W", positive=True)
lambda_h = _add("lambda_h", "> 0 and finite", _positive, "weight decay of the features H", positive=True)
lambda_v = _add(
    "lambda_v", "> 0 and finite", _positive, "weight decay of the last hidden layer, in the metric UFM", positive=True
)
lambda_b = _add(
    "lambda_b", ">= 0, or inf", _nonnegative_or_infinite, "weight decay of the bias b; inf: no bias", nonnegative=True
)
tau = _add("tau", "> 0", _positive, "√(λ_w λ_h), weight of the nuclear norm", positive=True)
T = _add("T", "> 0", _positive, "N τ, threshold of the singular values", positive=True)
t = _add("t", "> 0", _positive, "T/√n = K √(n λ_w λ_h), threshold in the unit √n", positive=True)
a = _add("a", "real, not 0", lambda x: _real(x) and x != 0, "diagonal part of the encoding a I + q J", real=True)
q = _add("q", "real", _real, "constant part of the encoding a I + q J", real=True)
w = _add("w", "real", _real, "a + K q, the code's eigenvalue on the direction of the label mean", real=True)
alpha = _add("alpha", ">= 0 and < 1", _unit, "strength of label smoothing", nonnegative=True)
s = _add("s", ">= 0", _nonnegative, "eigenvalue of the label scatter S on the label mean", nonnegative=True)
mean_norm = _add("mean_norm", "> 0", _positive, "length of the label mean μ", r"\left\|\mu\right\|", positive=True)
sigma = _add("sigma", ">= 0", _nonnegative, "a singular value of M - b uᵀ", nonnegative=True)
s_perp = _add(
    "s_perp", ">= 0", _nonnegative, "singular value of Z on the contrasts (K-1 times), unit √n", nonnegative=True
)
s_mu = _add("s_mu", ">= 0", _nonnegative, "singular value of Z on the label mean (once), unit √n", nonnegative=True)
gap = _add("gap", "real", _real, "s_μ - s_⊥, unit √n", real=True)
beta = _add("beta", "in [0, 1]", _nonnegative, "share of the label mean that the bias takes, b = β μ", nonnegative=True)

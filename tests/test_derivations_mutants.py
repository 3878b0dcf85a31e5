"""Damaged derivations are rejected: typed errors in the files, and every result formula damaged by rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sympy as sp
from ncsolve.derivations._framework import Formula, Theorem
from ncsolve.derivations._steps import DerivationError

from ncsolve import derivations
from tests.derivation_mutants import MUTANTS, Mutant, mutated


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.module}: {m.error}")
def test_a_damaged_file_is_rejected(mutant: Mutant) -> None:
    # A wrong rule can make an expression unreadable before a step is wrong; both stop the build.
    with pytest.raises((DerivationError, ValueError)):
        mutated(mutant).check()


DAMAGE: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "doubled": lambda e: 2 * e,
    "sign": lambda e: -e,
    "one more": lambda e: e + 1,
}
CASES = [
    (name, key, damage)
    for name in derivations.names()
    for key, formula in derivations.get(name).formulas.items()
    for damage in DAMAGE
    # Twice 0 and minus 0 are no damage; the two others are enough elsewhere.
    if (formula.expr == 0) == (damage == "one more")
]


@pytest.mark.parametrize(("name", "key", "damage"), CASES, ids=lambda x: x)
def test_every_damaged_result_breaks_a_step(name: str, key: str, damage: str) -> None:
    theorem = derivations.get(name)
    formula = theorem.formulas[key]
    wrong = Formula(expr=_everywhere(formula.expr, DAMAGE[damage]), meaning=formula.meaning)
    assert wrong.expr != formula.expr
    assert not _still_proved(theorem, replace(theorem, formulas={**theorem.formulas, key: wrong}))


def _everywhere(expr: sp.Expr, damage: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """Damage each branch of a Piecewise, so that the proofs that name a branch still find it."""
    if isinstance(expr, sp.Piecewise):
        return sp.Piecewise(*[(damage(value), condition) for value, condition in expr.args])
    return damage(expr)


def _still_proved(theorem: Theorem, damaged: Theorem) -> bool:
    """Whether every step of the damaged theorem holds; steps that the damage leaves alone need no second look."""
    known = list(theorem.steps())
    try:
        for number, step in enumerate(damaged.steps()):
            if number >= len(known) or known[number] != step:
                step.check()
    except (DerivationError, ValueError):
        return False
    return True

"""Damaged derivations are rejected: typed errors in the files, and every result formula damaged by rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from importlib import import_module

import pytest
import sympy as sp
from ncsolve.derivations._framework import Formula, Theorem
from ncsolve.derivations._registry import MODULES
from ncsolve.derivations._steps import DerivationError, Identity, Step
from ncsolve.derivations._words import Words

from ncsolve import derivations
from tests.derivations.derivation_mutants import MUTANTS, Mutant, mutated


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.module}: {m.error}")
def test_a_damaged_file_is_rejected(mutant: Mutant) -> None:
    # A wrong rule can make an expression unreadable before a step is wrong; both stop the build.
    with pytest.raises((DerivationError, ValueError)):
        _check(mutated(mutant), mutant.module)


@pytest.mark.parametrize("module", MODULES.values())
def test_a_file_without_damage_is_not_rejected(module: str) -> None:
    _check(mutated(Mutant(module=module, error="none", old="", new="")), module)


DAMAGE: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "doubled": lambda e: 2 * e,
    "sign": lambda e: -e,
    "one more": lambda e: e + 1,
}
CASES = [  # doubling what has a sign as well is left to the exhaustive run
    pytest.param(name, key, damage, marks=[pytest.mark.exhaustive] if damage == "doubled" else [])
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
    with pytest.raises((DerivationError, ValueError)):
        _check(replace(theorem, formulas={**theorem.formulas, key: wrong}), MODULES[name])


def _everywhere(expr: sp.Expr, damage: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """Damage each branch of a Piecewise, so that the proofs that name a branch still find it."""
    if isinstance(expr, sp.Piecewise):
        return sp.Piecewise(*[(damage(value), condition) for value, condition in expr.args])
    return damage(expr)


# What a step obliges to: its kind and its fields, with the rules of its matrix algebra.
Obligation = tuple[type[Step], dict[str, object]]


def _check(damaged: Theorem, module: str) -> None:
    """``Theorem.check`` of a damaged copy of the theorem of a file, but that no step of the file is proved again.

    A step that is left out cannot reject a mutant, so whatever is taken for known by mistake fails a test here.
    """
    known = _obligations(module)
    count = 0
    for count, step in enumerate(damaged.steps(), start=1):
        if count > len(known) or known[count - 1] != _obligation(step):
            step.check()
    assert count, "a theorem without a step would be rejected for that, not for its damage"


@cache
def _obligations(module: str) -> tuple[Obligation, ...]:
    theorem: Theorem = import_module(f"ncsolve.derivations.{module}").THEOREM
    return tuple(map(_obligation, theorem.steps()))


def _obligation(step: Step) -> Obligation:
    """Taken when the step is made: a proof may add rules to its matrix algebra afterwards."""
    values = {field.name: getattr(step, field.name) for field in fields(step)}
    for name, value in values.items():
        if isinstance(value, Words):
            values[name] = (dict(value._shape), dict(value._transposed), list(value._rules), dict(value._traces))
    return type(step), values


def test_a_step_with_another_rule_is_another_step() -> None:
    words = Words()
    A = words.symmetric("A", "n")
    step = Identity(text="a projection", left=A * A, right=A, words=words)
    before = _obligation(step)
    assert before == _obligation(replace(step, words=words.copy()))
    words.rule(A * A, A)
    assert before != _obligation(step)
    assert _obligation(step) != _obligation(replace(step, right=A * A * A))

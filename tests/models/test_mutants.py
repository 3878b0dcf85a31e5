"""Damaged solvers of bottlenecks, deep heads and ReLU features: descent from the definition must disagree."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve._models.relu import best_found, dual_bound
from tests.cases import CASES, every_case, reached
from tests.reference import loss_of
from tests.solver_mutants import every_mutant, silence


def agrees(name):
    """Whether descent reaches what the solver returns, and the solver's numbers are those of its arrays."""
    try:
        found = ncsolve.solve(CASES[name].problem)
    except ncsolve.ConvergenceError:
        return False
    loss = loss_of(found)
    return (
        abs(loss - reached(name)) <= 1e-9 * loss and abs(loss - found.loss) <= 1e-12 * loss
        and found.lower_bound <= reached(name) * (1 + 1e-9)
    )


@every_case
def test_the_healthy_solver_agrees(case, monkeypatch):
    silence(monkeypatch)
    assert agrees(case.name)


@every_mutant
def test_descent_catches_the_mutant(damage, name, monkeypatch):
    silence(monkeypatch)
    damage(monkeypatch)
    assert not agrees(name)


def test_a_lower_bound_that_ignores_the_condition_is_caught(monkeypatch):
    unbiased = CASES["relu location"].problem.replace(lambda_b=math.inf)
    # Multipliers of W = 0 are far outside the condition.
    outside = unbiased.encoding.matrix / unbiased.samples
    assert dual_bound.dual_bound(unbiased, outside) < ncsolve.solve(unbiased).loss
    monkeypatch.setattr(dual_bound, "top", lambda matrix: 0.0)
    assert dual_bound.dual_bound(unbiased, outside) > ncsolve.solve(unbiased).loss * 1.1


def test_a_lower_bound_above_the_loss_is_no_proof(monkeypatch):
    """It would close any gap: a broken bound must not make a point global."""
    monkeypatch.setattr(best_found, "feasible", lambda *args, **options: dual_bound.Dual(
        vectors=np.zeros((3, 3)), slack=np.zeros((3, 3)), bound=1e3
    ))
    acute = CASES["any codes"].problem.replace(
        counts=[5, 20, 1, 10], lambda_w=1e-3, lambda_h=4e-3, features="relu"
    )
    with pytest.raises(ncsolve.ConvergenceError, match="lower bound must not exceed the loss"):
        ncsolve.solve(acute)

"""Damaged solvers of the metric UFM: the dual from raw samples, or the objective of the arrays, must disagree."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve import _formulas
from ncsolve._minimizer import metric_minimizer
from ncsolve._models.metric import aligned, minimize, newton, reduced
from tests.models.metric.definition import Network, regular


def agrees(network, method):
    """Whether loss and arrays are those of the definition, and the dual of the samples proves the minimum."""
    try:
        found = ncsolve.solve(network.problem, method=method)
    except ncsolve.ConvergenceError:
        return False
    loss = network.objective(found.W, found.V, found.c, found.bias)
    outputs = found.W @ found.features(network.z) + found.bias[:, None]
    return abs(loss - found.loss) <= 1e-10 * loss and loss - network.dual(outputs) <= 1e-8 * loss


def _general():
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(4), [2, 5, 3, 6])
    return Network(z=rng.standard_normal((5, 4))[:, labels] + 0.3 * rng.standard_normal((5, 16)) + 1.0, labels=labels,
                   codes=np.eye(4), lambda_w=0.01, lambda_v=0.02, lambda_c=0.05, lambda_b=0.1)


CASES = {"regular": (regular(3.0, 2.5, 0.1), "auto"), "general": (_general(), "newton")}


def _no_bias_in_moments(monkeypatch):
    monkeypatch.setattr(_formulas, "metric_mean_weight", lambda lambda_b: 1.0)


def _hidden_bias_of_another_decay(monkeypatch):
    monkeypatch.setattr(ncsolve.MetricProblem, "hidden_unit", property(lambda self: 2.0))


def _hidden_bias_in_other_units(monkeypatch):
    monkeypatch.setattr(ncsolve.MetricMinimizer, "c", property(lambda self: self.frame.hidden(self.dim)[:, -1] * 1.01))


def _threshold_off(monkeypatch):
    original = minimize.solved

    def damaged(problem, *, general):
        return original(
            reduced.Reduced(root=problem.root, labels=problem.labels, energy=problem.energy, tau=problem.tau * 1.001),
            general=general,
        )

    monkeypatch.setattr("ncsolve._models.metric.model.solved", damaged)


def _alignment_not_checked(monkeypatch):
    monkeypatch.setattr(aligned, "_ALIGNED", 1e3)
    monkeypatch.setattr(minimize, "_CLOSED", math.inf)


def _newton_stops_at_once(monkeypatch):
    monkeypatch.setattr(newton, "_STEPS", 0)
    monkeypatch.setattr(minimize, "reweighted", lambda squares, target, tau: target)


def _last_direction_dropped(monkeypatch):
    original = minimize._solution

    def damaged(inside, proof, choice, left, values, right):
        return original(inside, proof, choice, left[:, :-1], values[:-1], right[:, :-1])

    monkeypatch.setattr(minimize, "_solution", damaged)


MUTANTS = [
    (_no_bias_in_moments, "regular", "auto"), (_no_bias_in_moments, "general", "newton"),
    (_hidden_bias_of_another_decay, "general", "newton"), (_hidden_bias_in_other_units, "general", "newton"),
    (_threshold_off, "regular", "auto"), (_threshold_off, "general", "newton"),
    (_alignment_not_checked, "general", "auto"), (_newton_stops_at_once, "general", "newton"),
    (_last_direction_dropped, "general", "newton"),
]


@pytest.fixture(autouse=True)
def silent(monkeypatch):
    """The solver's own check off: what is damaged must be caught from outside."""
    monkeypatch.setattr(metric_minimizer, "_GAP", math.inf)
    monkeypatch.setattr(metric_minimizer, "_AGREES", math.inf)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("method", ["auto", "newton"])
def test_the_healthy_solver_agrees(name, method):
    assert agrees(CASES[name][0], method)


@pytest.mark.parametrize(("damage", "name", "method"), MUTANTS)
def test_the_mutant_is_caught(damage, name, method, monkeypatch):
    damage(monkeypatch)
    assert not agrees(CASES[name][0], method)


def test_the_solver_refuses_what_its_gap_does_not_prove(monkeypatch):
    monkeypatch.setattr(metric_minimizer, "_GAP", 1e-9)
    _newton_stops_at_once(monkeypatch)
    with pytest.raises(ncsolve.ConvergenceError, match="duality gap must close"):
        ncsolve.solve(CASES["general"][0].problem, method="newton")


def test_the_solver_refuses_moments_that_are_not_those_of_the_loss(monkeypatch):
    """The gap is proved of the moments alone: whether they are the problem's is for its loss to say."""
    monkeypatch.setattr(metric_minimizer, "_AGREES", 1e-7)
    _no_bias_in_moments(monkeypatch)
    with pytest.raises(ncsolve.ConvergenceError, match="must be that of the moments"):
        ncsolve.solve(CASES["general"][0].problem)

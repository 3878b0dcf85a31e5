"""``check`` of every case, and of the damaged solvers of bottlenecks, deep heads and ReLU features."""

import pytest
from ncsolve.verify import check

from ncsolve import _formulas
from tests.cases import CASES, every_case
from tests.documents import fits
from tests.solver_mutants import every_mutant, largest_root, mean_never_kept, scaled, silence

# What is compared: of every problem, of the paper's model, of cross-entropy, of every other.
ALWAYS = [
    "loss at the solver's W, H, b", "loss terms", "gradient", "regime", "rank", "cosines", "NC1", "NC2-NC4",
    "loss of the best run", "ended at the best loss",
]
OF_THE_PAPER = ["weak duality", "Hessian", "cvxpy, dual", "below the optimum", "Gram matrix, relative"]
OF_CONVEX_CORES = ["weak duality", "Hessian", "cvxpy, dual", "transitions along lambda_b that the solver names"]
OF_OTHERS = ["from beside", "lambda |.|^2 of every layer"]


@every_case
def test_the_healthy_solver_agrees(case):
    report = check(case.problem, starts=2)
    assert report.passed, (report.failures, report.error)
    document = fits(report.to_json(), "ncsolve.verify/1")
    assert ("depth" in document["problem"]) == (not case.problem.plain)
    assert ("best found, not known to be the global minimum" in report.summary) == (not case.is_global)
    compared = " ".join(figure.what for figure in report.figures)
    of_the_model = {"plain": OF_THE_PAPER, "cross-entropy": OF_CONVEX_CORES}
    parts = ALWAYS + of_the_model.get(case.model, OF_OTHERS)
    parts += ["product of the solver's layers"] if case.problem.depth > 1 else []
    parts += ["least entry"] if case.problem.features == "relu" else []
    parts += ["below the optimum"] if case.is_global else ["below the best found", "below the lower bound"]
    parts += ["outputs W H + b"] if case.model not in of_the_model and case.unique == "Gram matrix" else []
    parts += ["at the transition"] if case.name in ("deep", "signed in a bottleneck") else []  # two minimizers tie
    assert [part for part in parts if part not in compared] == []


@every_mutant
def test_check_fails_the_mutant(damage, name, monkeypatch):
    silence(monkeypatch)
    damage(monkeypatch)
    report = check(CASES[name].problem, starts=2, fail_fast=True)
    assert report.failures


def test_check_fails_a_wrong_transition_of_a_bottleneck(monkeypatch):
    """Where it is named; the minimizers on both sides of it are right."""
    scaled(_formulas, "bottleneck_transition", 1.02)(monkeypatch)
    (text,) = check(CASES["signed in a bottleneck"].problem, starts=2, fail_fast=True).failures
    assert text.startswith("losses with and without the label mean at the transition")


@pytest.mark.parametrize(
    ("damage", "name"), [(largest_root, "deep collapse"), (mean_never_kept, "signed in a bottleneck")]
)
def test_a_stationary_point_above_the_minimum_needs_a_start_that_goes_below_it(damage, name, monkeypatch):
    silence(monkeypatch)
    damage(monkeypatch)
    report = check(CASES[name].problem, starts=2)
    assert any(text.startswith("descent below the optimum") for text in report.failures)

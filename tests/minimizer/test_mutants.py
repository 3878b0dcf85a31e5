"""Damaged solvers: each must be refused by ``solve`` itself or fail the duality check of the tests."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve import _formulas
from ncsolve._bias import equation, theorems
from tests.cases import CASES, cases_where
from tests.reference import certified_gap
from tests.solver_mutants import scaled

GENERAL, BALANCED, SIMPLEX, EIGEN, LAW, IMBALANCED = (CASES[name].problem for name in (
    "any codes", "between simplex and orthogonal", "simplex ETF", "eigenvector", "law", "imbalanced smoothed"
))


def is_global_minimum(problem):
    """Whether ``solve`` returns a point that weak duality confirms; False if it refuses."""
    try:
        found = ncsolve.solve(problem.replace())  # a problem keeps what it has found, also of a damaged solver
    except ncsolve.ConvergenceError:
        return False
    loss, bound = certified_gap(problem, found.W, found.class_means, found.bias)
    return loss - bound <= 1e-12 and abs(loss - found.loss) <= 1e-12 * loss


@cases_where(lambda case: case.of_the_paper)
def test_the_healthy_solver_passes(case):
    assert is_global_minimum(case.problem)


FORMULAS = [
    ("soft_threshold", IMBALANCED),
    ("soft_threshold", GENERAL),
    ("weight_scale", GENERAL),
    ("feature_scale", BALANCED),
    ("affine_bias_fraction", BALANCED),
    ("affine_bias_fraction", SIMPLEX),
    ("affine_mean_singular_value", BALANCED),
    ("affine_perp_singular_value", SIMPLEX),
    ("eigenvector_ratio_equation", EIGEN),
    ("imbalanced_bias", LAW),
]


@pytest.mark.parametrize(("name", "problem"), FORMULAS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(FORMULAS)])
def test_wrong_formulas_are_caught(monkeypatch, name, problem):
    if name == "eigenvector_ratio_equation":
        original = getattr(_formulas, name)
        monkeypatch.setattr(_formulas, name, lambda *args: original(*args) + 1e-4)
    else:
        scaled(_formulas, name, 1 + 1e-4)(monkeypatch)
    assert not is_global_minimum(problem)


def test_wrong_threshold_of_the_law_is_caught(monkeypatch):
    """lb+ too low: the law is used where a dimension has died."""
    threshold = ncsolve.solve(LAW).transition
    inside = LAW.replace(lambda_b=0.99 * threshold)
    assert is_global_minimum(inside)
    scaled(_formulas, "imbalanced_threshold_term", 0.98)(monkeypatch)
    assert not is_global_minimum(inside)


def test_wrong_gain_is_caught(monkeypatch):
    original = equation.gain
    monkeypatch.setattr(equation, "gain", lambda values: original(values) * (1 + 1e-4))
    assert not is_global_minimum(GENERAL)


def test_wrong_bias_is_caught(monkeypatch):
    original = theorems.solve_bias

    def damaged(*args, **options):
        import dataclasses

        found = original(*args, **options)
        return dataclasses.replace(found, bias=-found.bias)

    monkeypatch.setattr("ncsolve._models.plain.frames.solve_bias", damaged)
    assert not is_global_minimum(GENERAL)
    assert not is_global_minimum(GENERAL.replace(lambda_b=0.0))


def test_a_dropped_singular_direction_is_caught(monkeypatch):
    """A critical point, but a saddle: its fit is not that of the singular values, and the duality check can tell."""
    from ncsolve._frames import coupled_block
    from ncsolve._frames.coupled_block import Core

    problem = GENERAL.replace(lambda_b=math.inf)  # with a bias the mean residual would give it away
    best = ncsolve.solve(problem).loss
    monkeypatch.setattr(Core, "order", property(lambda self: np.argsort(-self.sigma)[:2]))
    with pytest.raises(ncsolve.ConvergenceError, match="the fit must be that of W, H and b"):
        ncsolve.solve(problem)
    monkeypatch.setattr(coupled_block, "check_fit", lambda *args: None)
    found = ncsolve.solve(problem)
    assert found.residual < 1e-12
    assert ncsolve.objective(problem, found.W, found.class_means, found.bias) > best * (1 + 1e-3)
    assert not is_global_minimum(problem)
    assert not is_global_minimum(GENERAL)


def test_a_wrong_law_is_caught_where_the_gradient_cannot_see_it(monkeypatch):
    """With weight decay of 1e-13 the bias is 1e-10 of the codes: only the bias equation shows that it is wrong."""
    problem = ncsolve.UFM(encoding=[[1.0, 0.2, 0.1], [0.0, 1.0, 0.4], [0.0, 0.0, 1.5]], counts=[1, 2, 3],
                          lambda_w=1e-13, lambda_h=1e-13, lambda_b=1e-3)
    original = theorems.large_bias_law

    def damaged(*args):
        import dataclasses

        law = original(*args)
        return dataclasses.replace(law, direction=law.direction * 1.1)

    assert ncsolve.solve(problem).choice.theorem == "T5b"
    monkeypatch.setattr(theorems, "large_bias_law", damaged)
    with pytest.raises(ncsolve.ConvergenceError, match="bias equation must hold"):
        ncsolve.solve(problem)

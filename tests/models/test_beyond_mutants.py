"""Damaged solvers of bottlenecks, deep heads and ReLU features: descent from the definition must disagree.

The solver's own check of its gradient is switched off, so that a wrong minimizer is returned without a word.
"""

import math

import numpy as np
import pytest
from ncsolve.verify.descent import descend_layered

import ncsolve
from ncsolve import _formulas, encodings
from ncsolve._frames import stationary
from ncsolve._models.layered import any_codes, kept_directions
from ncsolve._models.relu import dual_bound, orthogonal_frame
from ncsolve.deep import Shrinkage

DEEP = ncsolve.UFM(encoding=encodings.onehot(3), counts=4, lambda_w=1e-2, lambda_h=4e-3, lambda_b=0.5, depth=2)
COLLAPSING = ncsolve.UFM(encoding=encodings.onehot(3), counts=[60, 20, 5], lambda_w=4e-2, lambda_h=2e-3,
                         lambda_b=math.inf, depth=2)
FREE = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5]], counts=[3, 2, 1, 2], lambda_w=1e-2, lambda_h=4e-3,
                   lambda_b=0.0, depth=2)
NARROW = ncsolve.UFM(encoding=encodings.onehot(4), counts=3, lambda_w=5e-3, lambda_h=5e-3, lambda_b=3.0, dim=3)
SIGNED = ncsolve.UFM(encoding=encodings.signed(6), counts=2, lambda_w=5e-3, lambda_h=5e-3, lambda_b=1.0, dim=3)
TRUNCATED = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=[3, 2, 1, 2], lambda_w=1e-2,
                        lambda_h=4e-3, lambda_b=math.inf, dim=2)
RELU = ncsolve.UFM(encoding=encodings.onehot(3), counts=4, lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.1, features="relu")
UNEQUAL = RELU.replace(counts=[5, 3, 2], lambda_b=1.0)
ACUTE = RELU.replace(counts=[9, 4, 1], lambda_b=0.01)
PROBLEMS = {
    "deep": DEEP, "collapsing": COLLAPSING, "free": FREE, "narrow": NARROW, "signed": SIGNED, "truncated": TRUNCATED,
    "relu": RELU, "unequal": UNEQUAL, "acute": ACUTE,
}


@pytest.fixture(scope="module")
def reached():
    """The lowest loss of descents of each problem, from random starts and ones that fit the labels."""
    found = {}
    for name, problem in PROBLEMS.items():
        wide = problem.feature_dim >= problem.code_length
        found[name] = min(
            descend_layered(problem, seed=seed, merged=True, from_labels=labels, size=0.1 if labels else 0.7).loss
            for seed in range(3) for labels in ((False, True) if wide else (False,))
        )
    return found


@pytest.fixture(autouse=True)
def _unchecked(monkeypatch):
    monkeypatch.setattr(stationary, "_TOLERANCE", math.inf)


def agrees(name, reached):
    """Whether descent reaches what the solver returns, and the solver's numbers are those of its arrays."""
    problem = PROBLEMS[name]
    try:
        found = ncsolve.solve(problem)
    except ncsolve.ConvergenceError:
        return False
    layers = found.layers if problem.depth > 1 else found.W
    loss = ncsolve.objective(problem, layers, found.class_means, found.bias)
    return (
        abs(loss - reached[name]) <= 1e-9 * loss and abs(loss - found.loss) <= 1e-12 * loss
        and found.lower_bound <= reached[name] * (1 + 1e-9)
    )


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_healthy_solver_agrees(name, reached):
    assert agrees(name, reached)


def scaled(function, factor):
    return lambda *args, **options: function(*args, **options) * factor


@pytest.mark.parametrize(
    ("formula", "factor", "name"),
    [
        ("deep_constant", 1.01, "deep"),
        ("deep_constant", 1.01, "free"),
        ("deep_relative_penalty", 1.01, "deep"),
        ("deep_branch_equation", -1.0, "deep"),
        ("deep_layer_scale", 1.01, "free"),
        ("deep_threshold", 3.0, "deep"),
        ("deep_mean_constant", 1.05, "deep"),
        ("deep_bias_fraction", 0.99, "deep"),
        ("deep_bias_fraction", 0.99, "narrow"),
        ("relu_class_value", 1.01, "relu"),
        ("relu_class_value", 1.01, "unequal"),
    ],
)
def test_wrong_formulas_are_caught(monkeypatch, formula, factor, name, reached):
    monkeypatch.setattr(_formulas, formula, scaled(getattr(_formulas, formula), factor))
    assert not agrees(name, reached)


def test_taking_the_largest_root_is_caught(monkeypatch, reached):
    """A stationary branch is kept wherever it exists, without a comparison with zero."""
    monkeypatch.setattr(Shrinkage, "threshold", Shrinkage.existence)
    found = ncsolve.solve(COLLAPSING)
    assert found.rank == 3, "the damage must bite"
    assert not agrees("collapsing", reached)


def test_a_wrong_bias_of_relu_features_is_caught(monkeypatch, reached):
    original = orthogonal_frame._balanced_bias
    monkeypatch.setattr(orthogonal_frame, "_balanced_bias", scaled(original, 1.01))
    assert not agrees("relu", reached)


def test_a_wrong_location_is_caught(monkeypatch, reached):
    original = orthogonal_frame.location
    monkeypatch.setattr(orthogonal_frame, "location", scaled(original, 1.05))
    assert not agrees("unequal", reached)


def test_orthogonal_frames_where_there_are_none_are_caught(monkeypatch, reached):
    """Without the test of the angles between shifted codes."""
    monkeypatch.setattr(orthogonal_frame, "_obtuse", lambda shifted: True)
    assert not agrees("acute", reached)


def test_the_wrong_direction_in_a_bottleneck_is_caught(monkeypatch, reached):
    """The label mean is never kept, or always."""
    original = kept_directions._mean
    monkeypatch.setattr(kept_directions, "_mean", lambda *args, **options: (0.0, 0.0))
    assert not agrees("signed", reached)
    monkeypatch.setattr(kept_directions, "_mean", lambda *args, **options: (1e9, original(*args, **options)[1]))
    assert not agrees("narrow", reached)


def test_dropping_the_wrong_singular_value_is_caught(monkeypatch, reached):
    original = np.linalg.svd

    def reversed_svd(*args, **options):
        left, sigma, right = original(*args, **options)
        return left[:, ::-1], sigma[::-1], right[::-1]

    monkeypatch.setattr(any_codes.np.linalg, "svd", reversed_svd)
    found = any_codes.fixed_bias_frame(TRUNCATED, _keep_choice(), np.zeros(3))
    monkeypatch.undo()
    assert found.loss_terms().total > reached["truncated"] * (1 + 1e-6)


def _keep_choice():
    return ncsolve.MethodChoice(method="closed-form", theorem="T8", reason="test")


def test_a_lower_bound_that_ignores_the_condition_is_caught(monkeypatch):
    monkeypatch.setattr(dual_bound, "top", lambda matrix: 0.0)
    unbiased = UNEQUAL.replace(lambda_b=math.inf)
    # Multipliers of W = 0 are far outside the condition.
    outside = unbiased.encoding.matrix / unbiased.samples
    assert dual_bound.dual_bound(unbiased, outside) > ncsolve.solve(unbiased).loss * 1.1
    monkeypatch.undo()
    assert dual_bound.dual_bound(unbiased, outside) < ncsolve.solve(unbiased).loss


def test_a_lower_bound_above_the_loss_is_no_proof(monkeypatch):
    """It would close any gap: a broken bound must not make a point global."""
    from ncsolve._models.relu import best_found

    monkeypatch.setattr(best_found, "feasible", lambda *args, **options: dual_bound.Dual(
        vectors=np.zeros((3, 3)), slack=np.zeros((3, 3)), bound=1e3
    ))
    codes = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
    acute = ncsolve.UFM(
        encoding=codes, counts=[5, 20, 1, 10], lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1, features="relu"
    )
    with pytest.raises(ncsolve.ConvergenceError, match="lower bound must not exceed the loss"):
        ncsolve.solve(acute)

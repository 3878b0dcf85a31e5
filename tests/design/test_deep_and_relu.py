"""Inverse design for ReLU features and deep heads (T11): what is ordered is the global minimizer, or it is refused."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import _formulas, design
from ncsolve._models.relu.nonnegative_factor import nonnegative_turn
from ncsolve.design import _deep_codes
from tests.reference import descend_freely, loss_of
from tests.strategies import counts, lambdas, targets

COUNTS = [12, 5, 2]
LAMBDAS = {"lambda_w": 5e-3, "lambda_h": 5e-3}
# Nonnegative, but its Gram matrix has a symmetric root with an entry of -0.03.
FACTOR = np.array([[1.4, 1.9, 1.7, 0.6], [0.7, 1.8, 0.1, 1.7], [1.7, 1.0, 0.7, 0.7]])
TREE = design.hierarchy_gram({"animal": ["cat", "dog"], "vehicle": {"land": ["car", "truck"], "air": ["plane"]}})[1]


@settings(max_examples=25, deadline=None)
@given(data=st.data(), target=targets(), w=lambdas, h=lambdas, depth=st.integers(2, 5), more=st.integers(0, 2))
def test_any_target_above_the_threshold_for_a_deep_head(data, target, w, h, depth, more):
    k = target.shape[0]
    numbers = data.draw(counts(k))
    rank = int(np.linalg.matrix_rank(target, tol=1e-9))
    options = {"counts": numbers, "lambda_w": [w] * (depth - 1) + [2 * w], "lambda_h": h, "lambda_b": math.inf,
               "depth": depth, "code_length": rank + more}
    # A scale at which the smallest direction has twice the length of the threshold.
    n = np.asarray(numbers, dtype=float)
    total, factors = n.sum(), depth + 1
    constant = _formulas.deep_constant(total, (w**depth * 2) ** (1 / depth), h, factors)
    spectrum = np.sort(np.linalg.eigvalsh(np.sqrt(np.outer(n, n)) * target))[-rank:]
    smallest = spectrum[0]
    least = _formulas.deep_design_least(constant, factors) ** (2 / factors) * constant / (total * h)
    target = target * max(1.0, 2 * least / smallest)
    # Codes are floats, rounded at the size of the largest z: the smallest, a power of the eigenvalue, loses digits.
    spread = (spectrum[-1] / smallest) ** (factors / 2)
    tolerance = 1e-12 + 1e-15 * spread
    assume(tolerance < 1e-6)
    found = design.encoding_for(target, tolerance=tolerance, **options)
    assert found.encoding.shape == (rank + more, k)
    assert found.error <= tolerance
    assert (found.minimizer.guarantee, found.minimizer.rank) == ("global", rank)
    assert loss_of(found.minimizer) == pytest.approx(found.minimizer.loss, rel=1e-12)
    means = found.minimizer.class_means
    np.testing.assert_allclose(means.T @ means, target, rtol=0, atol=10 * tolerance * np.linalg.norm(target))


@pytest.mark.parametrize(("depth", "lambda_b"), [(2, math.inf), (3, math.inf), (2, 0.3), (2, 0.0)])
def test_descent_does_not_go_below_a_deep_design(depth, lambda_b):
    target = design.simplex_gram(3)
    if math.isfinite(lambda_b):
        target = design.centred_gram(target, COUNTS)
    found = design.encoding_for(3 * target, counts=COUNTS, lambda_b=lambda_b, depth=depth, **LAMBDAS).minimizer
    reached = [descend_freely(found.problem, seed, 3) for seed in range(6)]
    assert min(reached) == pytest.approx(found.loss, rel=1e-9)
    assert min(reached) >= found.loss * (1 - 1e-12)


def test_the_named_scale_is_the_smallest():
    options = {"counts": COUNTS, "lambda_b": math.inf, "depth": 2, **LAMBDAS}
    with pytest.raises(ncsolve.ProblemError, match=r"below its hard threshold.*above 0\.\d+ in place of 0.01") as error:
        design.encoding_for(0.01 * np.eye(3), **options)
    least = float(str(error.value).split("above ")[1].split(" ")[0])
    assert design.encoding_for(least * (1 + 1e-6) * np.eye(3), **options).minimizer.rank == 3
    with pytest.raises(ncsolve.ProblemError, match="below its hard threshold"):
        design.encoding_for(least * (1 - 1e-6) * np.eye(3), **options)
    # At that scale descent from the definition finds a branch that costs as much without the smallest direction.
    at = design.encoding_for(least * (1 + 1e-6) * np.eye(3), **options).minimizer
    without = ncsolve.solve(at.problem.replace(dim=2))
    assert without.loss == pytest.approx(at.loss, rel=1e-5)


@settings(max_examples=20, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1), k=st.integers(2, 7), w=lambdas, h=lambdas,
       b=st.one_of(st.just(math.inf), st.floats(-1, 3).map(lambda e: 10.0**e)))
def test_nonnegative_roots_are_reached_by_relu_features(data, seed, k, w, h, b):
    """Targets B^2 with B >= 0 symmetric, of any rank that has."""
    rng = np.random.default_rng(seed)
    root = rng.random((k, k)) * (rng.random((k, k)) < 0.6)
    root = root + root.T + np.eye(k) * rng.integers(0, 2) * k
    root /= max(root.max(), 1e-9)
    values = np.linalg.eigvalsh(root)
    if values[0] < 0.05:  # the symmetric root of the target is |B|: keep B positive definite
        root += (0.05 - values[0]) * np.eye(k)
    numbers = data.draw(counts(k))
    target = root @ root * max(1.0, sum(numbers) * math.sqrt(w * h) * (1 + 1 / b)) * math.sqrt(w / h) * 10
    found = design.encoding_for(
        target, counts=numbers, lambda_w=w, lambda_h=h, lambda_b=b, features="relu", tolerance=1e-11
    )
    minimizer = found.minimizer
    assert minimizer.class_means.min() >= 0.0
    assert minimizer.guarantee == "global"
    linear = ncsolve.solve(minimizer.problem.replace(features="linear"))
    assert minimizer.loss == pytest.approx(linear.loss, rel=1e-11)
    assert loss_of(minimizer) == pytest.approx(minimizer.loss, rel=1e-10)


@pytest.mark.parametrize(
    ("name", "lambda_b"),
    [
        ("orthogonal", 0.3), ("orthogonal", math.inf), ("hierarchy", math.inf), ("no nonnegative root", 0.3),
        ("no nonnegative root", math.inf), pytest.param("hierarchy", 0.3, marks=pytest.mark.exhaustive),
    ],
)
def test_descent_over_nonnegative_features_ends_at_a_relu_design(name, lambda_b):
    target, numbers = {
        "orthogonal": (np.eye(3), COUNTS), "hierarchy": (TREE, [5, 4, 3, 2, 2]),
        "no nonnegative root": (FACTOR.T @ FACTOR, [6, 3, 2, 4]),
    }[name]
    found = design.encoding_for(3 * target, counts=numbers, lambda_b=lambda_b, features="relu", **LAMBDAS).minimizer
    assert found.class_means.min() >= 0.0
    reached = [descend_freely(found.problem, seed, found.problem.feature_dim) for seed in range(3)]
    # Squared features make flat valleys: descent ends a little above.
    assert min(reached) == pytest.approx(found.loss, rel=1e-8)
    assert min(reached) >= found.loss * (1 - 1e-12)


def test_a_turn_is_looked_for_where_the_root_is_not_nonnegative():
    values, vectors = np.linalg.eigh(FACTOR.T @ FACTOR)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    assert root.min() < -0.03
    rotated = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0] @ FACTOR
    turn, turned = nonnegative_turn(rotated, 4)
    assert turned.min() >= 0.0
    np.testing.assert_allclose(turn.T @ turn, np.eye(3), atol=1e-13)
    np.testing.assert_allclose(turn @ rotated, turned, atol=1e-12)
    # Doubly nonnegative, K = 5, but not completely positive (the Horn matrix tells): no turn.
    cycle = np.roll(np.eye(5), 1, axis=1)
    doubly = np.eye(5) + 0.6 * (cycle + cycle.T)
    horn = np.eye(5) - (cycle + cycle.T) + (cycle @ cycle + (cycle @ cycle).T)
    assert np.linalg.eigvalsh(doubly)[0] > 0.0
    assert np.sum(horn * doubly) < -0.5
    values, vectors = np.linalg.eigh(doubly)
    assert nonnegative_turn(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T, 10) is None


@pytest.mark.parametrize(
    ("gram", "options", "error", "part"),
    [
        (design.simplex_gram(3), {"features": "relu"}, ncsolve.ProblemError,
         "no negative inner product.*has -0.5 between class 0 and class 1"),
        (np.eye(3), {"features": "relu", "lambda_b": 0.0}, ncsolve.OpenProblemError, "a free bias .* open problem"),
        (np.eye(3), {"features": "relu", "depth": 2}, ncsolve.OpenProblemError, "under a deep head are an open"),
        (np.eye(3), {"depth": 2}, ncsolve.OpenProblemError, "open problem for a finite lambda_b.*use lambda_b = inf"),
        (np.eye(3), {"depth": 2, "lambda_b": 0.0}, ncsolve.ProblemError, "centres the labels"),
        (np.eye(3), {"depth": 2, "lambda_b": math.inf, "code_length": 2}, ncsolve.ProblemError, "at least the rank"),
        (np.eye(3), {"depth": 2, "lambda_w": [1e-3] * 3}, ncsolve.ProblemError, "one per layer; got 3 for depth 2"),
        (np.eye(3), {"depth": 0}, ncsolve.ProblemError, "depth must be an integer"),
        (np.eye(3), {"features": "tanh"}, ncsolve.UnknownNameError, "choices: linear, relu"),
        (np.eye(3) - 2.0, {"features": "relu"}, ncsolve.ProblemError, "no negative inner product"),
        ([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]], {"features": "relu"}, ncsolve.ProblemError,
         "positive semidefinite"),
    ],
)
def test_what_cannot_be_ordered_is_refused(gram, options, error, part):
    arguments = {"counts": COUNTS, "lambda_b": 0.5, **LAMBDAS} | options
    with pytest.raises(error, match=part):
        design.encoding_for(gram, **arguments)


def test_a_matrix_without_a_known_factor_is_refused():
    cycle = np.roll(np.eye(5), 1, axis=1)
    doubly = np.eye(5) + 0.6 * (cycle + cycle.T)
    with pytest.raises(ncsolve.OpenProblemError, match="factor of the target with entries >= 0 and at most 10 rows"):
        design.encoding_for(doubly, counts=2, lambda_b=0.5, features="relu", **LAMBDAS)


@pytest.mark.parametrize(
    ("name", "factor"),
    [("deep_design_value", 1 + 1e-6), ("deep_design_code_singular_value", 1 + 1e-6)],
)
def test_a_wrong_formula_is_refused(monkeypatch, name, factor):
    original = getattr(_formulas, name)
    options = {"counts": COUNTS, "lambda_b": math.inf, "depth": 3, **LAMBDAS}
    assert design.encoding_for(np.eye(3), **options).error <= 1e-12
    monkeypatch.setattr(_formulas, name, lambda *args: original(*args) * factor)
    with pytest.raises(ncsolve.ConvergenceError):
        design.encoding_for(np.eye(3), **options)


def test_a_wrong_threshold_or_a_bias_that_is_not_known_is_refused(monkeypatch):
    """Without its own checks a design for a dropped direction, or with an unknown bias, does not get through."""
    options = {"counts": COUNTS, "depth": 2, **LAMBDAS}
    monkeypatch.setattr(_deep_codes, "_check_alive", lambda *args: None)
    with pytest.raises(ncsolve.ConvergenceError):
        design.encoding_for(0.01 * np.eye(3), lambda_b=math.inf, **options)
    monkeypatch.setattr(_deep_codes, "centred_error", lambda *args: 0.0)
    with pytest.raises(ncsolve.ConvergenceError):
        design.encoding_for(3 * np.eye(3), lambda_b=0.5, **options)
    monkeypatch.setattr("ncsolve.design._codes._check_nonnegative", lambda *args: None)
    with pytest.raises(ncsolve.ConvergenceError):
        design.encoding_for(design.simplex_gram(3), counts=COUNTS, lambda_b=0.5, features="relu", **LAMBDAS)


def test_natural_scales_of_deep_heads_are_those_of_one_hot_codes():
    problem = ncsolve.UFM(encoding=np.eye(4), counts=9, lambda_w=1e-9, lambda_h=3e-9, lambda_b=math.inf, depth=3)
    assert design.natural_scale([9] * 4, 1e-9, 3e-9, 4, depth=3) == pytest.approx(
        ncsolve.solve(problem).gram[0, 0], rel=1e-4
    )

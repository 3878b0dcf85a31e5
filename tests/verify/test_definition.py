"""The objective of the verifier: its derivatives, its units, and the bound of weak duality."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ncsolve.verify._definition import Definition
from ncsolve.verify._dual import lower_bound
from ncsolve.verify._samples import Point, Samples, class_means

import ncsolve
from tests.strategies import problems

CODES = np.array([[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]])
LOSSES = {"mse": CODES, "cross-entropy": np.array([[0.5, 0, 0.2, 0], [0.2, 1, 0.3, 0.1], [0.3, 0, 0.5, 0.9]])}
every_loss = pytest.mark.parametrize("loss", LOSSES)


def problem(lambda_b=0.1, loss="mse", **changes):
    standard = {"encoding": LOSSES[loss], "counts": [3, 2, 1, 2], "lambda_w": 0.05, "lambda_h": 0.002,
                "lambda_b": lambda_b, "loss": loss}
    return ncsolve.UFM(**standard | changes)


@pytest.mark.parametrize("lambda_b", [0.0, 0.1, 1e4, math.inf])
@pytest.mark.parametrize("merged", [False, True])
@every_loss
def test_the_gradient_and_the_hessian_are_those_of_the_value(lambda_b, merged, loss):
    f = Definition(Samples.of(problem(lambda_b, loss), dim=2, merged=merged))
    x = f.start(5)
    steps = 1e-5 * np.eye(f.size)
    gradient = np.array([(f.value(x + s) - f.value(x - s)) / 2e-5 for s in steps])
    hessian = np.array([(f.value_and_gradient(x + s)[1] - f.value_and_gradient(x - s)[1]) / 2e-5 for s in steps])
    assert f.value_and_gradient(x)[1] == pytest.approx(gradient, rel=1e-6, abs=1e-8)
    assert f.hessian(x) == pytest.approx(hessian, rel=1e-6, abs=1e-8)


def losses(loss, outputs, codes):
    """Of each column, as the definition has it."""
    if loss == "mse":
        return np.sum((outputs - codes) ** 2, axis=0) / 2
    return np.log(np.sum(np.exp(outputs), axis=0)) - np.sum(codes * outputs, axis=0)


@pytest.mark.parametrize("lambda_b", [0.0, 0.1, math.inf])
@every_loss
def test_the_value_is_the_definition_written_out_sample_by_sample(lambda_b, loss):
    asked = problem(lambda_b, loss)
    f = Definition(Samples.of(asked, dim=2))
    point = f.point(f.start(1))
    labels = np.repeat(np.arange(4), [3, 2, 1, 2])
    fit = sum(losses(loss, point.W @ point.H[:, j] + point.b, LOSSES[loss][:, labels[j]]) for j in range(8)) / 8
    decay = 0.05 * np.sum(point.W**2) + 0.002 * np.sum(point.H**2)
    if lambda_b < math.inf:
        decay += lambda_b * np.sum(point.b**2)
    assert f.value(f.vector(point)) == pytest.approx(float(fit) + decay / 2, rel=1e-13)
    assert f.value(f.vector(point)) == pytest.approx(ncsolve.objective(asked, point.W, point.H, point.b), rel=1e-13)


def test_units_are_one_for_equal_decay_and_vectors_come_back():
    f = Definition(Samples.of(problem(0.0, lambda_h=0.05)))
    assert np.all(f.units == 1.0)
    f = Definition(Samples.of(problem(3.0), merged=True))
    x = f.start(0)
    assert f.vector(f.point(x)) == pytest.approx(x, rel=1e-14)


@every_loss
def test_merging_gives_the_objective_of_features_that_have_collapsed(loss):
    asked = problem(loss=loss)
    full, merged = Definition(Samples.of(asked)), Definition(Samples.of(asked, merged=True))
    point = merged.point(merged.start(2))
    spread = Point(W=point.W, H=full.samples.spread(point.H), b=point.b)
    assert full.value(full.vector(spread)) == pytest.approx(merged.value(merged.vector(point)), rel=1e-13)
    assert class_means(full.samples, spread.H) == pytest.approx(point.H, rel=1e-13)


def test_too_many_columns_are_refused_with_a_remedy():
    large = ncsolve.UFM(encoding=np.eye(4), counts=10**9, lambda_w=1e-12, lambda_h=1e-12, lambda_b=1.0)
    with pytest.raises(ncsolve.SizeError, match="merged=True"):
        Samples.of(large)
    assert Samples.of(large, merged=True).columns == 4


@given(problems(most=3), st.integers(0, 2**32 - 1))
def test_no_point_is_below_the_bound_of_another(asked, seed):
    """Weak duality: the bound that any point gives holds at every other point."""
    samples = Samples.of(asked)
    f = Definition(samples)
    rng = np.random.default_rng(seed)
    points = [f.start(int(s)) * 10.0 ** rng.uniform(-2, 1) for s in rng.integers(0, 2**31, 3)]
    bounds = [lower_bound(samples, f.point(x)) for x in points]
    lowest = min(min(f.value(x) for x in points), f.value(np.zeros(f.size)))
    assert max(bounds) <= lowest * (1 + 1e-12) + 1e-300


@given(problems(most=3))
def test_the_bound_is_tight_at_the_minimizer(asked):
    found = ncsolve.solve(asked)
    samples = Samples.of(asked)
    bound = lower_bound(samples, Point(W=found.W, H=samples.spread(found.class_means), b=found.bias))
    assert bound == pytest.approx(found.loss, rel=1e-8, abs=1e-14 * float(np.mean(samples.targets**2)) + 1e-300)

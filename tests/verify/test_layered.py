"""The definition of deep heads and nonnegative features, and the descents on it."""

import math

import numpy as np
import pytest
from ncsolve.verify._definition import Definition, Parts
from ncsolve.verify._samples import Samples
from ncsolve.verify.descent import beside, descend_layered, layered_starts

import ncsolve
from ncsolve import encodings

DEEP = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5]], counts=[3, 2, 1, 2], lambda_w=[1e-2, 3e-2], lambda_h=4e-3,
                   lambda_b=0.3, depth=2)
RELU = ncsolve.UFM(encoding=encodings.onehot(3), counts=[4, 2, 1], lambda_w=5e-3, lambda_h=5e-2, lambda_b=0.1,
                   features="relu")
SETTINGS = [
    (problem, merged, square, units)
    for problem in (DEEP, DEEP.replace(lambda_b=math.inf), DEEP.replace(lambda_b=0.0), RELU)
    for merged in (False, True) for square in (False, True)
    for units in ("one", "balanced", "natural")
    if problem is RELU or not square
]


def make(problem, merged=True, square=False, units="one"):
    return Definition(Samples.of(problem, merged=merged), square=square, units=units)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_gradient_is_that_of_the_value(setting):
    f = make(*setting)
    rng = np.random.default_rng(3)
    x, way = rng.standard_normal(f.size), rng.standard_normal(f.size)
    step = 1e-5
    slope = (f.value_and_gradient(x + step * way)[0] - f.value_and_gradient(x - step * way)[0]) / (2 * step)
    assert f.value_and_gradient(x)[1] @ way == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("setting", SETTINGS)
def test_points_and_vectors(setting):
    f = make(*setting)
    x = np.abs(np.random.default_rng(5).standard_normal(f.size))
    np.testing.assert_allclose(f.pack(f.parts(x)), x, rtol=1e-13)
    assert sum(f.loss_terms(f.parts(x))) == pytest.approx(f.unit * f.value_and_gradient(x)[0], rel=1e-12)


def test_the_value_is_the_sum_over_samples():
    rng = np.random.default_rng(7)
    first, second, bias = rng.standard_normal((2, 2)), rng.standard_normal((2, 2)), rng.standard_normal(2)
    features = rng.standard_normal((2, 8))
    total, sample = 0.0, 0
    for k, count in enumerate(DEEP.counts):
        for _ in range(count):
            output = second @ (first @ features[:, sample]) + bias
            total += np.sum((output - DEEP.encoding.matrix[:, k]) ** 2) / 16
            total += 4e-3 / 2 * np.sum(features[:, sample] ** 2)
            sample += 1
    total += 1e-2 / 2 * np.sum(first**2) + 3e-2 / 2 * np.sum(second**2) + 0.3 / 2 * np.sum(bias**2)
    terms = make(DEEP, merged=False).loss_terms(Parts(features, (first, second), bias))
    assert sum(terms) == pytest.approx(total, rel=1e-13)


@pytest.mark.parametrize("problem", [DEEP, RELU])
def test_stationarity_sees_every_block(problem):
    f, found = make(problem), ncsolve.solve(problem)
    point = Parts(found.class_means, found.layers, found.bias)
    assert f.stationarity(point) < 1e-7
    for block in range(2 + problem.depth):
        blocks = [point.features, *point.layers, point.bias]
        blocks[block] = 1.001 * blocks[block]
        means, *layers, bias = blocks
        assert f.stationarity(Parts(means, tuple(layers), bias)) > 1e-5


def test_a_feature_that_is_held_at_zero_may_push_only_downwards():
    found = ncsolve.solve(RELU)
    point = Parts(found.class_means, found.layers, found.bias)
    assert (found.class_means == 0).any()
    assert make(RELU.replace(features="linear", dim=3)).stationarity(point) > 1e-3
    assert make(RELU).stationarity(point) < 1e-7


@pytest.mark.parametrize(
    "problem", [DEEP, DEEP.replace(dim=1), RELU, RELU.replace(dim=2), DEEP.replace(depth=1, lambda_w=1e-2, dim=1)]
)
def test_starts_reach_the_minimum_and_none_goes_below(problem):
    found = ncsolve.solve(problem)
    losses = [run.loss for seed in range(2) for run in layered_starts(problem, seed=seed, merged=True)]
    assert min(losses) == pytest.approx(found.loss, rel=1e-9)
    for run in layered_starts(problem, seed=0, merged=False, squares=False):
        assert run.features.shape[1] == problem.samples
        assert run.loss >= found.loss * (1 - 1e-12)
        if problem.features == "relu":
            assert run.features.min() >= 0


def test_starts_of_labels_that_are_not_centred_keep_the_label_mean():
    """Random starts of this head all lose the label mean: the one that fits the labels is what finds the minimum."""
    problem = ncsolve.UFM(encoding=encodings.onehot(10), counts=10, lambda_w=5e-4, lambda_h=5e-3, lambda_b=1.0, depth=3)
    found = ncsolve.solve(problem)
    runs = {run.name: run.loss / found.loss - 1 for run in layered_starts(problem, seed=0, merged=True)}
    assert runs["fits the labels"] < 1e-9
    assert runs["fits the labels, centred"] > 1e-3


def test_beside_a_saddle_descent_leaves():
    """The head that keeps one direction only is stationary, and not a minimum."""
    narrow, whole = ncsolve.solve(DEEP.replace(dim=1)), ncsolve.solve(DEEP)
    assert whole.rank == 2
    means = np.pad(narrow.class_means, ((0, 1), (0, 0)))
    layers = (np.pad(narrow.layers[0], ((0, 1), (0, 1))), np.pad(narrow.layers[1], ((0, 0), (0, 1))))
    assert make(DEEP).stationarity(Parts(means, layers, narrow.bias)) < 1e-9
    # Zero is a local minimum of a new direction of a deep head; of one layer it is a saddle.
    one = DEEP.replace(depth=1, lambda_w=1e-2)
    low, best = ncsolve.solve(one.replace(dim=1)), ncsolve.solve(one)
    point = Parts(np.pad(low.class_means, ((0, 1), (0, 0))), (np.pad(low.W, ((0, 0), (0, 1))),), low.bias)
    assert beside(one, point, seed=0).loss == pytest.approx(best.loss, rel=1e-9)
    assert low.loss > best.loss * 1.01


def test_a_trace_falls():
    for run in layered_starts(DEEP, seed=1, merged=True, trace=True):
        assert run.losses[-1] == pytest.approx(run.loss, rel=1e-12)
        assert (np.diff(run.losses) <= 1e-12 * run.losses[0]).all()
        assert run.losses.size > 3
    assert descend_layered(DEEP, seed=1).losses.size == 0


def test_an_unknown_constraint_is_refused():
    with pytest.raises(ncsolve.NCSolveError, match="constraint must be squared or projected; got 'clipped'"):
        descend_layered(RELU, seed=0, constraint="clipped")

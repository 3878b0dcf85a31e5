"""Sizes and scales at the ends: one class, one dimension, many outputs, tiny decays, classes that nothing parts."""

import math

import numpy as np
import pytest

import ncsolve
from tests.models.metric.definition import Network


def network(z, labels, codes, **more):
    decays = {"lambda_w": 0.01, "lambda_v": 0.02, "lambda_c": 0.02, "lambda_b": 0.1} | more
    z, codes = np.asarray(z, dtype=float), np.asarray(codes, dtype=float)
    return Network(z=z, labels=np.asarray(labels), codes=codes, **decays)


def proved(given, tolerance=1e-9):
    found = ncsolve.solve(given.problem)
    loss = given.objective(found.W, found.V, found.c, found.bias)
    outputs = found.W @ found.features(given.z) + found.bias[:, None]
    assert loss == pytest.approx(found.loss, rel=1e-9)
    assert loss - given.dual(outputs) <= tolerance * loss
    return found


def test_one_class():
    found = proved(network([[1.0, 2.0]], [0, 0], [[1.0]]))
    assert found.cosines is None


def test_equal_previous_features():
    """Nothing tells the classes apart: the label mean alone is learnt."""
    found = proved(network(np.ones((2, 4)), [0, 0, 1, 1], np.eye(2), lambda_b=math.inf))
    assert found.rank == 1
    assert found.cosines.min == pytest.approx(1.0)


def test_features_that_are_zero():
    found = proved(network(np.zeros((3, 4)), [0, 0, 1, 1], np.eye(2), lambda_c=math.inf))
    assert found.rank == 0


def test_more_outputs_than_inputs():
    rng = np.random.default_rng(0)
    found = proved(network(rng.standard_normal((2, 20)), np.arange(20), rng.standard_normal((30, 20))))
    assert found.W.shape == (30, 3)
    assert found.rank <= 3


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_scale_of_z_is_a_weight_decay(scale):
    """z times s is V over s: the same problem with lambda_v s^2."""
    rng = np.random.default_rng(1)
    z, labels = rng.standard_normal((3, 12)), np.arange(12) % 3
    one = proved(network(z, labels, np.eye(3), lambda_c=math.inf))
    other = ncsolve.solve(network(scale * z, labels, np.eye(3), lambda_v=0.02 * scale**2, lambda_c=math.inf).problem)
    assert other.loss == pytest.approx(one.loss, rel=1e-10)
    np.testing.assert_allclose(other.gram, one.gram, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("decay", [1e-5, 1e-8])
def test_tiny_decays(decay):
    rng = np.random.default_rng(2)
    given = network(rng.standard_normal((6, 60)), np.arange(60) % 4, np.eye(4), lambda_w=decay, lambda_v=decay,
                    lambda_c=decay, lambda_b=decay)
    proved(given, 1e-6)


def test_rank_at_the_transition():
    """On both sides of a change of rank, which no theorem gives."""
    z = [[1, 0.5, 0, -1, 0.3, 0.2], [0, 2, 1, 0.5, 0.1, 1.5]]
    ranks = [
        proved(network(z, [0, 0, 1, 1, 2, 2], np.eye(3), lambda_v=0.02, lambda_c=0.05, lambda_b=lambda_b)).rank
        for lambda_b in (0.0435135, 0.0435137)
    ]
    assert ranks == [2, 3]

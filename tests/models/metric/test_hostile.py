"""Moments that double precision hardly tells: near-copies, large means, rotated frames, and sizes at the ends."""

import math

import numpy as np
import pytest

import ncsolve
from tests.models.metric.definition import regular


def statistics(z, labels):
    return ncsolve.FeatureStatistics(int(labels.max()) + 1, z.shape[1]).update(z, labels)


def test_near_copies_of_a_dimension_give_no_loss_below_zero():
    """Their difference is below the rounding of second moments, which must not be taken for a direction of its own."""
    for size, apart, per_class in ((1e4, 1e-8, 20), (3e4, 1e-7, 3)):
        rng = np.random.default_rng(3)
        labels = np.repeat(range(2), per_class)
        a = size * (rng.standard_normal(labels.size) + labels)
        z = np.column_stack([a, a * (1 + apart * rng.standard_normal(labels.size)), -a])
        problem = statistics(z, labels).metric_problem(lambda_w=1e-5, lambda_v=1e-5, lambda_b=0)
        try:
            found = ncsolve.solve(problem)
        except ncsolve.ConvergenceError:
            continue
        h = found.V @ z.T + found.c[:, None]
        apart_from = found.W @ h + found.bias[:, None] - np.eye(2)[:, labels]
        loss = np.sum(apart_from**2) / (2 * labels.size) + 1e-5 / 2 * (np.sum(found.W**2) + np.sum(found.V**2))
        # what the sums have lost of the scatter counts as variation: the minimum may be too high, and is never too low
        assert 0.0 < loss <= found.loss * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_rotated_regular_frames_are_solved(seed):
    """However long their mean is beside their contrasts."""
    rng = np.random.default_rng(seed)
    k = int(rng.choice([2, 4, 10]))
    turn = np.linalg.qr(rng.standard_normal((2 * k, 2 * k)))[0]
    contrast, mean, decay = 10 ** rng.uniform(-1, 1), 10 ** rng.uniform(0, 2), 10 ** rng.uniform(-5, -2)
    means = turn[:, :k] @ (contrast * (np.eye(k) - 1 / k)) + mean * turn[:, [k]]
    found = ncsolve.solve(ncsolve.MetricProblem.of_classes(
        means, np.zeros((2 * k, 2 * k)), encoding="onehot", counts=10, lambda_w=decay, lambda_v=decay, lambda_b=decay,
    ))
    assert found.residual < 1e-12
    assert found.regime == ncsolve.solve(found.problem, method="newton").regime
    assert found.transition == pytest.approx(1 / (math.sqrt((1 + mean**2) / k) / decay - 1), rel=1e-9)


@pytest.mark.parametrize(("mean", "decay"), [(1e3, 1e-4), (3e3, 1e-2), (1e5, 5e-4)])
def test_features_far_from_the_origin_are_solved(mean, decay):
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 5
    z = np.maximum(rng.standard_normal((5, 32))[labels] + 0.3 * rng.standard_normal((200, 32)), 0.0) + mean
    problem = statistics(z, labels).metric_problem(lambda_w=decay, lambda_v=decay, lambda_b=0.1)
    found = ncsolve.solve(problem)
    assert found.residual < 1e-12
    for bias in (0.0, math.inf):
        assert ncsolve.solve(problem.replace(lambda_b=bias)).residual < 1e-9


@pytest.mark.parametrize("size", [1e-40, 1e40])
def test_sizes_at_the_ends(size):
    """The same network in other units: z times s is V over s."""
    base = regular(3.0, 2.5, 0.1)
    problem = base.problem.replace(lambda_c=math.inf)
    other = statistics(size * base.z.T, base.labels).metric_problem(
        lambda_w=0.02, lambda_v=0.03 * size, lambda_c=math.inf, lambda_b=0.1
    ).replace(lambda_w=0.02 * size)
    one, scaled = ncsolve.solve(problem), ncsolve.solve(other)
    assert scaled.loss == pytest.approx(one.loss, rel=1e-12)
    assert scaled.rank == one.rank


def test_a_covariance_that_rounding_made_negative_is_none():
    found = ncsolve.solve(ncsolve.MetricProblem.of_classes(
        [[1.0, 2.0], [0.0, 1.0]], -1e-18 * np.eye(2), encoding="onehot", counts=2, lambda_w=0.01, lambda_v=0.01,
        lambda_b=0.1,
    ))
    assert found.residual < 1e-12

"""Values that T16 states, and its closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import softmax

from ncsolve._models.cross_entropy.dense import solve_dense
from ncsolve._models.cross_entropy.grouped import solve_grouped
from tests.models.cross_entropy.definition import expanded, gap, smoothed

BIASES = [0.0, 0.01, 1.0, math.inf]
UNEVEN = [
    ((60, 12, 5), (1, 3, 2), math.sqrt(6e-6), 0.05, 0.2562802841449),
    ((200, 100, 50), (1, 1, 2), 5e-4, 0.5, 0.0912178490214),
    ((400, 100, 9, 1), (1, 1, 1, 1), math.sqrt(5e-6), 0.05, 0.2669923424780),
]


@pytest.mark.parametrize(("counts", "many", "tau", "lambda_b", "loss"), UNEVEN)
def test_the_uneven_check_values(counts, many, tau, lambda_b, loss):
    counts, many = np.array(counts, dtype=float), np.array(many)
    grouped = solve_grouped(counts, many, 0.0, tau, lambda_b)
    dense = solve_dense(np.eye(many.sum()), np.repeat(counts, many), tau, lambda_b)
    for found in (grouped, dense):
        assert found.loss == pytest.approx(loss, rel=1e-12)
        assert -1e-15 < gap(found) < 1e-12


def test_the_bias_of_a_check_value():
    found = solve_grouped(np.array([200.0, 100.0, 50.0]), np.array([1, 1, 2]), 0.0, 5e-4, 0.5)
    assert found.bias == pytest.approx([0.00728619, 0.00116278, -0.00422449], abs=5e-9)


@pytest.mark.parametrize("lambda_b", BIASES)
@pytest.mark.parametrize(("alpha", "loss"), [(0.0, 0.0859072818870843), (0.1, 0.3959939296644478)])
def test_balanced_counts_are_the_closed_form(alpha, loss, lambda_b):
    """In one group, in groups that happen to have equal counts, and as any codes."""
    k, n, tau = 4, 10.0, math.sqrt(2e-6)
    t = k * math.sqrt(n) * tau
    s = math.log1p(k * (1 - alpha - t) / (alpha + t))
    for found in (
        solve_grouped(np.array([n]), np.array([k]), alpha, tau, lambda_b),
        solve_grouped(np.array([n, n, n]), np.array([1, 2, 1]), alpha, tau, lambda_b),
        solve_dense(smoothed(k, alpha), np.full(k, n), tau, lambda_b),
    ):
        assert found.loss == pytest.approx(loss, rel=1e-13)
        assert np.abs(found.bias).max() < 1e-12
        assert found.z == pytest.approx(math.sqrt(n) * s, rel=1e-12)
    one = solve_grouped(np.array([n]), np.array([k]), alpha, tau, lambda_b)
    assert one.z.size == 0
    assert one.within == pytest.approx([math.sqrt(n) * s], rel=1e-12)


@pytest.mark.parametrize("lambda_b", [*BIASES, 1e-8, 1e8])
def test_beyond_the_threshold_everything_is_exactly_zero(lambda_b):
    counts, many = np.array([50.0, 7.0]), np.array([2, 3])
    found = solve_grouped(counts, many, 0.1, 1.0, lambda_b)
    dense = solve_dense(smoothed(5, 0.1), np.repeat(counts, many), 1.0, lambda_b)
    assert found.z.size == dense.z.size == 0
    assert not found.within.any()
    mean = smoothed(5, 0.1) @ np.repeat(counts, many) / (counts @ many)
    for bias in (np.repeat(found.bias, many), dense.bias):
        if lambda_b == math.inf:
            assert not bias.any()
            continue
        chances = np.exp(bias) / np.exp(bias).sum()
        assert lambda_b * bias + chances == pytest.approx(mean, rel=1e-10)
        if lambda_b == 0.0:
            assert bias == pytest.approx(np.log(mean) - np.log(mean).mean(), abs=1e-14)


@pytest.mark.parametrize("lambda_b", BIASES)
@pytest.mark.parametrize("alpha", [0.0, 0.2])
def test_within_a_group_chances_differ_as_T16_says(alpha, lambda_b):
    """p_kk - p_kl = max(0, 1 - alpha - T/sqrt(n)), and class means coincide just where that is zero."""
    counts, many = np.array([900.0, 100.0, 16.0, 9.0]), np.array([2, 3, 4, 1])
    total = counts @ many
    tau = 4.0 * (1 - alpha) / total  # T^2 = 16 (1 - alpha)^2: the group of 16 is at the threshold
    found = solve_grouped(counts, many, alpha, tau, lambda_b)
    assert found.within[2] == found.within[3] == 0.0
    assert np.all(found.within[:2] > 0.1)
    z, bias = expanded(found, counts, many)
    every = np.repeat(counts, many)
    chances = softmax(z / np.sqrt(every) + bias[:, None], axis=0)
    for group, first in enumerate((np.cumsum(many) - many)[:3]):
        apart = chances[first, first] - chances[first + 1, first]
        assert apart == pytest.approx((1 - alpha) * max(0.0, 1 - 4 / math.sqrt(counts[group])), abs=1e-12)


def test_one_class_has_nothing_to_learn():
    for found in (
        solve_dense(np.ones((1, 1)), np.array([5.0]), 0.1, 0.0),
        solve_dense(np.ones((1, 3)), np.arange(1.0, 4), 0.1, 1.0),
        solve_grouped(np.array([5.0]), np.array([1]), 0.0, 0.1, 1.0),
    ):
        assert found.loss == found.lower_bound == 0.0
        assert found.z.size == 0
        assert not found.bias.any()


def test_one_class_with_a_soft_label_is_a_bias():
    code = np.array([[0.5], [0.3], [0.2]])
    found = solve_dense(code, np.array([4.0]), 0.1, 0.0)
    assert found.z.size == 0
    assert found.bias == pytest.approx(np.log(code[:, 0]) - np.log(code).mean(), abs=1e-14)

"""The dual bound: feasible and below every loss from any probabilities, tight at the minimum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncsolve._frames.columns import dense_columns, grouped_columns
from ncsolve._frames.softmax_fit import residual_of
from ncsolve._models.cross_entropy.dense import solve_dense
from ncsolve._models.cross_entropy.dual_bound import Dual, best_bound
from tests.models.cross_entropy.definition import (
    bound,
    dense_problems,
    grouped_problems,
    matrix,
    objective,
    smoothed,
    softmax_of,
)

seeds = st.integers(0, 2**32 - 1)


def dual_bound(
    codes: np.ndarray, counts: np.ndarray, chances: np.ndarray, tau: float, lambda_b: float, *,
    bias: np.ndarray | None = None,
) -> Dual:
    """The bound of probabilities (m, K); a bias (m,), where there is one, sharpens it."""
    columns = dense_columns(codes, counts)
    return best_bound(columns, residual_of(columns, chances), tau, lambda_b, bias)


@settings(max_examples=150, deadline=None)
@given(problem=dense_problems(), seed=seeds, sure=st.floats(0, 6))
def test_any_probabilities_give_a_bound(problem, seed, sure):
    codes, counts, tau, lambda_b = problem
    rng = np.random.default_rng(seed)
    m, k = codes.shape
    chances = rng.dirichlet(np.full(m, 10.0**-sure + 0.01), k).T
    bias = rng.standard_normal(m)
    bias -= bias.mean()
    for given_bias in (None, bias):
        dual = dual_bound(codes, counts, chances, tau, lambda_b, bias=given_bias)
        assert dual.bound == pytest.approx(bound(codes, counts, dual.residual, tau, lambda_b), rel=1e-9, abs=1e-13)
        for size in (0.0, 1.0, 10.0):
            z = size * rng.standard_normal((m, k))
            value = objective(codes, counts, z, size * bias if lambda_b < math.inf else 0 * bias, tau, lambda_b)
            assert dual.bound <= value * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(problem=dense_problems())
def test_the_bound_is_tight_at_the_minimum(problem):
    codes, counts, tau, lambda_b = problem
    found = solve_dense(codes, counts, tau, lambda_b)
    dual = dual_bound(codes, counts, softmax_of(found, counts), tau, lambda_b, bias=found.bias)
    assert dual.bound == pytest.approx(found.loss, rel=1e-7, abs=1e-13)  # probabilities near 0 and 1 lost digits


@settings(max_examples=80, deadline=None)
@given(problem=grouped_problems(), seed=seeds)
def test_grouped_and_dense_give_the_same_bound(problem, seed):
    """From the same probabilities, which differ within groups only in the own class's."""
    counts, many, alpha, tau, lambda_b = problem
    rng = np.random.default_rng(seed)
    threshold = float(counts @ many) * tau
    columns = grouped_columns(counts, many.astype(float), alpha, threshold)
    cells = columns.outputs * np.exp(rng.standard_normal(columns.outputs.shape))
    cells /= cells.sum(axis=0)
    bias = rng.standard_normal(counts.size)
    bias -= many @ bias / many.sum()
    group = np.repeat(np.arange(counts.size), many)
    each = np.divide(cells, columns.outputs, out=np.zeros_like(cells), where=columns.outputs > 0)
    wide = each[: counts.size][np.ix_(group, group)]
    for k, a in enumerate(group):
        wide[k, k] = each[-1, a] if many[a] > 1 else each[a, a]
    dense = dual_bound(smoothed(group.size, alpha), counts[group], wide, tau, lambda_b, bias=bias[group])
    grouped = best_bound(columns, cells - columns.codes, tau, lambda_b, bias)
    assert grouped.bound == pytest.approx(dense.bound, rel=1e-10, abs=1e-13)
    own = np.where(many > 1, grouped.residual[-1], np.diag(grouped.residual))
    assert np.diag(dense.residual) == pytest.approx(own[group], rel=1e-9)


def test_centring_is_exact_for_a_free_bias():
    """T16's step: g = 0 up to rounding, from probabilities with a wrong mean."""
    counts = np.array([9.0, 4.0, 1.0])
    chances = np.array([[0.2, 0.1, 0.6], [0.7, 0.1, 0.3], [0.1, 0.8, 0.1]])
    dual = dual_bound(np.eye(3), counts, chances, 10.0, 0.0)
    assert np.abs(dual.residual @ counts).max() < 1e-14
    assert (np.eye(3) + dual.residual).min() >= 0.0


def test_a_bias_sharpens_the_bound_where_the_penalty_is_small():
    codes, counts, tau, lambda_b = np.eye(3), np.array([30.0, 10.0, 2.0]), 0.02, 1e-7
    found = solve_dense(codes, counts, tau, lambda_b)
    blurred = 0.99 * softmax_of(found, counts) + 0.01 / 3
    sharp = dual_bound(codes, counts, blurred, tau, lambda_b, bias=found.bias).bound
    assert dual_bound(codes, counts, blurred, tau, lambda_b).bound < 0.0 < 0.9 * found.loss < sharp < found.loss


@pytest.mark.parametrize("lambda_b", [0.0, 0.1, math.inf])
def test_losses_of_a_trillionth_have_all_digits(lambda_b):
    """The bound needs 1 - p_kk to a relative 1e-12 where p_kk is 1 - 1e-9."""
    codes, counts, tau = np.eye(3), np.array([40.0, 10.0, 3.0]), 1e-12
    found = solve_dense(codes, counts, tau, lambda_b)
    assert 0.0 < found.loss < 1e-8
    assert abs(found.loss - found.lower_bound) < 1e-11 * found.loss
    assert objective(codes, counts, matrix(found), found.bias, tau, lambda_b) == pytest.approx(found.loss, rel=1e-5)

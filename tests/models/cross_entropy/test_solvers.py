"""The solvers against the definition, each other, a convex programme, descent from random starts, and damage."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import minimize
from scipy.special import softmax

from ncsolve._models.cross_entropy import minimize as rounds
from ncsolve._models.cross_entropy import objective as model
from ncsolve._models.cross_entropy.dense import solve_dense
from ncsolve._models.cross_entropy.grouped import solve_grouped
from tests.models.cross_entropy.definition import (
    dense_problems,
    expanded,
    gap,
    grouped_problems,
    matrix,
    objective,
    smoothed,
)


@settings(max_examples=200, deadline=None)
@given(problem=dense_problems())
def test_every_dense_problem_is_solved(problem):
    codes, counts, tau, lambda_b = problem
    found = solve_dense(codes, counts, tau, lambda_b)
    assert -1e-13 < gap(found) < 1e-9
    assert found.loss == pytest.approx(
        objective(codes, counts, matrix(found), found.bias, tau, lambda_b), rel=1e-9, abs=1e-13
    )
    assert np.all(found.z > 0)
    assert np.all(np.diff(found.z) <= 0)
    assert found.left.T @ found.left == pytest.approx(np.eye(found.z.size), abs=1e-12)
    assert found.right.T @ found.right == pytest.approx(np.eye(found.z.size), abs=1e-12)
    assert abs(found.bias.sum()) < 1e-9 * (1 + np.abs(found.bias).max())


@settings(max_examples=150, deadline=None)
@given(problem=grouped_problems())
def test_every_grouped_problem_is_solved_and_is_the_dense_one(problem):
    counts, many, alpha, tau, lambda_b = problem
    found = solve_grouped(counts, many, alpha, tau, lambda_b)
    codes, every = smoothed(int(many.sum()), alpha), np.repeat(counts, many)
    z, bias = expanded(found, counts, many)
    assert -1e-13 < gap(found) < 1e-9
    assert found.loss == pytest.approx(objective(codes, every, z, bias, tau, lambda_b), rel=1e-6, abs=1e-12)
    dense = solve_dense(codes, every, tau, lambda_b)
    assert dense.loss == pytest.approx(found.loss, rel=1e-9, abs=1e-14)
    values = np.concatenate((found.z, np.repeat(found.within, many - 1)))
    values = np.sort(values[values > 0])[::-1]
    size = min(values.size, dense.z.size)  # where both find a direction: one may die at its threshold
    scale = max(float(np.max(values, initial=0.0)), 1e-12)
    assert values[:size] == pytest.approx(dense.z[:size], abs=1e-4 * scale)
    assert not np.any(values[size:] > 1e-4 * scale)
    assert not np.any(dense.z[size:] > 1e-4 * scale)


@pytest.mark.parametrize("lambda_b", [0.0, 0.01, math.inf])
def test_a_path_through_every_transition(lambda_b):
    """From where all classes live to where they have merged: the loss only grows."""
    counts, many = np.array([400.0, 100.0, 60.0, 9.0]), np.array([1, 3, 1, 2])
    taus = np.logspace(-6, -1, 40)
    found = [solve_grouped(counts, many, 0.0, tau, lambda_b) for tau in taus]
    assert max(map(gap, found)) < 1e-9
    losses = np.array([each.loss for each in found])
    assert np.all(np.diff(losses) >= -1e-9 * losses[1:])
    assert (found[0].z.size, np.count_nonzero(found[0].within)) == (3, 2)
    assert (found[-1].z.size, np.count_nonzero(found[-1].within)) == (0, 0)


@pytest.mark.parametrize("lambda_b", [0.0, 0.01, 1.0, math.inf])
@pytest.mark.parametrize("tau", [1e-3, 1e-4, 1e-6])
def test_a_hundred_classes_of_different_counts(tau, lambda_b):
    """All dead, some of them, none."""
    counts = np.random.default_rng(2).choice(np.arange(1.0, 1001.0), 100, replace=False)
    found = solve_grouped(counts, np.ones(100), 0.0, tau, lambda_b)
    assert gap(found) < 1e-12
    dead = int(np.count_nonzero(np.sqrt(counts) <= counts.sum() * tau))
    assert found.z.size == 0 if dead == 100 else 90 <= found.z.size <= 99


def test_ten_thousand_classes_take_no_matrix_of_that_size():
    rng = np.random.default_rng(3)
    counts = rng.choice(np.arange(1, 1001), 50, replace=False).astype(float)
    found = solve_grouped(counts, np.full(50, 200), 0.0, 1e-7, 0.01)
    assert gap(found) < 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_a_convex_programme_agrees(seed):
    cvxpy = pytest.importorskip("cvxpy")
    rng = np.random.default_rng(seed)
    m, k = 3 + seed % 2, 4
    codes = np.eye(m)[:, [0, 1, 2, 0]] if seed == 0 else rng.dirichlet(np.ones(m), k).T
    counts = rng.integers(1, 30, k).astype(float)
    tau, lambda_b = float(rng.uniform(0.01, 0.05)), [0.0, 0.02, 1.0, math.inf][seed]
    found = solve_dense(codes, counts, tau, lambda_b)
    z, bias = cvxpy.Variable((m, k)), cvxpy.Variable(m)
    parts = [tau * cvxpy.normNuc(z)]
    for j in range(k):
        output = z[:, j] / math.sqrt(counts[j]) + (bias if lambda_b < math.inf else 0.0)
        parts.append(counts[j] / counts.sum() * (cvxpy.log_sum_exp(output) - codes[:, j] @ output))
    parts += [lambda_b / 2 * cvxpy.sum_squares(bias)] if 0.0 < lambda_b < math.inf else []
    programme = cvxpy.Problem(cvxpy.Minimize(sum(parts)), [cvxpy.sum(bias) == 0])
    programme.solve(solver="CLARABEL")
    assert found.loss == pytest.approx(programme.value, rel=1e-6)
    assert found.loss <= programme.value * (1 + 1e-7)
    assert matrix(found) == pytest.approx(z.value, abs=2e-3)


@pytest.mark.parametrize("seed", range(4))
def test_descent_from_random_starts_ends_nowhere_below(seed):
    """L-BFGS on W, H and b of the definition: it comes as near as it can and never below the bound."""
    rng = np.random.default_rng(seed)
    k, m, d = 4, 4, 6
    codes = smoothed(4, 0.1 * (seed % 2))
    counts = rng.integers(1, 60, k).astype(float)
    lambda_w, lambda_h, lambda_b = 4e-3, 1e-3, [0.0, 0.05][seed // 2]
    found = solve_dense(codes, counts, math.sqrt(lambda_w * lambda_h), lambda_b)

    def loss(row: np.ndarray) -> tuple[float, np.ndarray]:
        w, h, b = row[: m * d].reshape(m, d), row[m * d : -m].reshape(d, k), row[-m:]
        chances = softmax(w @ h + b[:, None], axis=0)
        pull = (chances - codes) * counts / counts.sum()
        value = -counts @ np.sum(codes * np.log(chances), axis=0) / counts.sum()
        value += lambda_w / 2 * np.sum(w**2) + lambda_h / 2 * np.sum(counts * h**2) + lambda_b / 2 * b @ b
        return value, np.concatenate((
            (pull @ h.T + lambda_w * w).ravel(), (w.T @ pull + lambda_h * counts * h).ravel(),
            pull.sum(axis=1) + lambda_b * b,
        ))

    best = min(
        minimize(loss, rng.standard_normal(m * d + d * k + m), jac=True, method="L-BFGS-B",
                 options={"maxiter": 20000, "maxfun": 40000, "gtol": 1e-11, "ftol": 1e-16}).fun
        for _ in range(3)
    )
    assert best == pytest.approx(found.loss, rel=1e-8)
    assert best >= found.lower_bound * (1 - 1e-13)


def _one_direction_less(original):
    def newton(objective, point):
        keep = max(point.rank - 1, 0)
        return original(objective, replace(point, weights=point.weights[:, :keep], features=point.features[:keep]))

    return newton


def _stops_early(original):
    def newton(objective, point):
        state, steps = original(objective, point)
        return objective.at(replace(state.point, weights=state.point.weights * 1.001)), steps

    return newton


def _forgets_the_bias(original):
    def newton(objective, point):
        state, steps = original(replace(objective, lambda_b=math.inf), replace(point, bias=0 * point.bias))
        return objective.at(state.point), steps

    return newton


def _merges_too_much(original):
    def newton(objective, point):
        state, steps = original(objective, point)
        return objective.at(replace(state.point, within=0.99 * state.point.within)), steps

    return newton


@pytest.mark.parametrize("lambda_b", [0.0, 0.02])
@pytest.mark.parametrize(
    ("damage", "least"),
    [(_one_direction_less, 1e-3), (_stops_early, 1e-5), (_forgets_the_bias, 1e-3), (_merges_too_much, 1e-5)],
)
def test_the_gap_notices_a_damaged_solver(monkeypatch, damage, least, lambda_b):
    counts, many, tau = np.array([60.0, 20.0, 12.0, 5.0]), np.array([1, 2, 1, 1]), 0.004
    assert abs(gap(solve_grouped(counts, many, 0.0, tau, lambda_b))) < 1e-13
    monkeypatch.setattr(rounds, "newton", damage(rounds.newton))
    monkeypatch.setattr(rounds, "small_enough", lambda objective: False)  # the other way would heal it
    assert gap(solve_grouped(counts, many, 0.0, tau, lambda_b)) > least


def test_a_wrong_softmax_is_noticed_by_the_definition(monkeypatch):
    """Its own loss and bound agree, so that the gap cannot notice it; the definition does."""
    codes, counts, tau = np.eye(4), np.array([60.0, 20.0, 12.0, 5.0]), 0.004
    monkeypatch.setattr(model, "fit", lambda columns, outputs, fit=model.fit: fit(columns, outputs * 1.001))
    found = solve_dense(codes, counts, tau, 0.02)
    value = objective(codes, counts, matrix(found), found.bias, tau, 0.02)
    assert abs(value - found.loss) > 1e-5 * value


def test_the_rank_is_found_where_two_directions_die():
    """At T = 4 classes of 16 samples are at their threshold, and those of fewer are dead: exactly zero."""
    counts = np.array([900.0, 100.0, 9.0, 4.0])
    for lambda_b in (0.0, 0.05, math.inf):
        found = solve_dense(np.eye(4), counts, 4.0 / counts.sum(), lambda_b)
        assert found.z.size < 3
        assert gap(found) < 1e-13
        assert found.z.min() > 0.1

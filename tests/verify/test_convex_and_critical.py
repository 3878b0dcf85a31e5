"""The convex program, stationarity, balancedness, and saddles with their way down."""

import math

import numpy as np
import pytest
from ncsolve.verify import Point, confined_critical_point, descend, examine, leave, solve_convex, zero_point

import ncsolve
from ncsolve import encodings

CODES = np.array([[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]])


def problem(lambda_b=0.1):
    return ncsolve.UFM(encoding=CODES, counts=[3, 2, 1, 2], lambda_w=0.02, lambda_h=0.05, lambda_b=lambda_b)


@pytest.mark.parametrize("solver", ["clarabel", "scs"])
@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("lambda_b", [0.0, 0.1, math.inf])
def test_cvxpy_agrees_primal_and_dual(solver, merged, lambda_b):
    asked = problem(lambda_b)
    found, best = solve_convex(asked, solver=solver, merged=merged), ncsolve.solve(asked)
    assert found.primal == pytest.approx(best.loss, rel=1e-7)
    assert found.dual == pytest.approx(best.loss, rel=1e-6)
    assert found.bias == pytest.approx(best.bias, abs=1e-4)
    assert found.singular_values == pytest.approx(best.singular_values, abs=1e-3)
    assert found.solver == solver


def test_another_convex_solver_is_refused():
    with pytest.raises(ncsolve.UnknownNameError, match="clarabel"):
        solve_convex(problem(), solver="clarabell")


@pytest.mark.parametrize("lambda_b", [0.0, 0.1, 1e6, math.inf])
def test_the_minimizer_is_critical_balanced_and_has_no_way_down(lambda_b):
    asked = problem(lambda_b)
    best = ncsolve.solve(asked)
    found = examine(asked, Point(W=best.W, H=np.repeat(best.class_means, [3, 2, 1, 2], axis=1), b=best.bias))
    assert found.loss == pytest.approx(best.loss, rel=1e-13)
    assert found.gradient < 1e-13
    assert found.balance < 1e-13
    assert found.curvature > -1e-12
    with pytest.raises(ncsolve.NCSolveError, match="no direction of negative curvature"):
        leave(asked, found)


@pytest.mark.parametrize("lambda_b", [0.0, 0.1, math.inf])
@pytest.mark.parametrize("rank", [0, 1, 2])
def test_lower_rank_critical_points_are_saddles_that_descent_leaves(lambda_b, rank):
    asked = problem(lambda_b)
    best = ncsolve.solve(asked)
    assert best.rank == 3
    point = zero_point(asked) if rank == 0 else confined_critical_point(asked, rank=rank)
    saddle = examine(asked, point)
    assert np.linalg.matrix_rank(point.W, tol=1e-6) == rank
    assert saddle.gradient < 1e-9
    assert saddle.loss > best.loss * (1 + 1e-4)
    assert saddle.curvature < -1e-4
    step = 1e-3
    lower = examine(asked, Point(W=point.W + step * saddle.escape.W, H=point.H + step * saddle.escape.H,
                                 b=point.b + step * saddle.escape.b))
    assert lower.loss < saddle.loss
    run = leave(asked, saddle)
    assert run.converged
    assert run.loss == pytest.approx(best.loss, rel=1e-11)


def test_dropping_one_singular_direction_without_a_bias_is_a_saddle():
    """lambda_b = inf: every subset of the singular directions is critical; each but the full one has a way down."""
    asked = problem(math.inf)
    best = ncsolve.solve(asked)
    spread = np.repeat(best.class_means, [3, 2, 1, 2], axis=1)
    for drop in range(3):
        w, h = best.W.copy(), spread.copy()
        w[:, drop] = 0
        h[drop] = 0
        saddle = examine(asked, Point(W=w, H=h, b=best.bias))
        assert saddle.gradient < 1e-12
        assert saddle.balance < 1e-12
        assert saddle.curvature < -1e-3
        assert leave(asked, saddle).loss == pytest.approx(best.loss, rel=1e-11)


def test_zero_is_the_minimizer_where_the_decay_is_strong():
    strong = ncsolve.UFM(encoding=encodings.onehot(3), counts=2, lambda_w=1.0, lambda_h=1.0, lambda_b=0.5)
    found = examine(strong, zero_point(strong))
    assert found.curvature >= 0
    assert found.loss == pytest.approx(ncsolve.solve(strong).loss, rel=1e-14)


def test_points_that_are_not_critical_or_not_balanced_are_seen():
    asked = problem()
    best = ncsolve.solve(asked)
    h = np.repeat(best.class_means, [3, 2, 1, 2], axis=1)
    assert examine(asked, Point(W=2 * best.W, H=h / 2, b=best.bias)).balance > 0.5
    assert examine(asked, Point(W=best.W, H=h, b=best.bias * 1.001)).gradient > 1e-6
    with pytest.raises(ncsolve.NCSolveError, match="must have shapes"):
        examine(asked, Point(W=best.W, H=best.class_means, b=best.bias))
    assert examine(asked, Point(W=best.W, H=best.class_means, b=best.bias), merged=True).gradient < 1e-13


@pytest.mark.parametrize("model", [{"depth": 2}, {"features": "relu"}])
def test_other_models_are_not_taken_for_one_linear_layer(model):
    asked = problem().replace(**model)
    point = zero_point(problem())
    for task in (
        lambda: descend(asked), lambda: solve_convex(asked), lambda: examine(asked, point), lambda: zero_point(asked),
        lambda: confined_critical_point(asked, rank=1),
    ):
        with pytest.raises(ncsolve.OpenProblemError, match="is for linear features and one layer; got features"):
            task()

"""Cross-entropy in the verifier: known values, every method of ``check``, convex programs, saddles and the command."""

import dataclasses
import json
import math

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ncsolve.verify import check, confined_critical_point, descend, examine, leave, solve_convex, zero_point
from ncsolve.verify._definition import Definition
from ncsolve.verify._dual import lower_bound
from ncsolve.verify._fit import FITS, softmax
from ncsolve.verify._problems import random_soft_labels
from ncsolve.verify._samples import Point, Samples
from ncsolve.verify.descent import METHODS, layered_starts

import ncsolve
from ncsolve import encodings
from ncsolve.schemas import schema
from tests.command import run
from tests.verify.cross_entropy_problems import OWN, PROBLEMS, SOFT, made

INF = math.inf
LAMBDAS_B = [0.0, 0.1, 1e4, INF]


# Losses that were known before there was a solver (T16).
KNOWN = [
    *((made(encodings.onehot(4), 10, 1e-3, 2e-3, lambda_b), 0.0859072818870843) for lambda_b in (0.0, 0.01, 1.0, INF)),
    *((made(encodings.smoothed(4, 0.1), 10, 1e-3, 2e-3, lambda_b), 0.3959939296644478) for lambda_b in (0.0, INF)),
    (made(encodings.onehot(4), [200, 100, 50, 50], 5e-4, 5e-4, 0.5), 0.0912178490214),
    (made(encodings.onehot(4), [400, 100, 9, 1], 5e-3, 1e-3, 0.05), 0.2669923424780),
    (made(encodings.onehot(6), [60, 12, 12, 12, 5, 5], 2e-3, 3e-3, 0.05), 0.2562802841449),
]


@pytest.mark.parametrize(("problem", "loss"), KNOWN)
def test_descent_and_its_dual_bound_enclose_the_known_loss(problem, loss):
    found = descend(problem, method="newton", tolerance=1e-11, merged=True, trace=False)
    assert found.loss == pytest.approx(loss, rel=1e-12)
    assert found.loss * (1 - 1e-9) < lower_bound(found.samples, found.point) <= found.loss * (1 + 1e-14)


@pytest.mark.parametrize(("alpha", "loss"), [(0.0, 0.2777010128151), (0.1, 0.5339658769208)])
def test_descent_on_nonnegative_features_ends_at_the_known_loss(alpha, loss):
    problem = made(encodings.smoothed(4, alpha), [50, 20, 6, 1], 4e-3, 5e-3, INF, features="relu")
    best = min(layered_starts(problem, seed=0, merged=True), key=lambda found: found.loss)
    assert best.loss == pytest.approx(loss, rel=1e-11)
    point = Point(W=best.layers[0], H=best.features, b=best.bias)
    assert lower_bound(best.samples, point) == pytest.approx(loss, rel=1e-6)


@pytest.mark.parametrize("name", OWN)
def test_the_healthy_solver_agrees_in_every_way(name):
    problem = OWN[name]
    report = check(problem, starts=2)
    assert report.passed, (report.failures, report.error)
    assert report.note == ""
    compared = " ".join(figure.what for figure in report.figures)
    parts = ["loss at the solver's W, H, b", "gradient", "label mean", "weak duality", "NC1", "loss of the best run",
             "below the optimum", "transitions along lambda_b"]
    parts += ["NC2-NC4"] if name != "collapsed" else []
    parts += ["least entry"] if problem.features == "relu" else ["Hessian", "cvxpy, primal", "cvxpy, dual"]
    parts += ["Gram matrix, relative"] if name != "two relu classes" else []
    assert [part for part in parts if part not in compared] == []
    document = report.to_json()
    jsonschema.validate(document, schema("ncsolve.verify/1"))
    assert document["problem"]["loss_function"] == "cross-entropy"
    assert document["problem"]["features"] == problem.features


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("lambda_b", [1e-30, 1e-15, 1e-11])
def test_a_decay_of_the_bias_next_to_nothing_leaves_bounds_their_digits(lambda_b, loss):
    """They are divided by it."""
    report = check(made(encodings.onehot(3), [3, 2, 1], 5e-3, 5e-3, lambda_b).replace(loss=loss), starts=2)
    assert report.passed, report.failures


def test_class_means_that_are_one_but_for_rounding_have_no_boundary_to_compare():
    codes = np.array([[0.2, 1e-8, 0.0], [0.8, 1 - 1e-8, 1.0]])
    report = check(made(codes, [1, 5, 4], 1e-2, 1e-2, 0.1), starts=1)
    assert report.passed, report.failures
    assert any(text.startswith("NC4: two class means") for text in report.skipped)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from([*LAMBDAS_B, 1e-3]), st.booleans())
def test_every_problem_agrees(seed, lambda_b, onehot):
    report = check(random_soft_labels(np.random.default_rng(seed), lambda_b, onehot=onehot), starts=2)
    assert report.passed, (report.failures, report.error)


@given(st.integers(0, 2**32 - 1), st.sampled_from(LAMBDAS_B), st.booleans())
def test_no_point_is_below_the_bound_of_another(seed, lambda_b, nonnegative):
    rng = np.random.default_rng(seed)
    problem = random_soft_labels(rng, lambda_b)
    samples = Samples.of(problem.replace(features="relu") if nonnegative else problem)
    f = Definition(samples)
    points = [f.start(int(s)) * 10.0 ** rng.uniform(-2, 1) for s in rng.integers(0, 2**31, 3)]
    if nonnegative:
        points = [np.concatenate((np.abs(x[: f.ends[0]]), x[f.ends[0] :])) for x in points]
    bounds = [lower_bound(samples, f.point(x)) for x in points]
    lowest = min(min(f.value(x) for x in points), f.value(np.zeros(f.size)))
    assert max(bounds) <= lowest * (1 + 1e-12)


def test_the_bound_of_nonnegative_features_is_above_that_of_any():
    """At an orthogonal frame, which linear features would leave: only duals that pull together count."""
    problem = PROBLEMS["relu"]
    found = ncsolve.solve(problem)
    point = Point(W=found.W, H=np.repeat(found.class_means, 4, axis=1), b=found.bias)
    assert lower_bound(Samples.of(problem), point) == pytest.approx(found.loss, rel=1e-13)
    assert lower_bound(Samples.of(problem.replace(features="linear")), point) < 0.99 * found.loss


@pytest.mark.parametrize("lambda_b", LAMBDAS_B)
def test_the_bias_of_least_cost_is_where_its_gradient_vanishes(lambda_b):
    rng = np.random.default_rng(3)
    outputs, targets = 5 * rng.standard_normal((3, 4)), SOFT
    share = np.array([0.4, 0.3, 0.2, 0.1])
    b = FITS["cross-entropy"].best_bias(outputs, targets, share, lambda_b)
    if lambda_b == INF:
        assert not b.any()
        return
    slope = (softmax(outputs + b[:, None]) - targets) @ share + lambda_b * b
    assert np.abs(slope).max() < 1e-14
    assert abs(b.sum()) < 1e-13


def test_a_loss_next_to_zero_keeps_its_digits():
    values, slopes = FITS["cross-entropy"].values_and_slopes(np.array([[800.0, 0.0], [0.0, 30.0]]), np.eye(2))
    assert values == pytest.approx([0.0, math.exp(-30.0)], rel=1e-12)
    assert np.abs(slopes).max() < 1e-12
    values, _ = FITS["cross-entropy"].values_and_slopes(np.array([[-800.0], [0.0]]), np.array([[1.0], [0.0]]))
    assert values == pytest.approx([800.0], rel=1e-15)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("lambda_b", [0.0, 0.05, INF])
def test_every_method_reaches_the_minimum(method, lambda_b):
    asked = PROBLEMS["imbalanced"].replace(lambda_b=lambda_b)
    best, found = ncsolve.solve(asked), descend(asked, method=method, seed=7)
    assert found.converged
    assert found.loss == pytest.approx(best.loss, rel=1e-11)
    assert found.gram == pytest.approx(best.gram, abs=1e-3)
    assert found.bias == pytest.approx(best.bias, abs=1e-4)


@pytest.mark.parametrize("solver", ["clarabel", "scs"])
@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("lambda_b", [0.0, 0.1, INF])
def test_cvxpy_agrees_primal_and_dual(solver, merged, lambda_b):
    asked = PROBLEMS["soft labels"].replace(lambda_b=lambda_b)
    found, best = solve_convex(asked, solver=solver, merged=merged), ncsolve.solve(asked)
    assert found.converged
    assert found.primal == pytest.approx(best.loss, rel=1e-8)
    assert found.dual == pytest.approx(best.loss, rel=1e-7)
    assert found.bias == pytest.approx(best.bias, abs=1e-4)
    assert found.singular_values == pytest.approx(best.singular_values, abs=1e-3)


@pytest.mark.parametrize("lambda_b", LAMBDAS_B)
def test_the_minimizer_is_critical_balanced_and_has_no_way_down(lambda_b):
    asked = PROBLEMS["soft labels"].replace(lambda_b=lambda_b)
    best = ncsolve.solve(asked)
    found = examine(asked, Point(W=best.W, H=best.class_means, b=best.bias), merged=True)
    assert found.loss == pytest.approx(best.loss, rel=1e-13)
    assert found.gradient < 1e-9
    assert found.balance < 1e-9
    assert found.curvature > -1e-10


@pytest.mark.parametrize("lambda_b", LAMBDAS_B)
@pytest.mark.parametrize("rank", [0, 1])
def test_lower_rank_critical_points_are_saddles_that_descent_leaves(lambda_b, rank):
    asked = PROBLEMS["imbalanced"].replace(lambda_b=lambda_b)
    best = ncsolve.solve(asked)
    saddle = examine(asked, zero_point(asked) if rank == 0 else confined_critical_point(asked, rank=rank))
    assert saddle.gradient < 1e-9
    assert saddle.loss > best.loss * (1 + 1e-3)
    assert saddle.curvature < -1e-4
    assert leave(asked, saddle).loss == pytest.approx(best.loss, rel=1e-11)


def test_two_relu_classes_and_a_free_bias_share_the_loss():
    """What one class mean gives up the other takes over: the bias is anywhere between, and the solver says so."""
    problem = PROBLEMS["two relu classes"]
    found = ncsolve.solve(problem)
    assert "between the outputs" in found.ties
    assert not ncsolve.solve(problem.replace(lambda_b=1e-3)).ties
    (first, _), n = np.diag(found.gram), problem.counts.array
    size = math.sqrt(2.0 * first)  # all in the feature of the first class
    direction = (found.W @ found.class_means)[:, 0] * 2.0 / size
    other = Point(W=np.outer(direction, [1.0, 0.0]), H=np.diag([size, 0.0]), b=-direction * size / 2)
    assert ncsolve.objective(problem, other.W, other.H, other.b) == pytest.approx(found.loss, rel=1e-13)
    assert n.tolist() == [4, 4]


def test_codes_that_have_least_at_their_own_class_are_not_taken_for_smoothed_ones():
    """a I + q J with a < 0 are probabilities as well; the closed form is not for them."""
    anti = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])
    for counts in (2, [3, 1, 1]):
        problem = made(anti, counts, 2e-2, 2e-2, 0.1)
        found = ncsolve.solve(problem)
        assert found.rank == 2
        assert descend(problem, method="newton").loss == pytest.approx(found.loss, rel=1e-10)
        with pytest.raises(ncsolve.OpenProblemError, match="solved for one-hot and smoothed codes"):
            check(problem.replace(features="relu"))


@pytest.mark.parametrize("model", [{"depth": 2}, {"dim": 1}])
def test_what_is_open_is_refused_not_reported(model):
    with pytest.raises(ncsolve.OpenProblemError, match="open problem"):
        check(PROBLEMS["one-hot"].replace(**model))


def test_a_transition_that_the_solver_names_is_caught(monkeypatch):
    original = ncsolve.solve
    kind = type("Named", (ncsolve.Minimizer,), {"transition": property(lambda self: 0.5)})

    def solve(problem):
        found = original(problem)
        return kind(**{field.name: getattr(found, field.name) for field in dataclasses.fields(found)})

    monkeypatch.setattr(ncsolve, "solve", solve)
    (text,) = check(PROBLEMS["one-hot"], starts=1).failures
    assert text.startswith("transitions along lambda_b that the solver names")


def test_the_command_verifies_a_problem_and_draws_its_descents(tmp_path):
    picture = tmp_path / "descents.png"
    arguments = ["verify", "--loss", "ce", "--classes", "3", "--per-class", "4", "--lambda-w", "0.02", "--lambda-h",
                 "0.02", "--lambda-b", "0"]
    whole = run(*arguments, "--plot", str(picture))
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "agrees: " in whole.stdout
    assert picture.stat().st_size > 10_000
    document = json.loads(run(*arguments, "--features", "relu", "--json").stdout)
    jsonschema.validate(document, schema("ncsolve.verify/1"))
    assert document["problem"]["loss_function"] == "cross-entropy"
    assert document["passed"] is True

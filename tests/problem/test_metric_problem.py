"""``MetricProblem``: what its arrays must be, and the same moments by each of its three ways in."""

import copy
import math
import pickle

import numpy as np
import pytest

import ncsolve

LABELS = np.array([0, 0, 0, 1, 1, 2])


def features():
    return np.random.default_rng(0).standard_normal((6, 4)) + 2.0


def arguments(**changes):
    one = np.column_stack((features(), np.ones(6)))
    given = {
        "second_moments": one.T @ one / 6, "cross_moments": np.eye(3)[LABELS].T @ one / 6, "encoding": "onehot",
        "counts": [3, 2, 1], "lambda_w": 0.01, "lambda_v": 0.02, "lambda_b": 0.1,
    }
    return given | changes


def test_three_ways_in_give_one_problem():
    by_moments = ncsolve.MetricProblem(**arguments())
    statistics = ncsolve.FeatureStatistics(3, 4).update(features(), LABELS)
    in_one_pass = statistics.metric_problem(lambda_w=0.01, lambda_v=0.02, lambda_b=0.1)
    by_classes = ncsolve.MetricProblem.of_classes(
        statistics.class_means, statistics.within_scatter / 6, encoding="onehot", counts=[3, 2, 1], lambda_w=0.01,
        lambda_v=0.02, lambda_b=0.1,
    )
    for problem in (in_one_pass, by_classes):
        np.testing.assert_allclose(problem.second_moments, by_moments.second_moments, atol=1e-13)
        np.testing.assert_allclose(problem.cross_moments, by_moments.cross_moments, atol=1e-13)
        assert ncsolve.solve(problem).loss == pytest.approx(ncsolve.solve(by_moments).loss, rel=1e-12)
    np.testing.assert_allclose(by_moments.mean, features().mean(axis=0), atol=1e-13)
    np.testing.assert_allclose(by_moments.label_mean, [1 / 2, 1 / 3, 1 / 6])
    assert (by_moments.lambda_c, by_moments.hidden_unit, by_moments.dim) == (0.02, 1.0, 4)


def test_a_class_without_samples_is_left_out_with_its_code():
    statistics = ncsolve.FeatureStatistics(["a", "b", "c"], 1).update([[1.0], [2.0]], ["a", "c"])
    problem = statistics.metric_problem(lambda_w=0.01, lambda_v=0.02, lambda_b=0)
    assert problem.class_names == ("a", "c")
    assert problem.encoding.matrix.tolist() == [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]


def test_conventions_scale_both_layers_alike():
    given = ncsolve.MetricProblem(**arguments(lambda_c=0.04, convention="torch-mean"))
    assert (given.lambda_w, given.lambda_v, given.lambda_c, given.lambda_b) == pytest.approx(
        (0.015, 0.03, 0.06, 0.15), rel=1e-15
    )
    assert ncsolve.MetricProblem(**arguments(lambda_c=math.inf, convention="sum")).lambda_c == math.inf


def test_fields_change_and_nothing_else_does():
    problem = ncsolve.MetricProblem(**arguments())
    assert problem.replace(lambda_b=math.inf).lambda_b == math.inf
    assert problem.replace(lambda_v=0.5).lambda_c == problem.lambda_c
    with pytest.raises(ncsolve.ProblemError, match="can't change 'lambda_h'"):
        problem.replace(lambda_h=1.0)
    for again in (copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        assert ncsolve.solve(again).loss == ncsolve.solve(problem).loss
        for array in (again.class_means, again.within, again.second_moments, again.cross_moments, again.label_mean):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 1.0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"second_moments": np.eye(4)}, r"\(K, p \+ 1\) = \(3, 4\)"),
        ({"second_moments": np.ones((5, 4))}, r"second_moments must be \(p \+ 1, p \+ 1\)"),
        ({"second_moments": 6 * arguments()["second_moments"]}, "the last entry of second_moments must be 1"),
        ({"second_moments": np.triu(arguments()["second_moments"])}, "must be symmetric"),
        ({"second_moments": np.diag([0.0] * 4 + [1.0])}, "must add up to the last row|at least those"),
        ({"second_moments": np.full((5, 5), np.nan)}, "must be finite"),
        ({"cross_moments": arguments()["cross_moments"].T}, "pass cross_moments.T"),
        ({"cross_moments": 6 * arguments()["cross_moments"]}, "the share n_k/N of every class"),
        ({"cross_moments": arguments()["cross_moments"] + np.eye(3, 5)}, "must add up to the last row"),
        ({"counts": [1, 2, 3]}, "the share n_k/N of every class"),
        ({"counts": [3, 3]}, r"\(K, p \+ 1\) = \(2, 5\)"),
        ({"lambda_c": 0}, "lambda_c must be positive, or inf for no bias; got 0"),
        ({"lambda_c": -1.0}, "lambda_c must be positive"),
        ({"lambda_v": math.inf}, "lambda_v must be positive and finite"),
        ({"lambda_b": -1}, "lambda_b must be between 0 and inf"),
        ({"class_names": ["a"]}, "class_names must have one entry per class"),
    ],
)
def test_what_does_not_fit_is_one_line(changes, says):
    with pytest.raises(ncsolve.ProblemError, match=says) as error:
        ncsolve.MetricProblem(**arguments(**changes))
    assert "\n" not in str(error.value)


def test_moments_less_than_those_of_the_class_means_are_refused():
    given = arguments()
    smaller = given["second_moments"].copy()
    smaller[:4, :4] -= 2.0 * np.eye(4)
    with pytest.raises(ncsolve.ProblemError, match="at least those of the class means"):
        ncsolve.MetricProblem(**(given | {"second_moments": smaller}))
    for within in (-np.eye(2), np.triu(np.ones((2, 2))), np.eye(3)):
        with pytest.raises(ncsolve.ProblemError, match="within must be"):
            ncsolve.MetricProblem.of_classes(np.eye(2), within, encoding="onehot", counts=1, lambda_w=1, lambda_v=1,
                                             lambda_b=0)


def test_a_statistic_without_the_whole_scatter_is_refused():
    statistics = ncsolve.FeatureStatistics(3, 4, scatter="trace").update(features(), LABELS)
    with pytest.raises(ncsolve.ProblemError, match="gather with 'full'"):
        statistics.metric_problem(lambda_w=0.01, lambda_v=0.02, lambda_b=0.1)


@pytest.mark.parametrize(
    "task",
    [
        lambda problem: ncsolve.phase(problem, lambda_b=[0.1, 1.0], against="t", values=[0.1, 0.2]),
        lambda problem: ncsolve.deep.first_order_transition(problem),
        lambda problem: ncsolve.objective(problem, np.eye(3), np.eye(3), np.zeros(3)),
        lambda problem: ncsolve.gradient(problem, np.eye(3), np.eye(3), np.zeros(3)),
    ],
)
def test_tasks_of_free_features_refuse_it_in_a_sentence(task):
    with pytest.raises(ncsolve.ProblemError, match="whose previous features are data"):
        task(ncsolve.MetricProblem(**arguments()))


def test_the_explorer_refuses_it_in_a_sentence():
    pytest.importorskip("plotly")
    from ncsolve.explorer import write_explorer

    with pytest.raises(ncsolve.ProblemError, match="whose previous features are data"):
        write_explorer(ncsolve.MetricProblem(**arguments()), "never.html")


def test_solve_takes_its_own_methods():
    problem = ncsolve.MetricProblem(**arguments())
    assert ncsolve.select_method(problem).theorem == "T15"
    with pytest.raises(ncsolve.UnknownNameError, match="newton"):
        ncsolve.solve(problem, method="spectral")

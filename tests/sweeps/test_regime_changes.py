"""Regime changes: bracketed roots against closed forms, counts of crossings, and the crossings of a plain function."""

import itertools
import math

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._problem.sweep import make_sweep
from ncsolve._sweeps.crossings import crossings
from ncsolve._sweeps.frames_along import FrameSource
from ncsolve._sweeps.threshold_crossings import regime_changes

INF = math.inf
GRID = np.concatenate(([0.0], np.geomspace(1e-3, 10, 7), [INF]))


def problem(encoding, counts=100, lw=5e-4, lh=5e-4, lb=0.5):
    return ncsolve.UFM(encoding=encoding, counts=counts, lambda_w=lw, lambda_h=lh, lambda_b=lb)


def roots(case, name="lambda_b", values=GRID, **options):
    return regime_changes(make_sweep(case, name, values), closed_forms=False, **options)


@pytest.mark.parametrize("weight", [1e-5, 5e-4, 5e-3, 9.9e-3])
def test_one_hot_root_is_the_closed_form(weight):
    """lambda_b* = t/(1 - t) of T5, from the singular values alone."""
    case = problem(encodings.onehot(10), lw=weight, lh=weight)
    t = case.threshold / math.sqrt(100)
    (change,) = roots(case)
    assert change.theorem == ""
    assert change.value == pytest.approx(t / (1 - t), rel=1e-12)
    assert (change.rank_before, change.rank_after) == (9, 10)
    assert (change.regime_before, change.regime_after) == ("simplex", "intermediate")
    (named,) = ncsolve.path(case, lambda_b=GRID).changes
    assert named.theorem == "T5"
    assert named.value == ncsolve.solve(case).transition


def test_smoothed_codes_pass_the_orthogonal_frame():
    """At t/(|w| - |a|) = t/alpha."""
    case = problem(encodings.smoothed(10, 0.1))
    first, second = roots(case)
    t = case.threshold / 10
    assert first.value == pytest.approx(t / (1 - t), rel=1e-12)
    assert second.value == pytest.approx(t / 0.1, rel=1e-12)
    assert second.kind == "orthogonal"
    assert (second.regime_before, second.regime_after) == ("intermediate", "acute")
    assert second.rank_before == second.rank_after == 10


@pytest.mark.parametrize(
    "case",
    [
        problem(encodings.onehot(4), [400, 100, 90, 25], 1e-3, 1e-3),
        problem(encodings.hadamard(8), 100),
        problem(encodings.gaussian(6, 9, seed=3), [5, 20, 1, 10, 7, 7], 1e-3, 1e-3),
    ],
    ids=["imbalanced one-hot", "hadamard", "gaussian"],
)
def test_the_last_root_is_that_of_the_law_of_large_bias_regularization(case):
    """lambda_b+ of T5b: from there on no singular value of Z is zero."""
    expected = ncsolve.solve(case).transition
    assert expected is not None
    change = roots(case)[-1]
    assert change.value == pytest.approx(expected, rel=1e-12)
    assert change.rank_after == case.classes
    assert ncsolve.path(case, lambda_b=GRID).changes[-1].theorem == "T5b"


def test_weight_decay_of_the_classifier():
    """With t = K sqrt(n lw lh): the mean direction goes at t = lb/(1 + lb), everything at t = 1."""
    case = problem(encodings.onehot(10))
    first, second = roots(case, "lambda_w", np.geomspace(1e-5, 1, 5))
    for change, t in ((first, 1 / 3), (second, 1.0)):
        assert change.value == pytest.approx((t / 10) ** 2 / 100 / 5e-4, rel=1e-12)
    assert (second.rank_before, second.rank_after) == (9, 0)
    assert second.regime_after == "collapsed"


def test_smoothing():
    """The frame is orthogonal at alpha = t/lb."""
    case = problem(encodings.smoothed(10, 0.3))
    (change,) = roots(case, "alpha", [0.0, 0.9])
    assert change.value == pytest.approx(0.05 / 0.5, rel=1e-12)
    assert change.kind == "orthogonal"


def test_counts_change_at_whole_numbers():
    """Without a bias class k lives iff n_k > T^2, and T grows with N."""
    case = problem(encodings.onehot(4), [400, 100, 9, 1], 5e-3, 1e-3, INF)
    found = regime_changes(make_sweep(case, "count", [1, 200], 2))
    ranks = [ncsolve.solve(case.replace(counts=[400, 100, n, 1])).rank for n in range(1, 201)]
    expected = [(n + 1, ranks[n - 1], ranks[n]) for n in range(1, 200) if ranks[n] != ranks[n - 1]]
    assert expected
    assert [(int(c.value), c.rank_before, c.rank_after) for c in found] == expected


def test_many_crossings_between_two_points_are_all_counted():
    """A random encoding at a threshold in the middle of its spectrum, on a grid of two points."""
    case = problem(encodings.gaussian(30, 30, seed=1), np.arange(1, 31), 0.0005, 0.0005)
    found = roots(case, values=[1e-4, 1e4])
    assert len(found) > 0
    low, high = (ncsolve.solve(case.replace(lambda_b=value)).rank for value in (1e-4, 1e4))
    assert found[0].rank_before == low
    assert found[-1].rank_after == high
    for one, other in itertools.pairwise(found):
        assert one.rank_after == other.rank_before
    for change in found:
        for factor, rank in ((1 - 1e-9, change.rank_before), (1 + 1e-9, change.rank_after)):
            assert ncsolve.solve(case.replace(lambda_b=change.value * factor)).rank == rank


def test_values_are_those_of_the_singular_values():
    """At a root some sigma is T to rounding, whatever else the root finder believes."""
    case = problem(encodings.gaussian(20, 12, seed=5), 10, 0.01, 0.01)
    sweep = make_sweep(case, "lambda_b", GRID)
    found = roots(case)
    assert found
    for change in found:
        sigma = FrameSource(sweep).at(change.value).shifted_singular_values()
        assert np.abs(sigma / case.threshold - 1).min() < 1e-13


@pytest.mark.parametrize(
    ("case", "name", "values"),
    [
        (problem(encodings.simplex(5)), "lambda_b", GRID),  # the label mean is zero: nothing moves
        (problem(encodings.onehot(10), lw=1, lh=1), "lambda_b", GRID),  # all is collapsed
        (problem(encodings.onehot(10)), "lambda_b", [0.3]),
        (problem(encodings.onehot(10)), "lambda_b", [0.0, 0.0]),
        (problem(encodings.onehot(10)), "alpha", [0.2, 0.2]),
    ],
)
def test_nothing_changes(case, name, values):
    assert roots(case, name, values) == ()


def test_a_grid_of_0_and_inf_is_searched_between():
    (change,) = roots(problem(encodings.onehot(10)), values=[INF, 0.0])
    assert change.value == pytest.approx(0.05 / 0.95, rel=1e-12)


def test_crossings_of_a_plain_function():
    """Entries that cross in the same interval, a pair of crossings between two points, a touch, and a constant."""

    def function(x):
        return np.array([x - 0.31, x - 0.33, (x - 2.4) * (x - 2.6), (x - 3.5) ** 2, 1.0, 0.0])

    points = np.arange(6.0)
    found = crossings(function, points, np.stack([function(x) for x in points]))
    expected = [(0, 0.31), (1, 0.33), (2, 2.4), (2, 2.6)]
    assert [hit.index for hit in found] == [index for index, _ in expected]
    np.testing.assert_allclose([hit.x for hit in found], [x for _, x in expected], rtol=1e-14)


def test_a_threshold_that_is_wrong_is_noticed(monkeypatch):
    """The comparison with the closed form sees a threshold that is off by one part in 10^9."""
    from ncsolve._frames.symmetric import SymmetricFrame

    case, right = problem(encodings.onehot(10)), SymmetricFrame.shifted_singular_values
    monkeypatch.setattr(SymmetricFrame, "shifted_singular_values", lambda frame: right(frame) * (1 + 1e-9))
    (change,) = roots(case)
    assert change.value != pytest.approx(0.05 / 0.95, rel=1e-12)

"""Changes of rank along the samples of one class, and two changes within one step of a search: none is missed."""

import itertools
import math

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._sweeps import count_changes, crossings

INF = math.inf


def changes(problem, low, high, of_class=0):
    found = ncsolve.path(problem, count=[low, high], of_class=of_class).changes
    return [(int(change.value), change.rank_before, change.rank_after) for change in found]


def by_trying_all(problem, low, high, of_class=0):
    """The rank at every whole number."""
    ranks = []
    for value in range(low, high + 1):
        counts = problem.counts.array.copy()
        counts[of_class] = value
        ranks.append(ncsolve.solve(problem.replace(counts=counts)).rank)
    return [(low + i + 1, a, b) for i, (a, b) in enumerate(itertools.pairwise(ranks)) if a != b]


def swap(depth=1, features="linear"):
    """Two classes of 50: T grows with the samples of one, which comes to life where the other dies."""
    lam = 0.0070746024623295
    return ncsolve.UFM(encoding=encodings.onehot(3), counts=[50, 50, 900], lambda_w=lam, lambda_h=lam, lambda_b=INF,
                       depth=depth, features=features)


@pytest.mark.parametrize("values", [[40, 60], [40, 55, 60], range(40, 61)])
@pytest.mark.parametrize("features", ["linear", "relu"])
def test_two_changes_between_two_values(values, features):
    """T^2 = 50.0004 at 1000 samples, by hand: with 50 samples both small classes vanish, with 49 or 51 one lives."""
    problem = swap(features=features)
    assert 50 < problem.threshold**2 < 51 * (1000 / 1001) ** 2
    found = ncsolve.path(problem, count=values, of_class=1).changes
    assert [(change.value, change.rank_before, change.rank_after) for change in found] == [(50, 2, 1), (51, 1, 2)]


CASES = {
    # Of two classes of one size the difference has the singular value |a| sqrt(n) whatever the bias is.
    "pairs": (ncsolve.UFM(encoding=encodings.affine(5, 2.0, -0.3), counts=[30, 12, 12, 40, 40], lambda_w=6e-2,
                          lambda_h=6e-2, lambda_b=0.3), 80),
    "one-hot": (ncsolve.UFM(encoding=encodings.onehot(4), counts=[5, 9, 16, 25], lambda_w=6e-2, lambda_h=6e-2,
                            lambda_b=INF), 60),
    "free bias": (ncsolve.UFM(encoding=encodings.smoothed(4, 0.1), counts=[5, 9, 16, 25], lambda_w=4e-2, lambda_h=4e-2,
                              lambda_b=0.0), 100),
    "any codes": (ncsolve.UFM(encoding=np.random.default_rng(1).standard_normal((4, 4)), counts=[3, 20, 8, 30],
                              lambda_w=2e-2, lambda_h=2e-2, lambda_b=0.3), 100),
    "deep": (ncsolve.UFM(encoding=encodings.onehot(4), counts=[5, 9, 16, 25], lambda_w=2e-2, lambda_h=2e-2,
                         lambda_b=INF, depth=2), 100),
}


@pytest.mark.parametrize("name", CASES)
def test_no_change_along_counts_is_missed(name):
    problem, high = CASES[name]
    expected = by_trying_all(problem, 1, high)
    assert len(expected) >= 2
    assert changes(problem, 1, high) == expected


def test_the_search_of_half_an_interval_is_caught(monkeypatch):
    """A mutant of the bisection: with nothing but the ends to go on, both halves must be searched."""
    # T = 0.04 (50 + n) reaches 3, 4 and 5 at n = 25, 50 and 75.
    problem = ncsolve.UFM(encoding=encodings.onehot(4), counts=[10, 9, 16, 25], lambda_w=4e-2, lambda_h=4e-2,
                          lambda_b=INF)
    low, high = 10, 100
    expected = by_trying_all(problem, low, high)
    assert [change[0] for change in expected] == [25, 50, 75]
    monkeypatch.setattr(count_changes, "class_roots", lambda sweep: [])
    monkeypatch.setattr(count_changes, "_spectrum_roots", lambda sweep: [])
    monkeypatch.setattr(count_changes, "_places", lambda sweep, step: np.log(sweep.values))
    assert changes(problem, low, high) == expected


@pytest.mark.parametrize(
    ("function", "roots"),
    [
        # In the first interval of 0, 1, 2, ..., and in the last, where no third point shows a dip.
        (lambda x: (x - 0.4) ** 2 - 0.01, [0.3, 0.5]),
        (lambda x: (x - 4.6) ** 2 - 0.01, [4.5, 4.7]),
        (lambda x: abs(x - 0.2) - 0.1, [0.1, 0.3]),
        (lambda x: abs(x - 2.5) - 0.25, [2.25, 2.75]),
        (lambda x: (x - 0.4) ** 2 + 0.01, []),
    ],
)
def test_two_crossings_in_one_interval(function, roots):
    points = np.arange(6.0)

    def vector(x):
        return np.array([function(x)])

    found = crossings.crossings(vector, points, np.array([[function(x)] for x in points]))
    places = sorted({round(hit.x, 9) for hit in found})
    assert places == pytest.approx(roots, abs=1e-9)

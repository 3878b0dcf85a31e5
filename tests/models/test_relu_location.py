"""T10: the bias of an orthogonal frame, and the polish of what descent over H >= 0 finds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from ncsolve._models.relu import best_found, copositive_part, doubly_nonnegative, newton_polish
from ncsolve._models.relu import location as location_file
from ncsolve._models.relu.location import location
from ncsolve._models.relu.ridge import Ridge
from tests.strategies import arrays, counts


def left(problem, bias):
    """The gradient of the problem of location from its definition, over the size of what cancels in it."""
    codes, n = problem.encoding.matrix, problem.counts.array.astype(float)
    shifted = codes - bias[:, None]
    length = np.sqrt(n) * np.linalg.norm(shifted, axis=0)
    pull = np.where(
        length > problem.threshold, problem.threshold * n / np.where(length > 0, length, 1.0), n
    ) / problem.samples
    size = problem.lambda_b * np.linalg.norm(bias) + pull @ (np.linalg.norm(codes, axis=0) + np.linalg.norm(bias))
    return np.linalg.norm(problem.lambda_b * bias - shifted @ pull) / (size or 1.0)


@st.composite
def locations(draw):
    """Codes in general position, on a line, graded, equal; a threshold anywhere, also exactly at a code's distance."""
    codes = draw(arrays())
    k = codes.shape[1]
    numbers = draw(counts(k))
    lengths = np.sqrt(numbers) * np.linalg.norm(codes, axis=0)
    scale = 10.0 ** draw(st.sampled_from([0.0, -4.0, -0.5, 0.7]))
    threshold = max(draw(st.sampled_from([*lengths.tolist(), 1.0])) * scale, 1e-6)
    each = threshold / sum(numbers)
    return ncsolve.UFM(
        encoding=codes, counts=numbers, lambda_w=each, lambda_h=each, features="relu",
        lambda_b=draw(st.one_of(st.just(0.0), st.floats(-6, 4).map(lambda e: 10.0**e),
                                st.sampled_from([1e-100, 1e-15, 1e50]))),
    )


@settings(max_examples=200)
@given(locations())
def test_the_location_is_found_to_rounding(problem):
    # A few roundings of the terms that cancel.
    assert left(problem, location(problem)) <= 4e-15


@pytest.mark.parametrize("numbers", [[4, 4], [40, 3], [3, 40, 40]])
@pytest.mark.parametrize("lambda_b", [0.0, 1e-12])
def test_codes_on_a_line_far_apart_have_no_curvature_between_them(numbers, lambda_b):
    codes = np.outer([1.0, -2.0], [0.0, 3.0, 7.0][: len(numbers)])
    problem = ncsolve.UFM(encoding=codes, counts=numbers, lambda_w=1e-4, lambda_h=1e-4, lambda_b=lambda_b,
                          features="relu")
    assert left(problem, location(problem)) <= 4e-15


@pytest.mark.parametrize("lambda_b", [0.0, 0.3, 40.0, math.inf])
def test_one_class(lambda_b):
    """K = 1: the bias takes 1/(1 + lambda_b) of the code, or T/(sqrt(n) lambda_b |e|) of it where a feature lives."""
    problem = ncsolve.UFM(encoding=[[3.0], [4.0]], counts=4, lambda_w=0.3, lambda_h=0.3, lambda_b=lambda_b,
                          features="relu")
    alone = 1.0 / (1.0 + lambda_b)
    share = alone if 2 * 5 * (1 - alone) <= problem.threshold else problem.threshold / (2 * 5 * lambda_b)
    np.testing.assert_allclose(location(problem), np.array([3.0, 4.0]) * share, rtol=1e-14)
    found = ncsolve.solve(problem)
    np.testing.assert_allclose(found.bias, location(problem), rtol=1e-13)


def test_more_classes_than_the_programme_takes_stay_exact():
    """The closed form applies, so that no programme is needed."""
    numbers = np.arange(1, 61)
    problem = ncsolve.UFM(encoding=encodings.onehot(60), counts=numbers, lambda_w=1e-3, lambda_h=1e-3, lambda_b=2.0,
                          features="relu")
    found = ncsolve.solve(problem)
    assert (found.method, found.guarantee, found.gap) == ("closed-form", "global", 0.0)


@pytest.mark.parametrize("classes", [12, pytest.param(45, marks=pytest.mark.exhaustive)])
def test_weak_duality_closes_the_gap_of_more_classes_than_the_programme_takes(monkeypatch, classes):
    """Acute class means: the bound needs no programme, which 12 classes would have but for a lower limit."""
    if classes <= doubly_nonnegative._MOST_CLASSES:
        for module in (doubly_nonnegative, copositive_part):
            monkeypatch.setattr(module, "_MOST_CLASSES", classes - 1)
        monkeypatch.setattr(doubly_nonnegative, "import_module", None)
        monkeypatch.setattr(copositive_part, "_programme", None)
    numbers = np.random.default_rng(2).integers(1, 30, classes)  # others end on a plateau, by the luck of rounding
    each = 0.3 / numbers.sum()
    problem = ncsolve.UFM(encoding=encodings.onehot(classes), counts=numbers, lambda_w=each, lambda_h=each,
                          lambda_b=1e-3, features="relu")
    found = ncsolve.solve(problem)
    assert found.gram[np.triu_indices(classes, 1)].max() > 1e-3
    assert found.guarantee == "global"
    assert found.gap <= 1e-8 * found.loss


def test_a_damaged_location_is_noticed(monkeypatch):
    """Without the line search Newton's method runs away; with a wrong curvature it ends short of rounding."""
    problem = ncsolve.UFM(encoding=[[0.0, 3.0, 7.0], [0.0, -6.0, -14.0]], counts=[3, 40, 40], lambda_w=1e-4,
                          lambda_h=1e-4, lambda_b=0.0, features="relu")
    monkeypatch.setattr(location_file, "_step", lambda slope, bias, gradient, direction: direction)
    assert not left(problem, location(problem)) <= 4e-15


# A class mean that nearly vanishes, or may lean on several others: descent stops on a plateau.  The first has codes
# that a free bias nearly reaches; the second leaves three directions of negative curvature of 2e-9 of the largest.
PLATEAUS = [
    ncsolve.UFM(encoding=[[1, -1, 0, 1, 0], [0, -1, 0, 1, 1]], counts=2, lambda_w=0.03295309855,
                lambda_h=0.03667539510, lambda_b=0.42483759533, features="relu"),
    ncsolve.UFM(encoding=[[0, 0, 1, 1, 1, 0], [-1, 0, -1, 0, -1, -1]], counts=3, lambda_w=0.011015130,
                lambda_h=0.0034083800, lambda_b=20.2882, features="relu"),
]


@pytest.mark.parametrize("problem", PLATEAUS)
def test_plateaus_are_left(problem):
    found = ncsolve.solve(problem)
    assert found.guarantee == "global"
    assert found.residual <= 1e-12  # descent alone leaves up to 1e-9
    assert found.gap <= 1e-8 * found.loss


def test_the_hessian_is_the_derivative_of_the_gradient():
    rng = np.random.default_rng(0)
    for lambda_b in (0.0, 0.3, math.inf):
        problem = ncsolve.UFM(encoding=rng.standard_normal((3, 4)), counts=[1, 2, 3, 4], lambda_w=0.02, lambda_h=0.03,
                              lambda_b=lambda_b, features="relu")
        ridge, features, step = Ridge(problem), rng.random((5, 4)), 1e-6
        differences = [
            (ridge.value(features + e)[1] - ridge.value(features - e)[1]).ravel() / (2 * step)
            for e in step * np.eye(20).reshape(20, 5, 4)
        ]
        free = np.ones_like(features, dtype=bool)
        hessian = ridge.hessian(features, free)
        # Differences of step 1e-6 keep nine digits.
        np.testing.assert_allclose(hessian, differences, atol=1e-8 * np.abs(hessian).max())
        free = rng.random((5, 4)) < 0.5
        np.testing.assert_allclose(
            ridge.hessian(features, free), hessian[np.ix_(free.ravel(), free.ravel())], atol=1e-15
        )


def test_the_polish_never_goes_up_and_a_damaged_one_is_noticed(monkeypatch):
    rng = np.random.default_rng(1)
    problem = PLATEAUS[1]
    ridge = Ridge(problem)
    for _ in range(5):
        start = ridge.descend(rng.random((6, 6)))
        end = newton_polish.polish(ridge, start)
        assert end.min() >= 0.0
        assert ridge.value(end)[0] <= ridge.value(start)[0] * (1 + 1e-14)
        assert ridge.slope(end) <= ridge.slope(start)
    original = Ridge.hessian
    monkeypatch.setattr(
        Ridge, "hessian", lambda self, features, free: np.eye(int(free.sum())) - original(self, features, free)
    )
    monkeypatch.setattr(newton_polish, "_least_squares", lambda ridge, features: features)
    assert ncsolve.solve(problem).residual > 1e-12


def test_the_end_of_a_descent_is_returned_with_its_residual_or_refused(monkeypatch):
    """What a polish leaves is told; a point that is far from stationary is not returned."""
    problem = PLATEAUS[1]
    monkeypatch.setattr(best_found, "polish", lambda ridge, features: features)
    found = ncsolve.solve(problem)
    assert 1e-12 < found.residual <= 1e-6
    assert found.lower_bound <= found.loss
    monkeypatch.setattr(best_found, "polish", lambda ridge, features: 1.01 * features)
    with pytest.raises(ncsolve.ConvergenceError, match="above 1e-06"):
        ncsolve.solve(problem)

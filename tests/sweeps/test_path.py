"""The path along lambda_b against ``solve`` at every point."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from ncsolve._bias import along_lambda_b, continuation
from ncsolve._bias.along_lambda_b import solve_bias_along
from ncsolve._problem.ufm import weighted_codes
from ncsolve._spectrum.label_spectrum import spectrum_of_codes
from ncsolve.errors import ConvergenceError, ProblemError
from tests.strategies import affine_problems, balanced_model_problems, problems
from tests.sweeps.points import check_path

INF = math.inf


grids = st.lists(
    st.one_of(
        st.floats(-3, 2).map(lambda e: 10.0**e),
        st.floats(-12, 12).map(lambda e: 10.0**e),
        st.sampled_from([0.0, 1.0, INF]),
    ),
    min_size=1,
    max_size=12,
)


@given(problems(), grids)
@settings(max_examples=100)
def test_every_point_is_the_minimizer(problem, grid):
    check_path(ncsolve.path(problem, lambda_b=grid))


@given(affine_problems(), grids)
@settings(max_examples=60)
def test_every_point_of_affine_codes_is_the_minimizer(problem, grid):
    check_path(ncsolve.path(problem, lambda_b=grid))


@given(balanced_model_problems(), st.lists(st.floats(-4, 3).map(lambda e: 10.0**e), min_size=1, max_size=4))
@settings(max_examples=40)
def test_every_point_under_a_bottleneck_a_deep_head_or_relu_features_is_the_minimizer(problem, grid):
    check_path(ncsolve.path(problem, lambda_b=[0.0, *grid, INF]))


def gaussian(k, weight, seed=0):
    counts = np.random.default_rng(seed).integers(1, 101, k)
    codes = encodings.gaussian(k, k, seed)
    return ncsolve.UFM(encoding=codes, counts=counts, lambda_w=weight, lambda_h=weight, lambda_b=1)


@pytest.mark.parametrize("weight", [1e-2, 1e-4])
def test_fine_grid_in_any_order(weight):
    grid = np.random.default_rng(1).permutation(np.append(np.geomspace(1e-3, 10, 150), [0.0, INF, 0.5, 0.5, 1e-9, 1e9]))
    path = ncsolve.path(gaussian(20, weight), lambda_b=grid)
    assert len(path) == grid.size
    np.testing.assert_array_equal(path.lambda_b, grid)
    check_path(path)


def test_equal_points_are_equal():
    path = ncsolve.path(gaussian(12, 1e-3), lambda_b=[0.3, 0.1, 0.3, 0.3])
    np.testing.assert_array_equal(path.bias[[0, 0]], path.bias[[2, 3]])
    assert path.loss[0] == path.loss[2] == path.loss[3]


def test_uneven_grid():
    """Clusters and gaps of many orders of magnitude: no polynomial is trusted far from its points."""
    grid = np.concatenate((0.1 + 1e-12 * np.arange(30), np.geomspace(0.2, 0.3, 30), [1e-8, 1e-3, 50.0, 1e7]))
    check_path(ncsolve.path(gaussian(15, 1e-3), lambda_b=grid))


def test_path_through_the_law():
    """Independent codes: spectral up to lb+, the law above it, and nothing jumps."""
    problem = gaussian(12, 1e-6)
    threshold = ncsolve.solve(problem).transition
    around = threshold + np.array([-1e-9, 0.0, 1e-9])
    grid = np.unique(np.concatenate((threshold * np.geomspace(1e-2, 1e3, 90), around)))
    path = ncsolve.path(problem, lambda_b=grid)
    assert set(path.theorems) == {"T3", "T5b"}
    assert all((name == "T5b") == (value >= threshold) for name, value in zip(path.theorems, grid, strict=True))
    assert np.all(np.diff(path.loss) > 0)
    check_path(path)


@pytest.mark.parametrize(
    ("codes", "counts"),
    [
        (encodings.onehot(6), [9, 9, 4, 4, 1, 30]),
        (encodings.smoothed(6, 0.1), [9, 9, 4, 4, 1, 30]),
        (encodings.signed(5), [3, 8, 8, 20, 1]),
        (encodings.onehot(5), 7),
        (encodings.simplex(4), [2, 3, 3, 9]),
    ],
)
@pytest.mark.parametrize("weight", [1e-4, 2e-2, 1.0])
def test_affine_codes(codes, counts, weight):
    problem = ncsolve.UFM(encoding=codes, counts=counts, lambda_w=weight, lambda_h=weight, lambda_b=0)
    check_path(ncsolve.path(problem, lambda_b=np.concatenate((np.geomspace(1e-4, 1e3, 40), [INF, 0.0]))))


@pytest.mark.parametrize(
    "codes",
    [
        [[3.0, 1.0, 2.0, 2.0], [0.0, 0.0, 1.0, -1.0]],  # the mean is an eigenvector of the scatter
        [[0.0, 1.0, 2.0, 3.0]],  # one dimension
        [[1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]],  # centred
        [[0.0] * 4, [0.0] * 4],
        [[1.0] * 4, [2.0] * 4],  # all codes are equal
    ],
)
def test_closed_forms(codes):
    problem = ncsolve.UFM(encoding=codes, counts=5, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.2)
    check_path(ncsolve.path(problem, lambda_b=[0.2, INF, 1e-6, 3.0, 0.0, 1e6]))


def test_minimizer_of_a_point():
    path = ncsolve.path(gaussian(8, 1e-3), lambda_b=[0.1, INF, 0.0])
    found = path.minimizer(1)
    assert found.problem.lambda_b == INF
    assert found.loss == pytest.approx(path.loss[1], rel=1e-13)
    np.testing.assert_allclose(path.minimizer(0).bias, path.bias[0], rtol=0, atol=1e-13)


def test_eigensystems_of_the_points():
    """What a chunk's system says: left singular vectors of M - b u^T in the met directions."""
    problem = gaussian(18, 1e-3)
    codes, u = weighted_codes(problem)
    spectrum = spectrum_of_codes(codes, u, problem.samples, problem.threshold)
    grid = np.append(np.geomspace(1e-2, 1e2, 60), INF)
    seen = 0
    for points in solve_bias_along(spectrum, problem.threshold, grid):
        for row in range(points.index.size):
            shifted = codes - np.outer(spectrum.lift(points.bias[row]), u)
            left = spectrum.basis[:, : spectrum.met] @ points.system.take(row).vectors()
            np.testing.assert_allclose(
                np.linalg.norm(left.T @ shifted, axis=1), points.met[row], rtol=0, atol=1e-12 * points.met[row].max()
            )
            seen += 1
    assert seen == 61


@pytest.mark.parametrize("grid", [[], [[0.1]], 0.1, ["a"], [-1.0], [math.nan], [0.1, -INF]])
def test_wrong_grids_are_refused(grid):
    with pytest.raises(ProblemError, match="lambda_b"):
        ncsolve.path(gaussian(3, 1e-3), lambda_b=grid)


@pytest.mark.parametrize("factor", [0.0, -3.0, 1e6])
def test_a_corrupted_guess_still_converges(monkeypatch, factor):
    """Interpolation only saves steps."""
    original = continuation._Known.guess

    def damaged(self, points):
        z, roots = original(self, points)
        return z * factor, dataclasses.replace(roots, offsets=roots.offsets[:, ::-1] * factor)

    monkeypatch.setattr(continuation._Known, "guess", damaged)
    check_path(ncsolve.path(gaussian(10, 1e-3), lambda_b=np.geomspace(1e-3, 1e2, 50)))


def test_a_guess_that_does_not_converge_is_given_up(monkeypatch):
    monkeypatch.setattr(continuation, "_PATIENCE", 0)
    check_path(ncsolve.path(gaussian(10, 1e-3), lambda_b=np.geomspace(1e-3, 1e2, 50)))


def test_a_wrong_law_is_noticed(monkeypatch):
    problem = gaussian(12, 1e-6)
    original = along_lambda_b.large_bias_law

    def damaged(*args):
        law = original(*args)
        return dataclasses.replace(law, direction=law.direction * (1 + 1e-6))

    threshold = ncsolve.solve(problem).transition
    monkeypatch.setattr(along_lambda_b, "large_bias_law", damaged)
    with pytest.raises(ConvergenceError, match="bias equation"):
        ncsolve.path(problem, lambda_b=[2 * threshold])


def test_a_law_used_below_its_end_is_noticed(monkeypatch):
    problem = gaussian(12, 1e-6)
    original = along_lambda_b.large_bias_law
    threshold = ncsolve.solve(problem).transition

    def damaged(*args):
        return dataclasses.replace(original(*args), threshold=0.0)

    monkeypatch.setattr(along_lambda_b, "large_bias_law", damaged)
    with pytest.raises(ConvergenceError, match="bias equation"):
        ncsolve.path(problem, lambda_b=[0.5 * threshold])

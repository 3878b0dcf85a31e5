"""The reduced bias equation against 50-digit arithmetic, and Newton's method from good and from bad starts."""

import math

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncsolve._bias import jacobian
from ncsolve._bias.continuation import solve_bias_path
from ncsolve._bias.equation import newton, solve_bias_equation, start_values
from ncsolve._bias.jacobian import Jacobian, gain
from ncsolve._spectrum.rank_one_update import SecularRoots, solve_secular
from ncsolve._spectrum.workspace import Scratch
from ncsolve.errors import ConvergenceError


def exact(s, m, lambda_b, start):
    """z and m - z from 50-digit Newton steps on h(G) z = lambda_b (m - z), G = diag(s^2) + z z^T, T = 1."""
    r = len(s)
    with mp.workdps(50):
        poles = [mp.mpf(float(x)) ** 2 for x in s]
        target = mp.matrix([mp.mpf(float(x)) for x in m])
        z = mp.matrix([mp.mpf(float(x)) for x in start])
        lb = mp.mpf(lambda_b)
        for _ in range(20):
            values, vectors = mp.eigsy(mp.diag(poles) + z * z.T)
            h = [1 / mp.sqrt(max(value, mp.mpf(1))) for value in values]
            w = vectors.T * z
            pull = vectors * mp.matrix([h[i] * w[i] for i in range(r)])

            def divided(i, j, h=h, values=values):
                if i != j:
                    return (h[i] - h[j]) / (values[i] - values[j])
                return mp.mpf(0) if values[i] <= 1 else -h[i] ** 3 / 2

            jacobian = mp.matrix(r, r)
            for i in range(r):
                for j in range(r):
                    jacobian[i, j] = divided(i, j) * w[i] * w[j]
                jacobian[i, i] += lb + h[i] + mp.fsum(divided(i, j) * w[j] ** 2 for j in range(r))
            step = vectors * mp.lu_solve(jacobian, vectors.T * (pull + lb * (z - target)))
            z = z - step
            if mp.norm(step) <= mp.mpf(10) ** -38 * mp.norm(z):
                return np.array([float(x) for x in z]), np.array([float(x / lb) for x in pull])
        raise AssertionError("the reference did not converge")


def random_problem(seed, r, spread, size):
    """Roots s up to 10**spread in units of T, a kernel in half of the cases, and a mean of up to 10**size."""
    rng = np.random.default_rng(seed)
    s = np.sort(rng.random(r) * 10.0 ** rng.uniform(-2, spread, r))
    if seed % 2:
        s[0] = 0.0
    scale = 10.0 ** rng.uniform(-6, 0, r) if seed % 3 == 0 else np.ones(r)
    return s, rng.standard_normal(r) * 10.0 ** rng.uniform(-2, size) * scale


def relative(x, y):
    return np.linalg.norm(x - y) / np.linalg.norm(y)


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 6), st.floats(1, 10), st.floats(1, 10), st.floats(-14, 12)
)
@settings(max_examples=120)
def test_bias_is_right_to_rounding(seed, r, spread, size, exponent):
    s, m = random_problem(seed, r, spread, size)
    found = solve_bias_equation(s, m, 10.0**exponent)
    z, removed = exact(s, m, 10.0**exponent, found.z)
    assert relative(found.z, z) <= 1e-13
    assert relative(found.removed, removed) <= 1e-13
    assert found.residual <= 1e-15


THRESHOLDS = [1e3, 1.0, 1e-3, 1e-6, 1e-9, 1e-12, 1e-15]


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("lambda_b", [1e-14, 1e-3, 0.3, 1e2, 1e12])
def test_thresholds_from_tiny_to_huge(threshold, lambda_b):
    s = np.array([0.0, 0.1, 0.35, 0.6, 1.0]) / threshold
    m = np.array([0.3, -0.2, 0.5, 1e-5, 0.4]) / threshold
    found = solve_bias_equation(s, m, lambda_b)
    z, removed = exact(s, m, lambda_b, found.z)
    assert relative(found.z, z) <= 1e-13
    assert relative(found.removed, removed) <= 1e-13


@pytest.mark.parametrize("lambda_b", [1e-300, 1e-150, 1e-60, 1e60, 1e150, 1e300])
def test_any_lambda_b(lambda_b):
    """Far out z = lambda_b h^-1 m or m to all digits, and the bias is h z/lambda_b."""
    s, m = np.array([0.0, 0.5, 3.0, 1e6]), np.array([0.2, -3.0, 1.0, 1e3])
    found = solve_bias_equation(s, m, lambda_b)
    if lambda_b < 1:
        np.testing.assert_allclose(found.z, lambda_b * m / gain(s * s), rtol=1e-13)
        np.testing.assert_allclose(found.removed, m, rtol=1e-13)
    else:
        pull = solve_secular(s, m)
        np.testing.assert_array_equal(found.z, m)
        np.testing.assert_allclose(found.removed, pull.apply(gain(pull.values)) / lambda_b, rtol=1e-13)


def dense_residual(s, m, lambda_b, z, removed):
    """F with a dense eigendecomposition: good to about eps G_max."""
    values, vectors = np.linalg.eigh(np.diag(s * s) + np.outer(z, z))
    pull = vectors @ (gain(values) * (vectors.T @ z))
    push = lambda_b * removed
    return np.linalg.norm(pull - push) / (np.linalg.norm(pull) + np.linalg.norm(push))


@pytest.mark.parametrize("r", [60, 90, 250])
@pytest.mark.parametrize("lambda_b", [1e-3, 0.1, 10.0])
def test_many_directions(r, lambda_b):
    """Above 64 directions the start comes from a Krylov space."""
    rng = np.random.default_rng(r)
    s, m = np.sort(np.abs(rng.standard_normal(r))) * 9, rng.standard_normal(r)
    s[0] = 0.0
    found = solve_bias_equation(s, m, lambda_b)
    assert found.residual <= 2e-15
    np.testing.assert_allclose(found.z + found.removed, m, rtol=0, atol=1e-13)
    assert dense_residual(s, m, lambda_b, found.z, found.removed) <= 1e-13
    assert found.steps <= 6


def test_krylov_space_of_few_dimensions():
    """More directions than eigenvalues that differ to rounding: Lanczos stops early."""
    s = np.concatenate((np.linspace(1.0, 1.0 + 1e-13, 50), np.linspace(3.0, 3.0 + 1e-13, 50)))
    m = np.ones(100)
    assert solve_bias_equation(s, m, 0.5).residual <= 2e-15


def test_many_points_are_solved_as_one_is():
    rng = np.random.default_rng(0)
    s, m = np.linspace(0.0, 9.0, 12), 3 * rng.standard_normal(12)
    lambda_b = np.geomspace(1e-6, 1e6, 25)[rng.permutation(25)]
    scratch = Scratch()
    found = newton(s, m, lambda_b, start_values(s, m, lambda_b, scratch), scratch=scratch)
    for i, value in enumerate(lambda_b):
        single = solve_bias_equation(s, m, float(value))
        assert relative(found.z[i], single.z) <= 1e-13
        assert relative(found.removed[i], single.removed) <= 1e-13
        np.testing.assert_allclose(found.system.take(i).values, single.system.values, rtol=1e-13)
    assert found.residual.max() <= 1e-15
    assert found.steps.min() < found.steps.max()  # points end at different steps


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_a_corrupted_start_still_converges(seed):
    """F is the gradient of a strictly convex function: any z leads to its root, with any guess at the eigenvalues."""
    rng = np.random.default_rng(seed)
    s, m = random_problem(seed, 8, 2.0, 1.5)
    lambda_b = 10.0 ** rng.uniform(-3, 3, 3)
    z = rng.standard_normal((3, 8)) * 10.0 ** rng.uniform(-3, 3)
    wrong = solve_secular(s, z[::-1] * 10).roots
    near = SecularRoots(origins=wrong.origins, offsets=wrong.offsets * rng.uniform(-2, 2, (3, 8)))
    found = newton(s, m, lambda_b, z, near, close=bool(seed % 2), scratch=Scratch())
    for i in range(3):
        single = solve_bias_equation(s, m, float(lambda_b[i]))
        assert relative(found.z[i], single.z) <= 1e-12
        assert relative(found.removed[i], single.removed) <= 1e-12


def test_jacobian_is_the_derivative():
    """Against central differences, with directions below, at both sides of, and above the threshold."""
    s, m = np.array([0.0, 0.3, 0.8, 1.2, 3.0, 9.0]), np.array([0.4, 0.5, -0.6, 0.7, -1.0, 2.0])
    lambda_b, z = np.array([0.3]), 0.7 * m
    system = solve_secular(s, z[None])
    assert 0 < np.count_nonzero(system.values <= 1.0) < 6

    def force(x):
        at = solve_secular(s, x)
        return at.apply(gain(at.values)) - lambda_b[0] * (m - x)

    v, h = system.take(0).vectors(), 1e-6
    numeric = np.stack([(force(z + h * v[:, i]) - force(z - h * v[:, i])) / (2 * h) for i in range(6)], axis=1)
    jacobian = Jacobian(system, lambda_b, Scratch())
    for column in np.eye(6):
        y = jacobian.solve((v @ column)[None])[0]
        np.testing.assert_allclose(v.T @ numeric @ y, -column, rtol=0, atol=1e-8)


@pytest.mark.parametrize("factor", [0.1, 100.0])
def test_jacobian_without_directions_on_one_side(factor):
    """All above the threshold, and all below it."""
    s, m = np.array([1.1, 1.5, 2.0]) * factor, np.array([0.1, 0.2, 0.3]) * factor
    found = solve_bias_equation(s, m, 0.5)
    z, removed = exact(s, m, 0.5, found.z)
    assert relative(found.z, z) <= 1e-14
    assert relative(found.removed, removed) <= 1e-14


def test_newton_goes_on_without_a_factorisation(monkeypatch):
    """Where Cholesky's method fails a step in the metric of the diagonal is made: slow, and right."""
    s, m = np.array([0.0, 0.5, 2.0]), np.array([1.0, 0.5, 0.2])
    expected = solve_bias_equation(s, m, 2.0)
    original = jacobian.dpotrf
    monkeypatch.setattr(jacobian, "dpotrf", lambda *args, **options: (original(*args, **options)[0], 1))
    found = solve_bias_equation(s, m, 2.0)
    assert found.steps > expected.steps
    assert relative(found.z, expected.z) <= 1e-13


def test_a_wrong_jacobian_costs_steps_and_no_digits(monkeypatch):
    s, m = np.array([0.0, 0.5, 2.0, 5.0]), np.array([1.0, 0.5, 0.2, 3.0])
    expected = solve_bias_equation(s, m, 0.2)
    original = Jacobian.solve
    monkeypatch.setattr(Jacobian, "solve", lambda self, force: 0.5 * original(self, force))
    found = solve_bias_equation(s, m, 0.2)
    assert found.steps > expected.steps
    assert relative(found.z, expected.z) <= 1e-12


def test_a_step_that_leads_nowhere_is_noticed(monkeypatch):
    s, m = np.array([0.0, 0.5, 2.0]), np.array([1.0, 0.5, 0.2])
    monkeypatch.setattr(Jacobian, "solve", lambda self, force: np.zeros_like(force))
    with pytest.raises(ConvergenceError, match="relative residual"):
        solve_bias_equation(s, m, 0.2)


@pytest.mark.parametrize("grid", [[0.3], [1e-9, 1e9], np.geomspace(1e-3, 10, 200), 10.0 ** np.linspace(-2, 2, 70) ** 3])
def test_path_of_the_equation(grid):
    """Every point once, each as good as if it were solved alone."""
    s, m = np.linspace(0.0, 7.0, 15) ** 1.5, 2 * np.random.default_rng(1).standard_normal(15)
    grid = np.asarray(grid)
    seen = np.zeros(grid.size, dtype=int)
    for index, found in solve_bias_path(s, m, grid):
        seen[index] += 1
        assert found.residual.max() <= 1e-15
        for row, point in enumerate(index):
            single = solve_bias_equation(s, m, float(grid[point]))
            assert relative(found.z[row], single.z) <= 1e-13
            assert relative(found.removed[row], single.removed) <= 1e-13
            v = found.system.take(row).vectors()
            assert np.abs(v.T @ v - np.eye(15)).max() <= 1e-13
    assert np.all(seen == 1)


def test_path_crosses_the_threshold():
    """An eigenvalue passes T between points: z has a kink there, and interpolation errs."""
    s, m = np.array([0.0, 1.5, 4.0]), np.array([3.0, 1.0, 2.0])
    grid = np.geomspace(1e-2, 1e2, 300)
    below = np.empty(300)
    for index, found in solve_bias_path(s, m, grid):
        assert found.residual.max() <= 1e-15
        below[index] = np.count_nonzero(found.system.values <= 1.0, axis=1)
    assert set(below) == {0.0, 1.0}
    assert np.all(np.diff(below) <= 0)
    assert math.isclose(grid[0], 1e-2)

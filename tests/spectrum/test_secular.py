"""The secular equation against LAPACK's dlasd4, against 50-digit arithmetic, and against its own definition."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg.lapack import dlasd4

from ncsolve._spectrum import secular_roots
from ncsolve._spectrum.rank_one_update import SecularRoots, SecularSystem, solve_secular
from ncsolve._spectrum.workspace import Scratch
from ncsolve.errors import ConvergenceError


def random_case(seed, r, spread, kernel=True):
    """Poles and z whose entries differ by up to ``spread`` orders of magnitude."""
    rng = np.random.default_rng(seed)
    s = np.sort(rng.random(r) * 10.0 ** rng.uniform(-3, spread, r))
    if kernel:
        s[0] = 0.0
    z = rng.standard_normal(r) * 10.0 ** rng.uniform(-6, 4) * 10.0 ** rng.uniform(-spread, 0, r)
    return s, z


def defects(s, z, system):
    """How far V is from orthonormal, and V diag(values) from G V, relative to G."""
    v = system.vectors()
    g = np.diag(s * s) + np.outer(z, z)
    apart = np.abs(v.T @ v - np.eye(s.size)).max()
    return apart, np.abs(g @ v - v * system.values).max() / np.abs(g).max()


def by_lapack(s, z):
    length = np.linalg.norm(z)
    return np.array([dlasd4(j, s, z / length, length**2)[1] for j in range(s.size)])


def by_mpmath(s, z):
    with mp.workdps(50):
        column = mp.matrix([mp.mpf(float(x)) for x in z])
        g = mp.diag([mp.mpf(float(x)) ** 2 for x in s]) + column * column.T
        return np.array([float(mp.sqrt(abs(x))) for x in mp.eigsy(g, eigvals_only=True)])


cases = st.tuples(st.integers(0, 2**32 - 1), st.integers(2, 40), st.floats(0, 6), st.booleans())


@given(cases)
@settings(max_examples=150)
def test_singular_values_agree_with_lapack(case):
    s, z = random_case(*case)
    # dlasd4 loses up to three digits where a z is normalised; those are its own (see the next test).
    np.testing.assert_allclose(np.sqrt(solve_secular(s, z).values), by_lapack(s, z), rtol=1e-11)


@given(st.tuples(st.integers(0, 2**32 - 1), st.integers(2, 8), st.floats(0, 6), st.booleans()))
@settings(max_examples=40)
def test_singular_values_are_right_to_rounding(case):
    s, z = random_case(*case)
    np.testing.assert_allclose(np.sqrt(solve_secular(s, z).values), by_mpmath(s, z), rtol=1e-15)


@given(cases)
@settings(max_examples=150)
def test_eigenvectors_are_orthonormal(case):
    s, z = random_case(*case)
    apart, residual = defects(s, z, solve_secular(s, z))
    assert apart <= 1e-13
    assert residual <= 1e-14


@pytest.mark.parametrize("r", [130, 400])
def test_many_poles(r, monkeypatch):
    rng = np.random.default_rng(r)
    s, z = np.sort(rng.random(r)) * 20, rng.standard_normal(r)
    s[0] = 0.0
    system = solve_secular(s, z)
    apart, residual = defects(s, z, system)
    assert apart <= 1e-13
    assert residual <= 1e-14
    monkeypatch.setattr(secular_roots, "_BLOCK", 1000)  # many blocks in place of one
    np.testing.assert_allclose(solve_secular(s, z).values, system.values, rtol=4e-16)


EXTREMES = {
    "one pole": ([2.0], [3.0]),
    "one pole at zero": ([0.0], [1e-9]),
    "two poles": ([0.0, 1.0], [1.0, 1.0]),
    "a zero in z": ([0.0, 1.0, 2.0], [1.0, 0.0, 1.0]),
    "z is zero": ([0.0, 1.0, 2.0], [0.0, 0.0, 0.0]),
    "tiny z": ([0.0, 1.0, 2.0], [1e-200, -1e-300, 1e-160]),
    "huge z": ([0.0, 1.0, 2.0], [1e12, -1e12, 1e12]),
    "huge poles": ([0.0, 1e15, 2e15], [1.0, 1.0, 1.0]),
    "neighbours": ([1.0, 1.0 + 4e-16, 1.0 + 8e-16, 1.0 + 1.2e-15], [1.0, 1.0, 1.0, 1.0]),
    "clusters": ([0.0, 1e-8, 1.0, 1.0 + 1e-12, 1.0 + 2e-12, 5.0], [1e-3, 1.0, 1e-9, 1.0, 1e-5, 1e3]),
    "graded": (list(10.0 ** np.arange(-12, 13.0)), list(10.0 ** np.arange(12, -13.0, -1))),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extremes(name):
    s, z = (np.array(x) for x in EXTREMES[name])
    system = solve_secular(s, z)
    apart, residual = defects(s, z, system)
    assert apart <= 1e-13
    assert residual <= 1e-14
    assert np.all(system.values[:-1] <= s[1:] ** 2)
    assert np.all(system.values >= s**2)


def test_a_root_on_a_pole_of_almost_no_weight():
    """The eigenvalue of the rest all but is the pole: both distances are rounding, and V is orthonormal yet."""
    s = np.array([0.0, 66.58431, 425.75061, 500.0, 913.94763, 1000.0])
    z = np.array([38.596819, -91.7985275, 288.362731, 4.7e-13, -382.534865, 3e-12])
    exact = np.delete(s, [3, 5]), np.delete(z, [3, 5])
    # Shift the first pole's weight until 500 is an eigenvalue of the problem without the tiny weights.
    rest = 1 + np.sum(exact[1][1:] ** 2 / (exact[0][1:] ** 2 - 500.0**2))
    z[0] = 500.0 * np.sqrt(rest)
    system = solve_secular(s, z)
    apart, residual = defects(s, z, system)
    assert apart <= 1e-13
    assert residual <= 1e-14
    g = np.diag(s**2) + np.outer(z, z)
    values, vectors = np.linalg.eigh(g)
    expected = vectors @ ((vectors.T @ z) / np.sqrt(values))
    np.testing.assert_allclose(system.apply(1 / np.sqrt(system.values)), expected, rtol=0, atol=1e-13)


def test_products_with_the_eigenvectors():
    s, z = random_case(3, 9, 1.0)
    system = solve_secular(s, z)
    v, x = system.vectors(), np.random.default_rng(0).standard_normal((9, 2))
    np.testing.assert_allclose(system.to_eigenbasis(x[:, 0]), v.T @ x[:, 0], rtol=0, atol=1e-14)
    np.testing.assert_allclose(system.from_eigenbasis(x[:, 0]), v @ x[:, 0], rtol=0, atol=1e-14)
    np.testing.assert_allclose(system.rotate(x), v @ x, rtol=0, atol=1e-14)
    np.testing.assert_allclose(system.rotate_back(x), v.T @ x, rtol=0, atol=1e-14)
    np.testing.assert_allclose(system.projections, v.T @ z, rtol=0, atol=1e-14 * np.linalg.norm(z))
    h = np.arange(9.0)
    np.testing.assert_allclose(system.apply(h), v @ (h * (v.T @ z)), rtol=0, atol=1e-12 * np.linalg.norm(z))


@pytest.mark.parametrize("close", [False, True])
def test_many_points_are_solved_as_one_is(close):
    rng = np.random.default_rng(1)
    s = np.sort(rng.random(20)) * 5
    z = rng.standard_normal(20) * np.geomspace(1e-3, 1e3, 33)[:, None]
    singles = [solve_secular(s, row) for row in z]
    start = solve_secular(s, z[::-1]).roots if close else None  # a start from quite another problem
    both = solve_secular(s, z, start, close=close)
    for i, single in enumerate(singles):
        np.testing.assert_allclose(both.values[i], single.values, rtol=1e-15)
        np.testing.assert_allclose(both.take(i).vectors(), single.vectors(), rtol=0, atol=1e-13)
    np.testing.assert_array_equal(both.take(np.array([4, 2])).slopes, both.slopes[[4, 2]])
    room = SecularSystem.empty(2, 20)
    room.put(np.array([1]), both.take(np.array([7])))
    np.testing.assert_array_equal(room.take(1).vectors(), both.take(7).vectors())


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("factor", [1.0, 1 + 1e-14, 1 + 1e-9, 1.001, 2.0, 1e4])
def test_warm_starts(factor, close):
    s, z = random_case(5, 30, 2.0)
    near = solve_secular(s, z).roots
    expected = solve_secular(s, z * factor)
    found = solve_secular(s, z * factor, near, close=close)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-15)
    assert defects(s, z * factor, found)[0] <= 1e-13


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_a_corrupted_start_still_converges(seed, close):
    """Wrong origins, offsets outside their intervals, zeros: only the number of sweeps may depend on the start."""
    rng = np.random.default_rng(seed)
    s, z = random_case(seed, 12, 3.0)
    here = np.arange(12)
    start = SecularRoots(
        origins=np.minimum(here + rng.integers(0, 2, 12), 11),
        offsets=rng.standard_normal(12) * 10.0 ** rng.uniform(-9, 9, 12) * rng.integers(0, 2, 12),
    )
    found = solve_secular(s, z, start, close=close)
    np.testing.assert_allclose(found.values, solve_secular(s, z).values, rtol=1e-15)
    assert defects(s, z, found)[0] <= 1e-13


def test_a_loose_solution_is_loose_and_no_more():
    s, z = random_case(8, 50, 1.0)
    loose, exact = solve_secular(s, z, tolerance=1e-8), solve_secular(s, z)
    np.testing.assert_allclose(loose.roots.offsets, exact.roots.offsets, rtol=1e-7)


def test_scratch_hands_out_what_was_given_back():
    scratch = Scratch()
    first = scratch.matrix(3, 4)
    assert not np.shares_memory(first, scratch.matrix(3, 4))
    scratch.give(first)
    assert np.shares_memory(first, scratch.matrix(4, 3))
    assert not np.shares_memory(first, scratch.matrix(4, 3))
    q, t = scratch.pair(2, 5)
    assert q.shape == t.shape == (2, 5)
    assert not np.shares_memory(q, t)


def test_a_step_that_leads_nowhere_is_noticed(monkeypatch):
    """Roots that claim to have settled are looked at again."""
    s, z = random_case(2, 10, 1.0)
    monkeypatch.setattr(secular_roots, "third_order_step", lambda f, *_: np.zeros_like(f))
    with pytest.raises(ConvergenceError, match="secular equation"):
        solve_secular(s, z)


@pytest.mark.parametrize("factor", [0.5, 1.7])
def test_a_bad_step_costs_time_and_no_digits(monkeypatch, factor):
    s, z = random_case(2, 10, 1.0)
    expected = solve_secular(s, z)
    original = secular_roots.third_order_step
    monkeypatch.setattr(secular_roots, "third_order_step", lambda *args: factor * original(*args))
    np.testing.assert_allclose(solve_secular(s, z).values, expected.values, rtol=1e-15)


def test_eigenvectors_that_are_not_orthonormal_are_noticed(monkeypatch):
    s, z = random_case(2, 10, 1.0)
    monkeypatch.setattr(secular_roots, "_ORTHONORMAL", -1.0)  # make every system consistent
    assert defects(s, z, solve_secular(s, z))[0] <= 1e-13
    monkeypatch.setattr(secular_roots, "consistent_weights", lambda poles, cauchy: np.arange(1.0, poles.size + 1))
    with pytest.raises(ConvergenceError, match="orthonormal"):
        solve_secular(s, z)

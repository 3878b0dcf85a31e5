"""The spectrum of the label scatter: as accurate as singular values are, wherever the threshold lies."""

import math

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve._bias.theorems import solve_bias
from ncsolve._spectrum import left_singular_vectors
from ncsolve._spectrum.label_spectrum import spectrum_of_codes, spectrum_of_scatter
from ncsolve._spectrum.left_singular_vectors import left_basis
from tests.reference import exact_bias

EPS = float(np.finfo(float).eps)


def with_singular_values(seed, values, columns):
    rng = np.random.default_rng(seed)
    n = len(values)
    left = np.linalg.qr(rng.standard_normal((n, n)))[0]
    right = np.linalg.qr(rng.standard_normal((columns, n)))[0]
    return (left * values) @ right.T


SPECTRA = {
    "near one another": lambda rng, n: rng.uniform(0.3, 1.0, n),
    "graded": lambda rng, n: 10.0 ** rng.uniform(-6, 0, n),
    "steep": lambda rng, n: 10.0 ** rng.uniform(-14, 0, n),
    "repeated": lambda rng, n: np.repeat([1.0, 0.5, 0.04, 0.01], -(-n // 4))[:n],
    "rank 3": lambda rng, n: np.append(rng.uniform(0.5, 1, 3), np.zeros(n - 3)),
    "a few small": lambda rng, n: np.append(rng.uniform(0.5, 1, n - 3), [1e-3, 1e-5, 0.0]),
    "one large": lambda rng, n: np.append(1.0, rng.uniform(1e-3, 2e-3, n - 1)),
}


@pytest.mark.parametrize("n", [5, 40])
@pytest.mark.parametrize("threshold", [0.5, 0.03, 1e-3, 1e-6, 1e-15])
@pytest.mark.parametrize("name", SPECTRA)
def test_basis_is_one_of_singular_vectors(name, threshold, n):
    rng = np.random.default_rng(n)
    a = with_singular_values(n, SPECTRA[name](rng, n), n + 3)
    basis, roots = left_basis(a, threshold, 0.0)
    expected = np.linalg.svd(a, compute_uv=False)[::-1]
    assert np.all(np.diff(roots) >= 0)
    assert np.abs(basis.T @ basis - np.eye(n)).max() <= 1e-14
    # h depends on roots above the threshold; what is below it need only stay below.
    above = expected >= threshold
    assert np.abs(roots - expected)[above].max(initial=0.0) <= 2e-13 * threshold + 20 * EPS
    assert np.all(roots[~above] <= threshold * (1 + 1e-12) + 1e-7)
    zero = expected <= 10 * EPS
    assert np.all(roots[zero] <= 1e-9)
    rows = basis.T @ a
    coupling = np.abs(rows @ rows.T - np.diag(roots**2))
    # The backward error of singular values, eps s_max, times the larger of the two; of squares, where those suffice.
    larger = np.maximum.outer(expected, expected)
    size = larger if threshold < 0.03 else np.ones((n, n))
    assert np.all(coupling[above] <= 200 * EPS * size[above])


def test_small_thresholds_need_no_singular_value_decomposition(monkeypatch):
    """The small eigenvalues alone are looked at again."""
    rng = np.random.default_rng(0)
    a = rng.standard_normal((120, 120))
    expected = np.linalg.svd(a, compute_uv=False)[::-1]

    def refuse(*_):
        raise AssertionError("not needed")

    monkeypatch.setattr(left_singular_vectors, "_direct", refuse)
    for threshold in (1e-2, 1e-4, 1e-8):
        basis, roots = left_basis(a, threshold * expected[-1], 0.0)
        np.testing.assert_allclose(roots, expected, rtol=0, atol=2e-15 * expected[-1] * 3)
        # Each row of U^T A has the length of its singular value: no vector has a part of a larger one.
        np.testing.assert_allclose(np.linalg.norm(basis.T @ a, axis=1), expected, rtol=0, atol=1e-14 * expected[-1])


def test_a_rotation_that_is_not_small_is_not_used(monkeypatch):
    rng = np.random.default_rng(1)
    a = rng.standard_normal((60, 60))
    monkeypatch.setattr(left_singular_vectors, "_ROTATION", 0.0)
    basis, roots = left_basis(a, 1e-6, 0.0)
    np.testing.assert_allclose(roots, np.linalg.svd(a, compute_uv=False)[::-1], rtol=0, atol=1e-13)
    assert np.abs(basis.T @ basis - np.eye(60)).max() <= 1e-14


def test_failing_lapack_is_replaced(monkeypatch):
    """Divide and conquer may fail to converge; QR iteration then takes its place."""
    original, drivers = scipy.linalg.svd, []

    def svd(a, *, lapack_driver="gesdd", **options):
        drivers.append(lapack_driver)
        if lapack_driver == "gesdd":
            raise np.linalg.LinAlgError("SVD did not converge")
        return original(a, lapack_driver=lapack_driver, **options)

    monkeypatch.setattr(scipy.linalg, "svd", svd)
    a = np.random.default_rng(0).standard_normal((4, 6))
    _, roots = left_basis(a, 0.1, 0.0)
    np.testing.assert_allclose(roots, np.linalg.svd(a, compute_uv=False)[::-1], rtol=1e-14)
    assert drivers == ["gesdd", "gesvd"]


def random_codes(seed, m, k, kind):
    rng = np.random.default_rng(seed)
    codes = rng.standard_normal((m, k))
    if kind == "integers":
        codes = rng.integers(-1, 2, (m, k)).astype(float)
    elif kind == "dependent":
        codes = rng.standard_normal((m, 2)) @ rng.standard_normal((2, k))
    elif kind == "repeated" and k > 1:
        codes[:, 0] = codes[:, 1]
    elif kind == "zero":
        codes[:, 0] = 0.0
    elif kind == "orthonormal":
        codes = np.linalg.qr(rng.standard_normal((max(m, k), k)))[0]
    counts = np.full(codes.shape[1], 3) if kind == "orthonormal" else rng.integers(1, 30, codes.shape[1])
    return codes, counts


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 14), st.integers(1, 14),
    st.sampled_from(["normal", "integers", "dependent", "repeated", "zero", "orthonormal"]), st.floats(-6, 1),
)
@settings(max_examples=200)
def test_split_of_the_scatter(seed, m, k, kind, exponent):
    """S and mu from the parts, and mu meets each of its eigenspaces in one vector."""
    codes, counts = random_codes(seed, m, k, kind)
    u, n = np.sqrt(counts.astype(float)), int(counts.sum())
    size = np.linalg.norm(codes * u) + 1e-300
    spectrum = spectrum_of_codes(codes * u, u, n, 10.0**exponent * size)
    mean = codes @ counts / n
    centred = (codes - mean[:, None]) * u
    roots = np.concatenate((spectrum.met_roots, spectrum.rest_roots))
    basis = spectrum.basis
    assert np.abs(basis.T @ basis - np.eye(basis.shape[1])).max() <= 2e-14
    np.testing.assert_allclose((basis * roots**2) @ basis.T, centred @ centred.T, rtol=0, atol=1e-13 * size**2)
    np.testing.assert_allclose(spectrum.lift(spectrum.met_mean), mean, rtol=0, atol=1e-13 * size)
    assert np.all(np.diff(spectrum.met_roots) > 0)
    assert np.all(spectrum.met_mean != 0)
    if np.linalg.matrix_rank(codes) == codes.shape[1] and np.linalg.cond(codes * u) < 1e4:
        assert spectrum.mean_leaves_scatter  # independent codes: 0 is not in their affine hull


@pytest.mark.parametrize("threshold", [0.3, 1e-2, 1e-4])
def test_independent_codes_have_an_exact_kernel(threshold):
    """However S is split, the direction that u takes out of the codes has the singular value zero, exactly."""
    rng = np.random.default_rng(3)
    for m, k in ((60, 60), (80, 50)):
        codes = rng.standard_normal((m, k))
        u = np.sqrt(rng.integers(1, 50, k).astype(float))
        spectrum = spectrum_of_codes(codes * u, u, round(u @ u), threshold * np.linalg.norm(codes * u, 2))
        assert spectrum.met_roots[0] == 0.0
        assert spectrum.met_roots[1] > 0.0
        assert spectrum.mean_leaves_scatter


FIFTY = [
    (name, threshold) for name in ("near one another", "graded", "repeated", "a few small")
    for threshold in (0.1, 1e-2, 1e-3, 1e-4)
]


@pytest.mark.parametrize(
    ("name", "threshold"),
    # every spectrum at one of the thresholds, and the rest in the exhaustive run
    [pytest.param(*case, marks=[] if i % 5 == 0 else [pytest.mark.exhaustive]) for i, case in enumerate(FIFTY)],
)
def test_bias_against_fifty_digits(name, threshold):
    """Through the whole of the spectrum and the bias equation, at thresholds where squares are not enough."""
    rng = np.random.default_rng(5)
    codes = with_singular_values(6, SPECTRA[name](rng, 11), 12)
    counts = np.full(12, 4) if name == "repeated" else rng.integers(1, 9, 12)
    top = np.linalg.norm(codes * np.sqrt(counts), 2)
    weight = threshold * top / counts.sum()
    problem = ncsolve.UFM(encoding=codes, counts=counts, lambda_w=weight, lambda_h=weight, lambda_b=0.02)
    found = ncsolve.solve(problem, method="spectral")
    expected = exact_bias(problem, found.bias)
    assert np.linalg.norm(found.bias - expected) <= max(1e-13, 4 * EPS / threshold) * np.linalg.norm(expected)


def test_law_for_repeated_singular_values():
    """M has repeated singular values, S one of each less: its mean coordinate is rounding, and must not count."""
    codes = with_singular_values(0, np.repeat([1.0, 0.5, 0.1, 0.02], 10), 40)
    u = np.sqrt(np.full(40, 7.0))
    threshold = 1e-3 * np.linalg.norm(codes * u, 2)
    spectrum = spectrum_of_codes(codes * u, u, 280, threshold)
    found = solve_bias(spectrum, threshold, 0.1)
    assert found.choice.theorem == "T5b"
    left, _, right = np.linalg.svd(codes * u)
    expected = threshold / 280 / 0.1 * (left @ right @ u)
    assert np.linalg.norm(spectrum.lift(found.bias) - expected) <= 1e-12 * np.linalg.norm(expected)
    again = spectrum.lift(solve_bias(spectrum, threshold, 0.1, spectral=True).bias)
    assert np.linalg.norm(again - expected) <= 1e-12 * np.linalg.norm(expected)


def test_spectrum_of_statistics():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((6, 4))
    scatter, mean = a @ a.T, a @ rng.standard_normal(4)
    spectrum = spectrum_of_scatter(scatter, mean, 10)
    roots = np.concatenate((spectrum.met_roots, spectrum.rest_roots))
    np.testing.assert_allclose((spectrum.basis * roots**2) @ spectrum.basis.T, scatter, rtol=0, atol=1e-13)
    np.testing.assert_allclose(spectrum.lift(spectrum.met_mean), mean, rtol=0, atol=1e-13)
    assert np.count_nonzero(roots == 0.0) == 2
    assert not spectrum.mean_leaves_scatter
    assert math.isclose(float(np.max(roots)), np.linalg.norm(a, 2), rel_tol=1e-13)

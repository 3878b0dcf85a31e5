"""Frame geometry and NC metrics on known frames."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings, geometry


def rotation(rng, d):
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


@given(st.integers(2, 9), st.integers(0, 10**6), st.floats(0.1, 10))
def test_distances_vanish_on_their_frame_and_nowhere_else(k, seed, scale):
    rng = np.random.default_rng(seed)
    turn = rotation(rng, k)
    etf = scale * turn @ (np.eye(k) - np.ones((k, k)) / k)
    frame = scale * turn
    # K normalised entries, each with a few roundings
    assert geometry.distance_to_simplex_etf(etf.T @ etf) < 1e-14 * k
    assert geometry.distance_to_orthogonal_frame(frame.T @ frame) < 1e-14 * k
    gap = math.sqrt(2 - 2 * math.sqrt((k - 1) / k))  # angle between the two normalised Gram matrices
    assert geometry.distance_to_simplex_etf(frame.T @ frame) == pytest.approx(gap, rel=1e-9)
    assert geometry.distance_to_orthogonal_frame(etf.T @ etf) == pytest.approx(gap, rel=1e-9)


def test_undefined_is_none():
    assert geometry.distance_to_simplex_etf(np.zeros((3, 3))) is None
    assert geometry.distance_to_orthogonal_frame(np.zeros((3, 3))) is None
    assert geometry.distance_to_simplex_etf([[1.0]]) is None
    assert geometry.self_duality_error(np.zeros((2, 3)), np.ones((2, 3))) is None
    assert geometry.nc1(np.ones((2, 4)), [0, 0, 1, 1], 2) is None


@given(st.integers(2, 5), st.integers(2, 4), st.integers(0, 10**6))
def test_nc1_is_the_trace_ratio(d, k, seed):
    """Against covariances summed sample by sample; zero for collapsed features, whatever the rotation."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate((np.arange(k), rng.integers(0, k, 20)))
    means = rng.standard_normal((d, k))
    assert geometry.nc1(means[:, labels], labels, k) < 1e-25
    features = means[:, labels] + 0.3 * rng.standard_normal((d, labels.size))
    centres = geometry.class_means_of(features, labels, k)
    sw = sum(np.outer(features[:, i] - centres[:, y], features[:, i] - centres[:, y]) for i, y in enumerate(labels))
    sb = sum(np.outer(c - centres.mean(axis=1), c - centres.mean(axis=1)) for c in centres.T) / k
    expected = np.trace(sw / labels.size @ np.linalg.pinv(sb, rcond=1e-13)) / k
    assert geometry.nc1(features, labels, k) == pytest.approx(expected, rel=1e-6)
    turn = rotation(rng, d)
    assert geometry.nc1(turn @ features, labels, k) == pytest.approx(geometry.nc1(features, labels, k), rel=1e-6)


def test_self_duality_of_balanced_codes():
    """W^T is proportional to the class means in every regime for w > 0, and not for signed codes (T7)."""
    for lb in (0.0, 0.01, 0.02, 0.3, 5.0, math.inf):
        for code in (encodings.onehot(5), encodings.smoothed(5, 0.2), encodings.signed(5)):
            problem = ncsolve.UFM(encoding=code, counts=20, lambda_w=2e-3, lambda_h=1e-3, lambda_b=lb)
            found = ncsolve.solve(problem)
            dual = code.row_sum > 0 or lb <= found.transition
            error = geometry.self_duality_error(found.W.T, found.class_means)
            assert found.nc.nc3 == pytest.approx(error, abs=1e-14)
            assert (error < 1e-13) == dual
            assert found.nc.nc4 < 1e-13  # NC4 is exact for all balanced affine codes


def test_nc3_of_general_codes_is_measured_from_the_bias():
    problem = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=(5, 20, 1, 10),
                          lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1)
    found = ncsolve.solve(problem)
    pulled = found.W.T @ (problem.encoding.matrix - found.bias[:, None])
    assert found.nc.nc3 == pytest.approx(geometry.self_duality_error(pulled, found.class_means), rel=1e-12)


@given(st.integers(0, 10**6))
def test_nc4_mismatch_finds_disagreeing_points(seed):
    """Random features are assigned alike by nearest mean and nearest code exactly if the mismatch is zero."""
    rng = np.random.default_rng(seed)
    problem = ncsolve.UFM(encoding=rng.standard_normal((3, 4)), counts=rng.integers(1, 30, 4), lambda_w=1e-3,
                          lambda_h=1e-3, lambda_b=0.1)
    for case, agree in ((problem, False), (problem.replace(encoding=np.eye(4), counts=10), True)):
        found = ncsolve.solve(case)
        spread = np.abs(found.class_means).max()
        h = found.class_means @ rng.dirichlet(np.ones(4) * 0.5, 4000).T
        h = h + 0.5 * spread * found.class_means @ rng.standard_normal((4, 4000)) / spread
        gaps = np.sum((h[:, None, :] - found.class_means[:, :, None]) ** 2, axis=0)
        by_mean = np.argmin(gaps, axis=0)
        assert (found.nc.nc4 < 1e-12) == agree
        assert bool((by_mean == found.predict(h)).all()) == agree


def test_cosines():
    np.testing.assert_allclose(geometry.cosine_matrix([[4.0, 0.0, 2.0], [0.0, 0.0, 0.0], [2.0, 0.0, 1.0]]),
                               [[1, np.nan, 1], [np.nan, np.nan, np.nan], [1, np.nan, 1]])
    assert geometry.simplex_cosine(11) == -0.1
    with pytest.raises(ncsolve.ProblemError, match="at least 2; got 1"):
        geometry.simplex_cosine(1)
    with pytest.raises(ncsolve.ProblemError, match="square"):
        geometry.cosine_matrix([[1.0, 2.0]])
    with pytest.raises(ncsolve.ProblemError, match="one column per label"):
        geometry.nc1(np.ones((2, 3)), [0, 1], 2)
    with pytest.raises(ncsolve.ProblemError, match="shape"):
        geometry.self_duality_error(np.ones((2, 3)), np.ones((3, 3)))

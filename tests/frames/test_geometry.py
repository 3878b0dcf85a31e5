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


def spread_features(k=6, d=40, n=20, seed=3):
    rng = np.random.default_rng(seed)
    means, labels = rng.standard_normal((d, k)), np.repeat(np.arange(k), n)
    return means, labels, means[:, labels] + 0.1 * rng.standard_normal((d, k * n))


def test_nc1_is_scale_free_and_blind_to_an_offset():
    _, labels, h = spread_features()
    value = geometry.nc1(h, labels, 6)
    assert 1e-4 < value < 1e-2
    for scale in (1e-300, 1e-200, 1e200, 1e306):
        assert geometry.nc1(scale * h, labels, 6) == pytest.approx(value, rel=1e-12)
        assert geometry.within_class_energy(scale * h, labels, 6) == pytest.approx(
            geometry.within_class_energy(h, labels, 6), rel=1e-12)
    # h + 1e8 is rounded by 1e-8 against a spread of 0.1
    assert geometry.nc1(h + 1e8, labels, 6) == pytest.approx(value, rel=1e-6)
    assert geometry.nc1(h.astype(np.float32), labels, 6) == pytest.approx(value, rel=1e-5)
    assert geometry.nc1(h.astype(np.float16), labels, 6) == pytest.approx(value, rel=1e-2)
    shuffled = np.random.default_rng(0).permutation(labels.size)
    assert geometry.nc1(h[:, shuffled], labels[shuffled], 6) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16])
def test_collapsed_features_have_no_variation_at_all(kind):
    means, labels, _ = spread_features()
    collapsed = (means + 3.0).astype(kind)[:, labels]
    assert geometry.nc1(collapsed, labels, 6) == 0.0
    assert geometry.within_class_energy(collapsed, labels, 6) == 0.0
    assert geometry.nc1(collapsed[:, ::20], labels[::20], 6) == 0.0  # one sample a class


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_two_classes_with_one_mean_lose_a_direction_and_no_more(kind):
    """Means that differ by rounding of the features are one mean: K - 2 directions are left."""
    _, labels, h = spread_features()
    h = h.astype(kind)
    h[:, 20:40] = (h[:, :20] * kind(3) / kind(3))[:, ::-1]
    assert (h[:, 20:40] != h[:, :20][:, ::-1]).any()
    means = h.astype(np.float64).reshape(40, 6, 20).mean(axis=2)
    basis = np.linalg.qr(means[:, 2:] - means[:, [0]])[0]  # K - 2 differences: class 1 adds none
    within = basis.T @ (h.astype(np.float64) - means[:, labels])
    between = basis.T @ np.cov(means, bias=True) @ basis
    right = np.trace(np.linalg.solve(between, within @ within.T)) / labels.size / 6
    assert geometry.nc1(h, labels, 6) == pytest.approx(right, rel=1e-6)
    assert geometry.nc1(h[:, :40], labels[:40], 2) is None


def test_nc1_jumps_where_two_means_meet_and_the_energy_does_not():
    _, labels, h = spread_features()
    h[:, 20:40] = h[:, :20][:, ::-1]
    at = geometry.nc1(h, labels, 6), geometry.within_class_energy(h, labels, 6)
    h[0, 20:40] += 1e-9
    near = geometry.nc1(h, labels, 6), geometry.within_class_energy(h, labels, 6)
    assert near[0] > 1e10 * at[0]
    assert near[1] == pytest.approx(at[1], rel=1e-8)


def test_nc1_of_few_samples_and_classes():
    _, labels, h = spread_features()
    assert geometry.nc1(h, 0 * labels, 1) is None
    assert geometry.nc1(h, labels, 9) == geometry.nc1(h, labels, 6)  # three classes without a sample are left out
    few = h[:, [0, 1, 119]]
    assert geometry.nc1(few, [0, 0, 5], 6) == pytest.approx(geometry.nc1(few, [0, 0, 1], 2))
    # d = 1, classes {-1, 1} and {3, 5}: variance 1 within, 4 between
    assert geometry.nc1([[-1.0, 1.0, 3.0, 5.0]], [0, 0, 1, 1], 2) == pytest.approx(1 / 4 / 2)
    assert geometry.within_class_energy([[-1.0, 1.0, 3.0, 5.0]], [0, 0, 1, 1], 2) == pytest.approx(4 / 36)
    assert geometry.within_class_energy([[-1.0, 1.0, -2.0, 2.0]], [0, 0, 1, 1], 2) == 1.0  # every class mean is zero
    assert geometry.within_class_energy(np.zeros((2, 3)), [0, 1, 1], 2) is None
    assert geometry.nc1(np.zeros((2, 3)), [0, 1, 1], 2) is None


def test_class_means_cost_no_digits():
    """Exact for equal features, and NaN only for a class without a sample."""
    found = geometry.class_means_of([[0.1, 0.1, 0.1, 7.0]], [0, 0, 0, 2], 3)
    assert found[0, 0] == 0.1
    assert math.isnan(found[0, 1])
    assert found[0, 2] == 7.0
    assert geometry.class_means_of([[1.5e308, -1.5e308, 1.5e308]], [0, 0, 1], 2).tolist() == [[0.0, 1.5e308]]


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_frames_of_any_size(scale):
    gram = np.array([[2.0, 1.0], [1.0, 3.0]])
    for metric in (geometry.distance_to_simplex_etf, geometry.distance_to_orthogonal_frame):
        assert metric(scale * gram) == pytest.approx(metric(gram), rel=1e-12)
    np.testing.assert_allclose(geometry.cosine_matrix(scale * gram), geometry.cosine_matrix(gram), rtol=1e-12)
    a, h = np.array([[1.0, 2.0], [0.5, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    assert geometry.self_duality_error(scale * a, scale * h) == pytest.approx(geometry.self_duality_error(a, h))


@pytest.mark.parametrize("function", [
    geometry.cosine_matrix, geometry.distance_to_simplex_etf, geometry.distance_to_orthogonal_frame])
def test_class_means_are_not_taken_for_a_gram_matrix(function):
    means = rotation(np.random.default_rng(0), 3) + 1.0
    for wrong in (means, -np.eye(3), np.array([[1.0, 2.0], [2.0, 1.0]])):
        with pytest.raises(ncsolve.ProblemError, match=r"symmetric .* pass class_means.T @ class_means"):
            function(wrong)
    with pytest.raises(ncsolve.ProblemError, match=r"square .* pass class_means.T @ class_means"):
        function(means[:2])
    half = (means.T @ means).astype(np.float16)
    half[0, 1] *= np.float16(1.0005)  # products of half precision need not be symmetric to the last digit
    function(half)


class Tensor:
    """What is used of a torch tensor: numpy cannot read it before it is detached and on the CPU."""

    dtype = np.dtype(np.float64)

    def __init__(self, array, ready=()):
        self.array, self.ready = array, ready

    def detach(self):
        return Tensor(self.array, (*self.ready, "detached"))

    def cpu(self):
        return Tensor(self.array, (*self.ready, "cpu"))

    def __array__(self, dtype=None, copy=None):
        if self.ready != ("detached", "cpu"):
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self.array


def test_what_looks_like_a_tensor_is_detached():
    _, labels, h = spread_features()
    assert geometry.nc1(Tensor(h), Tensor(labels), 6) == geometry.nc1(h, labels, 6)
    with pytest.raises(ncsolve.ProblemError, match=r"got list \(Can't call numpy\(\) on Tensor that requires grad"):
        geometry.nc1([Tensor(h)], labels, 6)


def test_tensors_are_read_without_their_gradient():
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
    _, labels, h = spread_features()
    tensor = torch.tensor(h, requires_grad=True)
    value = geometry.nc1(h, labels, 6)
    assert geometry.nc1(tensor, torch.tensor(labels), 6) == value
    assert tensor.requires_grad
    assert geometry.nc1(tensor.bfloat16(), labels, 6) == pytest.approx(value, rel=0.05)  # three digits
    assert geometry.within_class_energy(tensor, labels, 6) == geometry.within_class_energy(h, labels, 6)
    for wrong in ([tensor], tensor.to_sparse()):
        with pytest.raises(ncsolve.ProblemError, match=r"features must be a rectangular array .*dense tensor"):
            geometry.nc1(wrong, labels, 6)

"""The field's metrics against the field's own code, which centring is whose, and what happens where they are undefined.

``THEIRS`` was obtained by hand, by running the peers' code in double precision (torch 2.13.0, CPU) on the arrays below:
rhubarbwu/neural-collapse at commits c05a0b80d6bc and 9036e530b510 (the last before 1ab766ba7ead), the functions of
validate_NC.py in tding1/Neural-Collapse at 04ef5860d4a8 and in jinxinzhou/neural-collapse-MSE at 47624073359b (those of
evaluate.py in jinxinzhou/nc_loss at a294e2a57e85 give the same), and the analysis cell of neuralcollapse.ipynb in
neuralcollapse/neuralcollapse at 7f12011df914.
"""

import math

import numpy as np
import pytest
from ncsolve.verify import metrics, peers

import ncsolve
from ncsolve import encodings, geometry

D, K = 6, 4
COUNTS = np.array([5, 2, 9, 4])
LABELS = np.repeat(np.arange(K), COUNTS)
CENTRES = np.sin(1.0 + np.arange(D * K)).reshape(D, K) + 0.5
H = CENTRES[:, LABELS] + 0.2 * np.cos(0.7 * np.arange(D * LABELS.size) ** 2).reshape(D, -1)
W = CENTRES.T + np.cos(2.0 + 3.0 * np.arange(K * D)).reshape(K, D)
B = np.array([0.1, -0.2, 0.3, 0.4])
MEANS = geometry.class_means_of(H, LABELS, K)
BY_SAMPLES = {"centring": "samples", "counts": COUNTS}

THEIRS = {
    "package c05a0b8, covariance_ratio 'pinv', mean of means": (
        0.3094861074416, lambda: peers.covariance_pinv(H, LABELS, K)),
    "package c05a0b8, covariance_ratio 'pinv', mean of samples": (
        0.2578243337688, lambda: peers.covariance_pinv(H, LABELS, K, centring="samples")),
    "package c05a0b8, covariance_ratio 'pinv', no mean": (
        0.3175001996147, lambda: peers.covariance_pinv(H, LABELS, K, centring="none")),
    "package c05a0b8, covariance_ratio 'quotient', mean of means": (
        0.0388457884951, lambda: peers.covariance_quotient(H, LABELS, K)),
    "package c05a0b8, covariance_ratio 'quotient', mean of samples": (
        0.03804447775004, lambda: peers.covariance_quotient(H, LABELS, K, centring="samples")),
    "package c05a0b8, covariance_ratio 'quotient', no mean": (
        0.02139261493358, lambda: peers.covariance_quotient(H, LABELS, K, centring="none")),
    "package 9036e53, covariance_pinv": (0.4642291611624, lambda: peers.covariance_pinv_2024_10(H, LABELS, K)),
    "package 9036e53, covariance_ratio": (0.05826868274264, lambda: peers.covariance_ratio_2024_10(H, LABELS, K)),
    "package c05a0b8, simplex_etf_error, mean of means": (0.7891815847464, lambda: peers.simplex_etf_error(MEANS)),
    "package c05a0b8, simplex_etf_error, mean of samples": (
        0.806698531823, lambda: peers.simplex_etf_error(MEANS, **BY_SAMPLES)),
    "package c05a0b8, simplex_etf_error, no mean": (
        1.022949575982, lambda: peers.simplex_etf_error(MEANS, centring="none")),
    "package c05a0b8, self_duality_error, mean of means": (
        0.8285729746271, lambda: peers.self_duality_error(W, MEANS)),
    "package c05a0b8, self_duality_error, no mean": (
        1.056321725322, lambda: peers.self_duality_error(W, MEANS, centring="none")),
    "Zhu 2021, compute_ETF": (1.16262562714, lambda: peers.zhu_classifier_etf_error(W)),
    "Zhu 2021, compute_W_H_relation": (0.8345961812637, lambda: peers.zhu_self_duality_error(W, MEANS, COUNTS)),
    "Zhu 2021, compute_Wh_b_relation": (3.832232888016, lambda: peers.bias_centring(W, B, MEANS, **BY_SAMPLES)),
    "Zhou 2022, compute_ETF": (0.7656943016627, lambda: peers.zhou_classifier_etf_error(W)),
    "Zhou 2022, compute_W_H_relation": (0.8251684234483, lambda: peers.zhou_self_duality_error(W, MEANS, COUNTS)),
    "Papyan 2020, W_M_dist": (0.9787265890754, lambda: peers.papyan_self_duality(W, MEANS)),
    "Papyan 2020, norm_M_CoV sqrt((C - 1)/C)": (0.2796197038423, lambda: peers.equinorm(MEANS)),
    "Papyan 2020, cos_M": (0.5726642020474, lambda: peers.equiangularity(MEANS)[1]),
}


@pytest.mark.parametrize("name", THEIRS)
def test_the_peers_code_gives_the_same(name):
    theirs, ours = THEIRS[name]
    assert ours() == pytest.approx(theirs, rel=1e-12)  # thirteen digits were written down


def test_cdnv_is_the_packages():
    # variability_cdnv of c05a0b8 fills a grid of single precision
    assert peers.cdnv(H, LABELS, K) == pytest.approx(0.01743285916746, rel=1e-7)


def test_zhou_is_blind_to_the_bias_and_zhu_is_not():
    """One-hot, lambda_b = inf, K = 4: W is an orthogonal frame, sqrt(2 - 2 sqrt(3/4)) from a simplex ETF."""
    found = ncsolve.solve(ncsolve.UFM(encoding=encodings.onehot(4), counts=5, lambda_w=1e-3, lambda_h=1e-3,
                                      lambda_b=math.inf))
    assert peers.zhou_classifier_etf_error(found.W) < 1e-14
    assert peers.zhou_self_duality_error(found.W, found.class_means, found.problem.counts) < 1e-14
    assert peers.zhu_classifier_etf_error(found.W) == pytest.approx(math.sqrt(2 - math.sqrt(3)))  # 0.5176
    assert peers.zhu_classifier_etf_error(found.W) == pytest.approx(0.5176380902050416, rel=1e-12)


def test_the_two_global_means_differ_on_imbalanced_data():
    counts = (60, 30, 6, 4)
    found = ncsolve.solve(ncsolve.UFM(encoding=encodings.onehot(4), counts=counts, lambda_w=5e-3, lambda_h=5e-3,
                                      lambda_b=0.02))
    # compute_W_H_relation of tding1/Neural-Collapse 04ef586 with the mean of all samples and with that of class means
    assert peers.zhu_self_duality_error(found.W, found.class_means, counts) == pytest.approx(0.48835441615, rel=1e-9)
    assert peers.self_duality_error(found.W, found.class_means) == pytest.approx(0.07492268588, rel=1e-9)
    assert peers.zhu_self_duality_error(found.W, found.class_means, 4 * [7]) == pytest.approx(0.07492268588, rel=1e-9)


@pytest.mark.parametrize(("d", "k", "n", "etf"), [(128, 10, 5, True), (512, 100, 5, True), (2048, 10, 20, False)])
def test_rounding_is_not_inverted(d, k, n, etf):
    """The covariance (d, d) of the class means has d - K + 1 directions of rounding: inverted, they gave -6e8."""
    rng = np.random.default_rng(1)
    q = np.linalg.qr(rng.standard_normal((d, k)))[0]
    centres = q @ (np.eye(k) - 1 / k) if etf else rng.standard_normal((d, k))
    labels = np.repeat(np.arange(k), n)
    h = centres[:, labels] + 1e-3 * rng.standard_normal((d, k * n))
    means = h.reshape(d, k, n).mean(axis=2)
    # independently of any decomposition of the means: K - 1 differences of class means span what Sigma_B sees
    basis = np.linalg.qr(means[:, 1:] - means[:, [0]])[0]
    between = basis.T @ np.cov(means, bias=True) @ basis
    apart = basis.T @ (h - means[:, labels])
    right = np.trace(np.linalg.solve(between, apart @ apart.T)) / labels.size / k
    for found in (geometry.nc1(h, labels, k), peers.covariance_pinv(h, labels, k),
                  peers.covariance_pinv(h, labels, k, centring="samples")):
        assert found == pytest.approx(right, rel=1e-9)  # the condition of Sigma_B is below 1e3


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_coinciding_means_are_undefined_not_noise(kind):
    rng = np.random.default_rng(2)
    one = (rng.standard_normal((5, 40)) + 10).astype(kind)
    rounded = [np.where(rng.random(one.shape) < 0.5, one, np.nextafter(one, kind(99))) for _ in range(2)]
    alike = np.hstack((one, *rounded))
    y = np.repeat(np.arange(3), 40)
    assert np.ptp(geometry.class_means_of(alike, y, 3), axis=1).max() > 0
    for metric in (peers.covariance_pinv, peers.covariance_quotient, peers.covariance_pinv_2024_10,
                   peers.covariance_ratio_2024_10):
        assert math.isnan(metric(alike, y, 3))
    assert peers.cdnv(alike, y, 3) == math.inf
    means = np.repeat(rng.standard_normal((5, 1)), 3, axis=1) * (1 + 1e-16 * rng.standard_normal((5, 3)))
    for metric in (peers.simplex_etf_error, peers.equinorm):
        assert math.isnan(metric(means))
    assert math.isnan(peers.papyan_self_duality(rng.standard_normal((3, 5)), means))
    assert math.isnan(peers.zhou_classifier_etf_error(means.T))


def test_cdnv_of_a_small_class_next_to_a_huge_one():
    """Classes at 0 and 1 do not coincide because a third lies at 1e8, where single precision is 8 wide."""
    h = np.array([[-0.5, 0.5, 0.5, 1.5, 1e8, 1e8]], dtype=np.float32)
    assert peers.cdnv(h, [0, 0, 1, 1, 2, 2], 3) == pytest.approx(0.25 / 3, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_the_scale_does_not_matter(scale):
    for metric in (peers.covariance_pinv, peers.covariance_quotient, peers.cdnv):
        assert metric(scale * H, LABELS, K) == pytest.approx(metric(H, LABELS, K), rel=1e-12)
    for metric in (peers.self_duality_error, peers.papyan_self_duality):
        assert metric(scale * W, scale * MEANS) == pytest.approx(metric(W, MEANS), rel=1e-12)
    assert metrics.self_duality(scale * W.T, scale * MEANS) == pytest.approx(metrics.self_duality(W.T, MEANS))
    assert metrics.within_class_variation(scale * H, LABELS, K) == pytest.approx(
        metrics.within_class_variation(H, LABELS, K))


REFUSED = {
    "a class without a sample": (lambda: peers.covariance_pinv(H, np.minimum(LABELS, 2), K), "class 3 has none"),
    "CDNV without one": (lambda: peers.cdnv(H, LABELS + (LABELS > 1), 5), "class 2 has none"),
    "a centring": (lambda: peers.simplex_etf_error(MEANS, centring="mean"), "unknown centring 'mean'; .*samples"),
    "centring as truth": (lambda: peers.covariance_pinv(H, LABELS, K, centring=True), "unknown centring 'True'"),
    "no counts": (lambda: peers.self_duality_error(W, MEANS, centring="samples"), "needs counts="),
    "idle counts": (lambda: peers.self_duality_error(W, MEANS, counts=COUNTS), "'classes' with counts"),
    "too few counts": (lambda: peers.zhou_self_duality_error(W, MEANS, [1, 2]), "counts must be 4 positive numbers"),
    "a zero count": (lambda: peers.zhu_self_duality_error(W, MEANS, [1, 0, 2, 3]), "the least 0"),
    "no global mean": (lambda: peers.bias_centring(W, B, MEANS, centring="none"), "needs a global mean"),
    "W as columns": (lambda: peers.papyan_self_duality(W.T, MEANS), "as many rows"),
    "W of another d": (lambda: peers.self_duality_error(W[:, :5], MEANS), r"of one d; got \(4, 5\) and \(6, 4\)"),
    "one class": (lambda: peers.simplex_etf_error(MEANS[:, :1]), "at least 2 classes; got 1"),
    "angles of one": (lambda: peers.equiangularity(MEANS[:, :1]), "at least 2 classes; got 1"),
    "pairs of one": (lambda: peers.cdnv(H, 0 * LABELS, 1), "at least 2; got 1"),
    "NaN means": (lambda: peers.equinorm([[np.nan, 1.0]]), r"got nan at index \(0, 0\)"),
    "None": (lambda: peers.ncc_agreement(W, MEANS, None), "features must be a rectangular array .*got NoneType"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_words(case):
    task, message = REFUSED[case]
    with pytest.raises(ncsolve.NCSolveError, match=message):
        task()

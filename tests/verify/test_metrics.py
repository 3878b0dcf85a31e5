"""The NC metrics on known frames: what they say, and what they cannot see."""

import math

import numpy as np
import pytest
from ncsolve.verify import metrics, peers
from ncsolve.verify._definition import Definition
from ncsolve.verify._samples import Samples
from ncsolve.verify.descent._trajectory import Recorder

import ncsolve
from ncsolve import encodings

K = 5
RNG = np.random.default_rng(0)
ORTHOGONAL = np.linalg.qr(RNG.standard_normal((7, K)))[0] * 1.7
SIMPLEX = ORTHOGONAL - ORTHOGONAL.mean(axis=1, keepdims=True)
LABELS = np.repeat(np.arange(K), 4)


def test_frames_are_recognised_without_centring():
    assert metrics.simplex_distance(SIMPLEX) < 1e-14
    assert metrics.orthogonal_distance(ORTHOGONAL) < 1e-14
    assert metrics.simplex_distance(ORTHOGONAL) == pytest.approx(math.sqrt(2 - 2 * math.sqrt(K - 1) / math.sqrt(K)))
    assert metrics.cosines(SIMPLEX) == pytest.approx(np.full(10, -1 / (K - 1)))
    assert metrics.cosines(ORTHOGONAL) == pytest.approx(np.zeros(10), abs=1e-15)


def test_the_centred_etf_error_cannot_tell_the_frames_apart():
    assert peers.simplex_etf_error(SIMPLEX) < 1e-14
    assert peers.simplex_etf_error(ORTHOGONAL) < 1e-14
    assert peers.simplex_etf_error(ORTHOGONAL + 3.0) < 1e-13
    assert max(peers.equiangularity(ORTHOGONAL)) < 1e-14
    assert peers.equinorm(ORTHOGONAL) < 1e-14
    assert peers.simplex_etf_error(ORTHOGONAL * np.array([1, 1, 1, 1, 2])) > 0.1


def test_without_centring_the_etf_error_is_our_simplex_distance():
    """What the package computes when it is not given a global mean."""
    for frame in (SIMPLEX, ORTHOGONAL, ORTHOGONAL + 3.0):
        assert peers.simplex_etf_error(frame, centring="none") == pytest.approx(metrics.simplex_distance(frame))
    assert peers.equinorm(ORTHOGONAL + 3.0, centring="none") > 1e-3
    deviation, distance = peers.equiangularity(ORTHOGONAL, centring="none")
    assert deviation < 1e-14
    assert distance == pytest.approx(1 / (K - 1))
    assert peers.papyan_self_duality(ORTHOGONAL.T, ORTHOGONAL, centring="none") == 0.0
    assert peers.self_duality_error(ORTHOGONAL.T, ORTHOGONAL, centring="none") > 0.3
    features, labels = np.array([[-1.0, 1.0, 3.0, 5.0]]), np.array([0, 0, 1, 1])
    assert peers.covariance_pinv(features, labels, 2, centring="none") == pytest.approx(1 / 8 / 2)  # means 0 and 4
    assert peers.covariance_pinv_2024_10(features, labels, 2, centring="none") == pytest.approx(1 / 8 / 2 / 2)
    assert peers.covariance_quotient(features, labels, 2, centring="none") == pytest.approx(1 / 8)
    assert peers.covariance_ratio_2024_10(features, labels, 2, centring="none") == pytest.approx(1 / 16)


def test_the_centred_etf_error_is_blind_to_lambda_b():
    errors, distances = [], []
    for lambda_b in (0.0, 0.1, 1.0, math.inf):
        found = ncsolve.solve(ncsolve.UFM(encoding=encodings.onehot(K), counts=3, lambda_w=0.01, lambda_h=0.02,
                                          lambda_b=lambda_b))
        errors.append(peers.simplex_etf_error(found.class_means))
        distances.append(metrics.simplex_distance(class_means=found.class_means))
    assert max(errors) < 1e-13
    assert distances[0] < 1e-13 < 0.2 < distances[-1]


def test_the_usual_self_duality_error_is_a_distance_to_an_etf():
    """Exactly self-dual frames score alike or badly by what they are, not by how dual they are."""
    assert peers.self_duality_error(SIMPLEX.T, SIMPLEX) < 1e-14
    lengths = np.array([1.0, 1.0, 1.0, 1.0, 3.0])
    dual = SIMPLEX * lengths
    assert metrics.self_duality(dual, dual) == 0.0
    assert peers.self_duality_error(dual.T, dual) > 0.3
    assert peers.zhu_classifier_etf_error(ORTHOGONAL.T) > 0.3
    assert peers.papyan_self_duality(SIMPLEX.T, SIMPLEX) < 1e-14
    # not centred, W is the orthogonal frame of the class means; the usual metric centres one of the two
    assert metrics.self_duality(ORTHOGONAL, ORTHOGONAL) == 0.0
    assert peers.papyan_self_duality(ORTHOGONAL.T, ORTHOGONAL) > 0.1


def test_nearest_centre_agreement_ignores_the_bias():
    means = np.eye(2)
    w = np.eye(2)
    features = RNG.standard_normal((2, 500))
    assert peers.ncc_agreement(w, means, features) == 1.0
    for bias in (np.zeros(2), np.array([5.0, -5.0])):
        ours = metrics.nearest_code_agreement(w, bias, np.eye(2), means, features)
        assert (ours == 1.0) is (not bias.any())


def test_nc1_of_known_features():
    """One dimension, two classes at 0 and 4 with spread 1: Sigma_W = 1, Sigma_B = 4."""
    features, labels = np.array([[-1.0, 1.0, 3.0, 5.0]]), np.array([0, 0, 1, 1])
    assert peers.covariance_pinv(features, labels, 2) == pytest.approx(1 / 4 / 2)
    assert peers.covariance_pinv_2024_10(features, labels, 2) == pytest.approx(1 / 4 / 2 / 2)
    assert peers.covariance_quotient(features, labels, 2) == pytest.approx(1 / 4)
    assert peers.covariance_ratio_2024_10(features, labels, 2) == pytest.approx(1 / 8)
    assert peers.cdnv(features, labels, 2) == pytest.approx(1 / 16)
    assert metrics.within_class_variation(features, labels, 2) == pytest.approx(2 / 6)


def test_the_packages_nc1_of_2024_10_depends_on_the_feature_dimension():
    features = np.repeat(SIMPLEX, 4, axis=1) + 0.1 * RNG.standard_normal((7, 20))
    padded = np.vstack((features, np.zeros((7, 20))))
    for today in (peers.covariance_pinv, peers.covariance_quotient):
        assert today(padded, LABELS, K) == pytest.approx(today(features, LABELS, K))
    for before in (peers.covariance_pinv_2024_10, peers.covariance_ratio_2024_10):
        assert before(padded, LABELS, K) == pytest.approx(2 * before(features, LABELS, K))


def test_bias_centring_of_zhou():
    w = SIMPLEX.T
    assert peers.bias_centring(w, -w @ np.ones(7), SIMPLEX + np.ones((7, 1))) < 1e-14


def test_collapsed_means_do_not_break_ours():
    zero = np.zeros((3, K))
    assert metrics.simplex_distance(zero) is None
    assert metrics.orthogonal_distance(zero) is None
    assert metrics.cosines(zero) is None
    assert metrics.self_duality(zero, zero) is None
    assert metrics.within_class_variation(zero, np.arange(K), K) is None
    assert metrics.boundary_mismatch(np.zeros((2, 3)), np.zeros(2), np.zeros((2, K)), zero) is None
    assert metrics.gram_distance(zero, np.zeros((K, K))) == 0.0
    assert metrics.gram_distance(np.eye(K), np.zeros((K, K))) == math.inf
    tiny = 1e-3 * np.eye(K)
    assert metrics.gram_distance(class_means=tiny, predicted=np.zeros((K, K)), unit=1.0) == pytest.approx(1e-6)
    one_gone = ORTHOGONAL * np.array([1, 1, 1, 1, 0])
    assert metrics.cosines(one_gone).size == 6
    assert metrics.simplex_distance(one_gone) > 0.1
    assert math.isnan(peers.equinorm(zero))
    assert math.isnan(peers.simplex_etf_error(zero))
    assert peers.cdnv(np.array([[0.0, 1.0, 0.0, 1.0]]), np.array([0, 0, 1, 1]), 2) == math.inf


@pytest.mark.parametrize("m", [2, 4, 9])
def test_code_lengths_other_than_k(m):
    codes = RNG.standard_normal((m, K))
    problem = ncsolve.UFM(encoding=codes, counts=4, lambda_w=0.01, lambda_h=0.03, lambda_b=0.3)
    found = ncsolve.solve(problem)
    vectors = metrics.class_vectors(found.W, found.bias, codes)
    assert vectors.shape == found.class_means.shape
    assert metrics.self_duality(vectors, found.class_means) == pytest.approx(found.nc.nc3, abs=1e-12)
    mismatch = metrics.boundary_mismatch(found.W, found.bias, codes, found.class_means)
    assert mismatch == pytest.approx(found.nc.nc4, abs=1e-9)
    assert metrics.gram_distance(found.class_means, found.gram) < 1e-13
    for function in (peers.self_duality_error, peers.papyan_self_duality):
        with pytest.raises(peers.ShapeError, match="as many rows"):
            function(found.W, found.class_means)
    with pytest.raises(peers.ShapeError, match="as many rows"):
        peers.ncc_agreement(found.W, found.class_means, found.class_means)


def test_soft_and_regression_targets():
    targets = RNG.standard_normal((3, 12))
    problem = ncsolve.UFM(encoding=targets, counts=1, lambda_w=0.02, lambda_h=0.02, lambda_b=0.0)
    found = ncsolve.solve(problem)
    assert metrics.gram_distance(found.class_means, found.gram) < 1e-13
    assert metrics.within_class_variation(found.class_means, np.arange(12), 12) == 0.0
    agreement = metrics.nearest_code_agreement(found.W, found.bias, targets, found.class_means, found.class_means)
    assert agreement == 1.0


def test_agreement_counts_the_features_on_the_wrong_side():
    """Boundaries at 1/2 (codes) and 1 (means): of -1, 0.7 and 3 the middle one falls between."""
    agreement = metrics.nearest_code_agreement([[1.0]], [0.0], [[0.0, 1.0]], [[0.0, 2.0]], [[-1.0, 0.7, 3.0]])
    assert agreement == pytest.approx(2 / 3)
    assert metrics.gram_distance([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.5]]) == 0.5


def test_a_gram_matrix_is_not_taken_for_class_means():
    """One that is 1 % larger than predicted is 0.01 away, and far away if it is read as class means."""
    predicted = ncsolve.solve(ncsolve.UFM(encoding=encodings.onehot(4), counts=(40, 20, 10, 5), lambda_w=2e-3,
                                          lambda_h=2e-3, lambda_b=0.1)).gram
    found = 1.01 * predicted
    assert metrics.gram_distance(gram=found, predicted=predicted) == pytest.approx(0.01)
    assert metrics.gram_distance(class_means=found, predicted=predicted) > 0.1
    half = np.linalg.cholesky(found).T  # class means with this Gram matrix, of another shape than any Gram matrix
    assert metrics.gram_distance(half, predicted) == pytest.approx(0.01)
    assert metrics.gram_distance(half, predicted) == metrics.gram_distance(class_means=half, predicted=predicted)
    for metric in (lambda array: metrics.gram_distance(array, predicted), metrics.simplex_distance,
                   metrics.orthogonal_distance, metrics.cosines):
        for wrong in (found, found.astype(np.float32), found + 1e-9 * np.triu(np.ones((4, 4)))):
            with pytest.raises(ncsolve.ProblemError, match="class means or a Gram matrix needs a name"):
                metric(wrong)
    with pytest.raises(ncsolve.ProblemError, match="must be symmetric"):
        metrics.gram_distance(gram=half, predicted=predicted)
    with pytest.raises(ncsolve.ProblemError, match="must be square"):
        metrics.gram_distance(class_means=half, predicted=half[:3])


def test_both_kinds_have_the_same_metrics():
    frame = ORTHOGONAL + 0.3
    for metric in (metrics.simplex_distance, metrics.orthogonal_distance, metrics.cosines):
        assert metric(gram=frame.T @ frame) == pytest.approx(metric(class_means=frame), rel=1e-12)
        assert metric(class_means=frame) == pytest.approx(metric(frame), rel=0)
    assert metrics.simplex_distance(np.eye(K)) == metrics.simplex_distance(gram=np.eye(K))  # both readings agree


WRONG = {
    "nothing": (lambda: metrics.simplex_distance(), "pass one of class_means=, gram="),
    "None": (lambda: metrics.cosines(None), "pass one of class_means=, gram="),
    "two": (lambda: metrics.orthogonal_distance(class_means=np.eye(2), gram=np.eye(2)), "pass one of"),
    "no prediction": (lambda: metrics.gram_distance(np.ones((3, 2))), "pass predicted="),
    "rows": (lambda: metrics.gram_distance(np.ones((2, 3)), np.eye(2)), "rows must be transposed"),
    "unit": (lambda: metrics.gram_distance(np.ones((3, 2)), np.eye(2), unit="x"), "unit must be .*got str"),
    "NaN": (lambda: metrics.simplex_distance([[np.nan, 1.0]]), r"must be finite; got nan at index \(0, 0\)"),
    "text": (lambda: metrics.orthogonal_distance("ab"), "class means must be a rectangular array .*got str"),
    "bytes": (lambda: metrics.cosines(b"ab"), "got bytes"),
    "0-d": (lambda: metrics.simplex_distance(np.array(1.0)), r"an array \(d, K\) .*got shape \(\)"),
    "too large": (lambda: metrics.gram_distance([[1e200, 1.0]], np.eye(2)), "scale them down"),
    "W in place of W^T": (lambda: metrics.self_duality(np.ones((2, 3)), np.ones((3, 2))), "pass W.T"),
    "features by rows": (lambda: metrics.within_class_variation(np.ones((3, 2)), [0, 0, 1], 2), "pass features.T"),
    "b of one": (lambda: metrics.class_vectors(np.eye(2), [0.0], np.eye(2)), "must agree in m"),
    "features of another d": (
        lambda: metrics.nearest_code_agreement(np.eye(2), [0, 0], np.eye(2), np.eye(2), np.ones((3, 1))), "agree in d"
    ),
    "means of another d": (
        lambda: metrics.boundary_mismatch(np.eye(2), [0, 0], np.eye(2), np.ones((3, 2))), r"\(d, K\) = \(2, 2\)"
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_kinds_are_refused_in_words(case):
    task, message = WRONG[case]
    with pytest.raises(ncsolve.ProblemError, match=message):
        task()


def test_a_run_that_diverges_is_recorded():
    """Its last points are not finite and have no geometry."""
    problem = ncsolve.UFM(encoding=encodings.onehot(2), counts=2, lambda_w=1e-2, lambda_h=1e-2, lambda_b=1.0)
    definition = Definition(Samples.of(problem))
    end = Recorder(definition, sparse=True).finish(7, np.full(definition.size, math.inf), math.inf, math.inf)
    assert np.isnan(end.column("nc1")).all()
    assert np.isnan(end.column("cosine_mean")).all()

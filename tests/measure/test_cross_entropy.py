"""The gap identity and the certificate under cross-entropy (T13, T16), against the definition."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve._measure.gap import gap_parts
from ncsolve._measure.softmax_moments import SoftmaxMoments
from ncsolve._models.registry import model_of
from tests.measure.samples import (
    labels_of,
    network,
    one_hot_softmax,
    random_softmax_problem,
    softmax,
    softmax_statistic,
)

INF = math.inf
CODES = np.array([[0.8, 0.1, 0.0], [0.2, 0.6, 0.3], [0.0, 0.3, 0.7]])


def bound_of(problem, chances):
    """The dual of T16 at probabilities (m, K), from its definition."""
    n, codes = problem.counts.array, problem.encoding.matrix
    logs = np.log(chances, where=chances > 0, out=np.zeros_like(chances))
    value = -float(n @ np.sum(chances * logs, axis=0)) / problem.samples
    pull = (chances - codes) @ n / problem.samples
    if problem.lambda_b == 0.0:
        assert np.abs(pull).max() < 1e-13
        return value
    return value if problem.lambda_b == INF else value - float(pull @ pull) / (2 * problem.lambda_b)


def check(seed, distance):
    random = np.random.default_rng(seed)
    problem = random_softmax_problem(random)
    w, b, features = network(random, problem, distance)
    found = ncsolve.measure(softmax_statistic(problem, w, b, features, "trace"), w, b, problem)
    assert found.guarantee == "global"
    y, n = labels_of(problem), problem.samples
    loss = ncsolve.objective(problem, w, features.T, b)
    size = loss + ncsolve.objective(problem, 0 * w, 0 * features.T, 0 * b)
    assert found.loss == pytest.approx(loss, abs=1e-13 * size)
    # exact from the bound that is named, whatever the solver left
    predicted = softmax(found._residual.outputs)
    assert found.minimum == pytest.approx(bound_of(problem, predicted), abs=1e-13 * size)
    assert found.minimum <= found.predicted.loss + 1e-14 * size
    assert found.minimum == pytest.approx(found.predicted.loss, rel=2e-9)
    parts = found.parts
    assert found.gap == parts.total == pytest.approx(loss - found.minimum, abs=2e-13 * size)
    assert min(parts.fit, parts.bias, parts.dual, parts.feature) >= -1e-15 * size
    # each part from its definition
    outputs = w @ features.T + b[:, None]
    chances, wanted = softmax(outputs), predicted[:, y]
    logs = outputs - outputs.max(axis=0)
    logs = logs - np.log(np.exp(logs).sum(axis=0))
    fit = float(np.sum(wanted * (np.log(wanted) - logs))) / n
    assert parts.fit == pytest.approx(fit, abs=1e-13 * size)
    means = np.array(found.head.means)[:, y]
    flat = ncsolve.objective(problem, w, means, b)
    assert parts.within == pytest.approx(loss - flat, abs=2e-13 * size)
    # the certificate, and the distances that it bounds
    true = np.linalg.norm(chances - wanted)
    assert found.distance.probabilities == pytest.approx(true, rel=1e-9, abs=1e-12)
    room = 1 + 1e-9
    assert true <= found.certificate.probabilities * room + 1e-12
    assert np.mean(np.sum(np.abs(chances - wanted), axis=0) ** 2) <= 2 * found.gap * room + 1e-14  # Pinsker
    assert found.distance.within <= found.certificate.within * room + 1e-12
    assert found.distance.bias <= found.certificate.bias * room + 1e-7 / math.sqrt(min(problem.lambda_b or 1, 1.0))
    far = float(np.sum(np.array(found.gram).diagonal() * problem.counts.array))
    assert found.distance.gram <= found.certificate.gram * room + 1e-7 * (1 + far)
    # slopes
    slopes = ncsolve.gradient(problem, w, features.T, b)
    assert found.head.slope + problem.lambda_w * w == pytest.approx(slopes[0], abs=1e-13 * (1 + np.abs(features).max()))
    if problem.lambda_b < INF:
        assert found.head.bias_slope + problem.lambda_b * b == pytest.approx(slopes[2], abs=1e-13)


@given(st.integers(0, 2**32), st.sampled_from([0.0, 1e-6, 1e-3, 0.03, 0.3, 3.0]))
@settings(max_examples=100, deadline=None)
def test_identity_and_certificate_on_random_networks(seed, distance):
    check(seed, distance)


@pytest.mark.exhaustive
def test_identity_and_certificate_on_three_thousand_networks():
    for seed in range(3000):
        check(seed, (0.0, 1e-6, 1e-4, 1e-2, 0.1, 1.0, 10.0)[seed % 7])


def test_published_values_of_the_identity():
    """THEORY T13, check values."""
    problem = ncsolve.UFM(
        encoding=CODES, counts=[2, 1, 3], lambda_w=0.02, lambda_h=0.05, lambda_b=0.1, loss="cross-entropy"
    )
    w, b = np.array([[1, 0], [0, 1], [-1, 0.5]]), np.array([0.1, 0, -0.1])
    features = np.array([[1, 0.5, 0, -1, -1, -0.5], [0, 0, 1, 0.5, 0.25, 1]]).T
    found = ncsolve.measure(softmax_statistic(problem, w, b, features), w, b, problem)
    assert found.loss == pytest.approx(0.9291384882995, abs=1e-13)
    assert found.minimum == pytest.approx(0.8131718473774, abs=1e-13)
    parts = found.parts
    assert (parts.fit, parts.bias, parts.dual, parts.feature) == pytest.approx(
        (0.0381727357546, 0.0056928228014, 0.0409355630847, 0.0311655192815), abs=2e-13
    )


@pytest.mark.parametrize("size", [1e-6, 1e-4, 1e-2, 3.0])
def test_the_gap_is_what_was_put_in(size):
    """A bias that all outputs share is seen by its decay alone, and features that the head does not see by theirs."""
    problem = one_hot_softmax()
    w, b, features = network(np.random.default_rng(0), problem, 0.0)
    features, w = np.hstack((features, np.zeros((40, 1)))), np.hstack((w, np.zeros((4, 1))))
    shifted = ncsolve.measure(softmax_statistic(problem, w, b + size, features), w, b + size, problem)
    assert shifted.gap == pytest.approx(0.3 / 2 * 4 * size**2, rel=1e-9, abs=1e-15)
    assert shifted.gap == pytest.approx(shifted.parts.bias, abs=1e-15)
    wide = features.copy()
    wide[:, -1] = size * np.tile([1.0, -1.0], 20)
    unseen = ncsolve.measure(softmax_statistic(problem, w, b, wide), w, b, problem)
    assert unseen.gap == pytest.approx(2e-3 / 2 * 40 * size**2, rel=1e-9, abs=1e-15)
    assert unseen.parts.within == pytest.approx(2e-3 / 2 * 40 * size**2, rel=1e-12)


def test_a_class_without_samples_is_left_out():
    problem = ncsolve.UFM(
        encoding="smoothed:0.1", classes=4, counts=10, lambda_w=5e-3, lambda_h=2e-3, lambda_b=0.1, loss="ce"
    )
    rng = np.random.default_rng(5)
    w, b, features = rng.standard_normal((4, 3)), rng.standard_normal(4), rng.standard_normal((20, 3))
    y = np.repeat([0, 3], 10)
    stats = ncsolve.FeatureStatistics(4, 3, (w, b), codes=problem.encoding, loss="ce").update(features, y)
    assert np.isnan(stats.class_probabilities[:, 1:3]).all()
    own = stats.problem(problem.encoding, lambda_w=5e-3, lambda_h=2e-3, lambda_b=0.1)
    assert (own.loss, own.code_length, own.classes) == ("cross-entropy", 4, 2)
    found = ncsolve.measure(stats, w, b, own)
    loss = ncsolve.objective(own, w, features.T, b)
    assert found.loss == pytest.approx(loss, rel=1e-13)
    assert found.gap == pytest.approx(loss - found.minimum, rel=1e-9)


@pytest.mark.parametrize(("counts", "lambda_b"), [(10, 0.0), (10, 0.2), (10, INF), ([20, 10, 7, 3], INF)])
@pytest.mark.parametrize("distance", [0.0, 1e-3, 0.3, 3.0])
def test_identity_under_relu_features(counts, lambda_b, distance):
    problem = one_hot_softmax(counts=counts, lambda_b=lambda_b, features="relu")
    for seed in range(5):
        w, b, features = network(np.random.default_rng(seed), problem, distance)
        features = np.maximum(features, 0.0)
        found = ncsolve.measure(softmax_statistic(problem, w, b, features), w, b, problem)
        loss = ncsolve.objective(problem, w, features.T, b)
        size = loss + math.log(4)
        assert found.gap == pytest.approx(loss - found.predicted.loss, abs=1e-12 * size)
        parts = found.parts
        assert min(parts.fit, parts.bias, parts.dual, parts.feature) >= -1e-13 * size
        assert found.certificate is None


def lost_between(monkeypatch):
    """Merging adds divergences, and not what the class means differ by."""
    original = SoftmaxMoments.add

    def damaged(self, other, head, met, own, new, means, step):
        original(self, other, head, met, own, new, means, 0 * step)

    monkeypatch.setattr(SoftmaxMoments, "add", damaged)


def unmoved(monkeypatch):
    """The means of the probabilities stay those of the first batch."""
    original = SoftmaxMoments.add

    def damaged(self, other, *args):
        before = self.probabilities.copy()
        original(self, other, *args)
        self.probabilities[:] = before

    monkeypatch.setattr(SoftmaxMoments, "add", damaged)


def half_a_divergence(monkeypatch):
    from ncsolve._problem.losses import CrossEntropy

    original = CrossEntropy.divergence
    monkeypatch.setattr(CrossEntropy, "divergence", lambda self, outputs, step: original(self, outputs, step) / 2)


def swapped_divergence(monkeypatch):
    """The Kullback-Leibler divergence the other way round."""
    from ncsolve._problem.losses import CrossEntropy

    original = CrossEntropy.divergence
    monkeypatch.setattr(
        CrossEntropy, "divergence", lambda self, outputs, step: original(self, outputs + step, -step)
    )


def not_admitted(monkeypatch):
    """Probabilities that the dual does not admit: they are half way to the codes."""
    from ncsolve._models.cross_entropy import residual

    original = residual.fit

    def damaged(columns, outputs):
        return original(columns, 0.5 * outputs)

    monkeypatch.setattr(residual, "fit", damaged)


@pytest.mark.parametrize("damage", [lost_between, unmoved, half_a_divergence, swapped_divergence, not_admitted])
def test_damage_is_noticed(monkeypatch, damage):
    damage(monkeypatch)
    noticed = 0
    for seed in range(12):
        try:
            check(seed, 0.3)
        except AssertionError:
            noticed += 1
    assert noticed >= 8


def test_the_residual_of_a_cross_entropy_minimum_is_its_dual():
    problem = one_hot_softmax(counts=[20, 10, 5, 5], lambda_b=0.05)
    found = ncsolve.solve(problem)
    residual = model_of(problem).residual(problem, found.frame)
    u = np.sqrt(problem.counts.array)
    whole = (residual.left * residual.values) @ residual.right.T
    chances = problem.encoding.matrix - problem.samples * whole / u
    assert chances == pytest.approx(softmax(residual.outputs), abs=1e-14)
    assert residual.values.max() <= problem.tau
    assert residual.values[: residual.active] == pytest.approx(problem.tau, rel=1e-8)
    assert whole @ u == pytest.approx(problem.lambda_b * residual.bias, abs=1e-14)
    stats = softmax_statistic(problem, found.W, found.bias, found.class_means.T[labels_of(problem)])
    point = ncsolve.measure(stats, found.W, found.bias, problem).point
    assert gap_parts(residual, point).total == pytest.approx(0.0, abs=1e-12)

"""``measure``: verdicts on networks whose state is known, estimates of lambda_h, and what it refuses."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve.errors import NCSolveError, OpenProblemError, ProblemError
from tests.measure.samples import labels_of, network, random_problem

INF = math.inf


def one_hot(classes=4, counts=10, lambda_b=0.3, **other):
    return ncsolve.UFM(
        encoding=ncsolve.encodings.onehot(classes), counts=counts, lambda_w=5e-3, lambda_h=2e-3, lambda_b=lambda_b,
        **other,
    )


def gathered(problem, features, head=None, scatter="full", dim=None):
    stats = ncsolve.FeatureStatistics(problem.classes, dim or features.shape[1], head, scatter)
    return stats.update(features, labels_of(problem))


def ridge(problem, features):
    """The head that is stationary on features (N, d), from the normal equations; lambda_b finite and not 0."""
    n = problem.samples
    y = problem.encoding.matrix[:, labels_of(problem)]
    wide = np.hstack((features, np.ones((n, 1))))
    penalty = n * np.diag([problem.lambda_w] * features.shape[1] + [problem.lambda_b])
    both = np.linalg.solve(wide.T @ wide + penalty, wide.T @ y.T).T
    return both[:, :-1], both[:, -1]


@pytest.mark.parametrize("scatter", ["full", "projected"])
@pytest.mark.parametrize("lambda_b", [0.0, 0.05, 0.3, INF])
def test_the_minimum_itself_is_collapsed_as_predicted(lambda_b, scatter):
    problem = one_hot(lambda_b=lambda_b)
    w, b, features = network(np.random.default_rng(0), problem, 0.0)
    found = ncsolve.measure(gathered(problem, features, (w, b), scatter), w, b, problem)
    assert found.verdict.kind == "collapsed as predicted"
    assert found.verdict.remedies == ()
    assert found.gap == pytest.approx(0.0, abs=1e-15)
    assert found.stationarity < 1e-12
    assert found.head.balance == pytest.approx(problem.lambda_h, rel=1e-12)
    assert "proved to be within" in str(found.verdict)


def test_loss_gap_and_parts_against_the_definition():
    for seed in range(40):
        random = np.random.default_rng(seed)
        problem = random_problem(random)
        w, b, features = network(random, problem, 0.3)
        stats = ncsolve.FeatureStatistics(problem.classes, features.shape[1]).update(features, labels_of(problem))
        found = ncsolve.measure(stats, w, b, problem)
        loss = ncsolve.objective(problem, w, features.T, b)
        assert found.loss == pytest.approx(loss, rel=1e-9)
        assert found.gap == pytest.approx(loss - ncsolve.solve(problem).loss, rel=1e-6, abs=1e-12)
        slope = ncsolve.gradient(problem, w, features.T, b)[0]
        assert found.stationarity == pytest.approx(
            np.linalg.norm(slope) / (problem.lambda_w * np.linalg.norm(w)), rel=1e-9
        )
        for name in ("gram", "outputs", "bias", "within"):
            assert getattr(found.distance, name) <= getattr(found.certificate, name) * (1 + 1e-9) + 1e-9


def test_a_run_in_the_middle_is_not_finished():
    problem = one_hot()
    w, b, features = network(np.random.default_rng(1), problem, 0.5)
    verdict = ncsolve.measure(gathered(problem, features), w, b, problem).verdict
    assert verdict.kind == "not finished"
    assert "not stationary" in verdict.reasons[0]
    assert "Train on" in str(verdict)


def test_a_stationary_head_on_other_features_is_another_model():
    """Features that were not penalized: the head is at its minimum, the gap is large, and the lambdas disagree."""
    problem = one_hot()
    features = 3.0 * np.eye(4)[labels_of(problem)] + 0.01 * np.random.default_rng(2).standard_normal((40, 4)) - 0.2
    w, b = ridge(problem, features)
    found = ncsolve.measure(gathered(problem, features), w, b, problem)
    assert found.stationarity < 1e-10
    assert found.verdict.kind == "another model"
    assert "implies lambda_h" in str(found.verdict)
    assert found.head.implied_lambda_w == pytest.approx(problem.lambda_w, rel=1e-9)
    assert found.head.implied_lambda_b == pytest.approx(problem.lambda_b, rel=1e-9)


def test_relu_features_are_recognised_and_measured():
    problem = one_hot(lambda_b=0.05, features="relu")
    w, b, features = network(np.random.default_rng(3), problem, 0.0)
    stats = gathered(problem, features)
    assert ncsolve.measure(stats, w, b, problem).verdict.kind == "collapsed as predicted"
    assert ncsolve.measure(stats, w, b, problem).certificate is None
    linear = ncsolve.measure(stats, w, b, one_hot(lambda_b=0.05))
    assert linear.verdict.kind == "another model"
    assert "features = 'relu'" in str(linear.verdict)


def test_estimates_of_lambda_h():
    """At a minimum both estimators give its lambda_h; a gap is least where the predicted features are as long (T14)."""
    problem = one_hot(counts=[20, 10, 5, 5], lambda_b=0.1)
    w, b, features = network(np.random.default_rng(4), problem, 0.0)
    stats, other = gathered(problem, features), problem.replace(lambda_h=0.7e-3)
    for name in ("balance", "norm"):
        found = ncsolve.measure(stats, w, b, other, lambda_h=name)
        assert found.lambda_h == pytest.approx(problem.lambda_h, rel=1e-9)
        assert found.verdict.kind == "collapsed as predicted"
        assert found.estimator == name
    w, b, features = network(np.random.default_rng(5), problem, 0.1)
    stats = gathered(problem, features)
    best = ncsolve.measure(stats, w, b, problem, lambda_h="norm")
    for factor in (0.9, 0.99, 1.01, 1.1):
        assert ncsolve.measure(stats, w, b, problem.replace(lambda_h=best.lambda_h * factor)).gap > best.gap


def test_the_directions_agree_at_a_minimum():
    problem = one_hot(counts=[20, 10, 5, 5], lambda_b=0.4)
    w, b, features = network(np.random.default_rng(6), problem, 0.0)
    found = ncsolve.measure(gathered(problem, features), w, b, problem).head.by_direction
    assert found == pytest.approx((problem.lambda_h, problem.lambda_h), rel=1e-9)


def test_a_subsample_keeps_its_prediction():
    """Ten copies of every sample, of which one is measured: with their number the prediction is that of all."""
    problem = one_hot(counts=100)
    w, b, features = network(np.random.default_rng(7), problem, 0.0)
    part = ncsolve.FeatureStatistics(4, features.shape[1]).update(features[::10], labels_of(problem)[::10])
    lambdas = {"lambda_w": problem.lambda_w, "lambda_h": problem.lambda_h, "lambda_b": problem.lambda_b}
    own = part.problem(**lambdas)
    assert ncsolve.measure(part, w, b, own).verdict.kind == "another model"
    found = ncsolve.measure(part, w, b, own, samples=400)
    assert found.verdict.kind == "collapsed as predicted"
    assert found.predicted.cosines.mean == pytest.approx(ncsolve.solve(problem).cosines.mean, rel=1e-9)


def test_a_part_in_which_classes_are_not_as_frequent_as_in_the_whole():
    """Its head is not stationary on the part, which is no reason to train on."""
    problem = one_hot(counts=100)
    w, b, features = network(np.random.default_rng(7), problem, 0.0)
    rows = np.r_[0:100, 100:150, 200:210, 300:310]
    part = ncsolve.FeatureStatistics(4, features.shape[1]).update(features[rows], labels_of(problem)[rows])
    own = part.problem(lambda_w=problem.lambda_w, lambda_h=problem.lambda_h, lambda_b=problem.lambda_b)
    found = ncsolve.measure(part, w, b, own, samples=400)
    assert found.verdict.kind == "not finished"
    assert "These samples are a part of the training set" in str(found.verdict)
    assert "Train on" not in str(found.verdict)
    assert "a part of a training set of 400 samples" in found.summary()


def test_absent_classes_are_left_out():
    problem = one_hot(classes=3, counts=10)
    codes = np.eye(5)
    stats = ncsolve.FeatureStatistics(5, 3).update(np.random.default_rng(8).standard_normal((30, 3)),
                                                   np.repeat([0, 2, 4], 10))
    own = stats.problem(codes, lambda_w=problem.lambda_w, lambda_h=problem.lambda_h, lambda_b=problem.lambda_b)
    assert (own.code_length, own.classes) == (5, 3)
    found = ncsolve.measure(stats, np.ones((5, 3)), np.zeros(5), own)
    assert found.gram.shape == (3, 3)


def test_labels_in_another_order_than_the_rows():
    problem = one_hot()
    w, b, features = network(np.random.default_rng(9), problem, 0.0)
    order = [1, 2, 3, 0]
    labels = np.take(order, labels_of(problem))
    shuffled = ncsolve.FeatureStatistics(4, features.shape[1], (w, b)).update(features, labels)
    text = str(ncsolve.measure(shuffled, w, b, problem).verdict)
    assert "in the order 1, 2, 3, 0: are the labels in the order of the head's rows?" in text  # row 0 decides class 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a | {"W": a["W"][:, :2]}, "outputs by features"),
        (lambda a: a | {"W": np.ones((3, 4)), "problem": one_hot(classes=3)}, "counts of the statistic"),
        (lambda a: a | {"b": [1.0]}, "one per output"),
        (lambda a: a | {"b": [math.nan] * 4}, "finite"),
        (lambda a: a | {"problem": one_hot(lambda_b=INF)}, "no bias"),
        (lambda a: a | {"problem": one_hot(counts=11)}, "counts of the statistic"),
        (lambda a: a | {"problem": one_hot(features="relu")}, "must not be below 0"),
        (lambda a: a | {"lambda_h": "guess"}, "'balance' or 'norm'"),
        (lambda a: a | {"samples": 3}, "at least 40"),
        (lambda a: a | {"gap_tolerance": 0}, "gap_tolerance"),
        (lambda a: a | {"statistics": 3}, "FeatureStatistics"),
        (lambda a: a | {"problem": 3}, "UFM"),
        (lambda a: a | {"W": 0 * a["W"], "lambda_h": "balance"}, "give lambda_h"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(change, message):
    problem = one_hot()
    w, b, features = network(np.random.default_rng(10), problem, 0.2)
    given = {"statistics": gathered(problem, features), "W": w, "b": b, "problem": problem}
    with pytest.raises(NCSolveError, match=message) as caught:
        ncsolve.measure(**change(given))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("model", [{"depth": 2}, {"dim": 2}])
def test_heads_that_are_not_convex_are_refused(model):
    problem = one_hot(**model)
    stats = gathered(problem, np.random.default_rng(11).standard_normal((40, 4)))
    with pytest.raises(OpenProblemError, match="heads of one layer"):
        ncsolve.measure(stats, np.ones((4, 4)), np.zeros(4), problem)


def test_without_the_scatter_there_is_no_loss():
    problem = one_hot()
    w, b, features = network(np.random.default_rng(12), problem, 0.2)
    with pytest.raises(ProblemError, match="gather it anew"):
        _ = ncsolve.measure(gathered(problem, features, scatter="trace"), w, b, problem).loss


def test_a_class_that_the_gap_does_not_see_is_named():
    """A small class near the threshold costs next to nothing when its mean is zero (THEORY T13): the verdict tells."""
    counts = [100, 100, 5]
    decay = 2.0 / sum(counts)  # T = 2
    problem = ncsolve.UFM(
        encoding=ncsolve.encodings.onehot(3), counts=counts, lambda_w=decay, lambda_h=decay, lambda_b=INF
    )
    found = ncsolve.solve(problem)
    w, means = np.array(found.W), np.array(found.class_means)
    w[2], means[:, 2] = 0.0, 0.0
    stats = ncsolve.FeatureStatistics(3, means.shape[0]).update(means.T[labels_of(problem)], labels_of(problem))
    measured = ncsolve.measure(stats, w, None, problem)
    assert measured.verdict.kind == "collapsed as predicted"
    assert str(measured.verdict).startswith("Collapsed as predicted, but for some class means: ")
    assert measured.verdict.exceptions == ("the mean of class 2 has length 0 where 0.217 is predicted",)
    whole = gathered(problem, np.array(found.class_means).T[labels_of(problem)])
    assert ncsolve.measure(whole, found.W, None, problem).verdict.exceptions == ()


@pytest.mark.parametrize(("gone", "words"), [
    ((1,), "the mean of class 1 is below 1 % of the predicted length"),
    ((0, 3), "the means of classes 0 and 3 are below 1 % of the predicted length"),
    ((0, 2, 3), "the means of classes 0, 2 and 3 are below 1 % of the predicted length"),
])
def test_classes_for_which_a_relu_died_are_named(gone, words):
    """A critical point of the ReLU problem: the other classes have their part of the minimum, these have no feature."""
    problem = one_hot(classes=5, counts=8, lambda_b=INF).replace(features="relu")
    found = ncsolve.solve(problem)
    w, means = np.array(found.W), np.array(found.class_means)
    w[list(gone)], means[:, list(gone)] = 0.0, 0.0
    stats = ncsolve.FeatureStatistics(5, means.shape[0]).update(means.T[labels_of(problem)], labels_of(problem))
    verdict = ncsolve.measure(stats, w, None, problem).verdict
    assert verdict.kind == "another model"
    assert words in verdict.reasons
    assert "a ReLU has switched features off" in verdict.remedies[0]
    linear = ncsolve.measure(stats, w, None, problem.replace(features="linear")).verdict
    assert words in linear.reasons
    assert not any("ReLU has switched" in remedy for remedy in linear.remedies)
    means[:, gone[0]] = found.class_means[:, gone[0]] * 0.02  # small, but there
    stats = ncsolve.FeatureStatistics(5, means.shape[0]).update(means.T[labels_of(problem)], labels_of(problem))
    assert words not in ncsolve.measure(stats, w, None, problem).verdict.reasons


def test_a_scan_over_lambda_h_is_convex_and_least_at_equal_norms():
    problem = one_hot(counts=[20, 10, 5, 5], lambda_b=0.1)
    w, b, features = network(np.random.default_rng(14), problem, 0.1)
    stats = gathered(problem, features)
    least = ncsolve.measure(stats, w, b, problem, lambda_h="norm")
    values = least.lambda_h * np.linspace(0.5, 1.5, 11)
    gaps = np.array([found.gap for found in least.scan(values)])
    assert gaps.argmin() == 5
    assert gaps[5] == pytest.approx(least.gap, rel=1e-9)
    assert (np.diff(gaps, 2) > 0).all()  # a strictly convex curve: its second differences are far from rounding
    assert all(found.estimator is None for found in least.scan(values))
    with pytest.raises(ProblemError, match="lambda_h"):
        least.scan([1e-3, -1.0])


def test_two_classes_in_one_point_are_told():
    problem = one_hot(classes=100, counts=20, lambda_b=0.5).replace(lambda_w=1.5e-3, lambda_h=1.5e-3)
    _, _, features = network(np.random.default_rng(15), problem, 0.0)
    y = labels_of(problem)
    features[y == 1] = features[y == 0]
    w, b = ridge(problem, features)
    verdict = ncsolve.measure(gathered(problem, features), w, b, problem).verdict
    assert verdict.kind == "collapsed as predicted"  # the gap is 0.2 % of the minimum
    assert verdict.exceptions == ("the means of classes 0 and 1 have the cosine 1 where -0.0101 is predicted",)


def test_nothing_at_all_is_the_minimum_of_a_large_decay():
    problem = one_hot().replace(lambda_w=0.5, lambda_h=0.5)
    found = ncsolve.solve(problem)
    assert found.rank == 0
    features = np.zeros((40, 4))
    measured = ncsolve.measure(gathered(problem, features, (0 * found.W, found.bias)), 0 * found.W, found.bias, problem)
    assert measured.stationarity == 0.0
    assert measured.verdict.kind == "collapsed as predicted"
    assert measured.verdict.remedies == ()


def test_the_accuracy_is_that_of_the_head_that_is_measured():
    problem = one_hot()
    w, b, features = network(np.random.default_rng(16), problem, 0.0)
    stats = gathered(problem, features, (w, b))
    assert ncsolve.measure(stats, w, b, problem).head.accuracy == 1.0
    other = ncsolve.measure(stats, -w, -b, problem)
    assert other.head.accuracy is other.head.decisions is None
    assert "decided" not in str(other.verdict)


def test_a_head_that_is_a_little_off_is_not_finished():
    """Not another convention: its lambda_w is within a third of the one given."""
    problem = one_hot()
    w, b, features = network(np.random.default_rng(17), problem, 0.0)
    verdict = ncsolve.measure(gathered(problem, 1.01 * features), w, b, problem).verdict
    assert verdict.kind == "not finished"
    assert "convention" not in str(verdict)


def test_features_of_a_relu_are_not_called_plain_decay():
    """They balance neuron by neuron: along their mean and across it the head implies another lambda_h, always."""
    problem = one_hot(counts=[40, 3, 1], classes=3, lambda_b=0.02, features="relu")
    w, b, features = network(np.random.default_rng(18), problem, 0.0)
    measured = ncsolve.measure(gathered(problem, features), w, b, problem)
    assert measured.verdict.kind == "collapsed as predicted"
    assert measured.head.by_direction is None
    linear = ncsolve.measure(gathered(problem, features), w, b, problem.replace(features="linear"))
    assert "plain weight decay" not in str(linear.verdict)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("swapped", "in the order 1, 0, 2, 3"), ("shuffled", "of the same rows?"), ("no bias", "has lambda_b = inf"),
        ("cross-entropy", "was the loss the mean squared error?"), ("narrow", "a bound that this network cannot reach"),
    ],
)
def test_what_practitioners_get_wrong_is_guessed(change, message):
    problem = one_hot(counts=20)
    w, b, features = network(np.random.default_rng(19), problem, 0.0)
    y = labels_of(problem)
    if change == "swapped":
        y = np.take([1, 0, 2, 3], y)
    if change == "shuffled":
        y = np.random.default_rng(20).permutation(y)
    if change == "no bias":
        b = np.zeros(4)
    if change == "cross-entropy":
        w = 40 * w
    if change == "narrow":
        features, w = features[:, :1], w[:, :1]
    stats = ncsolve.FeatureStatistics(4, features.shape[1], (w, b)).update(features, y)
    text = str(ncsolve.measure(stats, w, b, problem).verdict)
    assert message in text

"""Verdicts under cross-entropy on networks whose state is known, implied weight decays, and what is refused."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve.errors import NCSolveError, OpenProblemError
from tests.measure.samples import labels_of, network, one_hot_softmax, softmax_statistic

INF = math.inf


@pytest.mark.parametrize("lambda_b", [0.0, 0.05, INF])
@pytest.mark.parametrize("scatter", ["full", "projected", "trace"])
def test_the_minimum_itself_is_collapsed_as_predicted(lambda_b, scatter):
    for problem in (one_hot_softmax(lambda_b=lambda_b), one_hot_softmax(counts=[20, 10, 5, 5], lambda_b=lambda_b)):
        w, b, features = network(np.random.default_rng(0), problem, 0.0)
        found = ncsolve.measure(softmax_statistic(problem, w, b, features, scatter), w, b, problem)
        assert found.verdict.kind == "collapsed as predicted"
        assert found.verdict.remedies == found.verdict.exceptions == ()
        assert found.gap == pytest.approx(0.0, abs=1e-12)
        assert found.stationarity < 1e-6
        assert found.head.balance == pytest.approx(problem.lambda_h, rel=1e-6)
        assert found.head.implied_lambda_w == pytest.approx(problem.lambda_w, rel=1e-6)
        assert "softmax probabilities are proved to be within" in str(found.verdict)
        assert "the class means are proved to be within" in str(found.verdict).replace("The", "the")
        assert "in truth: Gram matrix" in found.summary()


def test_the_gap_of_smoothed_codes_is_counted_from_their_entropy():
    problem = one_hot_softmax(lambda_b=0.1).replace(encoding=ncsolve.encodings.make("smoothed:0.1", classes=4))
    w, b, features = network(np.random.default_rng(1), problem, 1e-2)
    found = ncsolve.measure(softmax_statistic(problem, w, b, features), w, b, problem)
    entropy = -(0.925 * math.log(0.925) + 0.075 * math.log(0.025))
    assert found.floor == pytest.approx(entropy, rel=1e-14)
    assert found.relative_gap == pytest.approx(found.gap / (found.minimum - entropy), rel=1e-12)
    assert "both less the entropy of the codes" in str(found.verdict)
    alike = ncsolve.UFM(
        encoding=[[0.3, 0.3], [0.7, 0.7]], counts=3, lambda_w=0.1, lambda_h=0.1, lambda_b=0.0, loss="cross-entropy"
    )
    b = np.array([0.0, 1.0])
    alone = ncsolve.measure(softmax_statistic(alike, np.zeros((2, 1)), b, np.zeros((6, 1))), np.zeros((2, 1)), b, alike)
    kl = 0.3 * math.log(0.3 * (1 + math.e)) + 0.7 * math.log(0.7 * (1 + math.e) / math.e)
    assert alone.gap == pytest.approx(kl, rel=1e-9)
    nothing = math.log(2) + 0.3 * math.log(0.3) + 0.7 * math.log(0.7)
    assert alone.relative_gap == pytest.approx(kl / nothing, rel=1e-9)  # the minimum is the entropy


def test_implied_decays_of_a_head_that_is_at_its_own_minimum():
    """Features that are not those of the minimum, and the head that descent finds on them: T14 holds for any loss."""
    from scipy.optimize import minimize

    problem = one_hot_softmax(lambda_b=0.05)
    rng = np.random.default_rng(6)
    y = labels_of(problem)
    features = 2.0 * np.eye(4)[y] + 0.3 * rng.standard_normal((40, 4)) - 0.4

    def loss(flat):
        w, b = flat[:16].reshape(4, 4), flat[16:]
        g_w, _, g_b = ncsolve.gradient(problem, w, features.T, b)
        return ncsolve.objective(problem, w, features.T, b), np.concatenate((g_w.ravel(), g_b))

    end = minimize(loss, np.zeros(20), jac=True, method="BFGS", options={"gtol": 1e-10}).x
    w, b = end[:16].reshape(4, 4), end[16:]
    stats = softmax_statistic(problem, w, b, features)
    found = ncsolve.measure(stats, w, b, problem)
    assert found.stationarity < 1e-6
    assert found.verdict.kind == "another model"
    assert found.head.implied_lambda_w == pytest.approx(5e-3, rel=1e-6)
    assert found.head.implied_lambda_b == pytest.approx(0.05, rel=1e-5)
    least = ncsolve.measure(stats, w, b, problem, lambda_h="norm")
    gaps = [each.gap for each in least.scan(least.lambda_h * np.array([0.8, 0.9, 1.0, 1.1, 1.2]))]
    assert int(np.argmin(gaps)) == 2
    assert (np.diff(gaps, 2) > 0).all()
    # the other loss is not its own, and that is told
    squared = problem.replace(loss="mse")
    assert ncsolve.measure(stats, w, b, squared).verdict.kind == "not finished"


def test_heads_of_the_other_loss_are_told():
    mse = one_hot_softmax(lambda_b=0.3).replace(loss="mse")
    w, b, features = network(np.random.default_rng(7), mse, 0.0)
    stats = softmax_statistic(mse.replace(loss="ce"), w, b, features)
    text = str(ncsolve.measure(stats, w, b, mse.replace(loss="ce")).verdict)
    assert "Under the mean squared error the head is stationary" in text
    problem = one_hot_softmax(counts=[20, 10, 5, 5])
    w, b, features = network(np.random.default_rng(7), problem, 0.0)
    text = str(ncsolve.measure(softmax_statistic(problem, w, b, features), w, b, problem.replace(loss="mse")).verdict)
    assert "After cross-entropy measure with loss = 'cross-entropy'" in text


def test_a_zero_bias_is_that_of_balanced_codes():
    """Under MSE it would be a sign of a head without one."""
    problem = one_hot_softmax(lambda_b=0.3)
    w, b, features = network(np.random.default_rng(8), problem, 0.3)
    b = 0 * b
    verdict = ncsolve.measure(softmax_statistic(problem, w, b, features), w, b, problem).verdict
    assert verdict.kind == "not finished"
    assert "The bias is zero" not in str(verdict)
    other = one_hot_softmax(counts=[20, 10, 5, 5], lambda_b=0.3)
    assert "The bias is zero" in str(ncsolve.measure(softmax_statistic(other, w, b, features), w, b, other).verdict)


def test_a_free_bias_is_compared_but_for_what_all_outputs_share():
    problem = one_hot_softmax(counts=[20, 10, 5, 5], lambda_b=0.0)
    w, b, features = network(np.random.default_rng(9), problem, 0.0)
    found = ncsolve.measure(softmax_statistic(problem, w, b + 5.0, features), w, b + 5.0, problem)
    assert found.distance.bias < 1e-7
    assert found.gap < 1e-9
    assert 0.0 < found.certificate.bias < 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a | {"W": 2 * a["W"]}, "of another head, gather it anew"),
        (lambda a: a | {"statistics": ncsolve.FeatureStatistics(4, 4, (a["W"], a["b"])).update(
            np.ones((40, 4)), np.repeat(range(4), 10))}, "loss = 'cross-entropy'|loss='cross-entropy'"),
        (lambda a: a | {"problem": one_hot_softmax(depth=2)}, "deep heads under cross-entropy"),
        (lambda a: a | {"problem": one_hot_softmax(dim=2)}, "bottleneck"),
        (lambda a: a | {"problem": one_hot_softmax(features="relu")}, "must not be below 0"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(change, message):
    problem = one_hot_softmax()
    w, b, features = network(np.random.default_rng(10), problem, 0.2)
    given = {"statistics": softmax_statistic(problem, w, b, features), "W": w, "b": b, "problem": problem}
    with pytest.raises(NCSolveError, match=message) as caught:
        ncsolve.measure(**change(given))
    assert "\n" not in str(caught.value)


def test_relu_features_with_a_bias_and_imbalance_are_open():
    problem = one_hot_softmax(counts=[20, 10, 5, 5], features="relu")
    w, b = np.ones((4, 4)), np.ones(4)
    stats = softmax_statistic(problem, w, b, np.ones((40, 4)))
    with pytest.raises(OpenProblemError, match="imbalanced counts and a bias are an open problem"):
        ncsolve.measure(stats, w, b, problem)

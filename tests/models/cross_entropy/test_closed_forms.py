"""T16 where it has closed forms: the check values, every lambda_b, the ends of the ranges, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from tests.reference import descend_freely

INF = math.inf
BIASES = (0.0, 0.01, 1.0, INF)


def ce(codes, counts, lambda_w, lambda_h, lambda_b, **model):
    return ncsolve.UFM(
        encoding=codes, counts=counts, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, loss="cross-entropy",
        **model,
    )


@pytest.mark.parametrize("lambda_b", BIASES)
@pytest.mark.parametrize(("alpha", "loss"), [(0.0, 0.0859072818870843), (0.1, 0.3959939296644478)])
def test_the_check_values(alpha, loss, lambda_b):
    """K = 4, n = 10, t = 0.0178885: one loss for every lambda_b, and no bias."""
    found = ncsolve.solve(ce(encodings.smoothed(4, alpha), 10, 1e-3, 2e-3, lambda_b))
    assert found.loss == pytest.approx(loss, rel=1e-14)
    assert (found.regime, found.rank, found.transition, found.bias.any()) == ("simplex", 3, None, False)
    np.testing.assert_allclose(found.gram / found.gram[0, 0], (4 * np.eye(4) - 1) / 3, rtol=0, atol=1e-14)


@given(
    classes=st.integers(2, 6), count=st.integers(1, 50), alpha=st.sampled_from([0.0, 0.05, 0.4]),
    share=st.floats(0.01, 0.99), ratio=st.floats(0.1, 10), lambda_b=st.sampled_from(BIASES),
)
def test_the_closed_form_is_the_numerical_minimum(classes, count, alpha, share, ratio, lambda_b):
    """Of the convex core, which knows none of it, and whose bound proves its point."""
    t = share * (1 - alpha)
    tau = t / (classes * math.sqrt(count))
    problem = ce(encodings.smoothed(classes, alpha), count, tau * ratio, tau / ratio, lambda_b)
    closed, core = ncsolve.solve(problem), ncsolve.solve(problem, method="spectral")
    assert (closed.method, core.method) == ("closed-form", "convex")
    assert core.loss == pytest.approx(closed.loss, rel=1e-9)
    assert core.lower_bound <= closed.loss * (1 + 1e-13)
    assert core.gap <= 1e-9 * core.loss
    np.testing.assert_allclose(core.gram, closed.gram, rtol=0, atol=1e-5 * closed.gram.max())


@pytest.mark.parametrize("features", ["linear", "relu"])
def test_the_threshold(features):
    """alpha + t = 1 with linear features; t = (1 - alpha) sqrt((K - 1)/K) with ReLU."""
    classes, count, alpha = 5, 7, 0.2
    edge = (1 - alpha) * (1 if features == "linear" else math.sqrt((classes - 1) / classes))
    for factor, alive in ((1 - 1e-6, True), (1.0 + 1e-12, False), (3.0, False)):
        tau = edge * factor / (classes * math.sqrt(count))
        found = ncsolve.solve(ce(encodings.smoothed(classes, alpha), count, tau, tau, 0.3, features=features))
        assert (found.rank > 0) == alive
        if not alive:
            assert found.regime == "collapsed"
            assert found.loss == pytest.approx(math.log(classes), rel=1e-14)


@pytest.mark.parametrize("tau", [1e-50, 1e-30, 1e-12])
def test_where_weight_decay_is_tiny(tau):
    """s = log(1 + K (1 - t)/t): the loss is about tau (K - 1) sqrt(n) s, with all digits."""
    import mpmath

    found = ncsolve.solve(ce(encodings.onehot(3), 4, tau, tau, 1.0))
    with mpmath.workdps(60):
        t = mpmath.mpf(tau) * 6
        s = mpmath.log(1 + 3 * (1 - t) / t)
        loss = mpmath.log(1 + 2 * mpmath.exp(-s)) + mpmath.mpf(tau) * 2 * 2 * s
        assert abs(found.loss / loss - 1) < 1e-13


@pytest.mark.parametrize(("codes", "loss"), [("onehot", 0.2777010128151), ("smoothed:0.1", 0.5339658769208)])
def test_relu_without_a_bias(codes, loss):
    problem = ce(codes, [50, 20, 6, 1], 4e-3, 5e-3, INF, features="relu")
    found = ncsolve.solve(problem)
    assert found.loss == pytest.approx(loss, rel=1e-12)
    assert found.class_means.min() >= 0.0
    np.testing.assert_allclose(found.gram, np.diag(np.diag(found.gram)), rtol=0, atol=0)
    assert min(descend_freely(problem, seed, 4) for seed in range(4)) >= found.loss * (1 - 1e-12)


@pytest.mark.parametrize("lambda_b", BIASES)
def test_relu_balanced_has_one_loss(lambda_b):
    found = ncsolve.solve(ce("onehot", [30] * 3, 5e-3, 5e-3, lambda_b, features="relu"))
    assert found.loss == pytest.approx(0.2925225617054, rel=1e-12)
    assert (found.regime, found.bias.any()) == ("orthogonal", False)


def test_relu_minority():
    """One-hot: class k is zero up to n_k = T^2 K/(K - 1)."""
    problem = ce("onehot", [50, 20, 6, 1], 1e-2, 3e-2, INF, features="relu")
    dead = problem.counts.array <= problem.threshold**2 * 4 / 3
    found = ncsolve.solve(problem)
    assert 0 < dead.sum() < 4
    np.testing.assert_array_equal(np.diag(found.gram) == 0, dead)


@pytest.mark.parametrize(("change", "words"), [
    ({"depth": 2}, "deep heads under cross-entropy are an open problem"),
    ({"dim": 2}, "a bottleneck is an open problem.*set dim >= 3"),
    ({"features": "relu", "dim": 3}, "a bottleneck is an open problem.*set dim >= 4"),
    ({"features": "relu", "counts": [4, 3, 2, 1]}, "imbalanced counts and a bias are an open problem"),
    ({"features": "relu", "encoding": [[1, 0.5, 0, 0], [0, 0.5, 1, 0], [0, 0, 0, 1]]}, "solved for one-hot and smoo"),
])
def test_what_is_open(change, words):
    problem = ce("onehot", [10] * 4, 1e-3, 2e-3, 0.1).replace(**change)
    with pytest.raises(ncsolve.OpenProblemError, match=words):
        ncsolve.solve(problem)


def test_room_for_the_simplex_is_enough():
    """K - 1 dimensions hold it; and one class has nothing to tell apart."""
    wide, narrow = (ncsolve.solve(ce("onehot", [10] * 4, 1e-3, 2e-3, 0.1, dim=dim)) for dim in (None, 3))
    assert narrow.W.shape == (4, 3)
    np.testing.assert_allclose(narrow.gram, wide.gram, rtol=0, atol=1e-14)
    one = ncsolve.solve(ce("onehot", [10], 1e-3, 2e-3, 0.1))
    assert (one.loss, one.rank, one.W.any()) == (0.0, 0, False)


def test_a_million_classes():
    found = ncsolve.solve(ce(encodings.onehot(10**6), 10, 1e-7, 2e-7, 1.0))
    assert (found.regime, found.rank) == ("simplex", 10**6 - 1)
    assert found.cosines.mean == pytest.approx(-1 / (10**6 - 1), rel=1e-12)


def test_decoding_and_prediction():
    """The class of an output is that of the largest <e_k, W h + b>; margins are of logits."""
    found = ncsolve.solve(ce(encodings.smoothed(4, 0.2), [40, 20, 20, 3], 1e-3, 2e-3, 0.1))
    np.testing.assert_array_equal(found.predict(found.class_means), range(4))
    (row,) = ncsolve.compare(["onehot"], counts=[9, 9, 9], lambda_w=1e-3, lambda_h=1e-3, lambda_b=1, loss="ce").rows
    logits = row.minimizer.W @ row.minimizer.class_means + row.minimizer.bias[:, None]
    assert row.decoding.margin == pytest.approx((logits[0, 0] - logits[1, 0]) / math.sqrt(2), rel=1e-12)
    assert row.decoding.margin_share is None

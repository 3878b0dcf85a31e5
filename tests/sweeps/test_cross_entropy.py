"""Minority merging under cross-entropy (T16), along a count and in phase diagrams, and frames that never open."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from tests.command import said

INF = math.inf


def ce(codes, counts, lambda_w, lambda_h, lambda_b):
    return ncsolve.UFM(
        encoding=codes, counts=counts, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, loss="cross-entropy"
    )


def apart(problem):
    """Distance of the last two class means, over the longest."""
    gram = ncsolve.solve(problem).gram
    return math.sqrt(max(gram[-1, -1] + gram[-2, -2] - 2 * gram[-1, -2], 0.0) / gram.max())


@pytest.mark.parametrize("alpha", [0.0, 0.2])
@pytest.mark.parametrize("lambda_b", [0.0, 0.1, INF])
def test_minorities_merge_as_another_class_grows(alpha, lambda_b):
    """Classes of 5 samples share a mean from the count on where T^2 = tau^2 N^2 reaches 5 (1 - alpha)^2, for every
    lambda_b; one sample less and they do not."""
    tau, rest = 5e-3, 10 + 15 + 5 + 5
    edge = math.ceil(math.sqrt(5) * (1 - alpha) / tau) - rest
    problem = ce(encodings.smoothed(5, alpha), [20, 10, 15, 5, 5], tau, tau, lambda_b)
    path = ncsolve.path(problem, count=[10, edge + 200], of_class=0)
    assert edge in [round(change.value) for change in path.changes]
    before, after = (apart(problem.replace(counts=[n, 10, 15, 5, 5])) for n in (edge - 1, edge))
    assert after == 0.0 < before


@pytest.mark.parametrize("model", [{"loss": "cross-entropy"}, {"loss": "mse"}, {"depth": 2}, {"features": "relu"}])
def test_counts_that_become_equal_are_no_passage(model):
    """Balanced classes have a regime with a name; those of one sample more or less do not, and are as good as alike."""
    problem = ncsolve.UFM(encoding="onehot", counts=[6, 6, 6], lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.1, **model)
    path = ncsolve.path(problem, count=[4, 5, 6, 7, 8], of_class=0)
    assert path.regimes[2] != path.regimes[1] == path.regimes[3] == "general"
    assert path.changes == ()


def test_minorities_merge_along_an_imbalance():
    """In a diagram for every lambda_b at once, at the ratio that T^2 = n_k says: its collapse line."""
    tau, n, k = 5e-3, 100, 6
    problem = ce(encodings.onehot(k), n, tau, tau, 0.1)
    phase = ncsolve.phase(problem, lambda_b=[1e-2, 1.0], against="imbalance", values=[10, 25, 50, 100])
    (ratio,) = phase.collapse
    assert n / ratio == pytest.approx((tau * (3 * n + 3 * n / ratio)) ** 2, rel=1e-9)
    ranks = {round(float(value)): set(row.tolist()) for value, row in zip(phase.values, phase.rank, strict=True)}
    assert ranks[10] == ranks[25] == {5}
    assert all(max(ranks[value]) < 5 for value in ranks if value > ratio)


@pytest.mark.parametrize("name", ["lambda_w", "lambda_h", "alpha"])
def test_minorities_merge_along_a_decay(name):
    """At T = (1 - alpha) sqrt(n), which the path gives as the theorem does, and not as a root."""
    problem = ce(encodings.onehot(4), [40, 20, 5, 5], 5e-3, 2e-2, 0.1)
    total, values = problem.samples, np.geomspace(1e-3, 0.9, 6)
    exact = {
        "lambda_w": 5 / total**2 / 2e-2, "lambda_h": 5 / total**2 / 5e-3, "alpha": 1 - problem.threshold / math.sqrt(5)
    }[name]
    path = ncsolve.path(problem, **{name: values})
    (change,) = [change for change in path.changes if change.theorem]
    assert (change.theorem, change.kind) == ("T16", "rank")
    assert change.value == pytest.approx(exact, rel=1e-13)
    below, above = (path.sweep.problem_at(exact * factor) for factor in (1 - 1e-5, 1 + 1e-5))
    assert apart(above) == 0.0 < apart(below)


def test_minorities_merge_in_a_diagram_of_imbalanced_classes():
    problem = ce(encodings.onehot(3), [90, 9, 9], 5e-3, 5e-3, 0.1)
    for name, value in (("t", 3 / 6), ("weight_decay", 3 / 108)):
        phase = ncsolve.phase(problem, lambda_b=[0.1, 1.0], against=name, values=[0.9 * value, 1.1 * value])
        assert phase.collapse == pytest.approx([value], rel=1e-14)
        assert [set(row.tolist()) for row in phase.rank] == [{2}, {1}]


def test_codes_with_their_least_entry_at_their_own_class():
    """A simplex ETF too, for every lambda_b, which no rounding of a numerical minimizer opens."""
    problem = ce("affine:-0.25,0.25", [100] * 5, 5e-4, 5e-4, 0.1)
    path = ncsolve.path(problem, lambda_b=[0.0, 1.0, INF])
    assert (path.changes, set(path.regimes)) == ((), {"simplex"})


def test_changes_of_relu_features_count_class_means():
    """A class mean that dies is a dimension of the class means, and none of Z."""
    problem = ["--loss", "ce", "--features", "relu", "--counts", "90,9,1", "--lambda-b", "inf"]
    text = " ".join(said("path", *problem, "--lambda-w", "1e-3:1:4").split())
    assert "the class means span 2 dimensions in place of 3" in text
    assert "singular value" not in text


def test_the_frame_never_opens():
    """Under MSE it does, at lb* = t/(1 - t); under cross-entropy it is the simplex ETF along all of lambda_b."""
    entropy = ce("onehot", [20] * 5, 5e-3, 5e-3, 0.0)
    squared = entropy.replace(loss="mse")
    along = [0.0, 1e-3, 0.1, 10.0, INF]
    paths = [ncsolve.path(problem, lambda_b=along) for problem in (squared, entropy)]
    assert [set(path.regimes) for path in paths] == [{"simplex", "intermediate", "orthogonal"}, {"simplex"}]
    assert [len(path.changes) for path in paths] == [1, 0]
    np.testing.assert_allclose(paths[1].loss, paths[1].loss[0], rtol=1e-15)
    assert np.isnan(paths[1].centring).all()
    assert set(paths[1].guarantees) == {"global"}


def test_the_threshold_is_that_of_mse():
    """t = 1 takes every class mean under both, in phase diagrams too."""
    problem = ce("onehot", [20] * 5, 5e-3, 5e-3, 0.0)
    for loss in ("mse", "cross-entropy"):
        phase = ncsolve.phase(
            problem.replace(loss=loss), lambda_b=[1e-2, 1.0], against="t", values=np.array([0.5, 0.999, 1.001])
        )
        assert phase.collapse == (1.0,)
        assert [row[0] for row in phase.regimes] == ["simplex", "simplex", "collapsed"]


def test_changes_of_rank_are_where_the_residual_reaches_the_threshold():
    """Along the weight decay of any codes: beside each change the number of residual singular values at T differs."""
    problem = ce([[0.8, 0.1, 0.0, 0.3], [0.2, 0.6, 0.3, 0.3], [0.0, 0.3, 0.7, 0.4]], [3, 2, 1, 2], 0.01, 0.02, 0.1)
    path = ncsolve.path(problem, lambda_w=np.geomspace(1e-3, 10, 5))
    assert [(change.rank_before, change.rank_after) for change in path.changes] == [(2, 1), (1, 0)]
    for change in path.changes:
        ranks = [ncsolve.solve(problem.replace(lambda_w=change.value * factor)).rank for factor in (1 - 1e-4, 1 + 1e-4)]
        assert ranks == [change.rank_before, change.rank_after]
        assert not change.jump

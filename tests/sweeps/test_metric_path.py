"""Paths of a ``MetricProblem``: every point is its minimizer, and the changes are those of T15."""

import math

import numpy as np
import pytest

import ncsolve
from tests.models.metric.definition import Network, regular

GRID = [0.0, 0.01, 0.03, 0.1, 1.0, math.inf]


def test_points_are_the_minimizers():
    problem = regular(3.0, 2.5, 0.0).problem
    along = ncsolve.path(problem, lambda_b=GRID)
    for i, value in enumerate(GRID):
        found = ncsolve.solve(problem.replace(lambda_b=value))
        assert along.loss[i] == found.loss
        assert along.regimes[i] == found.regime
        assert along.cosines[i] == pytest.approx(
            [found.cosines.min, found.cosines.mean, found.cosines.max], abs=1e-15
        )
        np.testing.assert_array_equal(along.bias[i], found.bias)
        assert along.minimizer(i).loss == found.loss
    assert along.guarantees == ("global",) * len(GRID)
    assert along.latent is None
    assert along.centring[0] == pytest.approx(1.0)
    assert set(along.columns()) >= {"lambda_b", "loss", "cos_mean", "rank", "nc1", "regime", "theorem"}


def test_changes_are_the_transition_and_the_orthogonal_frame():
    along = ncsolve.path(regular(3.0, 2.5, 0.0).problem, lambda_b=GRID)
    first, second = along.changes
    assert (first.value, first.kind, first.theorem) == (pytest.approx(0.019987593178, rel=1e-10), "rank", "T15")
    assert (first.regime_before, first.regime_after) == ("simplex", "intermediate")
    assert second.value == pytest.approx(0.048989794856, rel=1e-10)
    assert (second.kind, second.regime_after, second.jump) == ("orthogonal", "acute", False)


def test_a_frame_that_stays_obtuse_passes_no_right_angle():
    """sqrt(K) |zbar| <= q."""
    along = ncsolve.path(regular(6.0, 2.5, 0.0).problem, lambda_b=GRID)
    assert [change.kind for change in along.changes] == ["rank"]
    assert along.cosines[-1, 2] < 0


def test_changes_of_features_without_a_theorem_are_bisected():
    network = Network(
        z=np.array([[1, 0.5, 0, -1, 0.3, 0.2], [0, 2, 1, 0.5, 0.1, 1.5]]), labels=np.array([0, 0, 1, 1, 2, 2]),
        codes=np.eye(3), lambda_w=0.01, lambda_v=0.02, lambda_c=0.05, lambda_b=0.1,
    )
    (change,) = ncsolve.path(network.problem, lambda_b=[0.0, 0.01, 1.0]).changes
    assert (change.rank_before, change.rank_after, change.theorem) == (2, 3, "")
    for side, rank in ((-1, 2), (1, 3)):
        at = change.value * (1 + 2 * side * change.accuracy)
        assert ncsolve.solve(network.problem.replace(lambda_b=at)).rank == rank


def test_a_path_along_the_decay_of_the_head():
    problem = regular(3.0, 2.5, 0.1).problem
    along = ncsolve.path(problem, lambda_w=[1e-3, 1e-2, 1.0, 1e2])
    assert along.rank[0] == 4
    assert along.regimes[-1] == "collapsed"
    with pytest.raises(ncsolve.ProblemError, match="varies lambda_b or lambda_w; got alpha"):
        ncsolve.path(problem, alpha=[0.0, 0.1])


def test_it_can_be_drawn():
    pytest.importorskip("matplotlib")
    from ncsolve import plots

    along = ncsolve.path(regular(3.0, 2.5, 0.0).problem, lambda_b=GRID[1:-1])
    figure = plots.path_figure(along)
    title = figure.get_suptitle()
    assert r"$\lambda_V$ = 0.03" in title
    assert "plain weight decay" in title
    assert any("W (V, c)" in ax.get_ylabel() for ax in figure.axes)
    with pytest.raises(ncsolve.ProblemError, match="whose previous features are data"):
        plots.path_gram_figure(along)

"""NC metrics from a statistic are those of the features themselves."""

import math

import numpy as np
import pytest
from ncsolve.verify import peers

import ncsolve
from ncsolve import geometry
from ncsolve._measure.metrics import cdnv_of, energy_share, nc1_of
from tests.measure.samples import labels_of, network, random_problem


@pytest.mark.parametrize("seed", range(12))
def test_metrics_of_features_and_of_their_statistic(seed):
    random = np.random.default_rng(seed)
    classes, dim = int(random.integers(2, 7)), int(random.integers(1, 8))
    y = np.concatenate((np.arange(classes), random.integers(0, classes, 40)))
    x = random.standard_normal((y.size, dim)) + 3 * random.standard_normal((classes, dim))[y]
    stats = ncsolve.FeatureStatistics(classes, dim).update(x, y)
    assert nc1_of(stats) == pytest.approx(geometry.nc1(x.T, y, classes), rel=1e-9)
    assert cdnv_of(stats) == pytest.approx(peers.cdnv(x.T, y, classes), rel=1e-9)
    assert energy_share(stats) == pytest.approx(geometry.within_class_energy(x.T, y, classes), rel=1e-12)


def test_metrics_of_a_minimum_are_those_of_the_minimizer():
    for seed in range(20):
        random = np.random.default_rng(seed)
        problem = random_problem(random)
        if problem.classes < 2 or ncsolve.solve(problem).rank == 0:
            continue
        w, b, features = network(random, problem, 0.0)
        stats = ncsolve.FeatureStatistics(problem.classes, features.shape[1]).update(features, labels_of(problem))
        found, wanted = ncsolve.measure(stats, w, b, problem).nc, ncsolve.solve(problem).nc
        for name in ("nc2_simplex", "nc2_orthogonal", "nc3", "nc4"):
            own, its = getattr(found, name), getattr(wanted, name)
            assert (own is None) == (its is None)
            assert own is None or own == pytest.approx(its, abs=1e-7)  # square roots of rounding


def test_what_is_undefined_is_none():
    apart = ncsolve.FeatureStatistics(2, 1).update([[1.0], [1.0]], [0, 1])
    assert nc1_of(apart) is None
    assert cdnv_of(apart) == math.inf
    one = ncsolve.FeatureStatistics(2, 1).update([[1.0], [2.0]], [1, 1])
    assert nc1_of(one) is cdnv_of(one) is None
    assert energy_share(ncsolve.FeatureStatistics(1, 1).update([[0.0]], [0])) is None
    assert nc1_of(ncsolve.FeatureStatistics(2, 1, scatter="trace").update([[1.0], [2.0]], [0, 1])) is None


def test_cdnv_over_more_classes_than_a_chunk(monkeypatch):
    random = np.random.default_rng(1)
    x, y = random.standard_normal((60, 3)), np.arange(60) % 20
    stats = ncsolve.FeatureStatistics(20, 3).update(x, y)
    whole = cdnv_of(stats)
    monkeypatch.setattr("ncsolve._measure.metrics._CHUNK", 7)
    assert cdnv_of(stats) == pytest.approx(whole, rel=1e-12)

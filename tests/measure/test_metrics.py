"""NC metrics from a statistic are those of the features themselves."""

import math

import numpy as np
import pytest
from ncsolve.verify import peers

import ncsolve
from ncsolve import geometry, metrics
from ncsolve._measure.metrics import cdnv_of, energy_share, nc1_of
from tests.measure.samples import labels_of, network, random_problem
from tests.verify import test_peers as theirs


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
    assert (stats.nc1, stats.cdnv, stats.within_class_energy) == (nc1_of(stats), cdnv_of(stats), energy_share(stats))


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


def of_features(variant, centring, x, y, w, b):
    """A published metric of the features themselves; None where it compares samples."""
    name, classes = variant.function.__name__, w.shape[0]
    means, counts = metrics.class_means_of(x.T, y, classes), np.bincount(y)
    given = {"centring": centring} | ({"counts": counts} if centring == "samples" else {})
    if name == "cdnv":
        return metrics.cdnv(x.T, y, classes)
    if variant.nc == "NC1":
        return variant.function(x.T, y, classes, centring=centring)
    if name in ("zhu_classifier_etf_error", "zhou_classifier_etf_error"):
        return variant.function(w)
    if name in ("zhu_self_duality_error", "zhou_self_duality_error"):
        return variant.function(w, means, counts)
    if name == "bias_centring":
        return variant.function(w, b, means, **given)
    if name in ("papyan_self_duality", "package_self_duality_error"):
        return variant.function(w, means, **given)
    return None if name == "ncc_agreement" else variant.function(means, **given)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scatter", ["full", "projected", "trace"])
def test_published_metrics_of_features_and_of_their_statistic(seed, scatter):
    random = np.random.default_rng(seed)
    classes, dim = int(random.integers(2, 6)), int(random.integers(1, 8))
    y = np.concatenate((np.arange(classes), random.integers(0, classes, 40)))
    x = 2 + random.standard_normal((y.size, dim)) + 3 * random.standard_normal((classes, dim))[y]
    w, b = random.standard_normal((classes, dim)), random.standard_normal(classes)
    found = ncsolve.FeatureStatistics(classes, dim, (w, b), scatter).update(x, y).published()
    seen = {(one.variant, one.centring): one.value for one in found}
    assert len(seen) == len(found)
    for variant in metrics.PUBLISHED:
        for centring in variant.centring or ("",):
            wanted = of_features(variant, centring, x, y, w, b)
            if wanted is None or (scatter != "full" and "pinv" in variant.function.__name__):
                assert (variant, centring) not in seen
            else:
                assert seen.pop((variant, centring)) == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert seen == {}


def test_published_metrics_without_a_head_or_an_output_a_class():
    x, y = np.random.default_rng(0).standard_normal((30, 4)), np.arange(30) % 3
    of_head = {"zhu_classifier_etf_error", "zhou_classifier_etf_error", "bias_centring"}
    duality = {variant.function.__name__ for variant in metrics.PUBLISHED if variant.nc == "NC3"}
    every = {variant.function.__name__ for variant in metrics.PUBLISHED} - {"ncc_agreement"}
    for head, missing in ((None, of_head | duality), (np.ones((2, 4)) + np.eye(2, 4), duality)):
        codes = None if head is None else np.ones((2, 3))
        stats = ncsolve.FeatureStatistics(3, 4, head, codes=codes).update(x, y)
        assert {one.variant.function.__name__ for one in stats.published()} == every - missing
    for few in (ncsolve.FeatureStatistics(4, 4).update(x, y), ncsolve.FeatureStatistics(1, 4).update(x, 0 * y)):
        with pytest.raises(ncsolve.NCSolveError, match="number those that occur from 0"):
            few.published()


def test_published_metrics_where_all_class_means_coincide():
    found = ncsolve.FeatureStatistics(2, 1).update([[1.0], [3.0], [2.0]], [0, 0, 1]).published()
    nc1 = [one.value for one in found if one.variant.nc == "NC1" and one.centring == "classes"]
    assert len(nc1) == 6
    assert all(map(math.isnan, nc1))
    assert math.inf in [one.value for one in found]  # CDNV


# What the package at c05a0b8 gives, run by hand on the features of tests/verify/test_peers.py in double precision.
@pytest.mark.parametrize(("function", "centring", "value"), [
    ("covariance_pinv", "classes", 0.3094861074416), ("covariance_pinv", "none", 0.3175001996147),
    ("covariance_quotient", "classes", 0.0388457884951), ("covariance_quotient", "none", 0.02139261493358),
    ("cdnv", "", 0.01743285916746), ("simplex_etf_error", "classes", 0.7891815847464),
    ("simplex_etf_error", "none", 1.022949575982), ("package_self_duality_error", "classes", 0.8285729746271),
    ("package_self_duality_error", "none", 1.056321725322),
])
def test_the_package_gives_the_same_of_all_features(function, centring, value):
    stats = ncsolve.FeatureStatistics(theirs.K, theirs.D, (theirs.W, theirs.B))
    for part in np.array_split(np.arange(theirs.LABELS.size), 4):
        stats.update(theirs.H.T[part], theirs.LABELS[part])
    found = [one.value for one in stats.published()
             if (one.variant.source, one.variant.function.__name__, one.centring) == ("package", function, centring)]
    # its CDNV fills a grid of single precision
    assert found == [pytest.approx(value, rel=1e-7 if function == "cdnv" else 1e-11)]

"""What a statistic keeps for cross-entropy: batches, merges, files, decisions, and what it refuses."""

import numpy as np
import pytest

import ncsolve
from ncsolve.errors import FileError, NCSolveError, ProblemError
from tests.measure.samples import labels_of, network, one_hot_softmax, softmax, softmax_statistic


def test_batches_merges_and_files_have_the_same_numbers(tmp_path):
    problem = one_hot_softmax(counts=[20, 10, 7, 3])
    w, b, features = network(np.random.default_rng(2), problem, 0.4)
    features[::7] *= 30.0  # far apart: the divergences of large outputs
    y = labels_of(problem)
    whole = softmax_statistic(problem, w, b, features, order=np.arange(40))
    parts = []
    for rows in np.array_split(np.random.default_rng(3).permutation(40), 7):
        part = ncsolve.FeatureStatistics(4, features.shape[1], (w, b), loss="ce", codes=problem.encoding)
        part.update(features[rows], y[rows]).save(tmp_path / "part.npz", force=True)
        parts.append(ncsolve.FeatureStatistics.load(tmp_path / "part.npz"))
    merged = parts[0]
    for part in parts[1:]:
        before = merged.divergence
        merged = merged.merge(part)
        assert before is not None
    assert merged.loss == "cross-entropy"
    for name in ("class_probabilities", "probability_energy", "divergence", "probability_products"):
        assert getattr(merged, name) == pytest.approx(getattr(whole, name), rel=1e-12, abs=1e-12)
    outputs = w @ features.T + b[:, None]
    middle = (w @ np.array(whole.class_means) + b[:, None])[:, y]
    p, q = softmax(middle), softmax(outputs)
    with np.errstate(divide="ignore"):
        logs = outputs - outputs.max(axis=0) - np.log(np.exp(outputs - outputs.max(axis=0)).sum(axis=0))
    assert whole.divergence == pytest.approx(float(np.sum(p * (np.log(p) - logs))), rel=1e-12)
    assert whole.probability_products == pytest.approx(q @ features, rel=1e-12)
    assert ncsolve.measure(merged, w, b, problem).gap == pytest.approx(
        ncsolve.measure(whole, w, b, problem).gap, rel=1e-12)


def test_equal_features_do_not_vary_at_all():
    """Rounding of a sum of losses would be seen: the divergence is exactly 0, in one batch and in several."""
    problem = one_hot_softmax()
    w, b, features = network(np.random.default_rng(4), problem, 0.0)
    found = softmax_statistic(problem, w, b, 1e3 * features)
    assert found.divergence == pytest.approx(0.0, abs=1e-25)
    assert found.probability_energy == pytest.approx(0.0, abs=1e-25)


def test_samples_are_decided_by_the_mean_output_of_a_code():
    codes = np.array([[1.0, 0.5], [0.0, 0.5]])  # the nearest code and the largest <e, o> differ at o = (0.9, 0.2)
    for loss, decided in (("mse", 0), ("cross-entropy", 0)):
        stats = ncsolve.FeatureStatistics(2, 2, np.eye(2), codes=codes, loss=loss).update([[0.9, 0.2]], [0])
        assert stats.decisions[:, 0].argmax() == decided
    for loss, decided in (("mse", 1), ("cross-entropy", 0)):
        stats = ncsolve.FeatureStatistics(2, 2, np.eye(2), codes=codes, loss=loss).update([[0.5, 0.2]], [0])
        assert stats.decisions[:, 0].argmax() == decided


def test_statistics_of_the_loss_are_refused_where_they_do_not_fit(tmp_path):
    with pytest.raises(ProblemError, match="takes the outputs of every sample; got no head"):
        ncsolve.FeatureStatistics(2, 2, loss="ce")
    with pytest.raises(NCSolveError, match="loss"):
        ncsolve.FeatureStatistics(2, 2, np.eye(2), loss="hinge")
    one, other = (ncsolve.FeatureStatistics(2, 2, np.eye(2), loss=loss).update(np.eye(2), [0, 1])
                  for loss in ("mse", "ce"))
    with pytest.raises(ProblemError, match="the same loss"):
        one.merge(other)
    assert one.class_probabilities is one.divergence is one.probability_energy is one.probability_products is None
    other.save(tmp_path / "state.npz")
    with np.load(tmp_path / "state.npz") as data:
        arrays = dict(data)
    for name, value in (("divergences", -arrays["divergences"] - 1), ("probabilities", 2 * arrays["probabilities"]),
                        ("products", arrays["products"][:, :1]), ("loss", np.array("hinge"))):
        np.savez(tmp_path / "damaged.npz", **(arrays | {name: value}))
        with pytest.raises(FileError, match="gather"):
            ncsolve.FeatureStatistics.load(tmp_path / "damaged.npz")

"""``ncsolve measure --loss cross-entropy``: the same numbers however the features come, and what is refused."""

import jsonschema
import numpy as np
import pytest

import ncsolve
from ncsolve.schemas import schema
from tests.command import ROOT, document, refused, said
from tests.measure.samples import labels_of, network, one_hot_softmax

DECAYS = ["--lambda-w", "5e-3", "--lambda-h", "2e-3", "--lambda-b", "0.3"]
SOFTMAX = ["--loss", "cross-entropy", *DECAYS]
FILE = ROOT / "examples" / "digits_cross_entropy.npz"
DIGITS = [FILE, "--lambda-w", "5e-3", "--lambda-h", "5e-4", "--lambda-b", "0.5"]
COUNTS = [12, 10, 10, 8]


def arrays(distance=0.05, **other):
    """A network near the minimum, its samples in a random order."""
    problem = one_hot_softmax(counts=COUNTS, **other)
    random = np.random.default_rng(0)
    w, b, features = network(random, problem, distance)
    order = random.permutation(problem.samples)
    return {"features": features[order], "labels": labels_of(problem)[order], "W": w, "b": b}


def saved(folder, name="f.npz", **change):
    path = folder / name
    np.savez(path, **{key: value for key, value in (arrays() | change).items() if value is not None})
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The document of everything in one file."""
    return document("measure", saved(tmp_path_factory.mktemp("whole")), *SOFTMAX)


def same(found, wanted):
    """The numbers, as far as rounding goes."""
    for key in ("loss", "minimum", "gap", "stationarity", "accuracy"):
        assert found[key] == pytest.approx(wanted[key], rel=1e-9), key
    for key in ("parts", "distance", "certificate"):
        own, its = ({name: x for name, x in one[key].items() if x is not None} for one in (found, wanted))
        assert own == pytest.approx(its, rel=1e-6), key
    assert found["verdict"]["kind"] == wanted["verdict"]["kind"]


def test_the_numbers_are_those_of_the_library_and_of_the_definition(whole):
    a = arrays()
    jsonschema.validate(whole, schema("ncsolve.measurement/1"))
    problem = one_hot_softmax(counts=COUNTS)
    order = np.argsort(a["labels"], kind="stable")
    loss = ncsolve.objective(problem, a["W"], a["features"][order].T, a["b"])
    assert whole["loss"] == pytest.approx(loss, rel=1e-12)
    assert whole["minimum"] == pytest.approx(ncsolve.solve(problem).loss, rel=1e-9)
    parts = [whole["parts"][name] for name in ("fit", "bias", "dual", "feature")]
    assert sum(parts) == pytest.approx(loss - whole["minimum"], rel=1e-8)
    assert whole["certificate"]["outputs"] is whole["distance"]["outputs"] is None
    assert 0 < whole["distance"]["probabilities"] <= whole["certificate"]["probabilities"]
    stats = ncsolve.FeatureStatistics(4, a["features"].shape[1], (a["W"], a["b"]), loss="ce")
    stats.update(a["features"], a["labels"])
    same(whole, ncsolve.measure(stats, a["W"], a["b"], problem).to_json())


def test_shards_states_and_tasks(tmp_path, whole):
    a = arrays()
    for k, rows in enumerate((slice(None, 17), slice(17, None))):
        part = saved(tmp_path, f"part{k}.npz", features=a["features"][rows], labels=a["labels"][rows])
        text = said("measure", part, *SOFTMAX, "--scatter", "trace", "--save", tmp_path / f"state{k}.npz")
        assert "softmax probabilities" in text
    parts, states = ([tmp_path / f"{kind}{k}.npz" for k in range(2)] for kind in ("part", "state"))
    same(document("measure", *parts, *SOFTMAX), whole)
    same(document("measure", *parts, *SOFTMAX, "--nc4"), whole)
    same(document("measure", "--merge", *states, *SOFTMAX), whole)
    same(document("measure", "--merge", *states, *DECAYS), whole)  # the loss is theirs
    pytest.importorskip("dask", reason="needs dask: pip install 'ncsolve[dask]'")
    same(document("measure", *parts, *SOFTMAX, "--dask", "threads"), whole)


def test_states_of_another_loss_or_head_are_refused(tmp_path):
    file = saved(tmp_path)
    head = saved(tmp_path, "head.npz", features=None, labels=None)
    squared, softmax = tmp_path / "squared.npz", tmp_path / "softmax.npz"
    said("measure", file, "--save", squared)
    said("measure", file, "--loss", "ce", "--save", softmax)
    assert "gather them with --loss cross-entropy" in refused("measure", "--merge", squared, *SOFTMAX)
    assert "keep the probabilities of their own head" in refused(
        "measure", "--merge", softmax, "--head", head, *SOFTMAX)
    assert "the same loss" in refused("measure", "--merge", squared, softmax, *DECAYS)
    mse = document("measure", "--merge", softmax, "--loss", "mse", "--head", head, *DECAYS)
    assert mse["gap"] == pytest.approx(document("measure", file, *DECAYS)["gap"], rel=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--loss", "hinge"], "hinge"),
        (["--loss", "focal"], "focal loss is not convex"),
        (["--loss", "ce", "--encoding", "signed"], "every code must be a probability vector"),
        (["--loss", "ce", "--features", "relu"], "must not be below 0"),
        (["--loss", "ce", "--depth", "2"], "got --depth 2"),
    ],
)
def test_what_does_not_fit_is_said_in_a_line(tmp_path, options, message):
    assert message in refused("measure", saved(tmp_path), *DECAYS, *options)


def test_without_lambdas_the_head_says_what_it_implies(tmp_path):
    file = saved(tmp_path, **arrays(0.0))
    found = document("measure", file, "--loss", "ce")
    assert found["verdict"]["kind"] == "geometry only"
    assert found["implied"]["lambda_w"] == pytest.approx(5e-3, rel=1e-4)
    assert found["implied"]["lambda_b"] == pytest.approx(0.3, rel=1e-3)
    assert "as at the end of a descent on the mean squared error" in " ".join(said("measure", file).split())
    assert document("measure", file, "--loss", "ce", "--held-out")["implied"] is None
    alone = saved(tmp_path, "alone.npz", W=None, b=None)
    assert document("measure", alone, "--loss", "ce")["nc"]["nc3"] is None


def test_the_digits_collapse_as_predicted():
    found = document("measure", *DIGITS, "--loss", "ce")
    assert found["verdict"]["kind"] == "collapsed as predicted"
    assert found["accuracy"] == 1.0
    assert found["implied"]["lambda_w"] == pytest.approx(5e-3, rel=1e-2)
    assert found["nc"]["nc2_simplex"] < 0.01  # a simplex ETF, at a lambda_b where it is none under MSE
    assert document("measure", *DIGITS, "--loss", "ce", "--convention", "torch-mean")["loss"] == found["loss"]
    other = document("measure", *DIGITS)
    assert other["verdict"]["kind"] == "not finished"
    assert "After cross-entropy measure with --loss cross-entropy" in " ".join(said("measure", *DIGITS).split())


def test_a_picture_and_a_report(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    said("measure", *DIGITS, "--loss", "ce", "--plot", tmp_path / "p.svg", "--report", tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "fit (probabilities)" in (tmp_path / "p.svg").read_text(encoding="utf-8")
    assert "softmax probabilities, all samples" in text
    assert "probabilities that are not those of the minimum" in text

"""What a minimizer offers: features, predictions, files, documents, regimes."""

import json
import math
from itertools import pairwise

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from ncsolve.schemas import schema
from tests.documents import fits
from tests.strategies import affine_problems, problems


def one_hot(lambda_b=0.5, **changes):
    fields = {"encoding": encodings.onehot(10), "counts": 100, "lambda_w": 5e-4, "lambda_h": 5e-4, "lambda_b": lambda_b}
    return ncsolve.UFM(**(fields | changes))


@pytest.mark.parametrize(
    ("lambda_b", "lam", "code", "regime"),
    [
        (0.0, 5e-4, encodings.onehot(10), "simplex"),
        (0.05, 5e-4, encodings.onehot(10), "simplex"),
        (0.0526, 5e-4, encodings.onehot(10), "simplex"),
        (0.0527, 5e-4, encodings.onehot(10), "intermediate"),
        (1e9, 5e-4, encodings.onehot(10), "intermediate"),
        (math.inf, 5e-4, encodings.onehot(10), "orthogonal"),
        (0.1, 2e-2, encodings.onehot(10), "collapsed"),
        (0.49, 5e-4, encodings.smoothed(10, 0.1), "intermediate"),
        (0.5, 5e-4, encodings.smoothed(10, 0.1), "orthogonal"),
        (0.51, 5e-4, encodings.smoothed(10, 0.1), "acute"),
        (1.0, 5e-4, encodings.signed(10), "acute"),
        (math.inf, 5e-4, encodings.simplex(10), "simplex"),
        (0.1, 5e-4, encodings.gaussian(10), "general"),
    ],
)
def test_regimes(lambda_b, lam, code, regime):
    assert ncsolve.solve(one_hot(lambda_b, lambda_w=lam, lambda_h=lam, encoding=code)).regime == regime


def test_cosine_rises_from_simplex_to_orthogonal():
    """cos = -1/(K-1) up to lb*, then strictly up to 0 like -t/(K lb (1-t))."""
    problem = one_hot()
    threshold = ncsolve.solve(problem).transition
    grid = threshold * np.array([0.01, 0.5, 0.999999, 1.000001, 1.1, 2, 10, 100, 1e4])
    cosines = [ncsolve.solve(problem.replace(lambda_b=lb)).cosines.mean for lb in grid]
    assert cosines[:3] == pytest.approx([-1 / 9] * 3, rel=1e-12)
    assert all(a < b for a, b in pairwise(cosines[2:]))
    t = problem.threshold / 10
    assert cosines[-1] == pytest.approx(-t / (10 * grid[-1] * (1 - t)), rel=1e-3)


def test_features_and_predictions():
    found = ncsolve.solve(one_hot())
    labels = np.random.default_rng(0).integers(0, 10, 50)
    features = found.features(labels)
    assert features.shape == (10, 50)
    np.testing.assert_array_equal(found.predict(features), labels)
    full = np.repeat(np.arange(10), 100)
    loss = ncsolve.objective(found.problem, found.W, found.features(full), found.bias)
    assert loss == pytest.approx(0.0485, rel=1e-13)
    with pytest.raises(ncsolve.ProblemError, match=r"0 .. 9; got 10"):
        found.features([10])
    with pytest.raises(ncsolve.ProblemError, match=r"\(10, N\)"):
        found.predict(np.zeros((3, 3)))


def test_select_method_says_what_solve_does():
    for problem in (
        one_hot(), one_hot(0.0), one_hot(math.inf), one_hot(counts=np.arange(1, 11) * 20),
        one_hot(math.inf, counts=np.arange(1, 11) * 20), one_hot(50.0, counts=np.arange(1, 11) * 20),
        one_hot(0.01, counts=np.arange(1, 11) * 20), one_hot(0.0, counts=np.arange(1, 11) * 20),
        one_hot(encoding=encodings.gaussian(10)), one_hot(1e3, encoding=encodings.gaussian(10)),
        one_hot(encoding=encodings.ordinal(10)), one_hot(encoding=np.outer([1.0, 2.0], np.tile([1.0, -1.0], 5))),
    ):
        choice = ncsolve.select_method(problem)
        found = ncsolve.solve(problem)
        assert choice == found.choice
        assert choice.method == found.method
        assert choice.reason


@given(st.one_of(problems(most=6), affine_problems(most=6)))
@settings(max_examples=40)
def test_documents_fit_their_schema(problem):
    found = ncsolve.solve(problem)
    document = fits(found.to_json(), "ncsolve.minimizer/1")
    assert document["loss"] == pytest.approx(sum(document["loss_terms"].values()), rel=1e-12, abs=1e-300)
    assert (document["problem"]["lambda_b"] == "inf") == (problem.lambda_b == math.inf)
    np.testing.assert_array_equal(document["gram"], found.gram)


def test_schema_is_strict():
    """A schema that accepts anything would test nothing."""
    document = ncsolve.solve(one_hot()).to_json()
    jsonschema.Draft202012Validator.check_schema(schema("ncsolve.minimizer/1"))
    for damage in (
        lambda d: d.pop("loss"), lambda d: d.update(regime="flat"), lambda d: d.update(extra=1),
        lambda d: d["nc"].update(nc3=-1), lambda d: d["problem"].update(lambda_b="infinity"),
        lambda d: d.update(schema="ncsolve.minimizer/2"), lambda d: d.update(cosines={"min": 2, "max": 2, "mean": 2}),
    ):
        broken = json.loads(json.dumps(document))
        damage(broken)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema("ncsolve.minimizer/1"))


@pytest.mark.parametrize("classes", [200, 201, 1000])
@pytest.mark.parametrize("code", ["onehot", "gaussian:30"])
def test_large_documents_stay_readable(classes, code):
    counts = np.resize([5, 50, 7], classes)
    problem = ncsolve.UFM(encoding=encodings.make(code, classes=classes), counts=counts, lambda_w=1e-5, lambda_h=1e-5,
                          lambda_b=0.1)
    found = ncsolve.solve(problem)
    document = fits(found.to_json(), "ncsolve.minimizer/1")
    if classes == 200:
        assert np.shape(document["gram"]) == (200, 200)
        return
    assert len(json.dumps(document)) < 20000
    if code == "onehot":
        blocks = document["gram"]["blocks"]
        assert [b["count"] for b in blocks] == [5, 7, 50]
        assert sum(b["classes"] for b in blocks) == classes
        first = {5: 0, 50: 1, 7: 2}
        for b in blocks:
            k = first[b["count"]]
            assert b["squared_length"] == pytest.approx(found.gram[k, k], rel=1e-12)
            assert b["inner_product"] == pytest.approx(found.gram[k, k + 3], rel=1e-9)
        assert {b["value"] for b in document["bias"]["blocks"]} == set(found.bias.tolist())
    else:
        assert document["gram"]["summary"]["squared_length"]["max"] == np.diag(found.gram).max()


@given(problems(most=6))
@settings(max_examples=25)
def test_save_and_load(problem):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "minimizer.npz"
        found = ncsolve.solve(problem)
        found.save(path)
        again = ncsolve.Minimizer.load(path)
        assert again.loss == found.loss
        np.testing.assert_array_equal(again.W, found.W)
        np.testing.assert_array_equal(again.bias, found.bias)
        assert list(Path(folder).iterdir()) == [path]
        with np.load(path) as data:
            for name in ("W", "class_means", "bias", "encoding", "counts", "lambda_w", "lambda_h", "lambda_b"):
                assert name in data


def test_changed_files_are_noticed(tmp_path):
    found = ncsolve.solve(one_hot())
    found.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as data:
        arrays = dict(data)
    for name in ("W", "class_means", "bias", "lambda_w", "lambda_b", "counts"):
        changed = dict(arrays)
        changed[name] = arrays[name] * 2 if name == "counts" else arrays[name] * (1 + 1e-6)
        np.savez(tmp_path / f"{name}.npz", **changed)
        with pytest.raises(ncsolve.FileError, match="not the minimizer of its problem"):
            ncsolve.Minimizer.load(tmp_path / f"{name}.npz")
    np.savez(tmp_path / "other.npz", x=np.ones(3))
    (tmp_path / "text.npz").write_text("no archive")
    for name in ("other.npz", "text.npz", "absent.npz"):
        with pytest.raises(ncsolve.FileError):
            ncsolve.Minimizer.load(tmp_path / name)


def test_files_are_never_lost_or_half_written(tmp_path, monkeypatch):
    found = ncsolve.solve(one_hot())
    path = tmp_path / "a.npz"
    path.write_text("precious")
    with pytest.raises(ncsolve.FileError, match="exists already; choose another name or pass --force"):
        found.save(path)
    assert path.read_text() == "precious"

    def fail(*_args, **_arrays):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", fail)
        with pytest.raises(ncsolve.FileError, match="No space left"):
            found.save(path, force=True)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]
    found.save(path, force=True)
    assert ncsolve.Minimizer.load(path).loss == found.loss
    with pytest.raises(ncsolve.FileError, match=r"is saved as \.npz"):
        found.save(tmp_path / "a.csv")
    with pytest.raises(ncsolve.FileError, match="cannot be written"):
        found.save(tmp_path / "no" / "such" / "folder.npz")
    (tmp_path / "dir.npz").mkdir()
    with pytest.raises(ncsolve.FileError, match="is a directory"):
        found.save(tmp_path / "dir.npz", force=True)


def test_centring():
    assert ncsolve.solve(one_hot(0.0)).centring == pytest.approx(1.0, rel=1e-15)
    assert ncsolve.solve(one_hot(0.01)).centring == pytest.approx(1 / 1.01, rel=1e-14)
    assert ncsolve.solve(one_hot(math.inf)).centring == 0.0
    assert ncsolve.solve(one_hot(encoding=encodings.simplex(10))).centring is None


def test_pairs_of_many_classes_are_sampled_and_say_so():
    """Ordinal codes of 5000 classes: 12.5 million pairs; the even selection holds both ends."""
    problem = ncsolve.UFM(encoding=encodings.ordinal(5000), counts=2, lambda_w=1e-7, lambda_h=1e-7, lambda_b=0.3)
    found = ncsolve.solve(problem)
    document = fits(found.to_json(), "ncsolve.minimizer/1")
    assert document["sampled_classes"] == 2000
    lengths = np.sum(found.class_means**2, axis=0)
    assert document["gram"]["summary"]["squared_length"]["max"] == pytest.approx(lengths.max(), rel=1e-12)
    assert "sampled_classes" not in ncsolve.solve(problem.replace(encoding=encodings.ordinal(2000), counts=2)).to_json()


def test_squared_lengths_are_those_of_all_classes_however_many(monkeypatch):
    """A class mean that the selection misses counts: whether it is zero, and whether class means differ."""
    from ncsolve._frames import pairs

    codes = np.zeros((2, 40))
    codes[:, 7] = 3.0, 1.0
    problem = ncsolve.UFM(encoding=codes, counts=2, lambda_w=1e-4, lambda_h=1e-4, lambda_b=math.inf)
    whole = ncsolve.solve(problem)
    monkeypatch.setattr(pairs, "_MOST_PAIRED", 9)
    pairs = ncsolve.solve(problem).frame.pairs()
    assert pairs.sampled == 9
    assert pairs.diagonal == pytest.approx(np.diag(whole.gram), rel=1e-14)
    assert 7 not in pairs.first
    assert np.sum(pairs.inner_count) == pytest.approx(40 * 39)

"""``ncsolve measure``: the same numbers however the features come, and one line for what does not fit."""

import numpy as np
import pytest

import ncsolve
from tests.command import ROOT, document, refused, run, said
from tests.measure.samples import labels_of, network

LAMBDAS = ["--lambda-w", "5e-3", "--lambda-h", "2e-3", "--lambda-b", "0.3"]


def problem(**other):
    given = {"counts": [12, 10, 10, 8], "lambda_w": 5e-3, "lambda_h": 2e-3, "lambda_b": 0.3}
    return ncsolve.UFM(encoding=ncsolve.encodings.onehot(4), **(given | other))


def arrays(distance=0.05, seed=0, **other):
    """A network near the minimum, its samples in a random order."""
    own = problem(**other)
    random = np.random.default_rng(seed)
    w, b, features = network(random, own, distance)
    order = random.permutation(own.samples)
    return {"features": features[order], "labels": labels_of(own)[order], "W": w, "b": b}


def saved(folder, name="f.npz", **change):
    path = folder / name
    np.savez(path, **{key: value for key, value in (arrays() | change).items() if value is not None})
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The document of everything in one file."""
    return document("measure", saved(tmp_path_factory.mktemp("whole")), *LAMBDAS)


def same(found, wanted):
    """But for what was read."""
    for key in ("loss", "minimum", "gap", "stationarity", "accuracy", "samples", "cdnv", "within_energy"):
        assert found[key] == pytest.approx(wanted[key], rel=1e-9), key
    assert found["parts"] == pytest.approx(wanted["parts"], rel=1e-6)
    assert found["gram"] == pytest.approx(np.array(wanted["gram"]), rel=1e-9)
    assert found["verdict"]["kind"] == wanted["verdict"]["kind"]


def test_the_numbers_are_those_of_the_library(whole):
    a = arrays()
    stats = ncsolve.FeatureStatistics(4, a["features"].shape[1], (a["W"], a["b"])).update(a["features"], a["labels"])
    found = ncsolve.measure(stats, a["W"], a["b"], problem()).to_json()
    same(whole, found)
    assert whole["certificate"] == pytest.approx(found["certificate"])
    assert whole["lambda_h"]["used"] == pytest.approx(2e-3)


@pytest.mark.parametrize("kind", ["npz", "npy", "parquet"])
@pytest.mark.parametrize("folder", [False, True])
def test_shards(tmp_path, whole, kind, folder):
    """Eleven parts, so that part 10 is not after part 1; labels beside the features, or in one file."""
    a, shards = arrays(), tmp_path / "shards"
    shards.mkdir()
    np.savez(tmp_path / "head.npz", W=a["W"], b=a["b"])
    more = []
    for k, rows in enumerate(np.array_split(np.arange(len(a["labels"])), 11)):
        h, y = a["features"][rows], a["labels"][rows]
        if kind == "npz":
            np.savez_compressed(shards / f"part{k}.npz", features=h, labels=y)
        elif kind == "npy":
            np.save(shards / f"part{k}.npy", h)
        else:
            pyarrow = pytest.importorskip("pyarrow")
            from pyarrow import parquet

            columns = {f"h{i}": column for i, column in enumerate(h.T)} | {"label": y, "id": [f"x{i}" for i in rows]}
            parquet.write_table(pyarrow.table(columns), shards / f"part{k}.parquet")
    if kind == "npy":
        (tmp_path / "labels.csv").write_text("label\n" + "\n".join(map(str, a["labels"])) + "\n")
        more = ["--labels", tmp_path / "labels.csv"]
    files = [shards] if folder else [shards / f"part{k}.{kind}" for k in range(11)]
    same(document("measure", *files, "--head", tmp_path / "head.npz", *more, *LAMBDAS), whole)


def test_tasks_of_dask(tmp_path, whole):
    """By threads, by processes, and by a scheduler with an address; retries and lost workers are in test_dask.py."""
    pytest.importorskip("dask", reason="needs dask: pip install 'ncsolve[dask]'")
    distributed = pytest.importorskip("distributed", reason="needs distributed")
    a = arrays()
    for k, rows in enumerate(np.array_split(np.arange(len(a["labels"])), 5)):
        saved(tmp_path, f"p{k}.npz", features=a["features"][rows], labels=a["labels"][rows])
    pattern = tmp_path / "p*.npz"
    same(document("measure", pattern, *LAMBDAS), whole)
    for scheduler in ("threads", "synchronous"):
        same(document("measure", pattern, "--dask", scheduler, "--nc4", *LAMBDAS), whole)
    with distributed.LocalCluster(n_workers=2, processes=False, dashboard_address=None) as cluster:
        same(document("measure", pattern, "--dask", cluster.scheduler_address, *LAMBDAS), whole)
    assert "the address of a scheduler" in refused("measure", pattern, "--dask", "mine")
    assert "read here" in refused("measure", "--merge", pattern, "--dask", "threads")
    assert "no file has such a name" in refused("measure", tmp_path / "q*.npz")
    a["features"][3, 1] = np.inf
    saved(tmp_path, "p9.npz", features=a["features"], labels=a["labels"])
    assert "p9.npz: features must be finite; got inf in row 3" in refused("measure", pattern, "--dask", "threads")


@pytest.mark.parametrize("scatter", ["full", "projected"])
def test_states_merge(tmp_path, whole, scatter):
    a, half = arrays(), 17
    for k, rows in enumerate((slice(None, half), slice(half, None))):
        part = saved(tmp_path, f"{k}.npz", features=a["features"][rows], labels=a["labels"][rows])
        assert "saved" in said("measure", part, "--scatter", scatter, "--save", tmp_path / f"state{k}.npz", *LAMBDAS)
    states = [tmp_path / "state0.npz", tmp_path / "state1.npz"]
    same(document("measure", "--merge", *states, *LAMBDAS), whole)
    assert "--merge" in refused("measure", states[0], *LAMBDAS)
    assert "exists already" in refused("measure", part, "--save", states[0], *LAMBDAS)
    assert "--nc4" in refused("measure", "--merge", *states, "--nc4", *LAMBDAS)
    assert "--labels is about labels" in refused("measure", "--merge", *states, "--labels", "x.csv", *LAMBDAS)


def test_the_verdict_comes_first(tmp_path):
    text = run("measure", saved(tmp_path, **arrays(0.0)), *LAMBDAS).stdout
    assert text.startswith("Collapsed as predicted: ")
    assert "proved to be within" in text
    assert "nearest: classes" in text
    far = said("measure", saved(tmp_path, "far.npz", **arrays(0.5)), *LAMBDAS)
    assert far.startswith("Not finished: ")
    assert "+-" in far


def test_lambdas_in_another_convention(tmp_path):
    """Those of torch-mean are half of m times those of the paper."""
    file = saved(tmp_path, **arrays(0.0))
    mean = ["--lambda-w", "2.5e-3", "--lambda-h", "1e-3", "--lambda-b", "0.15"]
    found = document("measure", file, *mean, "--convention", "torch-mean")
    assert found["verdict"]["kind"] == "collapsed as predicted"
    assert found["predicted"]["problem"]["lambda_w"] == 2.5e-3
    wrong = said("measure", file, *mean)
    assert wrong.startswith("Another model: ")
    assert "stationary at lambda_w = 0.005, and 0.0025 was given: are the lambdas in another convention?" in wrong


def test_a_part_of_the_training_set(tmp_path):
    """A tenth of it, in the conventions in which lambda_h hangs on N in different ways."""
    own = problem(counts=100)
    w, b, features = network(np.random.default_rng(1), own, 0.0)
    part = saved(tmp_path, features=features[::10], labels=labels_of(own)[::10], W=w, b=b)
    without = said("measure", part, *LAMBDAS)
    assert without.startswith("Another model")
    assert "a part of the training set" in without
    for name in ("paper", "sum", "per-sample-features"):
        typed = ncsolve.convention(name).from_paper(400, 4, 5e-3, 2e-3, 0.3)
        options = [text for key, value in zip("whb", typed, strict=True) for text in (f"--lambda-{key}", repr(value))]
        found = document("measure", part, *options, "--convention", name, "--samples", 400)
        assert found["verdict"]["kind"] == "collapsed as predicted", name
        assert found["predicted"]["cosines"]["mean"] == pytest.approx(ncsolve.solve(own).cosines.mean, rel=1e-9)


def test_estimates_of_lambda_h(tmp_path):
    file = saved(tmp_path, **arrays(0.0))
    for name in ("balance", "norm"):
        found = document("measure", file, "--lambda-w", "5e-3", "--lambda-b", "0.3", "--lambda-h", name)
        assert found["lambda_h"]["used"] == pytest.approx(2e-3, rel=1e-6)
        assert found["lambda_h"]["estimator"] == name


def test_features_and_labels_alone(tmp_path, whole):
    file = saved(tmp_path, W=None, b=None)
    found = document("measure", file)
    assert found["verdict"]["kind"] == "geometry only"
    assert found["loss"] is None
    assert found["gram"] == pytest.approx(np.array(whole["gram"]), rel=1e-12)
    assert (found["nc"]["nc1"], found["nc"]["nc3"]) == (pytest.approx(whole["nc"]["nc1"]), None)
    text = said("measure", file, *LAMBDAS)
    assert text.startswith("Geometry only: loss, gap, NC3 and NC4 need the last layer")
    assert "CDNV" in text


def test_without_lambdas_the_head_says_what_it_implies(tmp_path):
    file = saved(tmp_path, **arrays(0.0))
    implied = document("measure", file)["implied"]
    assert (implied["lambda_w"], implied["lambda_h"], implied["lambda_b"]) == pytest.approx((5e-3, 2e-3, 0.3), rel=1e-9)
    assert implied["stationarity"] < 1e-9
    assert "the head implies lambda_W = 0.005, lambda_b = 0.3" in said("measure", file)
    half = document("measure", file, "--convention", "torch-mean")["implied"]
    assert half["lambda_w"] == pytest.approx(2.5e-3, rel=1e-9)
    assert "no positive weight decay" in said("measure", saved(tmp_path, "x.npz", W=-arrays()["W"]))


def test_held_out_data_has_no_gap(tmp_path):
    file = saved(tmp_path)
    found = document("measure", file, "--held-out", *LAMBDAS)
    assert found["verdict"]["kind"] == "geometry only"
    assert (found["gap"], found["stationarity"], found["implied"]) == (None, None, None)
    assert found["accuracy"] is not None
    assert "held-out data" in said("measure", file, "--held-out")


def test_without_a_scatter_there_is_no_loss(tmp_path):
    found = document("measure", saved(tmp_path), "--scatter", "trace", *LAMBDAS)
    assert found["verdict"]["kind"] == "geometry only"
    assert found["nc"]["nc1"] is None
    assert found["cdnv"] > 0


def test_a_head_without_bias_needs_no_lambda_b(tmp_path):
    own = arrays(0.0, lambda_b=np.inf)
    found = document("measure", saved(tmp_path, **(own | {"b": None})), *LAMBDAS[:4])
    assert found["verdict"]["kind"] == "collapsed as predicted"
    assert found["predicted"]["problem"]["lambda_b"] == "inf"
    assert "--lambda-b (0 for a free bias, inf for none)" in refused("measure", saved(tmp_path, "b.npz"), *LAMBDAS[:4])


def test_absent_classes(tmp_path):
    """Six outputs, of which four have samples."""
    own = arrays(0.0)
    w = np.vstack((own["W"][:2], np.zeros((2, own["W"].shape[1])), own["W"][2:]))
    b = np.concatenate((own["b"][:2], np.zeros(2), own["b"][2:]))
    file = saved(tmp_path, features=own["features"], labels=np.array([0, 1, 4, 5])[own["labels"]], W=w, b=b)
    found = document("measure", file, *LAMBDAS)
    assert found["absent_classes"] == [2, 3]
    assert found["verdict"]["kind"] == "collapsed as predicted"
    assert len(found["gram"]) == 4
    text = said("measure", file, *LAMBDAS)
    assert "2 of 6 classes have no samples" in text
    least = found["cosines"]["least_pair"]
    assert set(least) <= {0, 1, 4, 5}
    assert f"furthest: {least[0]} and {least[1]}" in said("measure", file)


def test_pairs_are_classes_and_not_places(tmp_path):
    """Classes 2 and 5 are the two that are nearest."""
    features = np.repeat(np.array([[1.0, 0.0], [0.0, 1.0], [0.1, 1.0]]), 3, axis=0)
    file = saved(tmp_path, features=features, labels=np.repeat([0, 2, 5], 3), W=None, b=None)
    found = document("measure", file, "--classes", 7)
    assert found["cosines"]["greatest_pair"] == [2, 5]
    assert found["absent_classes"] == [1, 3, 4, 6]
    assert "nearest: classes 2 and 5" in said("measure", file, "--classes", 7)


def test_names_and_codes(tmp_path):
    """Columns that a header names, in another order than that of text; a class of no sample among them."""
    own = arrays(0.0)
    names = np.array(["cat", "dog", "ant", "elk"])
    (tmp_path / "codes.csv").write_text("owl,cat,dog,ant,elk\n0,1,0,0,0\n0,0,1,0,0\n0,0,0,1,0\n0,0,0,0,1\n")
    file = saved(tmp_path, **(own | {"labels": names[own["labels"]]}))
    found = document("measure", file, "--encoding", tmp_path / "codes.csv", *LAMBDAS)
    assert found["class_names"] == ["owl", "cat", "dog", "ant", "elk"]
    assert found["absent_classes"] == [0]
    assert found["verdict"]["kind"] == "collapsed as predicted"
    ordered = document("measure", file, "--order", "cat,dog,ant,elk", *LAMBDAS)
    assert ordered["accuracy"] == found["accuracy"] == 1.0
    assert "labels in the order of the head's rows" in said("measure", file, *LAMBDAS)


def test_codes_of_another_length(tmp_path):
    """Three outputs, four classes: samples are decided by the nearest code."""
    codes = ncsolve.encodings.from_array(np.loadtxt(ROOT / "examples" / "codes.csv", delimiter=","))
    own = ncsolve.UFM(encoding=codes, counts=10, lambda_w=5e-3, lambda_h=2e-3, lambda_b=0.3)
    w, b, features = network(np.random.default_rng(5), own, 0.0)
    file = saved(tmp_path, features=features, labels=labels_of(own), W=w, b=b)
    found = document("measure", file, "--encoding", "examples/codes.csv", *LAMBDAS)
    assert found["verdict"]["kind"] == "collapsed as predicted"
    assert found["accuracy"] == 1.0
    assert found["predicted"]["problem"]["code_length"] == 3


def test_features_of_fewer_dimensions_than_the_prediction(tmp_path):
    own = arrays()
    file = saved(tmp_path, features=own["features"][:, :2], W=own["W"][:, :2])
    assert "span 4 dimensions and the features have 2" in said("measure", file, *LAMBDAS)


def test_saved_heads_without_bias(tmp_path):
    own = arrays(0.0, lambda_b=np.inf) | {"b": None}
    said("measure", saved(tmp_path, **own), "--save", tmp_path / "state.npz")
    found = document("measure", "--merge", tmp_path / "state.npz", *LAMBDAS[:4])
    assert found["verdict"]["kind"] == "collapsed as predicted"


def test_nc4_over_samples(tmp_path):
    own = arrays(0.4)
    found = document("measure", saved(tmp_path, **own), "--nc4", *LAMBDAS)
    means = np.array([own["features"][own["labels"] == k].mean(axis=0) for k in range(4)])
    nearest = np.linalg.norm(own["features"][:, None] - means, axis=2).argmin(axis=1)
    decided = (own["features"] @ own["W"].T + own["b"]).argmax(axis=1)
    assert 0 < found["nc4_samples"] == np.mean(nearest == decided) < 1


def test_relu_features(tmp_path):
    own, lambdas = arrays(0.0, features="relu", lambda_b=0.05), [*LAMBDAS[:5], "0.05"]
    text = said("measure", saved(tmp_path, **own), *lambdas, "--features", "relu")
    assert text.startswith("Collapsed as predicted")
    assert "measure with --features relu" in said("measure", saved(tmp_path, "l.npz", **own), *lambdas)


def test_a_picture(tmp_path):
    assert said("measure", saved(tmp_path, **arrays(0.0)), *LAMBDAS, "--plot", tmp_path / "a.svg").endswith("a.svg")
    drawn = (tmp_path / "a.svg").read_text()
    assert "Collapsed as predicted" in drawn  # beside the letters, which are outlines
    alone = refused("measure", saved(tmp_path, "g.npz"), "--plot", tmp_path / "b.svg")
    assert "no prediction (no weight decays" in alone
    assert not (tmp_path / "b.svg").exists()


def test_a_report(tmp_path):
    file = saved(tmp_path, **arrays(0.0))
    assert said("measure", file, *LAMBDAS, "--report", tmp_path / "a.html").endswith("a.html")
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Collapsed as predicted" in text
    assert "Distance from the prediction" in text
    assert "exists already" in refused("measure", file, *LAMBDAS, "--report", tmp_path / "a.html")
    alone = refused("measure", saved(tmp_path, "g.npz"), "--report", tmp_path / "b.html")
    assert "--report shows measured beside predicted" in alone
    assert not (tmp_path / "b.html").exists()


BROKEN = [
    ({"labels": None}, [], "f.npz: has features without labels; name a file of labels"),
    ({"features": None}, [], "must hold an array 'features'; got labels, W, b"),
    ({"features": np.ones(40)}, [], "must be (n, d), a row for every sample; got shape (40,)"),
    ({"features": np.full((40, 4), "x")}, [], "real numbers"),
    ({"features": np.ones((40, 4), dtype=complex)}, [], "real numbers"),
    ({"labels": np.arange(39)}, [], "39 labels for 40 rows"),
    ({"labels": np.full(40, np.nan)}, [], "the label is nan"),
    ({"labels": np.array([0, 1, 2, 9] * 10), "W": np.ones((5, 4)), "b": None}, [], "numbers 0 to 4; got '9'"),
    ({"W": np.ones((4, 3))}, [], "d = 4, the dimension of the features; got 4 x 3"),
    ({"W": np.ones((5, 4)), "b": np.ones(5)}, ["--encoding", "hadamard"], "give the codes that the network"),
    ({"W": None}, [], "a bias b without W"),
    ({"b": np.ones(3)}, [], "one entry per row"),
    ({}, ["--lambda-w", "0.1"], "got no --lambda-h, give --lambda-h"),
    ({}, [*LAMBDAS[:2], "--lambda-h", "guess", "--lambda-b", "1"], "or balance or norm"),
    ({}, [*LAMBDAS, "--lambda-b", "inf"], "there is no bias"),
    ({}, [*LAMBDAS, "--depth", "2"], "deep heads are not convex"),
    ({}, [*LAMBDAS, "--dim", "4"], "--dim is the dimension of the features"),
    ({}, [*LAMBDAS, "--samples", "3"], "got 3 for 40 samples"),
    ({}, [*LAMBDAS, "--samples", "0"], "at least 1"),
    ({}, [*LAMBDAS, "--gap-tolerance", "-1"], "--gap-tolerance must be a positive number"),
    ({}, [*LAMBDAS, "--scatter", "half"], "half"),
    ({}, [*LAMBDAS, "--features", "relu"], "must not be below 0"),
    ({}, ["--label-column", "y"], "--label-column is about .parquet files"),
    ({}, ["--head-name", "fc"], "add --head FILE"),
    ({}, ["--classes", "3"], "got '3'"),
    ({}, ["--classes", "0"], "the number of classes must be an integer of at least 1; got 0"),
    ({}, ["--classes", "100000000000"], "must not exceed"),
    ({"features": np.ones((40, 20000), dtype=np.float32), "W": None, "b": None}, [], "use --scatter trace"),
    ({}, ["--encoding", "nohot"], "nohot"),
    ({}, ["--convention", "mine"], "mine"),
    ({}, ["--order", "0,1,2"], "'3' is none of the classes"),
    ({"W": None, "b": None}, ["--nc4"], "got no head"),
    ({}, ["--header"], "name one, or drop it"),
]


@pytest.mark.parametrize(("change", "options", "message"), BROKEN)
def test_what_does_not_fit_is_said_in_a_line(tmp_path, change, options, message):
    file = saved(tmp_path, **change)
    assert message in refused("measure", file, *options, "--save", tmp_path / "state.npz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.npz"]


def test_a_row_that_is_not_finite_is_named(tmp_path):
    own = arrays()
    own["features"][7, 2] = np.nan
    assert "f.npz: features must be finite; got nan in row 7, dimension 2" in refused("measure", saved(tmp_path, **own))


def test_files_that_are_none(tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    (tmp_path / "empty").mkdir()
    (tmp_path / "mixed").mkdir()
    for name in ("mixed/a.npy", "one.npy", "two.npy"):
        np.save(tmp_path / name, np.ones((2, 3 if name == "two.npy" else 2)))
    saved(tmp_path, "mixed/b.npz")
    other = saved(tmp_path, "other.npz", W=np.ones((4, 4)))
    for words, message in [
        (["bad.npz"], "is not a .npz file"), (["bad.npy"], "is not a .npy file"), (["none.npz"], "No such file"),
        (["a.csv"], "features come in .npz, .npy, .parquet"), (["empty"], "got none"), (["mixed"], "several kinds"),
        (["one.npy", "two.npy"], "have one dimension"), (["one.npy"], "features without labels"), ([], "name the"),
        ([str(saved(tmp_path)), str(other)], "its head is another"), (["--merge"], "name the statistics"),
        (["--merge", "other.npz"], "not a statistic"),
    ]:
        assert message in refused("measure", *words, cwd=tmp_path)
    (tmp_path / "labels.txt").write_text("0\n1\n2\n")
    assert "3 labels for 2 rows in 1 file" in refused("measure", "one.npy", "--labels", "labels.txt", cwd=tmp_path)


@pytest.mark.parametrize("words", [
    ("measure", "a.npz", "--save", "a.npz"), ("measure", "a.npz", *LAMBDAS, "--report", "./a.npz"),
    ("measure", "a.npz", "--head", "h.npz", "--save", "h.npz"), ("minimizer", "--labels", "y.npz", "--out", "y.npz"),
    ("minimizer", "-e", "c.csv", "--counts", "5,5", "--out", "c.csv"),
    ("path", "--lambda-b", "0:1:3", "-e", "c.csv", "--out", "../here/c.csv"),
    ("design", "--geometry", "c.csv", "--counts", "5,5", "--out", "c.csv"),
    ("certify", "-p", "p.json", "-o", "p.json"), ("report", "p.json", "-o", "p.json"),
])
def test_what_is_read_is_never_overwritten(tmp_path, words):
    folder = tmp_path / "here"
    folder.mkdir()
    saved(folder, "a.npz", **arrays(0.0))
    np.savez(folder / "h.npz", W=np.eye(3), b=np.zeros(3))
    np.savez(folder / "y.npz", np.array([0, 1, 1]))
    (folder / "c.csv").write_text("1,0\n0,1\n")
    (folder / "p.json").write_text('{"classes": 3}')
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert "would overwrite it; name another file" in refused(*words, "--force", cwd=folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_file_that_is_named_twice(tmp_path):
    file = saved(tmp_path, **arrays(0.0))
    assert "named twice" in refused("measure", file, tmp_path / "." / file.name, *LAMBDAS)
    said("measure", file, "--save", tmp_path / "state.npz")
    assert "named twice" in refused("measure", "--merge", tmp_path / "state.npz", tmp_path / "state.npz", *LAMBDAS)


def test_columns_of_lists_are_not_left_out_in_silence(tmp_path):
    import pyarrow
    from pyarrow import parquet

    columns = {"label": [0, 1], "size": [1.0, 2.0], "embedding": [[1.0, 2.0], [3.0, 4.0]]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "f.parquet")
    assert "the column 'embedding' holds list" in refused("measure", tmp_path / "f.parquet")


def test_codes_hang_on_classes_that_are_not_there(tmp_path):
    """Class 2 of 5 has no sample: codes for 4 classes would be others, while one-hot ones only lose a column."""
    labels = np.repeat([0, 1, 3, 4], 10)
    features = np.random.default_rng(0).standard_normal((40, 3))
    file = saved(tmp_path, features=features, labels=labels, W=None, b=None)
    line = refused("measure", file, "-e", "ecoc:7")
    assert "the labels lack class 2" in line
    assert "--classes 5" in line
    assert "Geometry only" in said("measure", file, "-e", "ecoc:7", "--classes", "5")
    assert "Geometry only" in said("measure", file)

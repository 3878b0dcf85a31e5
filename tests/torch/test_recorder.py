"""A trajectory: each record is a measurement, nothing recorded is lost, and the training does not notice."""

import json
import math
import os
import random
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")

import ncsolve.torch._probe  # noqa: E402
import ncsolve.torch._recorder  # noqa: E402
import ncsolve.torch._trajectory as trajectory  # noqa: E402
from ncsolve import solve  # noqa: E402
from ncsolve._measure.measure import measure_again as again  # noqa: E402
from ncsolve._measure.measurement import with_head  # noqa: E402
from ncsolve.errors import FileError, ProblemError, UnknownNameError  # noqa: E402
from ncsolve.torch import Probe, Recorder  # noqa: E402

LAMBDAS = {"lambda_w": 1e-2, "lambda_h": 2e-3, "lambda_b": 0.1}
PARTS = ("fit", "bias", "dual", "feature", "within")


class Training:
    """A small network, its data, and an optimizer; two of one seed are alike to the last bit."""

    def __init__(self, *, seed=0, loss="mse"):
        torch.manual_seed(seed)
        self.model = torch.nn.Sequential(torch.nn.Linear(5, 12), torch.nn.ReLU(), torch.nn.Linear(12, 6),
                                         torch.nn.Linear(6, 3))
        self.x, self.y = torch.randn(15, 5), torch.arange(15) % 3
        self.loss = loss
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-2)

    @property
    def loader(self):
        return [(self.x, self.y)]

    def step(self):
        self.optimizer.zero_grad()
        outputs = self.model(self.x)
        ce = torch.nn.functional.cross_entropy(outputs, self.y)
        loss = ce if self.loss == "cross-entropy" else ((outputs - torch.eye(3)[self.y]) ** 2).mean()
        loss.backward()
        self.optimizer.step()

    def recorder(self, path, **options):
        return Recorder(Probe(self.model), self.loader, path, **{**LAMBDAS, **options})


def run(training, recorder, steps):
    for _ in range(steps):
        training.step()
        recorder.step()


def expected(step, found):
    """What is said of a column, taken from the measurement without the recorder's help."""
    off = found.cosines[~np.eye(len(found.cosines), dtype=bool)]
    wanted = {
        "step": step, "loss": found.loss, "minimum": found.minimum, "gap": found.gap,
        "relative_gap": found.relative_gap, "stationarity": found.stationarity, "lambda_h": found.lambda_h,
        "min_cosine": off.min(), "max_cosine": off.max(), "nc1": found.nc.nc1, "nc2_simplex": found.nc.nc2_simplex,
        "nc2_orthogonal": found.nc.nc2_orthogonal, "nc3": found.nc.nc3, "cdnv": found.head.statistics.cdnv,
        "accuracy": found.head.accuracy, "predicted_mean_cosine": found.predicted.cosines.mean,
        **{name: getattr(found.parts, name) for name in PARTS},
    }
    return wanted, off.mean()


@pytest.mark.parametrize("options", [
    {}, {"lambda_h": "balance"}, {"lambda_h": "norm"}, {"loss": "cross-entropy"},
    {"convention": "torch-mean", "samples": 30}, {"scatter": "projected"}, {"encoding": np.eye(3)[[1, 2, 0]]},
], ids=str)
def test_a_record_is_a_fresh_measurement_to_the_last_digit(tmp_path, options):
    training = Training(loss=options.get("loss", "mse"))
    recorder = training.recorder(tmp_path / "run.npz", every=2, **options)
    for step in range(5):
        fresh = Probe(training.model).measure(training.loader, **{**LAMBDAS, **options})
        if step % 2 == 0:
            wanted, mean = expected(step, fresh)
            with np.load(tmp_path / "run.npz") as file:
                found = {name: file[name][-1] for name in trajectory.COLUMNS}
            assert {name: found[name] for name in wanted if wanted[name] is not None} == {
                name: value for name, value in wanted.items() if value is not None
            }
            assert all(math.isnan(found[name]) for name, value in wanted.items() if value is None)
            assert found["mean_cosine"] == pytest.approx(mean, rel=1e-14)  # summed over the pairs in another order
            assert set(wanted) | {"mean_cosine"} == set(trajectory.COLUMNS)
        training.step()
        measured = recorder.step()
        assert (measured is None) == (step % 2 == 0)  # the step that has just been counted is step + 1
        if measured is not None:
            assert measured.loss == Probe(training.model).measure(training.loader, **{**LAMBDAS, **options}).loss
    assert recorder.records["step"].tolist() == [0, 2, 4]


@pytest.mark.parametrize("damage", [
    lambda known, *_: known,  # the first state again and again
    lambda known, statistics, w, b: again(known, statistics, w * (1 + 1e-15), b),
    lambda known, *rest: with_head(replace(known, predicted=solve(known.problem.replace(lambda_h=3e-3))),
                                   again(known, *rest).head),
], ids=["old", "rounded", "another minimum"])
def test_a_recorder_that_measures_something_else_is_noticed(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(ncsolve.torch._recorder, "measure_again", damage)
    with pytest.raises(AssertionError):
        test_a_record_is_a_fresh_measurement_to_the_last_digit(tmp_path, {})


def test_the_file_is_plain_and_says_what_was_recorded(tmp_path):
    training = Training()
    recorder = training.recorder(tmp_path / "run.npz", every=3)
    run(training, recorder, 7)
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        assert str(file["format"]) == "ncsolve.trajectory.npz/1"
        settings = json.loads(str(file["settings"]))
        assert set(file.files) == {"format", "settings", *trajectory.COLUMNS}
        assert all(file[name].shape == (3,) for name in trajectory.COLUMNS)
        assert file["step"].dtype == np.int64
    assert {name: settings[name] for name in ("encoding", "lambda_w", "lambda_h", "lambda_b", "features", "loss",
                                              "convention", "counts", "every", "head")} == {
        "encoding": "onehot", **LAMBDAS, "features": "linear", "loss": "mse", "convention": "paper",
        "counts": [5, 5, 5], "every": 3, "head": "3"}
    loaded, kept = Recorder.load(tmp_path / "run.npz"), recorder.records
    assert loaded.keys() == kept.keys() == set(trajectory.COLUMNS)
    assert all(np.array_equal(loaded[name], kept[name], equal_nan=True) for name in kept)
    kept["loss"][:] = 0.0  # of the caller
    assert recorder.records["loss"].all()


def test_a_head_without_a_bias_and_labels_of_some_classes_only(tmp_path):
    training = Training()
    training.model[-1] = torch.nn.Linear(6, 3, bias=False)
    training.y = training.y.clamp(max=1)
    recorder = training.recorder(tmp_path / "run.npz", lambda_b=None)
    settings = json.loads(str(np.load(recorder.path)["settings"]))
    assert (settings["lambda_b"], settings["counts"]) == (None, [5, 10, 0])
    assert recorder.records["gap"][0] == Probe(training.model).measure(
        training.loader, lambda_w=1e-2, lambda_h=2e-3).gap


def test_a_dead_network_has_no_cosines(tmp_path):
    training = Training()
    with torch.no_grad():
        for own in training.model[2].parameters():
            own.zero_()
    found = training.recorder(tmp_path / "run.npz").records
    assert all(math.isnan(found[name][0]) for name in ("mean_cosine", "min_cosine", "nc1", "nc2_simplex", "nc3"))
    assert np.isfinite([found[name][0] for name in ("loss", "gap", "predicted_mean_cosine")]).all()


def test_a_bound_has_no_parts(tmp_path):
    """Nonnegative features of classes at obtuse angles: the minimum is bounded, and has no parts to show."""
    training = Training()
    training.model = torch.nn.Sequential(torch.nn.Linear(5, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3))
    recorder = training.recorder(tmp_path / "run.npz", features="relu", lambda_b=1e-5, encoding="onehot",
                                 lambda_w=1e-3, lambda_h=1e-3)
    measured = Probe(training.model).measure(training.loader, features="relu", lambda_b=1e-5, lambda_w=1e-3,
                                             lambda_h=1e-3)
    found = recorder.records
    assert found["gap"][0] == measured.gap
    assert (measured.parts is None) == math.isnan(found["fit"][0])


def test_lambdas_may_be_numbers_of_any_kind(tmp_path):
    recorder = Training().recorder(tmp_path / "run.npz", lambda_w=[1e-2], lambda_h=np.float32(0.5), lambda_b=0)
    settings = json.loads(str(np.load(recorder.path)["settings"]))
    assert [settings[f"lambda_{letter}"] for letter in "whb"] == [1e-2, 0.5, 0.0]


def test_a_lambda_h_that_is_estimated_is_recorded(tmp_path):
    training = Training()
    recorder = training.recorder(tmp_path / "run.npz", lambda_h="balance")
    run(training, recorder, 3)
    assert len(set(recorder.records["lambda_h"].tolist())) == 4
    assert len(set(recorder.records["minimum"].tolist())) == 4


# --- the training does not notice ---


class Noisy(torch.nn.Module):
    """With all that a measurement could disturb: dropout, running averages, and numbers drawn in the forward pass."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(),
                                        torch.nn.Dropout(0.4))
        self.fc = torch.nn.Linear(8, 3)

    def forward(self, x):
        x = self.body(x + 0.01 * torch.randn_like(x))
        return self.fc(x * (1 + 1e-3 * random.random() + 1e-3 * np.random.rand()))  # noqa: NPY002


def trained(path, bn):
    """The weights after five epochs with or, without a path, without a recorder."""
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    model = Noisy()
    data = torch.utils.data.TensorDataset(torch.randn(14, 5), torch.arange(14) % 3)
    loader = torch.utils.data.DataLoader(data, batch_size=5, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    recorder = Recorder(Probe(model), loader, path, every=2, bn=bn, **LAMBDAS) if path else None
    for _ in range(5):
        for x, y in loader:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        if recorder:
            recorder.step()
    return model.state_dict()


def alike(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("bn", ["eval", "recompute"])
def test_the_weights_are_the_same_to_the_last_bit(tmp_path, bn):
    assert alike(trained(tmp_path / "run.npz", bn), trained(None, bn))
    assert Recorder.load(tmp_path / "run.npz")["step"].tolist() == [0, 2, 4]


def test_a_probe_without_care_would_be_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(ncsolve.torch._probe, "undisturbed", lambda *_: torch.no_grad())
    assert not alike(trained(tmp_path / "run.npz", "eval"), trained(None, "eval"))


# --- nothing that was recorded is lost ---


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n], equal_nan=True) for n in one)


@pytest.mark.parametrize("stop", [4, 5])
def test_a_resumed_run_is_an_uninterrupted_one(tmp_path, stop):
    whole = Training()
    through = whole.recorder(tmp_path / "whole.npz", every=2)
    run(whole, through, 9)

    first = Training()
    run(first, first.recorder(tmp_path / "run.npz", every=2, resume=True), stop)  # no file yet: it starts anew
    state = first.model.state_dict(), first.optimizer.state_dict()
    second = Training(seed=1)
    second.model.load_state_dict(state[0])
    second.optimizer.load_state_dict(state[1])
    second.x, second.y = first.x, first.y
    recorder = second.recorder(tmp_path / "run.npz", every=2, resume=True, start=None if stop == 4 else stop)
    assert recorder.steps == stop
    run(second, recorder, 9 - stop)
    assert same(recorder.records, through.records)
    assert Path(tmp_path / "run.npz").read_bytes() == Path(tmp_path / "whole.npz").read_bytes()


def test_a_run_goes_on_from_an_earlier_checkpoint_only_where_that_is_said(tmp_path):
    training = Training()
    recorder = training.recorder(tmp_path / "run.npz", every=2)
    run(training, recorder, 3)
    state = {name: value.clone() for name, value in training.model.state_dict().items()}
    run(training, recorder, 5)
    before = (tmp_path / "run.npz").read_bytes()
    training.model.load_state_dict(state)
    with pytest.raises(ProblemError, match=r"records after step 3 would be made twice; .* has 3 of them, to step 8: "
                                           r"pass force=True"):
        training.recorder(tmp_path / "run.npz", every=2, resume=True, start=3)
    assert (tmp_path / "run.npz").read_bytes() == before
    again = training.recorder(tmp_path / "run.npz", every=2, resume=True, start=3, force=True)
    assert again.records["step"].tolist() == [0, 2]
    run(training, again, 1)
    assert Recorder.load(again.path)["step"].tolist() == [0, 2, 4]


@pytest.mark.parametrize("start", [4, 5])
def test_records_that_are_dropped_are_dropped_in_the_file_at_once(tmp_path, start):
    training = Training()
    recorder = training.recorder(tmp_path / "run.npz", every=2)
    run(training, recorder, start)
    state = {name: value.clone() for name, value in training.model.state_dict().items()}
    run(training, recorder, 4)
    training.model.load_state_dict(state)
    again = training.recorder(tmp_path / "run.npz", every=2, resume=True, start=start, force=True)
    assert again.records["step"].tolist() == Recorder.load(tmp_path / "run.npz")["step"].tolist() == [0, 2, 4]


def test_the_file_stays_where_it_is_when_the_training_changes_its_folder(tmp_path):
    training = Training()
    (tmp_path / "other").mkdir()
    with chdir(tmp_path):
        recorder = training.recorder("run.npz")
        with chdir("other"):
            run(training, recorder, 2)
    assert [path.name for path in (tmp_path / "other").iterdir()] == []
    assert Recorder.load(tmp_path / "run.npz")["step"].tolist() == [0, 1, 2]


def test_another_network_is_not_taken_for_the_recorded_one(tmp_path):
    training = Training()
    run(training, training.recorder(tmp_path / "run.npz"), 60)
    before = (tmp_path / "run.npz").read_bytes()
    fresh = Training()
    with pytest.raises(ProblemError, match=r"in the state of step 60, whose loss was .*: load the checkpoint"):
        fresh.recorder(tmp_path / "run.npz", resume=True)
    assert (tmp_path / "run.npz").read_bytes() == before


def test_a_run_that_begins_late_begins_with_a_record(tmp_path):
    training = Training()
    recorder = training.recorder(tmp_path / "run.npz", every=5, start=7)
    run(training, recorder, 4)
    assert recorder.records["step"].tolist() == [7, 10]


@pytest.mark.parametrize("where", ["write", "replace"])
def test_a_writer_that_fails_leaves_the_last_whole_file_and_the_record_for_the_next(tmp_path, monkeypatch, where):
    training = Training()
    recorder = training.recorder(tmp_path / "run.npz")
    run(training, recorder, 2)
    before = (tmp_path / "run.npz").read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        if where == "write":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr(Path, "replace", full)
        training.step()
        with pytest.raises(FileError, match="cannot be written: No space left"):
            recorder.step()
    assert (tmp_path / "run.npz").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]
    run(training, recorder, 1)
    assert Recorder.load(recorder.path)["step"].tolist() == [0, 1, 2, 3, 4]


def test_a_training_that_diverged_keeps_what_was_before(tmp_path):
    training = Training()
    recorder = training.recorder(tmp_path / "run.npz")
    run(training, recorder, 2)
    with torch.no_grad():
        training.model[0].weight.fill_(math.nan)
    with pytest.raises(ProblemError, match=r"features must be finite .* has the training diverged\?"):
        recorder.step()
    assert Recorder.load(recorder.path)["step"].tolist() == [0, 1, 2]
    with torch.no_grad():
        training.model[-1].weight.fill_(math.inf)
    with pytest.raises(ProblemError, match="the head must be finite"):
        recorder.step()


# --- what is refused ---


def test_a_file_that_exists_is_refused_before_the_training(tmp_path):
    training = Training()
    run(training, training.recorder(tmp_path / "run.npz"), 3)
    with pytest.raises(FileError, match="exists already"):
        training.recorder(tmp_path / "run.npz")
    assert Recorder.load(tmp_path / "run.npz")["step"].size == 4
    assert training.recorder(tmp_path / "run.npz", force=True).records["step"].tolist() == [0]
    assert Recorder.load(tmp_path / "run.npz")["step"].tolist() == [0]


def test_a_file_that_appears_in_between_is_not_overwritten(tmp_path, monkeypatch):
    training = Training()
    look = Probe.statistics

    def slow(self, *args, **options):
        (tmp_path / "run.npz").write_bytes(b"of another process")
        return look(self, *args, **options)

    monkeypatch.setattr(Probe, "statistics", slow)
    with pytest.raises(FileError, match="exists already"):
        training.recorder(tmp_path / "run.npz")
    assert (tmp_path / "run.npz").read_bytes() == b"of another process"


@pytest.mark.parametrize(("name", "error"), [
    ("run.csv", "a trajectory is saved as .npz"), ("none/run.npz", "there is no folder"), ("", "must be text"),
])
def test_a_path_that_cannot_be_written_is_refused(tmp_path, name, error):
    with pytest.raises(FileError, match=error):
        Training().recorder(str(tmp_path / name) if name else "")


@pytest.mark.parametrize(("changed", "told"), [
    ({"every": 2}, r"another every \(there 1, here 2\)"), ({"lambda_w": 2e-2}, r"lambda_w \(there 0.01, here 0.02\)"),
    ({"lambda_h": "norm"}, r"lambda_h \(there 0.002, here 'norm'\)"), ({"lambda_b": math.inf}, None),
    ({"loss": "cross-entropy"}, r"loss \(there 'mse', here 'cross-entropy'\)"),
    ({"convention": "sum"}, r"convention \(there 'paper', here 'sum'\)"), ({"scatter": "projected"}, "another scatter"),
    ({"encoding": "simplex"}, "another encoding .*codes "), ({"bn": "recompute"}, "another bn"),
    ({"samples": 40}, "another samples"), ({"encoding": np.eye(3)[[1, 0, 2]]}, "another encoding .*codes "),
    ({"features": "relu"}, None),
])
def test_other_settings_are_refused_by_name(tmp_path, changed, told):
    training = Training()
    training.recorder(tmp_path / "run.npz")
    before = (tmp_path / "run.npz").read_bytes()
    with pytest.raises(ProblemError, match=told):
        training.recorder(tmp_path / "run.npz", resume=True, force=True, **changed)
    assert (tmp_path / "run.npz").read_bytes() == before


def test_other_data_are_refused(tmp_path):
    training = Training()
    recorder = training.recorder(tmp_path / "run.npz")
    training.x, training.y = training.x[:12], training.y[:12]
    with pytest.raises(ProblemError, match=r"another counts \(there \[5, 5, 5\], here \[4, 4, 4\]\)"):
        training.recorder(recorder.path, resume=True)


def test_data_that_change_on_the_way_are_refused(tmp_path):
    training = Training()
    loader = training.loader
    recorder = Recorder(Probe(training.model), loader, tmp_path / "run.npz", **LAMBDAS)
    loader[0] = (training.x[:12], training.y[:12])
    with pytest.raises(ProblemError, match=r"same samples at each record.*\[5, 5, 5\].*\[4, 4, 4\]"):
        recorder.step()
    assert Recorder.load(recorder.path)["step"].tolist() == [0]


def damaged(arrays, name):
    """Files that are not what a recorder wrote."""
    loss, step = arrays["loss"], arrays["step"]
    return arrays | {
        "format": {"format": np.array("ncsolve.feature-statistics.npz/1")}, "short": {"loss": loss[:-1]},
        "text": {"loss": loss.astype(str)}, "order": {"step": step[::-1]}, "twice": {"step": np.zeros_like(step)},
        "real steps": {"step": step.astype(float)}, "settings": {"settings": np.array("[1]")},
        "no json": {"settings": np.array("{")}, "table": {n: np.atleast_2d(v) for n, v in arrays.items() if v.ndim},
        "objects": {"loss": np.array([None] * 3)},
    }[name]


@pytest.mark.parametrize("name", ["format", "short", "text", "order", "twice", "real steps", "settings", "no json",
                                  "table", "objects"])
def test_a_damaged_file_is_no_trajectory(tmp_path, name):
    training = Training()
    run(training, training.recorder(tmp_path / "run.npz"), 2)
    arrays = dict(np.load(tmp_path / "run.npz"))
    np.savez(tmp_path / "copy.npz", **arrays)
    Recorder.load(tmp_path / "copy.npz")  # undamaged
    np.savez(tmp_path / "copy.npz", **damaged(arrays, name))
    before = (tmp_path / "copy.npz").read_bytes()
    for use in (Recorder.load, lambda path: training.recorder(path, resume=True, force=True)):
        with pytest.raises(FileError, match=r"copy\.npz: (expected|is not a trajectory|its arrays do not fit)"):
            use(tmp_path / "copy.npz")
    assert (tmp_path / "copy.npz").read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text"])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "run.npz").write_bytes(content)
    with pytest.raises(FileError, match="is not a trajectory that ncsolve recorded"):
        Recorder.load(tmp_path / "run.npz")
    with pytest.raises(FileError, match="cannot be read"):
        Recorder.load(tmp_path / "none.npz")


@pytest.mark.parametrize(("options", "error", "told"), [
    ({"every": 0}, ProblemError, "every must be an integer of at least 1"),
    ({"every": 2.5}, ProblemError, "every must be an integer"), ({"start": -1}, ProblemError, "start must be"),
    ({"lambda_b": None}, ProblemError, "needs its weight decay"), ({"bn": "train"}, UnknownNameError, "unknown bn"),
    ({"lambda_w": [1e-2, 1e-2]}, ProblemError, "lambda_w"), ({"convention": "mine"}, UnknownNameError, "convention"),
    ({"encoding": "onehot", "classes": 4}, ProblemError, "as long as the head has outputs"),
])
def test_a_mistake_is_told_before_the_training_and_leaves_no_file(tmp_path, options, error, told):
    with pytest.raises(error, match=told):
        Training().recorder(tmp_path / "run.npz", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_model_in_place_of_the_probe_and_a_loader_that_is_read_once_are_refused(tmp_path):
    training = Training()
    with pytest.raises(ProblemError, match=r"must be of type Probe; got Sequential, make it with Probe\(model\)"):
        Recorder(training.model, training.loader, tmp_path / "run.npz", **LAMBDAS)
    with pytest.raises(ProblemError, match="the loader is read at each record"):
        Recorder(Probe(training.model), iter(training.loader), tmp_path / "run.npz", **LAMBDAS)

"""From a checkpoint and data to features: against a computation of their own, and every mistake in one line."""

import os
import shlex
import shutil
import subprocess
import sys
import tracemalloc
from contextlib import chdir
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command import document

torch = pytest.importorskip("torch", reason="needs torch: pip install 'ncsolve[torch]'")
Image = pytest.importorskip("PIL.Image", reason="needs Pillow, which matplotlib brings")

from ncsolve.torch import (  # noqa: E402
    Probe,
    _checkpoint,
    _extract,
    _images,
)
from ncsolve.torch import __main__ as program  # noqa: E402
from ncsolve.torch._features_file import write_features  # noqa: E402

CODE = """
import torch
from torch import nn
from neighbour import WIDTH


class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(2))
        self.hidden = nn.Linear(16, width)
        self.fc = nn.Linear(width, 3)

    def seen(self, x):
        return torch.relu(self.hidden(self.body(x).flatten(1)))

    def forward(self, x):
        return self.fc(self.seen(x))


class Two(Net):
    def forward(self, x, mask):
        return self.fc(self.seen(x))


class Soft(Net):
    def forward(self, x):
        return torch.softmax(super().forward(x), 1)


class Twice(Net):
    def seen(self, x):
        self.body[1](x[:, :1].expand(-1, 4, -1, -1))
        return super().seen(x)


class Vector(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(4, 3, bias=False)

    def forward(self, x):
        return self.last(x)


number = 5


def make_model():
    return Net()


def parallel():
    return nn.DataParallel(Net())


def wide():
    return Net(9)


def ill(depth):
    return Net()


def nothing():
    return None


def normalized(image):
    import numpy
    return (torch.from_numpy(numpy.array(image)).permute(2, 0, 1).double() / 255 - 0.5) / 0.25


def flat(row):
    return torch.as_tensor(row, dtype=torch.float32) / 255


def failing(image):
    raise ValueError("no such image")


def infinite(image):
    return torch.full((3, 6, 6), torch.inf)


def array(image):
    return 1.0


def interrupted(image):
    raise KeyboardInterrupt


def ends(image):
    raise SystemExit(7)
"""


def net(**arguments):
    """The model of the code above, made here."""
    space = {"__name__": "net"}
    exec(CODE.replace("from neighbour import WIDTH", "WIDTH = 5"), space)
    torch.manual_seed(0)
    model = space["Net"](**arguments)
    x = torch.rand(64, 3, 6, 6)
    for _ in range(20):  # running averages that are none of an untrained layer
        model.body(x)
    return model


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with code, a checkpoint, and images of three classes, the names of which are in no order of numbers."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "net.py").write_text(CODE)
    (folder / "neighbour.py").write_text("WIDTH = 5\n")
    (folder / "broken.py").write_text("import nothing_of_this_name\n")
    (folder / "script.py").write_text("import sys\nsys.exit('usage: script.py --lr LR')\n")
    (folder / "marks.py").write_text("import pathlib\npathlib.Path('ran').touch()\n")
    torch.save({"model_state_dict": net().state_dict(), "epoch": 3}, folder / "last.pt")
    random = np.random.default_rng(0)
    for k, name in enumerate(("10", "9", "owl")):
        (folder / "photos" / name / "more").mkdir(parents=True)
        for i in range(3 + k):
            pixels = random.integers(0, 256, (6, 6, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "photos" / name / ("more" if i == 1 else ".") / f"{i}.png")
    (folder / "photos" / "owl" / "notes.txt").write_text("no image")
    (folder / "photos" / "owl" / "._0.png").write_text("hidden")
    (folder / "photos" / ".hidden").mkdir()
    return folder


def run(place, capsys, *arguments):
    """Exit code, output and errors of the program in a folder."""
    with chdir(place):
        code = program.main([str(one) for one in arguments])
    said = capsys.readouterr()
    return code, " ".join(said.out.split()), said.err


def extracted(place, out, capsys, *more, model="net.py:make_model", checkpoint="last.pt", data="photos"):
    """What the program says, and the arrays that it saves."""
    code, said, errors = run(
        place, capsys, "extract", model, "--checkpoint", checkpoint, "--data", data, "-o", out, *more
    )
    assert (code, errors) == (0, "")
    with np.load(out, allow_pickle=False) as held:
        return said, dict(held)


def images(place):
    """All images (N, 3, 6, 6) in the order of their names, and their classes."""
    found, labels = [], []
    for k, name in enumerate(("10", "9", "owl")):
        top = place / "photos" / name
        for file in [*sorted(top.glob("[0-9].png")), top / "more" / "1.png"]:
            found.append(np.asarray(Image.open(file)).transpose(2, 0, 1) / 255)
            labels.append(k)
    return np.array(found), np.array(labels)


def check(place, arrays):
    """The file holds what the model, called by hand, makes of the images."""
    x, labels = images(place)
    model = net().eval()
    with torch.no_grad():
        wanted = model.seen(torch.from_numpy(x).float()).numpy()
    assert arrays["features"].dtype == np.float32
    # float32 sums over 27 products of numbers below 1, in batches of another size
    assert np.allclose(arrays["features"], wanted, rtol=1e-5, atol=1e-6)
    assert wanted.std() > 0.01
    assert arrays["labels"].tolist() == labels.tolist()
    assert np.array_equal(arrays["W"], model.fc.weight.detach().numpy())
    assert np.array_equal(arrays["b"], model.fc.bias.detach().numpy())
    assert arrays["class_names"].tolist() == ["10", "9", "owl"]


def test_features_of_images(place, tmp_path, capsys):
    said, arrays = extracted(place, tmp_path / "f.npz", capsys, "--batch-size", 5)
    check(place, arrays)
    for part in (
        "model net.py:make_model: Net, 223 parameters", "checkpoint last.pt, its model_state_dict: 11 tensors",
        "photos: 12 images in 3 classes", "10 (3), 9 (4), owl (5)", "no normalization was made", "fc: W 3 x 5, b 3",
        "BatchNorm 1 layer, by running averages of the checkpoint", "features 12 x 5 in float32",
        f"ncsolve measure {tmp_path / 'f.npz'} --lambda-w X --lambda-h X --lambda-b X",
    ):
        assert part in said
    assert "note" not in said
    assert sum(one.numel() for one in net().parameters()) == 223
    assert list(tmp_path.iterdir()) == [tmp_path / "f.npz"]


def reversed_labels(monkeypatch):
    make = _images.ImageFolder.__init__

    def damaged(self, folder):
        make(self, folder)
        self.labels = self.labels[::-1].copy()

    monkeypatch.setattr(_images.ImageFolder, "__init__", damaged)


def swapped_colours(monkeypatch):
    raw = _images.ImageFolder.raw
    monkeypatch.setattr(_images.ImageFolder, "raw", lambda self, i: np.asarray(raw(self, i))[:, :, ::-1])


def no_parameters(monkeypatch):
    monkeypatch.setattr(_extract, "load_checkpoint", lambda *_: "nothing")


def other_order(monkeypatch):
    monkeypatch.setattr(_images, "sorted", lambda names: sorted(names, reverse=True), raising=False)


@pytest.mark.parametrize("damage", [reversed_labels, swapped_colours, no_parameters, other_order])
def test_a_damaged_program_is_noticed(place, tmp_path, capsys, monkeypatch, damage):
    damage(monkeypatch)
    _, arrays = extracted(place, tmp_path / "f.npz", capsys)
    with pytest.raises(AssertionError):
        check(place, arrays)


def test_the_command_and_the_probe_measure_the_same(place, tmp_path, capsys):
    _, arrays = extracted(place, tmp_path / "f.npz", capsys, "--batch-size", 12)
    decays = {"lambda_w": 0.02, "lambda_h": 0.01, "lambda_b": 0.3}
    options = [word for name, value in decays.items() for word in (f"--{name.replace('_', '-')}", value)]
    told = document("measure", tmp_path / "f.npz", *options)
    x, labels = images(place)
    batches = [(torch.from_numpy(x).float(), torch.from_numpy(labels))]
    found = Probe(net()).measure(batches, **decays)
    # one batch of the same numbers, whose float32 sums may be made in another order
    for name in ("gap", "relative_gap", "stationarity"):
        assert told[name] == pytest.approx(getattr(found, name), rel=1e-5)
    assert arrays["labels"].size == found.problem.samples


def test_the_number_of_threads_does_not_matter(place, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    for size in (1, 5, 12):  # threads without samples, with uneven shares, with equal ones
        _, arrays = extracted(place, tmp_path / f"{size}.npz", capsys, "--batch-size", size)
        check(place, arrays)


def test_batch_norm_over_all_samples(place, tmp_path, capsys):
    said, arrays = extracted(place, tmp_path / "f.npz", capsys, "--bn", "recompute", "--batch-size", 5)
    assert "1 layer, by mean and variance of all these samples" in said
    with torch.no_grad():
        wanted = net().train().seen(torch.from_numpy(images(place)[0]).float()).numpy()  # normalizes by the batch
    assert np.allclose(arrays["features"], wanted, rtol=1e-4, atol=1e-5)  # float32 through a variance
    with pytest.raises(AssertionError):
        check(place, arrays)  # which running averages made


def test_a_transform_and_arrays(place, tmp_path, capsys):
    said, ours = extracted(place, tmp_path / "f.npz", capsys, "--transform", "net.py:normalized")
    assert "float32 (as the model's parameters; they were float64), by --transform" in said
    x, labels = images(place)
    np.savez(tmp_path / "data.npz", images=(x - 0.5) / 0.25, y=labels.astype(np.uint8))
    said, same = extracted(place, tmp_path / "g.npz", capsys, data=tmp_path / "data.npz")
    assert "as they are in the file" in said
    assert "12 samples in 3 classes" in said
    assert np.allclose(ours["features"], same["features"], rtol=1e-6, atol=1e-6)
    assert "class_names" not in same
    np.savez(tmp_path / "bytes.npz", pixels=np.round(255 * x).astype(np.uint8), images=x, target=labels)
    named = ("--inputs", "pixels", "--labels", "target", "--transform", "net.py:flat")
    _, bytes_ = extracted(place, tmp_path / "h.npz", capsys, *named, data=tmp_path / "bytes.npz")
    check(place, bytes_ | {"class_names": np.array(["10", "9", "owl"])})


@pytest.mark.parametrize("name", ["plain.pth", "wrapped.ckpt", "lightning.ckpt", "m.safetensors", "half.safetensors"])
def test_kinds_of_checkpoints(place, tmp_path, capsys, name):
    from safetensors.torch import save_file

    state = net().state_dict()
    if name.startswith("half"):
        state = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    kinds = {
        "plain.pth": state, "wrapped.ckpt": {"model": {f"module._orig_mod.{k}": v for k, v in state.items()}},
        "lightning.ckpt": {"state_dict": {f"net.{k}": v for k, v in state.items()}, "hyper_parameters": {"lr": 0.1}},
    }
    if name.endswith("safetensors"):
        save_file(state, tmp_path / name)
    else:
        torch.save(kinds[name], tmp_path / name)
    said, arrays = extracted(place, tmp_path / "f.npz", capsys, checkpoint=tmp_path / name)
    if name.startswith("half"):
        assert "float16 taken as float32, that of the model (exact)" in said
        assert np.array_equal(arrays["W"], state["fc.weight"].float().numpy())
        assert "int64" not in said
    else:
        check(place, arrays)
    assert ("without 'module._orig_mod.' before" in said) == name.startswith("wrapped")


def test_models_of_several_kinds(place, tmp_path, capsys):
    _, arrays = extracted(place, tmp_path / "f.npz", capsys, model="net.py:parallel")
    check(place, arrays)
    _, arrays = extracted(place, tmp_path / "g.npz", capsys, model="net.py:Net")
    check(place, arrays)
    parts = {"backbone." + key: value for key, value in net().state_dict().items()} | {"other.weight": torch.ones(2)}
    torch.save({"ema": parts, "model": {"x": torch.ones(2)}}, tmp_path / "parts.pt")
    torch.save(parts, tmp_path / "flat.pt")
    torch.save({"ema": net().state_dict()}, tmp_path / "ema.pt")
    for file, prefix in (("flat.pt", "backbone"), ("ema.pt", "ema")):
        out = tmp_path / f"{file}.npz"
        _, arrays = extracted(place, out, capsys, "--prefix", prefix, checkpoint=tmp_path / file)
        check(place, arrays)


@pytest.mark.parametrize("prefix", ["net.inner.sd", "sd", "inner.sd", "a.dot.sd", "backbone"])
def test_a_part_of_nested_parts(tmp_path, prefix):
    model, state = torch.nn.Linear(2, 3), torch.nn.Linear(2, 3).state_dict()
    deep = {"a.dot": {"sd": state}} if prefix == "a.dot.sd" else {"net": {"inner": {"sd": state}}, "lr": {"x": 0.1}}
    if prefix == "backbone":  # names that begin so come before a part, deeper, that is called so
        deep = {"model": {f"backbone.{key}": value for key, value in state.items()}, "optimizer": {"backbone": {}}}
    deep["itself"] = deep  # as a pickle may hold it
    file = tmp_path / "deep.pt"
    torch.save(deep, file)
    _checkpoint.load_checkpoint(model, str(file), prefix)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_a_checkpoint_without_counts_of_steps_says_so(place, tmp_path, capsys):
    state = {name: value for name, value in net().state_dict().items() if not name.endswith("num_batches_tracked")}
    torch.save(state, tmp_path / "old.pt")
    said, arrays = extracted(place, tmp_path / "f.npz", capsys, checkpoint=tmp_path / "old.pt")
    check(place, arrays)
    assert "10 tensors, all that the model has but 1 (body.1.num_batches_tracked), which stays as made" in said


def test_every_folder_counts_once_whatever_links_there_are(place, tmp_path, capsys):
    shutil.copytree(place / "photos", tmp_path / "photos")
    for link, target in (("9/a loop", "9"), ("9/up", "."), ("10/other", "owl"), ("owl/again", "owl/more")):
        (tmp_path / "photos" / link).symlink_to(tmp_path / "photos" / target)
    (tmp_path / "photos" / "away").symlink_to(tmp_path / "elsewhere")  # a class may be a link
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "photos" / "stray.png").write_text("")
    said, arrays = extracted(place, tmp_path / "f.npz", capsys, data=tmp_path / "photos")
    assert "12 images in 4 classes, of which away has none and keeps its number; 1 beside its sub-folders is" in said
    assert arrays["class_names"].tolist() == ["10", "9", "away", "owl"]
    arrays["labels"][arrays["labels"] == 3] = 2
    check(place, arrays | {"class_names": np.array(["10", "9", "owl"])})


def test_a_head_whose_weight_a_power_iteration_makes_is_that_of_the_checkpoint(tmp_path, capsys):
    (tmp_path / "lin.py").write_text(
        "from torch import nn\nmodel = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3).double())\n")
    model = torch.nn.Linear(4, 3).double()
    with torch.no_grad():  # of near singular values
        model.weight.copy_(torch.diag(torch.tensor([1.0, 0.99, 0.98, 0.97]))[:3] + 0.01)
    torch.nn.utils.parametrizations.spectral_norm(model, n_power_iterations=1)
    torch.save(model.state_dict(), tmp_path / "w.pt")
    np.savez(tmp_path / "data.npz", x=np.eye(4), labels=np.arange(4) % 3)
    _, arrays = extracted(tmp_path, tmp_path / "f.npz", capsys, model="lin.py:model", checkpoint="w.pt",
                          data="data.npz")
    assert arrays["W"].dtype == np.float64
    assert np.array_equal(arrays["W"], model.eval().weight.detach().numpy())


def test_a_head_in_double_precision_without_bias_and_with_more_outputs(place, tmp_path, capsys):
    (tmp_path / "lin.py").write_text("from torch import nn\nmodel = nn.Linear(4, 3, bias=False).double()\n")
    weight = torch.arange(12.0, dtype=torch.float64).reshape(3, 4) / 7
    torch.save({"weight": weight}, tmp_path / "w.pt")
    x = np.random.default_rng(0).standard_normal((6, 4))
    np.savez(tmp_path / "data.npz", x=x, labels=np.array([0, 1, 0, 1, 1, 0]))
    said, arrays = extracted(tmp_path, tmp_path / "f.npz", capsys, model="lin.py:model", checkpoint="w.pt",
                             data="data.npz")
    assert np.array_equal(arrays["features"], x)
    assert np.array_equal(arrays["W"], weight.numpy())
    assert "b" not in arrays
    assert "the head has 3 outputs for 2 classes" in said
    assert "--lambda-b" not in said
    assert "folder" not in said


def test_a_class_without_images_keeps_its_number(place, tmp_path, capsys):
    for name in ("a", "b", "c"):
        (tmp_path / "photos" / name).mkdir(parents=True)
    for name in ("a", "c"):
        Image.new("RGBA", (6, 6), (10, 20, 30, 40)).save(tmp_path / "photos" / name / "1.PNG")
    said, arrays = extracted(place, tmp_path / "f.npz", capsys, data=tmp_path / "photos")
    assert arrays["labels"].tolist() == [0, 2]
    assert "of which b has none and keeps its number" in said
    assert "a (1), b (0), c (1)" in said


def test_features_go_to_the_file_as_they_come(tmp_path):
    rows, dim, blocks = 20_000, 200, 100
    size = 4 * rows * dim

    def made():
        for k in range(blocks):
            yield np.full((rows // blocks, dim), k, np.float32)

    tracemalloc.start()
    try:
        write_features(tmp_path / "f.npz", made(), shape=(rows, dim), dtype=np.dtype("float32"),
                       others={"labels": np.arange(rows)}, force=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < size / 10  # some blocks and the labels, 1 % of all each
    with np.load(tmp_path / "f.npz") as held:
        assert np.array_equal(held["features"][:, 0], np.repeat(np.arange(blocks), rows // blocks))
        assert np.array_equal(held["labels"], np.arange(rows))
    with ZipFile(tmp_path / "f.npz") as archive:
        assert archive.testzip() is None


GOOD = {"model": "net.py:make_model", "--checkpoint": "last.pt", "--data": "photos"}
WRONG = {
    "no name": ({"model": "net.py"}, "code is named by its file and its name in it, as in net.py:make_model"),
    "no file": ({"model": "absent.py:f"}, "absent.py: cannot be read: No such file"),
    "another name": ({"model": "net.py:makemodel"}, "nothing called 'makemodel'; choose one of Net, Soft, Twice, Two"),
    "a number": ({"model": "net.py:number"}, "'number' is neither function nor model; choose one of"),
    "arguments": ({"model": "net.py:ill"}, "net.py:ill raised TypeError: ill() missing 1 required"),
    "no module": ({"model": "net.py:nothing"}, "net.py:nothing must return a torch.nn.Module; got None"),
    "code that fails": ({"model": "broken.py:f"}, "broken.py: loading it raised ModuleNotFoundError: No module named"),
    "a script": ({"model": "script.py:f"}, "script.py: loading it raised SystemExit: usage: script.py --lr LR: put "),
    "two inputs": ({"model": "net.py:Two"}, "the model raised TypeError: Two.forward() missing .* Probe(model)"),
    "softmax": ({"model": "net.py:Soft"}, "'fc' does not (a softmax .* --head, if its own outputs .* takes\n"),
    "two calls": ({"model": "net.py:Twice", "--bn": "recompute"}, "called 2 times .* measure with --bn eval\n"),
    "another model": ({"model": "net.py:Vector"}, "lacks 1 that the model has .* has 11 that the model lacks"),
    "wider": ({"model": "net.py:wide"}, "the shapes of 3 of 11 tensors differ; 'hidden.weight' is 5 x 16 here and 9 x"),
    "no checkpoint": ({"--checkpoint": "absent.pt"}, "absent.pt: cannot be read"),
    "another kind": ({"--checkpoint": "net.py"}, "unknown file ending '.py'; checkpoints are .pt, .pth, .ckpt, .bin"),
    "damaged": ({"--checkpoint": "damaged.pt"}, "is no file of tensors only, which alone is read as it can't run code"),
    "damaged tensors": ({"--checkpoint": "damaged.safetensors"}, "is not a .safetensors file that can be read"),
    "parts": ({"--checkpoint": "parts.pt"}, "no named tensors but encoder, epoch; .* name it with --prefix"),
    "no such part": ({"--checkpoint": "parts.pt", "--prefix": "x"}, "is called 'x'; names begin with encoder, epoch"),
    "no tensor of that name": ({"--checkpoint": "list.pt"}, "10 tensors .* it lacks 1 that the model has (fc.bias)"),
    "integers": ({"--checkpoint": "whole.pt"}, "'fc.bias' is int64 here and float32 in the model"),
    "NaN": ({"--checkpoint": "nan.pt"}, "the head must be finite; got a weight that is nan or inf .* an earlier ch"),
    "no data": ({"--data": "absent"}, "absent: cannot be read: No such file"),
    "another file": ({"--data": "net.py"}, "data are a folder of images or a .npz file"),
    "no classes": ({"--data": "photos/9/more"}, "must have a sub-folder of images for every class; got none"),
    "one class": ({"--data": "photos/9"}, "photos/9: images lie in it .* (3), .* name the folder above the classes"),
    "one folder": ({"--data": "linked"}, "linked: its sub-folders a and b are one folder"),
    "a folder of checkpoints": ({"--checkpoint": "empty"}, "empty: is a folder, not a file; name a file\n"),
    "a folder of arrays": ({"--data": "folder.npz"}, "folder.npz: is a folder, not a file; name a file\n"),
    "two parts": ({"--checkpoint": "deep.pt", "--prefix": "sd"}, "2 parts are called sd: a.sd, b.sd; name one of them"),
    "no images": ({"--data": "empty"}, "empty: holds no images in its 2 sub-folders; images end in .jpg"),
    "splits": ({"--data": "splits"}, "its sub-folders train, val are parts of a data set .* as splits/train"),
    "no image": ({"--data": "unreadable"}, "a/1.png: is no image that can be read (UnidentifiedImageError"),
    "cut off": ({"--data": "cut"}, "a/1.png: is no image that can be read (OSError"),
    "16 bits": ({"--data": "deep"}, "a/1.png: an image must have 8 bits a colour; got the mode 'I;16'"),
    "sizes": ({"--data": "sizes"}, "a/2.png: inputs must have one shape and type; got 3 x 9 x 8 .* with --transform"),
    "whole inputs": ({"--data": "whole.npz"}, "floating-point numbers, scaled as in training; got int64, name a --tra"),
    "names": ({"--data": "names.npz"}, "must be class numbers (N,) from 0, .* got shape (2,) of <U1"),
    "negative": ({"--data": "negative.npz"}, "must be class numbers from 0; got -1 in row 1"),
    "rows": ({"--data": "rows.npz"}, "every row of inputs needs a label; got 3 labels for 2 rows"),
    "one-hot": ({"--data": "onehot.npz"}, "got shape (2, 2) of int64, save y.argmax(1)"),
    "no labels": ({"--data": "unlabelled.npz"}, "has no array labels or y, but x; name one with --labels"),
    "two names": ({"--data": "twice.npz"}, "has more than one array x or inputs or images, but x, inputs, y; name one"),
    "no such array": ({"--data": "rows.npz", "--inputs": "q"}, "has no array 'q', but x, y; name one with --inputs"),
    "no arrays": ({"--inputs": "q"}, "--inputs is the name of an array in a .npz file; got the data 'photos'"),
    "damaged data": ({"--data": "damaged.npz"}, "is not a .npz file of numbers; save it again"),
    "other inputs": ({"--data": "small.npz"}, "the model raised RuntimeError: .* batches of 4 a sample in .* P"),
    "NaN inputs": ({"--transform": "net.py:infinite"}, "10/0.png: features must be finite; got nan or inf"),
    "transform": ({"--transform": "net.py:failing"}, "10/0.png: the transform raised ValueError: no such image; it"),
    "ending": ({"--transform": "net.py:ends"}, "10/0.png: the transform raised SystemExit: 7"),
    "no tensor": ({"--transform": "net.py:array"}, "must return the tensor of one sample; got 1.0"),
    "head": ({"--head": "x"}, "head must name a torch.nn.Linear of the model; got 'x', .* are 'hidden', 'fc'"),
    "device": ({"--device": "abacus"}, "--device must be one that PyTorch finds here (cpu.*); got 'abacus'"),
    "no numbers": ({"--device": "meta"}, "--device must be one that PyTorch finds here (cpu.*); got 'meta'"),
    "batch size": ({"--batch-size": 0}, "Invalid value for '--batch-size': 0 .* Try 'python -m ncsolve.torch extract"),
    "ending of the output": ({"-o": "f.txt"}, "f.txt: unknown file ending '.txt'; use one of .npz"),
    "folder of the output": ({"-o": "absent/f.npz"}, "there is no folder 'absent'; make it first"),
    "the input": ({"--data": "rows.npz", "-o": "rows.npz", "--force": None}, "is read by this command, and --out"),
}


@pytest.fixture(scope="module")
def mistakes(place):
    """Files with something wrong, beside the good ones."""
    torch.save({"encoder": net().state_dict(), "epoch": 3}, place / "parts.pt")
    torch.save({name: {"sd": net().state_dict()} for name in "ab"}, place / "deep.pt")
    torch.save(net().state_dict() | {"fc.bias": torch.arange(3)}, place / "whole.pt")
    torch.save(net().state_dict() | {"fc.bias": [0.0, 0.0, 0.0]}, place / "list.pt")
    torch.save(net().state_dict() | {"fc.weight": torch.full((3, 5), torch.nan)}, place / "nan.pt")
    for name in ("damaged.pt", "damaged.safetensors", "damaged.npz"):
        (place / name).write_bytes(b"PK\x03\x04 nothing")
    for name in ("empty/a", "empty/b", "splits/train/a", "splits/val/a", "unreadable/a", "cut/a", "deep/a", "sizes/a",
                 "linked/a", "folder.npz"):
        (place / name).mkdir(parents=True)
    (place / "linked/b").symlink_to(place / "linked/a")
    (place / "unreadable/a/1.png").write_text("no image")
    whole = next((place / "photos/9").glob("*.png")).read_bytes()
    (place / "cut/a/1.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(np.full((8, 8), 3000, np.uint16)).save(place / "deep/a/1.png")
    Image.new("RGB", (8, 8)).save(place / "sizes/a/1.png")
    Image.new("RGB", (8, 9)).save(place / "sizes/a/2.png")
    x, y = np.ones((2, 4)), np.arange(2)
    np.savez(place / "whole.npz", x=x.astype(int), y=y)
    np.savez(place / "names.npz", x=x, y=np.array(["a", "b"]))
    np.savez(place / "negative.npz", x=x, y=-y)
    np.savez(place / "rows.npz", x=x, y=np.arange(3))
    np.savez(place / "onehot.npz", x=x, y=np.eye(2, dtype=int))
    np.savez(place / "unlabelled.npz", x=x)
    np.savez(place / "twice.npz", x=x, inputs=x, y=y)
    np.savez(place / "small.npz", x=x, y=y)
    return place


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_gets_one_line(mistakes, tmp_path, capsys, name):
    changed, message = WRONG[name]
    options = GOOD | {"-o": tmp_path / "f.npz"} | changed
    model = options.pop("model")
    words = [one for option in options.items() for one in option if one is not None]
    before = {path: path.stat().st_mtime_ns for path in mistakes.rglob("*") if "__pycache__" not in str(path)}
    code, said, errors = run(mistakes, capsys, "extract", model, *words)
    assert (code, said) == (2, "")
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    place = 0
    for part in message.split(".*"):
        place = errors.find(part.strip(" "), place)
        assert place >= 0, f"{errors!r} lacks {part!r}"
    assert list(tmp_path.iterdir()) == []  # neither a file nor a part of one
    after = {path: path.stat().st_mtime_ns for path in mistakes.rglob("*") if "__pycache__" not in str(path)}
    assert after == before


def test_an_output_that_exists_is_refused_before_any_code_runs(place, tmp_path, capsys):
    out = tmp_path / "f.npz"
    out.write_text("precious")
    words = ["extract", "marks.py:f", "--checkpoint", "last.pt", "--data", "photos", "-o", out]
    code, _, errors = run(place, capsys, *words)
    assert code == 2
    assert "exists already; choose another name or pass --force" in errors
    assert out.read_text() == "precious"
    assert not (place / "ran").exists()
    run(place, capsys, *words, "--force")
    assert (place / "ran").exists()
    (place / "ran").unlink()
    assert out.read_text() == "precious"  # it has no function f
    extracted(place, out, capsys, "--force")


def test_images_without_pillow(place, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    code, _, errors = run(place, capsys, "extract", "net.py:make_model", "--checkpoint", "last.pt", "--data", "photos",
                          "-o", tmp_path / "f.npz")
    assert code == 2
    assert errors.startswith("error: reading images needs Pillow; install it with: ")
    assert errors.endswith("-m pip install pillow\n")


def test_the_next_command_can_be_copied(place, tmp_path, capsys):
    folder = tmp_path / ("a  folder with a name " + "that is long " * 8)
    folder.mkdir()
    out = folder / "f.npz"
    words = ["extract", "net.py:make_model", "--checkpoint", "last.pt", "--data", "photos", "-o", out]
    with chdir(place):
        assert program.main([str(one) for one in words]) == 0
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("next")]
    assert shlex.split(line)[1:4] == ["ncsolve", "measure", str(out)]


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("harm",)


def test_a_checkpoint_with_code_is_refused_and_does_not_run(place, tmp_path, capsys):
    torch.save({"state_dict": net().state_dict(), "extra": Harmful()}, tmp_path / "bad.pt")
    code, _, errors = run(place, capsys, "extract", "net.py:make_model", "--checkpoint", tmp_path / "bad.pt", "--data",
                          "photos", "-o", tmp_path / "f.npz")
    assert code == 2
    assert "can't run code; save model.state_dict()" in errors
    assert not (place / "harm").exists()


@pytest.mark.parametrize(("failure", "code", "message"), [
    (KeyboardInterrupt, 130, "error: interrupted\n"), (program._EndedError, 143, ""),
    (MemoryError, 2, "error: the work does not fit in memory; use a smaller --batch-size\n"),
])
def test_an_interrupted_run_leaves_nothing(place, tmp_path, capsys, monkeypatch, failure, code, message):
    def end(self, i):
        raise failure

    monkeypatch.setattr(_images.ImageFolder, "tensor", end)
    found = run(place, capsys, "extract", "net.py:make_model", "--checkpoint", "last.pt", "--data", "photos", "-o",
                tmp_path / "f.npz")
    assert found == (code, "", message)
    assert list(tmp_path.iterdir()) == []


def test_the_interpreter_is_left_as_it_was(place, tmp_path, capsys):
    path, modules = list(sys.path), set(sys.modules)
    extracted(place, tmp_path / "f.npz", capsys, "--transform", "net.py:normalized")
    assert sys.path == path
    assert not {name for name in set(sys.modules) - modules if "net" in name}
    assert torch.is_grad_enabled()


def test_usage():
    done = subprocess.run([sys.executable, "-m", "ncsolve.torch"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout.startswith("Usage: python -m ncsolve.torch")
    done = subprocess.run([sys.executable, "-m", "ncsolve.torch", "extract", "-h"], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m ncsolve.torch extract net.py:make_model --checkpoint last.pt" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["module.", "_orig_mod.", "model.", "net."]), max_size=3), st.booleans())
def test_wrappers_of_either_side_do_not_count(tmp_path_factory, wrappers, both):
    class Wrapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = torch.nn.Linear(2, 3)

    inner = Wrapped() if both else torch.nn.Linear(2, 3)
    start, weight = "".join(wrappers), torch.arange(6.0).reshape(3, 2)
    file = str(tmp_path_factory.mktemp("one") / "m.pt")
    torch.save({f"{start}weight": weight, f"{start}bias": torch.ones(3)}, file)
    _checkpoint.load_checkpoint(inner, file)
    assert torch.equal(next(iter(inner.state_dict().values())), weight)

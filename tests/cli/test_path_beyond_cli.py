"""``ncsolve path`` with --dim, --depth and --features, and the pictures: a jump is drawn as one."""

import csv
import json

import jsonschema
import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve.cli import main
from ncsolve.schemas import schema

DEEP = ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=5e-3, lambda_h=5e-4, lambda_b=1, depth=2)
GRID = np.concatenate(([0.0], np.geomspace(1e-3, 10, 30), [np.inf]))
ARGUMENTS = ["path", "--classes", "3", "--per-class", "10", "--depth", "2", "--lambda-w", "5e-3"]


def run(arguments, capsys, code=0):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code == code
    out, err = capsys.readouterr()
    return " ".join((err if code else out).split())


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (ARGUMENTS, ["deep linear head of 2 layers", "weight decay of the layers 0.005, 0.005", "0.03928241369396",
                     "rank 2 to 3 (simplex to intermediate), a jump: z_3 from 0 to 1.5811", "; T9",
                     "global minimum at every point", "202 values"]),
        (["path", "--classes", "3", "--per-class", "10", "--depth", "2", "--lambda-w", "5e-3,1e-2", "--lambda-b",
          "1e-2:1:5"], ["weight decay of the layers 0.005, 0.01", "a jump"]),
        (["path", "--dim", "9", "--lambda-b", "1e-2:1:5"],
         ["bottleneck: 9 dimensions for 10 classes", "none: the rank is 9 everywhere"]),
        (["path", "--dim", "3", "--encoding", "signed", "--classes", "6", "--per-class", "3", "--lambda-w", "5e-3",
          "--lambda-h", "5e-3", "--lambda-b", "1e-2:1:5"],
         ["0.35596", "a direction gives its dimension to another, a jump: z_1", "; T8", "not unique at 7 of 7 points"]),
        (["path", "--features", "relu", "--encoding", "smoothed:0.3", "--lambda-b", "1e-2:1:5"],
         ["ReLU features, H >= 0", "0.1666666666667: out of an orthogonal frame (orthogonal to acute); T10"]),
        (["path", "--features", "relu", "--lambda-b", "1e-2:1:5"], ["none between the smallest and the largest value"]),
        (["path", "--counts", "6,3", "--depth", "2", "--lambda-w", "1e-2", "--lambda-h", "1e-2", "--lambda-b", "0.3,1"],
         ["best found, not known to be the global minimum, at 2 of 2 points", "of the loss is open"]),
    ],
    ids=["deep", "layers", "one-hot bottleneck", "signed bottleneck", "relu smoothed", "relu", "descents"],
)
def test_paths_say_what_changes(arguments, parts, capsys):
    text = run(arguments, capsys)
    for part in parts:
        assert part in text, part


def test_files(tmp_path, capsys):
    arguments = [*ARGUMENTS, "--lambda-b", "1e-2:1:5"]
    run([*arguments, "--out", tmp_path / "a.csv"], capsys)
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["guarantee"] for row in rows} == {"global"}
    assert all(float(row["lower_bound"]) <= float(row["loss"]) for row in rows)
    run([*arguments, "--out", tmp_path / "a.json"], capsys)
    document = json.loads((tmp_path / "a.json").read_text())
    jsonschema.validate(document, schema("ncsolve.path/1"))
    jump = document["changes"][0]["jump"]
    assert jump["singular_values"][0][2] == 0
    assert jump["singular_values"][1][2] == pytest.approx(0.5 * 10**0.5, rel=1e-9)  # the jump of first_order_transition


def test_problem_files(tmp_path, capsys):
    file = tmp_path / "problem.toml"
    file.write_text("classes = 3\nper_class = 10\nlambda_w = 5e-3\ndepth = 2\n")
    assert "a jump" in run(["path", "-p", file, "--lambda-b", "1e-2:1:5"], capsys)
    assert "a jump" not in run(["path", "-p", file, "--depth", "1", "--lambda-b", "1e-2:1:5"], capsys)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--features", "relu", "--depth", "2"], "ReLU features under a deep head are an open problem"),
        (["--features", "tanh"], "features"),
        (["--depth", "0"], "depth must be an integer from 1"),
        (["--depth", "3", "--lambda-w", "1e-3,1e-3", "--lambda-b", "1e-2:1:5"], "one number or one per layer"),
        (["--dim", "0"], "dim must be an integer of at least 1"),
        (["--depth", "2", "--counts", "6,3", "--lambda-b", "1e-3:1:500"], "up to 400 points"),
        (["--depth", "2", "--convention", "sum", "--count", "0=1:9:3", "--lambda-b", "1"], "another problem at every"),
    ],
)
def test_mistakes_get_one_line(arguments, part, capsys):
    text = run(["path", *arguments], capsys, code=2)
    assert part in text
    assert text.startswith("ncsolve: error:")


def continuous(line, jump, size):
    """Whether no drawn segment of a line crosses the jump by more than a part of its size."""
    y = np.asarray(line.get_ydata(), dtype=float)
    x = np.asarray(line.get_xdata(), dtype=float)
    crossing = (x[:-1] <= jump) & (x[1:] >= jump)
    return not np.any(np.abs(np.diff(y))[crossing] > 0.2 * size)  # NaN: nothing is drawn


def test_a_jump_is_drawn_as_a_jump():
    pytest.importorskip("matplotlib")
    from ncsolve import plots

    path = ncsolve.path(DEEP, lambda_b=GRID)
    (change,) = path.changes
    before, after = change.before.cosines.mean, change.after.cosines.mean
    _, (ax, other) = plots.new_figure(1, 2, (9.0, 4.0))
    plots.cosine_curves(path, ax=ax)
    (curve,) = [line for line in ax.lines if line.get_label() == "all pairs"]
    assert continuous(curve, change.value, after - before)
    x, y = np.asarray(curve.get_xdata(), dtype=float), np.asarray(curve.get_ydata(), dtype=float)
    np.testing.assert_allclose(y[x == change.value], [before, np.nan, after])
    (latent,) = [line for line in ax.lines if line.get_gid() == "latent"]
    x, y = np.asarray(latent.get_xdata(), dtype=float), np.asarray(latent.get_ydata(), dtype=float)
    np.testing.assert_allclose(y[x == change.value], [after, before])
    assert continuous(latent, change.value, after - before)
    plots.singular_value_curves(path, ax=other)
    # z_1 and z_2 are equal and drawn once each with a name; z_3 jumps
    moving = [line for line in other.lines if line.get_label() == "$z_{3}$"]
    assert len(moving) == 1
    assert continuous(moving[0], change.value, change.after.singular_values[2])
    assert plots.path_figure(path)._suptitle.get_text().endswith("head of 2 layers")
    # the damage that this is to notice: a line straight across
    curve.set_data(GRID[1:-1], path.cosines[1:-1, 1])
    assert not continuous(curve, change.value, after - before)

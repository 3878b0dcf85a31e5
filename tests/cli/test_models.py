"""Bottlenecks, deep heads and ReLU features on the command line: what is said of them, and mistakes."""

import csv
import json

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from tests.command import refused, run, said
from tests.documents import fits

DEEP = ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=[5e-3, 1e-2], lambda_h=5e-4, lambda_b=0.05,
                   depth=2)
SMALL_DEEP = "--classes 3 --per-class 10 --depth 2 --lambda-w 5e-3"
SMALL_RELU = "--features relu --classes 3 --lambda-w 5e-3 --lambda-h 5e-3"
SIGNED = "--dim 3 --encoding signed --classes 6 --per-class 3 --lambda-w 5e-3 --lambda-h 5e-3"
SAID = {
    f"minimizer {SMALL_DEEP} --lambda-b 0.05 --full": [
        "deep linear head of 2 layers with weight decay 0.005, 0.005", "global minimum (T9)",
        "lambda_b = 0.03928241, first order",
        "jumps from 0 to 0.5", "hard threshold 0.2710806", "0.0215227989999661",
    ],
    "minimizer --counts 200,100,50,1 --depth 3 --lambda-w 5e-3,5e-3,1e-2 --lambda-b inf": [
        "weight decay 0.005, 0.005, 0.01", "classes of at most 7.018894 samples vanish", "1 of 4 class means",
    ],
    "minimizer --dim 9 --lambda-b 5": [
        "bottleneck: 9 dimensions for 10 classes", "the simplex ETF holds for every", "global minimum (T8)",
    ],
    f"minimizer {SMALL_RELU} --per-class 5 --lambda-b 0.05 --full": [
        "ReLU features, H >= 0", "none: with ReLU features and balanced counts the frame is orthogonal for every",
        "0.030505132638388",
    ],
    "minimizer --encoding gaussian:3 --classes 5 --dim 2 --lambda-b 0.1 --full": [
        "best found, not known to be the global minimum", "lower bound: the minimum of the", "descent (T8",
    ],
    "minimizer --depth 9 --lambda-b inf": ["deep linear head of 9 layers with weight decay 0.0005 each"],
    "minimizer --dim 4 --lambda-b 1": [
        "any 4 of the 9 contrast directions", "Not unique: ", "what follows is one of them. 104.5 degrees",
    ],
    # The bias may lie anywhere between the two codes, so that the lengths of the class means are not unique.
    "minimizer --features relu --classes 2 --lambda-b 0": [
        "the frame is orthogonal for every lambda_b > 0", "not unique",
    ],
    f"path {SMALL_DEEP}": [
        "deep linear head of 2 layers with weight decay 0.005, 0.005", "0.03928241369396",
        "rank 2 to 3 (simplex to intermediate), a jump: z_3 from 0 to 1.5811", "; T9", "global minimum at every point",
        "202 values",
    ],
    f"path {SMALL_DEEP},1e-2 --lambda-b 1e-2:1:5": ["with weight decay 0.005, 0.01", "a jump"],
    "path --dim 9 --lambda-b 1e-2:1:5": [
        "bottleneck: 9 dimensions for 10 classes", "none: the rank is 9 everywhere",
    ],
    f"path {SIGNED} --lambda-b 1e-2:1:5": [
        "0.35596", "a direction gives its dimension to another, a jump: z_1", "; T8", "not unique at 7 of 7 points",
    ],
    "path --features relu --encoding smoothed:0.3 --lambda-b 1e-2:1:5": [
        "ReLU features, H >= 0", "0.1666666666667: out of an orthogonal frame (orthogonal to acute); T10",
    ],
    "path --features relu --lambda-b 1e-2:1:5": ["none between the smallest and the largest value"],
    "path --counts 6,3 --depth 2 --lambda-w 1e-2 --lambda-h 1e-2 --lambda-b 0.3,1": [
        "best found, not known to be the global minimum, at 2 of 2 points", "of the loss is open",
    ],
    "compare --encodings onehot,gaussian:3 --classes 5 --dim 2 --lambda-b 0.1": [
        "bottleneck: 2 dimensions for 5 classes", "best found", "% open", "global",
    ],
    "compare --encodings onehot --classes 5 --dim 2": ["global *", "one of several"],
    "compare --counts 9,4,2,1 --depth 2 --lambda-w 2e-2,1e-2 --lambda-b inf": [
        "lambda_W = 0.02, 0.01, lambda_H", "deep linear head of 2 layers",
    ],
    "compare --counts 9,4,2,1 --features relu --lambda-w 5e-3": ["ReLU features, H >= 0"],
}
NOT_SAID = {
    f"minimizer {SMALL_RELU} --per-class 2 --dim 2": "orthogonal for every",  # best found, and no orthogonal frame
    "compare --counts 9,4,2,1 --depth 2 --lambda-w 2e-2,1e-2 --lambda-b inf": "best found\n",  # without a bias
    "compare --classes 3": "minimum: global where a theorem says so",
}


@pytest.mark.parametrize("command", SAID)
def test_what_is_different_is_said(command):
    text = said(*command.split())
    assert [part for part in SAID[command] if part not in text] == []


@pytest.mark.parametrize("command", NOT_SAID)
def test_what_is_not_so_is_not_said(command):
    done = run(*command.split())
    assert done.returncode == 0, done.stderr
    assert NOT_SAID[command] not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ("--depth 2 --classes 4 --per-class 10 --lambda-b 1e-2:3:9 --against t=0.05:0.7:5",
         ["deep linear head of 2 layers", "simplex to intermediate, a jump", "closed form, T9"]),
        ("--features relu --encoding smoothed:0.3 --lambda-b 1e-2:3:9 --against t=0.05:0.6:5",
         ["ReLU features", "orthogonal to acute", "closed form, T10"]),
        ("--encoding signed --classes 6 --dim 3 --lambda-b 1e-2:3:9 --against t=0.05:1:5",
         ["bottleneck: 3 dimensions", "the label mean for a contrast, a jump", "closed form, T8"]),
    ],
    ids=["deep", "relu", "bottleneck"],
)
def test_phase(arguments, parts, tmp_path):
    pytest.importorskip("matplotlib")
    text = said("phase", *arguments.split(), "--plot", tmp_path / "p.png", "--out", tmp_path / "p.csv")
    assert [part for part in parts if part not in text] == []
    assert (tmp_path / "p.png").stat().st_size > 10_000
    assert (tmp_path / "p.csv").read_text().splitlines()[0].endswith(",guarantee")


OPEN = "ReLU features under a deep head are an open problem; got --features relu with --depth 2, set --depth 1 or " \
       "--features linear"
MISTAKES = [
    ("--features relu --depth 2", OPEN),
    ("--features tanh", "unknown features 'tanh'"),
    ("--depth 0", "depth must be an integer from 1 to 100; got 0"),
    ("--lambda-w 1e-3,1e-3", "--lambda-w must be one number or one per layer; got 2 for depth 1"),
    ("--lambda-w 1e-3,x --depth 2", "--lambda-w must be a number"),
    ("--dim 0", "dim must be an integer of at least 1"),
]


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (command, arguments, message) for arguments, message in MISTAKES
        for command in ("minimizer", "path", "compare", "report", "verify")
        if (command, arguments) != ("path", "--lambda-w 1e-3,1e-3")  # two points of a path
    ],
)
def test_mistakes_get_one_line(command, arguments, message, tmp_path):
    out = ["--out", tmp_path / "a.html"] if command == "report" else []
    assert message in refused(command, *arguments.split(), *out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--depth 3 --lambda-w 1e-3,1e-3 --lambda-b 1e-2:1:5", "one number or one per layer"),
        ("--depth 2 --counts 6,3 --lambda-b 1e-3:1:500", "up to 400 points"),
        ("--depth 2 --convention sum --count 0=1:9:3 --lambda-b 1", "another problem at every"),
    ],
)
def test_mistakes_of_paths(arguments, message):
    assert message in refused("path", *arguments.split())


def test_conventions_scale_the_bounds():
    arguments = ["minimizer", "--classes", "3", "--per-class", "10", "--depth", "2", "--json"]
    paper = json.loads(run(*arguments, "--lambda-w", "5e-3,1e-2", "--lambda-h", "5e-4", "--lambda-b", "0.05").stdout)
    more = ["--lambda-w", "0.15,0.3", "--lambda-h", "0.015", "--lambda-b", "1.5", "--convention", "sum"]
    total = json.loads(run(*arguments, *more).stdout)
    assert total["loss"] == pytest.approx(30 * paper["loss"], rel=1e-13)
    assert total["lower_bound"] == pytest.approx(30 * paper["lower_bound"], rel=1e-13)
    assert total["first_order"]["lambda_b"] == pytest.approx(30 * paper["first_order"]["lambda_b"], rel=1e-13)
    np.testing.assert_allclose(total["model"]["lambda_w_layers"], [0.15, 0.3])
    np.testing.assert_allclose(total["gram"], paper["gram"], rtol=1e-12, atol=1e-13)


def test_options_go_before_the_model_of_a_problem_file(tmp_path):
    file = tmp_path / "problem.toml"
    file.write_text("classes = 3\nper_class = 10\ndepth = 2\nlambda_w = [5e-3, 1e-2]\nlambda_h = 5e-4\n"
                    "lambda_b = 0.05\n")
    found = json.loads(run("minimizer", "--problem", file, "--json").stdout)
    assert found["loss"] == pytest.approx(ncsolve.solve(DEEP).loss, rel=1e-14)
    changes = ["--depth", "1", "--lambda-w", "5e-3", "--features", "relu"]
    relu = json.loads(run("minimizer", "--problem", file, *changes, "--json").stdout)
    assert (relu["model"]["features"], relu["regime"]) == ("relu", "orthogonal")
    along = ["path", "--problem", file, "--lambda-b", "1e-2:1:5"]
    assert "a jump" in run(*along).stdout
    assert "a jump" not in run(*along, "--depth", "1", "--lambda-w", "5e-3").stdout
    shown = json.loads(run("verify", "--problem", file, "--json").stdout)
    assert shown["problem"]["lambda_w_layers"] == [5e-3, 1e-2]
    done = run("compare", "--problem", file, "--dim", "2", "--encodings", "onehot", "--json")
    assert json.loads(done.stdout)["problem"]["model"] == {
        "loss_function": "mse", "features": "linear", "depth": 2, "lambda_w_layers": [5e-3, 1e-2], "dim": 2
    }


def test_files_of_a_path_with_a_jump(tmp_path):
    arguments = ["path", *SMALL_DEEP.split(), "--lambda-b", "1e-2:1:5", "--out"]
    run(*arguments, tmp_path / "a.csv")
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["guarantee"] for row in rows} == {"global"}
    assert all(float(row["lower_bound"]) <= float(row["loss"]) for row in rows)
    run(*arguments, tmp_path / "a.json")
    document = fits((tmp_path / "a.json").read_text(), "ncsolve.path/1")
    jump = document["changes"][0]["jump"]
    assert jump["singular_values"][0][2] == 0
    assert jump["singular_values"][1][2] == pytest.approx(0.5 * 10**0.5, rel=1e-9)  # the jump of first_order_transition

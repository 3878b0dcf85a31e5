"""Comparison of encodings under a bottleneck, a deep head and ReLU features."""

import json
import math

import jsonschema
import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve.schemas import schema
from tests import command

MODELS = {
    "narrow": {"dim": 2}, "deep": {"depth": 2, "lambda_w": [2e-2, 1e-2]}, "relu": {"features": "relu"},
    "deep and narrow": {"depth": 3, "dim": 2},
}
PLAIN = {"counts": [9, 4, 2, 1], "lambda_w": 5e-3, "lambda_h": 5e-4, "lambda_b": 0.05}
NAMES = ["onehot", "signed", "gaussian:3"]


def run(*arguments):
    return command.run("compare", *arguments)


@pytest.mark.parametrize("model", MODELS)
def test_rows_are_the_minimizers_of_the_model(model):
    found = ncsolve.compare(NAMES, **(PLAIN | MODELS[model]))
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    jsonschema.validate(document, schema("ncsolve.comparison/1"))
    kinds = set()
    for row, shown in zip(found.rows, document["encodings"], strict=True):
        options = PLAIN | MODELS[model] | {"encoding": row.minimizer.problem.encoding}
        direct = ncsolve.solve(ncsolve.UFM(**options))
        assert shown["loss"] == pytest.approx(direct.loss, rel=1e-12)
        assert shown["guarantee"] == direct.guarantee
        assert shown["lower_bound"] == pytest.approx(direct.lower_bound, rel=1e-12)
        assert shown["gap"] == pytest.approx(direct.gap, abs=1e-12 * direct.loss)
        assert shown["dim"] == direct.dim
        kinds.add(direct.guarantee)
    # With a bias and imbalanced classes no theorem is left but that of ReLU features, whose bound closes.
    assert ("best found" in kinds) == (model != "relu")
    assert document["problem"]["model"]["features"] == MODELS[model].get("features", "linear")
    assert document["problem"]["model"]["depth"] == MODELS[model].get("depth", 1)


def test_documents_of_the_papers_model_have_no_new_keys():
    document = ncsolve.compare(NAMES, **PLAIN).to_json()
    assert "model" not in document["problem"]
    assert not {"guarantee", "lower_bound", "gap", "dim", "ties"} & set(document["encodings"][0])


def test_a_dim_that_holds_every_minimizer_changes_nothing():
    wide, usual = ncsolve.compare(NAMES, **PLAIN, dim=7), ncsolve.compare(NAMES, **PLAIN)
    assert not wide.beyond
    assert [row.minimizer.loss for row in wide.rows] == [row.minimizer.loss for row in usual.rows]


def test_layers_are_converted_with_the_convention():
    options = {"counts": [5, 3, 2], "lambda_w": [0.01, 0.04], "lambda_h": 0.02, "lambda_b": math.inf, "depth": 2}
    found = ncsolve.compare(["onehot", "ordinal"], convention="torch-mean", **options)
    for row in found.rows:
        m = row.minimizer.problem.code_length
        np.testing.assert_allclose(row.minimizer.problem.lambda_w_layers, [0.01 * m / 2, 0.04 * m / 2])
    document = found.to_json()
    assert document["problem"]["model"]["lambda_w_layers"] == [0.01, 0.04]
    assert document["problem"]["lambda_w"] == pytest.approx(0.02)
    for shown, row in zip(document["encodings"], found.rows, strict=True):
        assert shown["loss"] == pytest.approx(row.minimizer.loss * 2 / row.minimizer.problem.code_length)
        assert shown["lower_bound"] == pytest.approx(shown["loss"])


def test_other_minimizers_of_the_same_loss_are_mentioned():
    found = ncsolve.compare(["onehot"], counts=10, classes=5, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.1, dim=2)
    assert found.to_json()["encodings"][0]["ties"] == found.rows[0].minimizer.ties != ""
    done = run("--encodings", "onehot", "--classes", "5", "--dim", "2")
    assert "global *" in done.stdout
    assert "one of several" in done.stdout


def test_the_table_says_what_is_known():
    done = run("--encodings", "onehot,gaussian:3", "--classes", "5", "--dim", "2", "--lambda-b", "0.1")
    assert done.returncode == 0, done.stderr
    assert "2 feature dimensions" in done.stdout
    assert "best found" in done.stdout
    assert "% open" in done.stdout
    assert "global" in done.stdout
    deep = run("--counts", "9,4,2,1", "--depth", "2", "--lambda-w", "2e-2,1e-2", "--lambda-b", "inf")
    assert "lambda_W = 0.02, 0.01, lambda_H" in deep.stdout
    assert "deep linear head of 2 layers" in deep.stdout
    assert "best found\n" not in deep.stdout  # without a bias every row is global
    relu = run("--counts", "9,4,2,1", "--features", "relu", "--lambda-w", "5e-3")
    assert "ReLU features, H >= 0" in relu.stdout
    assert "minimum: global where a theorem says so" not in run("--classes", "3").stdout


def test_a_problem_file_says_the_model(tmp_path):
    file = tmp_path / "problem.toml"
    file.write_text('classes = 4\nper_class = 3\ndepth = 2\nlambda_w = [0.01, 0.02]\ndim = 2\n')
    done = run("--problem", str(file), "--encodings", "onehot", "--json")
    model = json.loads(done.stdout)["problem"]["model"]
    assert model == {"features": "linear", "depth": 2, "lambda_w_layers": [0.01, 0.02], "dim": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--features", "relu", "--depth", "2"], "ReLU features under a deep head are an open problem"),
        (["--features", "tanh"], "unknown features 'tanh'"),
        (["--depth", "0"], "depth must be an integer from 1 to 100; got 0"),
        (["--lambda-w", "1e-3,1e-3"], "--lambda-w must be one number or one per layer; got 2 for depth 1"),
        (["--dim", "0"], "dim must be an integer of at least 1"),
    ],
)
def test_mistakes(arguments, message):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [{"depth": 2.5}, {"features": "gelu"}, {"dim": 0}, {"lambda_w": [1e-3, 1e-3, 1e-3], "depth": 2}, {"depth": 0}],
)
def test_bad_input(options):
    with pytest.raises(ncsolve.NCSolveError):
        ncsolve.compare(["onehot"], **(PLAIN | options))


def test_the_figure_shows_the_bound():
    pytest.importorskip("matplotlib")
    from ncsolve.plots import comparison_figure

    names = ["simplex", encodings.make("gaussian:3", classes=4)]
    found = ncsolve.compare(names, **(PLAIN | {"counts": [4] * 4, "dim": 2}))
    assert [row.minimizer.guarantee for row in found.rows] == ["global", "best found"]
    figure = comparison_figure(found)
    angles, *_, loss = figure.axes
    names = [label.get_text() for label in angles.get_yticklabels()]
    assert "best found" in names[1]
    assert "best found" not in names[0]
    lines = [line for line in loss.lines if line.get_marker() == "|"]
    assert len(lines) == 1
    best = found.rows[1].minimizer
    np.testing.assert_allclose(lines[0].get_xdata(), [best.lower_bound, best.loss])
    assert "d = 2" in figure.get_suptitle()

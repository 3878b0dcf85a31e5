"""Bottlenecks, deep heads and ReLU features on the command line, in documents and in files."""

import json
import math

import jsonschema
import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve.schemas import schema
from tests import command

RELU = ncsolve.UFM(encoding=encodings.onehot(3), counts=5, lambda_w=5e-3, lambda_h=5e-3, lambda_b=0.05,
                   features="relu")
DEEP = ncsolve.UFM(encoding=encodings.onehot(3), counts=10, lambda_w=[5e-3, 1e-2], lambda_h=5e-4, lambda_b=0.05,
                   depth=2)
NARROW = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=[3, 2, 1, 2], lambda_w=1e-2,
                     lambda_h=4e-3, lambda_b=0.1, dim=2)
PROBLEMS = {
    "relu": RELU, "imbalanced relu": RELU.replace(counts=[9, 4, 1]),
    "relu bound": RELU.replace(counts=[9, 4, 1], lambda_b=0.01),
    "deep": DEEP, "narrow": NARROW, "deep and narrow": DEEP.replace(dim=2),
    "one dimension less": ncsolve.UFM(encoding=encodings.onehot(4), counts=3, lambda_w=5e-3, lambda_h=5e-3,
                                      lambda_b=3.0, dim=3),
}


def run(*arguments):
    return command.run("minimizer", *arguments)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (
            ["--classes", "3", "--per-class", "10", "--depth", "2", "--lambda-w", "5e-3", "--lambda-b", "0.05"],
            ["deep linear head W = W_2 ... W_1", "global minimum (T9)", "lambda_b = 0.03928241, first order",
             "jumps from 0 to 0.5", "hard threshold 0.2710806", "0.0215227989999661"],
        ),
        (
            ["--counts", "200,100,50,1", "--depth", "3", "--lambda-w", "5e-3,5e-3,1e-2", "--lambda-b", "inf"],
            ["weight decay 0.005, 0.005, 0.01", "classes of at most 7.018894 samples vanish", "1 of 4 class means"],
        ),
        (
            ["--dim", "9", "--lambda-b", "5"],
            ["bottleneck: 9 dimensions for 10 classes", "the simplex ETF holds for every", "global minimum (T8)"],
        ),
        (
            ["--classes", "3", "--features", "relu", "--lambda-w", "5e-3", "--lambda-h", "5e-3", "--per-class", "5",
             "--lambda-b", "0.05"],
            ["ReLU features, H >= 0", "none: with ReLU features and balanced counts the frame is orthogonal for every",
             "0.030505132638388"],
        ),
        (
            ["--encoding", "gaussian:3", "--classes", "5", "--dim", "2", "--lambda-b", "0.1"],
            ["best found, not known to be the global minimum", "lower bound: the minimum of the", "descent (T8"],
        ),
        (["--depth", "9", "--lambda-b", "inf"], ["W = W_9 ... W_1 with weight decay 0.0005 each"]),
        (
            ["--dim", "4", "--lambda-b", "1"],
            ["any 4 of the 9 contrast directions", "general: no regime is named where class means of balanced codes"],
        ),
    ],
)
def test_human_output_says_what_is_different(arguments, parts):
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    for part in parts:
        assert part in text, part


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--features", "relu", "--depth", "2"], "ReLU features under a deep head are an open problem"),
        (["--features", "tanh"], "unknown features 'tanh'"),
        (["--depth", "0"], "depth must be an integer from 1 to 100; got 0"),
        (["--lambda-w", "1e-3,1e-3"], "--lambda-w must be one number or one per layer; got 2 for depth 1"),
        (["--lambda-w", "1e-3,x", "--depth", "2"], "--lambda-w must be a number"),
        (["--dim", "0"], "dim must be an integer of at least 1"),
    ],
)
def test_mistakes_get_one_line(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", PROBLEMS)
def test_documents_fit_the_schema(name):
    found = ncsolve.solve(PROBLEMS[name])
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    jsonschema.validate(document, schema("ncsolve.minimizer/1"))
    assert document["guarantee"] == found.guarantee
    assert document["model"]["depth"] == PROBLEMS[name].depth
    assert document["lower_bound"] <= document["loss"]


def test_documents_of_the_papers_model_have_no_new_keys():
    plain = ncsolve.solve(RELU.replace(features="linear")).to_json()
    assert not {"model", "guarantee", "lower_bound", "gap", "ties", "first_order"} & set(plain)


def test_conventions_scale_the_bounds():
    arguments = ["--classes", "3", "--per-class", "10", "--depth", "2", "--json"]
    paper = json.loads(run(*arguments, "--lambda-w", "5e-3,1e-2", "--lambda-h", "5e-4", "--lambda-b", "0.05").stdout)
    more = ["--lambda-w", "0.15,0.3", "--lambda-h", "0.015", "--lambda-b", "1.5", "--convention", "sum"]
    total = json.loads(run(*arguments, *more).stdout)
    assert total["loss"] == pytest.approx(30 * paper["loss"], rel=1e-13)
    assert total["lower_bound"] == pytest.approx(30 * paper["lower_bound"], rel=1e-13)
    assert total["first_order"]["lambda_b"] == pytest.approx(30 * paper["first_order"]["lambda_b"], rel=1e-13)
    np.testing.assert_allclose(total["model"]["lambda_w_layers"], [0.15, 0.3])
    np.testing.assert_allclose(total["gram"], paper["gram"], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", PROBLEMS)
def test_save_and_load(name, tmp_path):
    found = ncsolve.solve(PROBLEMS[name])
    found.save(tmp_path / "m.npz")
    read = ncsolve.Minimizer.load(tmp_path / "m.npz")
    assert read.loss == pytest.approx(found.loss, rel=1e-14)
    assert read.problem.lambda_w_layers == found.problem.lambda_w_layers
    assert (read.problem.features, read.problem.depth) == (found.problem.features, found.problem.depth)


def test_a_changed_layer_is_noticed(tmp_path):
    found = ncsolve.solve(DEEP)
    found.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as data:
        arrays = dict(data)
    arrays["W_1"] = arrays["W_1"] * (1 + 1e-6)
    np.savez(tmp_path / "changed.npz", **arrays)
    with pytest.raises(ncsolve.FileError, match="not the minimizer of its problem"):
        ncsolve.Minimizer.load(tmp_path / "changed.npz")


def test_strong_layers_cannot_be_told_from_their_mean():
    """Loss, bias and singular values depend on the layers' weight decay through its geometric mean only."""
    mean = math.sqrt(5e-3 * 1e-2)
    one, other = ncsolve.solve(DEEP), ncsolve.solve(DEEP.replace(lambda_w=mean))
    assert one.loss == pytest.approx(other.loss, rel=1e-13)
    np.testing.assert_allclose(one.singular_values, other.singular_values, rtol=1e-13)


def test_problem_files_name_the_model(tmp_path):
    file = tmp_path / "problem.toml"
    lambdas = "lambda_w = [5e-3, 1e-2]\nlambda_h = 5e-4\nlambda_b = 0.05\n"
    file.write_text(f"classes = 3\nper_class = 10\ndepth = 2\n{lambdas}")
    found = json.loads(run("--problem", str(file), "--json").stdout)
    assert found["loss"] == pytest.approx(ncsolve.solve(DEEP).loss, rel=1e-14)
    changes = ["--depth", "1", "--lambda-w", "5e-3", "--features", "relu"]
    relu = json.loads(run("--problem", str(file), *changes, "--json").stdout)
    assert relu["model"]["features"] == "relu"
    assert relu["regime"] == "orthogonal"


@pytest.mark.parametrize("model", ["depth = 2", "depth = 2\nlambda_w = [5e-3, 1e-2]", "dim = 2"])
def test_what_has_no_certificate_says_so(model, tmp_path):
    file = tmp_path / "problem.toml"
    file.write_text(f"classes = 3\nper_class = 2\nlambda_b = 5\n{model}\n")
    done = command.run("certify", "--problem", file)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert any(part in done.stderr for part in ("heads of one layer", "dim = 2 is below the rank"))


def test_narrow_relu_features_claim_no_orthogonal_frame():
    printed = run("--features", "relu", "--classes", "3", "--per-class", "2", "--dim", "2", "--lambda-w", "5e-3").stdout
    assert "best found" in printed
    assert "orthogonal for every" not in printed


def test_two_classes_with_a_free_bias_are_no_frame():
    """T10: the bias may lie anywhere between the two codes, so that the lengths of the class means are not unique."""
    printed = " ".join(run("--features", "relu", "--classes", "2", "--lambda-b", "0").stdout.split())
    assert "the frame is orthogonal for every lambda_b > 0" in printed
    assert "not unique" in printed

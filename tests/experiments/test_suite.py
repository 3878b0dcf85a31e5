"""A suite's file is read as it is written, and what it can't mean is refused in one line."""

import dataclasses
import math
from pathlib import Path

import pytest

from experiments._run import Run
from experiments._suite import SuiteError, read_suite

SUITE = Path(__file__).parents[2] / "experiments" / "suite.toml"


def suite(tmp_path, text):
    path = tmp_path / "suite.toml"
    path.write_text(text, encoding="utf-8")
    return path


SMALL = """
name = "small"
[reference]
steps = 5
[grid]
lambda_b = [0, inf]
seed = [0, 1]
[[variation]]
name = "a"
[[variation]]
name = "b"
network = "cnn"
grid = { seed = [7] }
"""


def test_each_combination_of_the_grid_is_a_run(tmp_path):
    found = read_suite(suite(tmp_path, SMALL))
    first, second = found.variations
    assert [(run.lambda_b, run.seed) for run in first.runs] == [(0, 0), (0, 1), (math.inf, 0), (math.inf, 1)]
    assert {run.steps for run in found.runs} == {5}
    assert [(run.network, run.seed) for run in second.runs] == [("cnn", 7)]
    assert found.only(("b",)).runs == second.runs


@pytest.mark.parametrize(("old", "new", "words"), [
    ('name = "small"', "", "a name"),
    ("steps = 5", "stepz = 5", "stepz"),
    ("steps = 5", "steps = 0", "steps is at least 1; got 0"),
    ("steps = 5", "steps = 5.5", "steps is a whole number; got 5.5"),
    ("lambda_b = [0, inf]", "lambda_b = 0", "a list"),
    ("lambda_b = [0, inf]", "lambda_b = [-1]", "lambda_b is at least 0, or inf; got -1.0"),
    ("lambda_b = [0, inf]", "lambda_b = [nan]", "got nan"),
    ('network = "cnn"', 'network = "cmm"', "one of mlp, cnn, resnet, vit; got 'cmm'"),
    ('network = "cnn"', 'net = "cnn"', "'net'"),
    ('network = "cnn"', "decay = 1.0", 'tail = "plain"'),
    ('network = "cnn"', 'tail = "plain"', 'tail = "plain"'),
    ('network = "cnn"', "steps = true", "steps is a whole number; got True"),
    ('name = "b"', 'name = "a"', "two variations are called 'a'"),
    ('network = "cnn"\ngrid = { seed = [7] }', "grid = { lambda_b = [0], seed = [1] }", "in common"),
    ("[grid]", "[grids]", "'grids'"),
    ("[grid]", "[grid", "TOML"),
    ('name = "small"', 'name = "../elsewhere"', "letters, digits"),
    ('grid = { seed = [7] }', "grid = [1]", "grid is a table of factors; got [1]"),
    ("[reference]\nsteps = 5", "reference = [1]", "reference is a table of factors; got [1]"),
    ('[[variation]]\nname = "a"\n[[variation]]', "[variation]", "[[variation]]"),
    ("seed = [7]", "steps = [7, 8]", "a grid is over lambda_b, threshold, seed; got 'steps'"),
    ("seed = [7]", "lambda_b = [0, 1], threshold = [0.1, 0.2]", "several values of both"),
    ("lambda_b = [0, inf]", f"lambda_b = [1{'0' * 400}]", "too large"),
])
def test_what_is_no_suite_is_refused_in_one_line(tmp_path, old, new, words):
    assert old in SMALL
    with pytest.raises(SuiteError) as caught:
        read_suite(suite(tmp_path, SMALL.replace(old, new)))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_variation_that_there_is_not_is_named(tmp_path):
    with pytest.raises(SuiteError, match="no variation 'c'; it has a, b"):
        read_suite(suite(tmp_path, SMALL)).only(("c",))


def test_the_key_tells_any_two_runs_apart():
    usual = Run()
    others = {
        "data": "mnist", "per_class": 7, "imbalance": 3.0, "network": "vit", "tail": "bn", "encoding": "signed",
        "loss": "cross-entropy", "threshold": 0.3, "lambda_w": 0.1, "lambda_b": math.inf, "seed": 1,
        "optimizer": "lbfgs", "steps": 3, "learning_rate": 0.1, "dim": 3,
    }
    assert others.keys() == {field.name for field in dataclasses.fields(Run)} - {"decay"}
    runs = [usual, Run(tail="plain", decay=0.1), Run(tail="plain", decay=0.2)]
    runs += [dataclasses.replace(usual, **{name: value}) for name, value in others.items()]
    assert len({run.key for run in runs}) == len(runs)
    for run in runs:
        assert Run.from_json(run.to_json()) == run
        assert Run.from_json(run.to_json()).key == run.key
    assert Run(lambda_b=1).key == Run(lambda_b=1.0).key


def test_the_suite_is_the_design_of_the_page():
    """Eight weight decays of the bias and five seeds for everything that differs from the reference in one factor."""
    found = read_suite(SUITE)
    names = [variation.name for variation in found.variations]
    assert names[0] == "reference"
    assert {"cnn", "resnet", "vit", "bn", "bn-relu", "plain-decay", "letter", "mnist", "fashion-mnist", "smoothed",
            "signed", "hadamard", "gaussian-6", "gaussian-14", "imbalance-10", "imbalance-100", "designed-10",
            "designed-100", "cross-entropy", "cross-entropy-smoothed", "t-0.1", "t-0.5"} <= set(names)
    for variation in found.variations:
        assert len(variation.runs) == 40
        assert len({run.seed for run in variation.runs}) == 5
        if not variation.name.startswith("minority"):
            assert len({run.lambda_b for run in variation.runs}) == 8
            assert max(run.lambda_b for run in variation.runs) == math.inf

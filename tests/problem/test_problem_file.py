"""Problem files: the same problem as the options give, options before fields, and errors that name the field."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from ncsolve._problem.problem_file import read_problem_file
from ncsolve.cli._problem_options import ProblemArguments
from ncsolve.cli._request import request as request_of
from ncsolve.errors import FileError, NCSolveError


def request(**typed):
    return request_of(ProblemArguments(**typed))


TEXT = """
encoding = "smoothed:0.1"
classes = 5
per_class = 20
lambda_w = 1e-3
lambda_h = 4e-3
lambda_b = 0.1
convention = "sum"
dim = 7
seed = 3
"""


def write(folder, text, name="problem.toml"):
    file = folder / name
    file.write_text(text if isinstance(text, str) else json.dumps(text))
    return file


def same(one, other):
    assert one.lambdas == other.lambdas
    assert one.convention is other.convention
    for name in ("lambda_w", "lambda_h", "lambda_b", "dim", "class_names"):
        assert getattr(one.problem, name) == getattr(other.problem, name)
    assert one.problem.counts.array.tolist() == other.problem.counts.array.tolist()
    np.testing.assert_array_equal(one.problem.encoding.matrix, other.problem.encoding.matrix)


def test_toml_json_and_options_are_the_same(tmp_path):
    options = request(
        encoding="smoothed:0.1", classes=5, per_class=20, lambda_w="1e-3", lambda_h="4e-3", lambda_b="0.1",
        convention="sum", dim=7, seed=3,
    )
    same(request(problem=write(tmp_path, TEXT)), options)
    document = {
        "encoding": "smoothed:0.1", "classes": 5, "per_class": 20, "lambda_w": 1e-3, "lambda_h": 4e-3, "lambda_b": 0.1,
        "convention": "sum", "dim": 7, "seed": 3,
    }
    same(request(problem=write(tmp_path, document, "problem.json")), options)


def test_an_empty_file_gives_the_defaults(tmp_path):
    same(request(problem=write(tmp_path, "")), request())


def test_options_go_before_fields(tmp_path):
    file = write(tmp_path, TEXT)
    found = request(problem=file, lambda_b="0.5", encoding="signed", convention="paper")
    assert found.lambdas == (1e-3, 4e-3, 0.5)
    assert found.problem.encoding.name == "signed"
    assert found.problem.classes == 5
    found = request(problem=file, counts="3,4", dim=2)  # the counts bring their own number of classes
    assert found.problem.counts.array.tolist() == [3, 4]
    assert request(problem=file, per_class=2).problem.classes == 5


def test_files_are_looked_for_beside_the_problem(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "codes.csv").write_text("1,0,2\n0,1,1\n")
    (tmp_path / "sub" / "labels.txt").write_text("a\nb\nb\nc\n")
    file = write(tmp_path / "sub", 'encoding = "codes.csv"\nlabels = "labels.txt"\n')
    found = request(problem=file)
    assert found.problem.encoding.name == "codes.csv"
    assert found.problem.class_names == ("a", "b", "c")
    assert found.problem.counts.array.tolist() == [1, 2, 1]


def test_matrices_and_infinity(tmp_path):
    for name, text in (
        ("a.toml", "encoding = [[1, 0.5], [0, 1]]\ncounts = [2, 3]\nlambda_b = inf\n"),
        ("a.json", {"encoding": [[1, 0.5], [0, 1]], "counts": [2, 3], "lambda_b": "inf"}),
        ("b.json", '{"encoding": [[1, 0.5], [0, 1]], "counts": [2, 3], "lambda_b": Infinity}'),
    ):
        found = request(problem=write(tmp_path, text, name))
        assert found.problem.encoding.matrix.tolist() == [[1, 0.5], [0, 1]]
        assert found.problem.lambda_b == math.inf


def test_decimals_are_kept_as_written(tmp_path):
    """A certificate takes 0.1 for 1/10, and so do problem files."""
    fields = read_problem_file(write(tmp_path, "lambda_w = 5_0.10e-3\nlambda_b = 1\nencoding = [[0.1, 1]]"))
    assert (fields.lambda_w, fields.lambda_b, fields.encoding) == ("50.10e-3", "1", (("0.1", "1"),))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lamda_w = 1", "unknown field 'lamda_w'; did you mean 'lambda_w'"),
        ("zzz = 1", "unknown field 'zzz'.*encoding, classes, per_class"),
        ('lambda_w = "small"', "the field lambda_w must be a number"),
        ("lambda_b = nan", "the field lambda_b must be a number"),
        ("lambda_h = true", "the field lambda_h must be a number"),
        ("lambda_w = -1", "problem.toml: lambda_w must be positive"),
        ("lambda_b = -1", "problem.toml: lambda_b must be between 0 and inf"),
        ("classes = 2.5", "the field classes must be a whole number of at least 1; got 2.5"),
        ("counts = 5", "the field counts must be a list of whole numbers"),
        ("counts = []", "the field counts must be a list of whole numbers"),
        ("counts = [1, 2.5]", "the field counts must be a list of whole numbers"),
        ("counts = [3, 0]", r"counts must be a list of whole numbers of at least 1, or a file of them; got \[3, 0\]"),
        ("per_class = -3", "the field per_class must be a whole number of at least 1; got -3"),
        ("counts = [3, 4]\nper_class = 3", "one way; got per_class and counts"),
        ("encoding = 3", "the field encoding must be a name"),
        ("encoding = [[1, 2], [3]]", "rows of equal length"),
        ('encoding = "onehott"', "did you mean 'onehot'"),
        ("encoding = [[1, 2]]\nclasses = 3", "2 columns"),
        ('labels = "nowhere.csv"', "cannot be read"),
        ('label_column = "x"', "--label-column"),
        ("seed = -1\nencoding = \"gaussian\"", "seed must be"),
        ("dim = 0", "the field dim must be a whole number of at least 1; got 0"),
        ('convention = "mine"', "the field convention must be one of paper, sum.*got 'mine'"),
        ("classes = ", "not valid TOML"),
        ("[model]\nclasses = 3", "unknown field 'model'"),
    ],
)
def test_errors_name_the_field(tmp_path, text, words):
    with pytest.raises(NCSolveError, match=words) as caught:
        request(problem=write(tmp_path, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.yaml", "", "use one of .toml, .json"),
        ("a.json", "[1]", "one table of fields"),
        ("a.json", "{", "not valid JSON"),
        ("a.json", "[" * 100000, "nested too deeply|not valid JSON"),
    ],
)
def test_wrong_files(tmp_path, name, text, words):
    with pytest.raises(FileError, match=words):
        read_problem_file(write(tmp_path, text, name))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileError, match="cannot be read"):
        read_problem_file(tmp_path / "none.toml")
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileError, match="UTF-8"):
        read_problem_file(Path(tmp_path / "a.toml"))

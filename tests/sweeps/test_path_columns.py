"""Columns of a path against the minimizer of every point, its files, and paths over the other parameters."""

import builtins
import csv
import math

import numpy as np
import pytest
from hypothesis import given, settings

import ncsolve
from ncsolve import encodings
from ncsolve._documents.path import path_columns, path_document
from ncsolve._files.tables import write_table
from ncsolve._problem.convention import CONVENTIONS
from ncsolve._sweeps.figures import NC_NAMES
from ncsolve.errors import FileError, MissingPackageError, ProblemError, UnknownNameError
from tests.documents import fits
from tests.strategies import affine_problems, problems

INF = math.inf
CODES = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
CASE = ncsolve.UFM(encoding=CODES, counts=[5, 20, 1, 10], lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1)
ONE_HOT = ncsolve.UFM(encoding=encodings.onehot(10), counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)


def check(path):
    """Every column against ``solve``: metrics are compared where they are not themselves rounding."""
    columns = path.columns()
    assert {len(column) for column in columns.values()} == {len(path)}
    for i in range(len(path)):
        single = path.minimizer(i)
        mu, b = single.problem.label_mean, single.bias
        assert columns["loss"][i] == pytest.approx(single.loss, rel=1e-12, abs=1e-14)
        assert columns["rank"][i] == single.rank
        assert columns["regime"][i] == single.regime
        size = np.linalg.norm(mu)
        if size > 0:
            assert columns["bias_norm"][i] == pytest.approx(np.linalg.norm(b), rel=1e-9, abs=1e-12 * size)
            assert columns["centring"][i] == pytest.approx(single.centring, rel=1e-9, abs=1e-9)
            assert columns["mean_left"][i] == pytest.approx(np.linalg.norm(mu - b) / size, rel=1e-9, abs=1e-9)
        else:
            assert math.isnan(columns["centring"][i])
        expected = single.cosines
        for name in ("min", "mean", "max"):
            value = columns[f"cos_{name}"][i]
            if expected is None:
                assert math.isnan(value)
            elif single.rank > 1:  # in one dimension a mean of length zero up to rounding has either sign
                assert value == pytest.approx(getattr(expected, name), abs=1e-5)
        for name in ("nc2_simplex", "nc2_orthogonal"):
            value = getattr(single.nc, name)
            assert columns[name][i] == (pytest.approx(value, abs=1e-6) if value is not None else pytest.approx(
                math.nan, nan_ok=True))


GRID = [0.0, 1e-3, 0.02, 0.3, 0.3, 5.0, INF]


@given(problems())
@settings(max_examples=25)
def test_columns_are_those_of_the_minimizers(problem):
    check(ncsolve.path(problem, lambda_b=GRID))


@given(affine_problems())
@settings(max_examples=25)
def test_columns_of_affine_codes_are_those_of_the_minimizers(problem):
    check(ncsolve.path(problem, lambda_b=GRID))


@pytest.mark.parametrize(
    ("name", "values"),
    [("lambda_w", [1e-4, 1e-2, 1.0]), ("lambda_h", [1e-4, 1e-2]), ("alpha", [0.0, 0.5, 0.9]), ("count", [1, 7, 40])],
)
def test_other_parameters(name, values):
    for problem in (CASE, ONE_HOT):
        options = {"of_class": 1} if name == "count" else {}
        path = ncsolve.path(problem, **{name: values}, **options)
        assert path.varied == name
        check(path)
        for i, value in enumerate(values):
            point = path.problem_at(i)
            if name == "count":
                assert point.counts.array[1] == value
                assert np.array_equal(np.delete(point.counts.array, 1), np.delete(problem.counts.array, 1))
            elif name == "alpha":
                codes = problem.encoding.matrix
                mixed = (1 - value) * codes + value * codes.mean(axis=1, keepdims=True)
                np.testing.assert_allclose(point.encoding.matrix, mixed, rtol=1e-14, atol=1e-15)
            else:
                assert getattr(point, name) == value


def test_smoothed_codes_are_smoothed_afresh():
    smoothed = ONE_HOT.replace(encoding=encodings.smoothed(10, 0.3))
    one, other = (ncsolve.path(p, alpha=[0.1, 0.2]) for p in (smoothed, ONE_HOT))
    np.testing.assert_array_equal(one.loss, other.loss)


def test_affine_codes_are_mixed_with_their_mean():
    signed = ONE_HOT.replace(encoding=encodings.signed(10))
    point = ncsolve.path(signed, alpha=[0.25]).problem_at(0)
    codes = signed.encoding.matrix
    np.testing.assert_allclose(point.encoding.matrix, 0.75 * codes + 0.25 * codes.mean(axis=1, keepdims=True))
    assert point.encoding.affine is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "exactly one"),
        ({"lambda_b": [1], "lambda_w": [1]}, "lambda_b and lambda_w"),
        ({"lambda_w": [0.0]}, "lambda_w must be positive"),
        ({"lambda_h": [INF]}, "lambda_h must be positive"),
        ({"alpha": [1.0]}, "below 1"),
        ({"alpha": []}, "non-empty"),
        ({"alpha": ["a"]}, "alpha, with values in .*, must be a non-empty sequence"),
        ({"count": [3]}, "of_class"),
        ({"lambda_b": [3], "of_class": 1}, "of_class"),
        ({"count": [3], "of_class": 4}, "from 0 to 3"),
        ({"count": [0], "of_class": 1}, "whole number"),
        ({"count": [1.5], "of_class": 1}, "whole number"),
    ],
)
def test_wrong_requests_are_refused(options, words):
    with pytest.raises(ProblemError, match=words):
        ncsolve.path(CASE, **options)


def test_unknown_parameter():
    from ncsolve._problem.sweep import make_sweep

    with pytest.raises(UnknownNameError, match="lambda_b"):
        make_sweep(CASE, "lambda_c", [1.0])


def test_measuring_reports_progress():
    seen = []
    ncsolve.path(CASE, lambda_b=GRID).measure(seen.append)
    assert seen == list(range(1, len(GRID) + 1))


def test_document_and_its_schema():
    for path in (
        ncsolve.path(CASE, lambda_b=GRID),
        ncsolve.path(ONE_HOT, lambda_w=[1e-4, 1.0]),
        ncsolve.path(CASE, count=[1, 5], of_class=2),
        ncsolve.path(ONE_HOT.replace(encoding=encodings.simplex(10)), alpha=[0, 0.5]),
    ):
        document = fits(path_document(path), "ncsolve.path/1")
        assert len(document["columns"]["loss"]) == len(path)
        assert document["problem"].get(path.varied) is None


def test_conventions_scale_lambdas_and_losses():
    path = ncsolve.path(ONE_HOT, lambda_b=GRID)
    mean = CONVENTIONS["torch-mean"]
    columns = path_columns(path, mean)
    np.testing.assert_allclose(columns["lambda_b"], np.array(GRID) / 5, rtol=1e-15)
    np.testing.assert_allclose(columns["loss"], path.loss / 5, rtol=1e-15)
    document = path_document(path, convention=mean)
    assert document["changes"][0]["value"] == pytest.approx(0.05 / 0.95 / 5)
    with pytest.raises(ProblemError, match="convention sum"):
        path_columns(ncsolve.path(CASE, count=[1, 2], of_class=0), CONVENTIONS["sum"])


def save(path, file, **options):
    write_table(file, path.columns(), path_document(path), **options)


def test_csv(tmp_path):
    path = ncsolve.path(CASE, lambda_b=GRID)
    save(path, tmp_path / "a.csv")
    with open(tmp_path / "a.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["lambda_b"]) for row in rows] == GRID
    assert [float(row["loss"]) for row in rows] == path.loss.tolist()
    assert [row["theorem"] for row in rows] == list(path.theorems)
    undefined = ncsolve.path(ONE_HOT.replace(encoding=encodings.simplex(10)), lambda_b=[1.0])
    save(undefined, tmp_path / "b.csv")
    with open(tmp_path / "b.csv", newline="") as stream:
        assert next(csv.DictReader(stream))["centring"] == ""


def test_json(tmp_path):
    path = ncsolve.path(CASE, lambda_b=GRID)
    save(path, tmp_path / "a.json")
    document = fits((tmp_path / "a.json").read_text(), "ncsolve.path/1")
    assert document["columns"]["lambda_b"] == [*GRID[:-1], "inf"]


def test_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    path = ncsolve.path(CASE, lambda_b=GRID)
    save(path, tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet").to_pydict()
    assert table["loss"] == path.loss.tolist()
    assert list(table) == list(path.columns())


def test_data_frame():
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = ncsolve.path(CASE, lambda_b=GRID).to_dataframe()
    assert frame["lambda_b"].tolist() == GRID
    assert list(frame.columns[:5]) == ["lambda_b", "loss", "bias_norm", "centring", "mean_left"]
    assert {f"{name}" for name in NC_NAMES} < set(frame.columns)


@pytest.mark.parametrize(("package", "ending"), [("pandas", None), ("pyarrow", ".parquet")])
def test_missing_packages_are_named(monkeypatch, tmp_path, package, ending):
    original = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return original(name, *args, **kwargs)

    path = ncsolve.path(CASE, lambda_b=GRID)
    monkeypatch.setattr(builtins, "__import__", refuse)
    work = path.to_dataframe if ending is None else lambda: save(path, tmp_path / f"a{ending}")
    with pytest.raises(MissingPackageError, match=rf"{package}.*ncsolve\[tables\]"):
        work()
    assert list(tmp_path.iterdir()) == []


def test_bad_outputs(tmp_path):
    path = ncsolve.path(CASE, lambda_b=GRID)
    (tmp_path / "there.csv").write_text("mine")
    (tmp_path / "folder.csv").mkdir()
    for name, words in (
        ("a.txt", "use one of .csv, .json, .parquet"), ("there.csv", "exists already"), ("folder.csv", "directory"),
        ("nowhere/a.csv", "no folder"),
    ):
        with pytest.raises(FileError, match=words):
            save(path, tmp_path / name)
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["folder.csv", "there.csv"]
    save(path, tmp_path / "there.csv", force=True)
    assert (tmp_path / "there.csv").read_text().startswith("lambda_b,loss")

"""Numbers that a float would change, and input that never ends or unpacks to too much: one line each, at once."""

from __future__ import annotations

import io
import math
import os
import zipfile
from fractions import Fraction

import numpy as np
import pytest
from ncsolve.derivations._specialise import parse_settings

import ncsolve
from ncsolve import encodings
from ncsolve._files import open_input
from ncsolve._problem.problem_file import read_problem_file
from ncsolve.certificates import check_file
from ncsolve.checks.exact import exact_number
from ncsolve.checks.parse import parse_float
from ncsolve.cli import main
from ncsolve.cli._ranges import parse_class_range, parse_range, parse_whole_range
from ncsolve.design import read_hierarchy
from ncsolve.errors import EncodingError, FileError, ProblemError, SizeError

ONE_HOT = ncsolve.UFM(encoding=encodings.onehot(10), counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.5)


def refused(capsys, *arguments) -> str:
    """The one line with which a command refuses its arguments."""
    with pytest.raises(SystemExit) as done:
        main([str(argument) for argument in arguments])
    error = capsys.readouterr().err
    assert done.value.code == 2
    assert error.startswith("ncsolve: error: ")
    assert error.count("\n") == 1
    assert len(error) < 600
    return error


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [("5e-4", 5e-4), (" +.5 ", 0.5), ("1.", 1.0), ("1/2000", 5e-4), ("-3E2", -300.0), ("0", 0.0), ("0e-999", 0.0),
     ("-0.00", 0.0), ("inf", math.inf), ("-Infinity", -math.inf), ("5e-324", 5e-324), ("1.7e308", 1.7e308),
     ("0" * 500 + "1", 1.0)],
)
def test_numbers_are_what_is_written(text, value):
    assert parse_float("x", text) == value


@pytest.mark.parametrize("text", ["1e-400", "-1e-400", "0." + "0" * 400 + "1"])
def test_what_would_become_zero_is_refused(text):
    with pytest.raises(ProblemError, match=r"^x must be a number that a float can hold .*, which would become 0$"):
        parse_float("x", text)


@pytest.mark.parametrize("text", ["1e999", "-1e309", "9" * 400])
def test_what_would_become_infinite_is_refused(text):
    with pytest.raises(ProblemError, match=r"^x must be a number that a float can hold .*, which would become inf$"):
        parse_float("x", text)


@pytest.mark.parametrize("text", ["", "nan", "1_000", "٣", "0x10", "1e", "1,5", "1/2/3", "one", "--1", "infi"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ProblemError, match=r"^x must be a number such as 5e-4 or 1/2000; got '"):
        parse_float("x", text)


def test_numbers_of_ranges_and_encodings():
    for text in ("1e-400:1:5", "0,1e-400", "1:1e999", "1e999,2"):
        with pytest.raises(ProblemError, match=r"--lambda-b must be a number that a float can hold"):
            parse_range("--lambda-b", text)
    with pytest.raises(ProblemError, match=r"must be a range such as .* got 'x' in '1,x'"):
        parse_range("--lambda-b", "1,x")
    with pytest.raises(ProblemError, match=r"from 2 to 1000000 points; got '9999"):
        parse_range("--lambda-b", f"1:2:{'9' * 5000}")
    with pytest.raises(ProblemError, match=r"must name a class"):
        parse_class_range("--count", f"{'9' * 5000}=1:2", None, 3)
    for spec in ("smoothed:1e-400", "affine:1,1e-400", "affine:1e999,0", f"ecoc:{'9' * 500}"):
        with pytest.raises(EncodingError, match=r"must be a number that a float can hold"):
            encodings.make(spec, classes=4)
    assert encodings.make("affine: 1 ,0", classes=4).affine.a == 1.0


def test_whole_numbers_stay_whole(capsys):
    for text in ("2.5,3", "2,3.5", "2.5:9:4"):
        with pytest.raises(ProblemError, match=r"must be whole numbers of classes; got"):
            parse_whole_range("--against classes", text, "classes")
    assert parse_whole_range("x", "2:10:4", "classes").tolist() == [2, 3, 6, 10]
    assert "must be whole numbers of classes; got '2.5,3'" in refused(capsys, "phase", "--against", "classes=2.5,3")
    with pytest.raises(ProblemError, match=r"classes must be whole numbers; got 2\.5, round them"):
        ncsolve.phase(ONE_HOT, lambda_b=[0.1, 1.0], against="classes", values=[2.5, 3])


def test_numbers_of_design(capsys):
    for arguments in (
        ("--target-cosine", "1e-400"), ("--geometry", "simplex", "--scale", "1e-400"),
        ("--geometry", "simplex", "--tolerance", "1e999"),
    ):
        assert f"{arguments[-2]} must be a number that a float can hold" in refused(capsys, "design", *arguments)
    assert "--target-cosine must be a number such as 0.25; got 'x'" in refused(capsys, "design", "--target-cosine", "x")


def test_exact_numbers_do_not_fill_the_memory():
    for text in ("1e-1000000000", "1e1000000000", "1/1e999999999", "7" * 6000):
        with pytest.raises(ProblemError, match=r"lambda_b must be between 1e-300 and 1e300"):
            parse_settings([f"lambda_b={text}"])
    with pytest.raises(ProblemError, match=r"lambda_b must be a finite number"):
        parse_settings(["lambda_b=1e-99999999999999999999"])
    for value in (10**5000, -(10**5000), Fraction(1, 10**5000), Fraction(10**1001)):
        with pytest.raises(ProblemError, match=r"lambda_w must be a fraction of integers of at most 1000 digits"):
            exact_number("lambda_w", value)
    assert exact_number("lambda_w", 10**999) == 10**999


# Files


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", '{"lambda_b": 1, "dim": 3, "lambda_b": 2}', "field 'lambda_b' is given more than once; keep one"),
        ("a.json", '{"encoding": {"a": 1, "a": 2}}', "the field 'a' is given more than once"),
        ("a.json", '{"lambda_b": 1e-400}', "the field lambda_b: it must be a number that a float can hold"),
        ("a.json", '{"lambda_b": 1e999}', "the field lambda_b: .* which would become inf"),
        ("a.toml", "lambda_w = [1e-3, 1e-400]", "the field lambda_w: .* which would become 0"),
        ("a.toml", "encoding = [[1e999, 0], [0, 1]]", "the field encoding: .* which would become inf"),
        ("a.json", '{"lambda_w": 1' + "0" * 400 + "}", "the field lambda_w: .* which would become inf"),
        ("a.toml", "classes = 0x" + "f" * 5000, r"the field classes: it must be a whole number below 2\^128"),
        ("a.toml", "classes = " + "9" * 5000, "holds an integer with more digits than can be read"),
        ("a.json", '{"counts": [1, ' + "9" * 5000 + "]}", "holds an integer with more digits than can be read"),
        ("a.toml", ".".join("a" * 20000) + " = 1", "nested too deeply; a problem file is one flat table of fields"),
        ("a.toml", "[" + " . ".join(['"a"'] * 20000) + "]", "nested too deeply"),
        ("a.toml", "encoding = " + "[" * 20000, "nested too deeply"),
        ("a.json", '{"a":' * 20000, "nested too deeply"),
        ("a.toml", "#" * (3 << 20), "a problem file may have at most 2 MiB, and it has more"),
    ],
)
def test_problem_files(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(FileError, match=words) as caught:
        read_problem_file(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_decimals_of_problem_files_are_no_deep_keys(tmp_path):
    row = ", ".join(["0.5"] * 100)
    (tmp_path / "a.toml").write_text(f"encoding = [[{row}],\n[{row}]]\nlabels = 'a.b.c.d.csv'\n")
    assert len(read_problem_file(tmp_path / "a.toml").encoding[0]) == 100


def test_nothing_that_is_read_hangs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(open_input, "_WRITER", 0.05)
    for name in ("a.json", "a.toml", "a.npz"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    for name, words in (("a.json", "is a pipe that nobody writes to"), ("zero.json", "is a device, not a file")):
        for arguments in (("check", tmp_path / name), ("minimizer", "--problem", tmp_path / name),
                          ("design", "--geometry", f"hierarchy:{tmp_path / name}")):
            assert words in refused(capsys, *arguments)
    assert "nobody writes to" in refused(capsys, "report", tmp_path / "a.toml")
    with pytest.raises(FileError, match="is a pipe"):
        ncsolve.Minimizer.load(tmp_path / "a.npz")


def test_certificates_and_hierarchies(tmp_path):
    (tmp_path / "a.json").write_bytes(b" " * (33 << 20))
    with pytest.raises(FileError, match=r"a certificate may have at most 32 MiB"):
        check_file(tmp_path / "a.json")
    with pytest.raises(FileError, match=r"a hierarchy may have at most 4 MiB"):
        read_hierarchy(tmp_path / "a.json")
    (tmp_path / "b.json").write_text('["a", ' + "9" * 5000 + "]")
    with pytest.raises(FileError, match=r"an integer with more digits than can be read; classes are strings"):
        read_hierarchy(tmp_path / "b.json")
    for text in ('{"schema": ' + "9" * 5000 + "}", "[" * 3000, '{"a":' * 3000):
        (tmp_path / "c.json").write_text(text)
        with pytest.raises(FileError, match=r"c\.json: not a certificate"):
            check_file(tmp_path / "c.json")


def header(shape) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return stream.getvalue()


def test_saved_minimizers_are_looked_at_before_they_are_read(tmp_path, monkeypatch):
    """An archive of kilobytes that would fill gigabytes, and headers that promise what is not there."""
    found = ncsolve.solve(ONE_HOT)
    found.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as data:
        np.savez_compressed(tmp_path / "b.npz", **data)
    assert ncsolve.Minimizer.load(tmp_path / "b.npz").loss == found.loss  # small ones may be compressed
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("W.npy", "w") as to:
        to.write(header((10 << 20,)))
        for _ in range(80):
            to.write(bytes(1 << 20))
    assert (tmp_path / "bomb.npz").stat().st_size < 200_000
    with zipfile.ZipFile(tmp_path / "lie.npz", "w") as archive:
        for name in ("format", "W"):
            archive.writestr(f"{name}.npy", header((10**12,)))
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("an array was read"))
    with pytest.raises(FileError, match=r"bomb\.npz: its arrays may have 64 MiB in all, and they have 80; it was"):
        ncsolve.Minimizer.load(tmp_path / "bomb.npz")
    with pytest.raises(FileError, match=r"lie\.npz: is not a minimizer saved by ncsolve"):
        ncsolve.Minimizer.load(tmp_path / "lie.npz")


# Long paths and large diagrams


def test_paths_and_diagrams_that_do_not_fit_are_refused_unsolved(monkeypatch):
    for name in ("_sweeps.path.convex_along", "_sweeps.phase._rows"):
        monkeypatch.setattr(f"ncsolve.{name}", lambda *_: pytest.fail("the work was begun"))
    many = ncsolve.UFM(encoding=encodings.onehot(100), counts=5, lambda_w=1e-3, lambda_h=1e-3, lambda_b=1)
    with pytest.raises(SizeError, match=r"a path of 1000000 points .* would fill 8\.8 GB; use at most 305040 points"):
        ncsolve.path(many, lambda_b=np.linspace(0, 1, 10**6))
    with pytest.raises(SizeError, match=r"may have 1048576 points; got 2000 values of lambda_b for each of 1000 of t"):
        ncsolve.phase(many, lambda_b=np.geomspace(1, 2, 2000), against="t", values=np.linspace(0.1, 1, 1000))


def test_points_that_are_solved_one_by_one_are_told():
    seen: list[int] = []
    ncsolve.path(ONE_HOT, lambda_b=[0, 0.1, 1], progress=seen.append)
    assert seen == [1, 2, 3]




@pytest.mark.parametrize("points", ["1_0", "\uff15", "+-5", "5.0"])
def test_points_of_ranges_are_digits(points):
    with pytest.raises(ProblemError, match=r"must have from 2 to 1000000 points"):
        parse_range("--lambda-b", f"1:2:{points}")


@pytest.mark.parametrize("arguments", [
    ("path", "--convention", "sum", "--lambda-b", "0,1e-322,1"),
    ("path", "--convention", "sum", "--lambda-b", "1e-322:1:3"),
    ("path", "--convention", "torch-mean", "--lambda-b", "1,1.7e308"),
    ("path", "--convention", "torch-mean", "--lambda-b", "1:1.7e308:3"),
])
def test_conventions_do_not_make_zero_or_infinity_of_a_number(arguments, capsys):
    assert "--lambda-b must be between 0 and inf" in refused(capsys, *arguments)


def test_signs_and_line_breaks_in_lists(capsys, tmp_path):
    for text in ("+-5,3", "--5", "++5,3"):
        assert "--counts must be whole numbers" in refused(capsys, "minimizer", f"--counts={text}")
    (tmp_path / "y.csv").write_text("label\na\nb\n")
    for text in ("a\nx,b", "a\rx,b"):
        error = refused(capsys, "minimizer", "--labels", tmp_path / "y.csv", "--order", text)
        assert "a name with a comma or a line break in quotes" in error


def test_large_files_are_refused_unread(tmp_path, monkeypatch):
    with (tmp_path / "large.csv").open("wb") as stream:
        stream.truncate(10 << 30)
    monkeypatch.setattr(open_input, "BufferedReader", lambda *_: pytest.fail("the file was read"))
    with pytest.raises(FileError, match="a file may have at most 256 MiB"):
        open_input.read_bytes(tmp_path / "large.csv")


@pytest.mark.parametrize("scale", [1e-310, 1e-160, 1e-51])
def test_codes_whose_squares_are_no_floats_are_refused(scale):
    with pytest.raises(EncodingError, match=r"codes must not all be below 1e-50; the largest is 1e-"):
        encodings.from_array(scale * np.eye(3))
    assert encodings.from_array(np.zeros((2, 2))).classes == 2
    with pytest.raises(EncodingError, match=r"must not both be below 1e-50"):
        encodings.affine(3, scale, 0.0)

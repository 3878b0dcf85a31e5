"""Text from files and options is text wherever it is printed or drawn, in whatever encoding the output has."""

import io
import json
import re
import sys

import numpy as np
import pytest

import ncsolve
import ncsolve.plots
from ncsolve._text import encodable, html_json, literal_math, one_line
from ncsolve.cli import main
from ncsolve.cli._output import streams
from ncsolve.errors import shown, visible

# Markup of rich, mathtext, HTML, escapes and marks of direction, a script that no Western encoding has.
NASTY = "[/]$\\frac$<!--<script></script>\x1b[2J\u202e\x9b\x7f\u732b"
CODES = "a[b]$\\frac$ \\$ <!--<script>.csv"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
ENCODINGS = ("ascii", "cp1252", "cp850", "latin-1")
SMALL = ["--lambda-w", "1e-2", "--lambda-h", "1e-2"]
LABELS = ["--labels", "y.csv", *SMALL]
NAMED = ["--encoding", CODES, "--counts", "3,4,5", *SMALL]


def run(monkeypatch, arguments, encoding="utf-8"):
    """Exit code, stdout and stderr of a command whose streams have an encoding."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        with pytest.raises(SystemExit) as ended:
            main(arguments)
    assert [stream.errors for stream in streams] == ["strict", "strict"]  # as they were
    for stream in streams:
        stream.flush()
    return ended.value.code, *(stream.buffer.getvalue().decode(encoding) for stream in streams)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "y.csv").write_text(f'label\n"{NASTY}"\nb\nb\n', encoding="utf-8")
    (tmp_path / CODES).write_text("1,0,2\n0,1,1\n")
    np.savez(tmp_path / "f.npz", features=[[1.0, 0.0], [0.0, 1.0], [0.1, 1.0]], labels=[NASTY, "b", "b"],
             W=[[1.0, 0.0], [0.0, 1.0]])
    return tmp_path


COMMANDS = {
    "minimizer": [["minimizer", *LABELS], ["minimizer", *LABELS, "--json"]],
    "count": [["path", *LABELS, "--count", f"{NASTY}=1:3:2", "--lambda-b", "inf"]],
    "phase": [["phase", *NAMED, "--lambda-b", "1e-2:1:3", "--against", "t=0.1:0.5:2"]],
    "compare": [["compare", *LABELS], ["compare", "--encodings", CODES, "--counts", "3,4,5", *SMALL]],
    "design": [["design", "--geometry", "simplex", *LABELS], ["design", "--target-cosine", "-0.3", "--classes", "3"]],
    "certify": [["certify", *NAMED, "-o", "c.json"], ["check", "c.json"], ["check", "--source"]],
    "derive": [["derive", "--list"], ["derive", "onehot"], ["derive", "relu"]],
    "measure": [["measure", "f.npz"], ["measure", "f.npz", *SMALL, "--json"], ["measure", "f.npz", *SMALL]],
    "lists": [["encodings"], ["verify", "--list"], ["--help"], ["path", "--help"]],
}
PICTURES = {
    "path": ["path", *NAMED, "--lambda-b", "1e-2:1:4", "--plot", "b.svg"],
    "phase": ["phase", *NAMED, "--lambda-b", "1e-2:1:3", "--against", "t=0.1:0.5:2", "--plot", "d.svg"],
    "compare": ["compare", "--encodings", CODES, "--counts", "3,4,5", *SMALL, "--plot", "e.svg"],
    "verify": ["verify", *NAMED, "--plot", "f.svg", "--report", "f.md"],
}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_and_draws_any_text(name, encoding, files, monkeypatch):
    for arguments in COMMANDS[name]:
        code, out, err = run(monkeypatch, arguments, encoding)
        assert code == 0, err
        assert err == ""
        assert out
        assert not RAW.search(out)
        assert (NASTY[:12] in out) or name != "count"  # rich has taken nothing out


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_draws_any_name(name, files, monkeypatch):
    code, _, err = run(monkeypatch, PICTURES[name])
    assert (code, err) == (0, "")


MISTAKES = [
    ["minimizer", "--encoding", NASTY], ["minimizer", "--labels", NASTY], ["minimizer", "--" + NASTY], [NASTY],
    ["minimizer", "--problem", NASTY], ["check", NASTY], ["derive", NASTY],
    ["derive", "onehot", "--set", NASTY], ["path", *LABELS, "--count", "z=1:2:2", "--lambda-b", "inf"],
    ["verify", "--only", NASTY], ["phase", "--against", NASTY], ["design", "--geometry", f"hierarchy:{NASTY}"],
    ["compare", "--encodings", NASTY], ["measure", NASTY], ["measure", "f.npz", "--head", NASTY],
    ["measure", "f.npz", "--labels", NASTY], ["measure", "f.npz", "--order", NASTY], ["measure", "\0.npz"],
    ["check", "\udcff\ud800\0"], ["minimizer", "--out", "\ud800.npz"], ["explore", "-o", "\0.html"],
    ["report", "a\0.json"],  # which no shell can pass on
]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("arguments", MISTAKES)
def test_mistakes_in_any_text_are_one_line(arguments, encoding, files, monkeypatch):
    code, out, err = run(monkeypatch, arguments, encoding)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert not RAW.search(err)


def test_no_text_ends_the_data_of_the_explorer(files, monkeypatch):
    code, _, err = run(monkeypatch, ["explore", *LABELS, "-o", "e.html"])
    assert (code, err) == (0, "")
    page = (files / "e.html").read_text(encoding="utf-8")
    data = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script', page, re.S)[1]
    assert "<" not in data
    assert set(json.loads(data)["choices"][0]["class_names"]) == {"b", NASTY}


def test_a_report_shows_names_as_text(files, monkeypatch):
    code, _, err = run(monkeypatch, ["report", *LABELS, "-o", "r.html", "--no-verify"])
    assert (code, err) == (0, "")
    page = (files / "r.html").read_text(encoding="utf-8")
    assert "&lt;!--&lt;script&gt;&lt;/script&gt;\\x1b[2J\\u202e" in page
    assert "<script>" not in page


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_curves_and_rules_have_a_form_in_every_encoding(encoding, monkeypatch):
    code, out, _ = run(monkeypatch, ["path", "--lambda-b", "1e-3:1:5"], encoding)
    assert code == 0
    assert "____*##\n" in out  # the seven points from the simplex to the orthogonal frame
    assert "?" not in out


@pytest.mark.parametrize("problem", [
    '{"labels": "a\\u0000b.csv"}', '{"labels": "\\ud800.csv"}', '{"\\u001b[2J": 1}', '{"encoding": "\\u001b[2J"}',
    '{"counts": [%s, 3]}', '{"seed": %s}', '{"lambda_w": %s}', '{"encoding": [[%s]]}',
])
def test_problem_files_with_hostile_values(problem, tmp_path, monkeypatch):
    file = tmp_path / "p.json"
    file.write_text(problem.replace("%s", "9" * 5000))
    code, out, err = run(monkeypatch, ["minimizer", "--problem", str(file)])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert not RAW.search(err)
    assert len(err) < 600


LONG = {"more digits than Python reads": "9" * 5000, "more digits than a float has": "8" * 4000}
OPTIONS = [
    *(["minimizer", option] for option in ("--counts", "--classes", "--per-class", "--lambda-w", "--dim", "--depth")),
    ["path", "--count", "1=1:2:"], ["path", "--lambda-b", "1:2:"], ["path", "--lambda-b", "inf", "--count"],
    ["certify", "--digits"], ["design", "--geometry", "simplex", "--code-length"],
    ["design", "--geometry", "simplex", "--convention", "torch-mean", "--code-length"],
    ["minimizer", "--convention", "sum", "--per-class"], ["derive", "onehot", "--set"],
]


@pytest.mark.parametrize("digits", LONG)
@pytest.mark.parametrize("arguments", OPTIONS)
def test_numbers_of_thousands_of_digits_are_one_line(arguments, digits, monkeypatch):
    glued = arguments[-1].endswith(":")
    words = [*arguments[:-1], arguments[-1] + LONG[digits]] if glued else [*arguments, LONG[digits]]
    code, out, err = run(monkeypatch, words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert len(err) < 600


def test_a_file_name_that_is_no_utf8_can_be_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(monkeypatch, ["minimizer", "--classes", "3", "--out", "x\udcff.npz"])
    assert code == 0
    assert "saved x\\udcff.npz" in out


def test_the_functions_for_each_place():
    assert visible("a\r\x1b[31m\x9b\u2028\u202e\ud800\tb\n") == "a\\r\\x1b[31m\\x9b\\u2028\\u202e\\ud800\tb\n"
    assert encodable("\u2581\u2584\u2588 \u2265 \u732b", "cp850") == "_=# >= \\u732b"
    assert encodable("\u2584\u2588", "cp850") == "\u2584\u2588"
    assert html_json({"a": "</script>&\x7f\u2028"}) == '{"a": "\\u003c/script\\u003e\\u0026\\u007f\\u2028"}'
    assert literal_math("a\\$b$") == "a\\\\$b\\$"
    assert shown([10**5000]) == "list that cannot be shown"
    assert shown(-(10**5000)) == "int of more than 4000 digits"
    assert one_line("a\nb" + "7" * 70) == "a b77777777... (70 digits)"


def test_names_with_dollars_are_drawn(tmp_path):
    codes = ncsolve.encodings.from_array(np.eye(3), name="$\\frac$")
    problem = ncsolve.UFM(encoding=codes, counts=4, lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.1)
    figure = ncsolve.plots.compared_cosines({"$\\frac$": ncsolve.path(problem, lambda_b=[0.1, 1.0])}).figure
    ncsolve.plots.save_figure(figure, tmp_path / "a.svg")


def test_what_other_packages_print_fits_too(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    with streams():
        print("\u2581\u2265\u732b", flush=True)
    assert stream.buffer.getvalue() == b"_>=\\u732b\n"
    assert stream.errors == "strict"

"""The commands path, phase and report as a user runs them, --problem and --plot of every command, and mistakes."""

import json
import re
from html.parser import HTMLParser

import jsonschema
import pytest

from ncsolve.schemas import schema
from tests.command import ROOT, run

EXHAUSTIVE = pytest.mark.exhaustive
PROBLEM = """
encoding = "smoothed:0.1"
classes = 3
per_class = 4
lambda_w = 0.01
lambda_h = 0.02
lambda_b = 0.5
"""


@pytest.fixture
def problem(tmp_path):
    file = tmp_path / "problem.toml"
    file.write_text(PROBLEM)
    return file


def test_path_on_a_terminal():
    done = run("path", "--lambda-b", "1e-3:10:20")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    text = " ".join(done.stdout.split())
    for part in ("lambda_b = 0.05263157894737", "a singular value of Z leaves zero, rank 9 to 10", "T5", "▁", "█",
                 "simplex", "orthogonal", "12 of 22 points"):
        assert part in text, part
    assert not any(line != line.rstrip() for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--encoding", "smoothed:0.1"], ["through an orthogonal frame (intermediate to acute)"]),
        (["--lambda-b", "0.5", "--lambda-w", "1e-5:1:10"],
         ["9 singular values of Z reach zero", "(simplex to collapsed"]),
        (["--lambda-b", "0.5", "--alpha", "0:0.9:4"], ["alpha (label smoothing) varies over 4 values"]),
        (["--counts", "400,100,9,1", "--lambda-w", "5e-3", "--lambda-h", "1e-3", "--lambda-b", "inf", "--count",
          "2=1:200:9"], ["from count = 2 on", "samples of class 2"]),
        (["--labels", "examples/digits.csv", "--count", "8=1:100:5", "--lambda-b", "1"], ["samples of class 8"]),
        (["--encoding", "simplex", "--lambda-b", "0,1,inf"], ["none: the rank is 9 everywhere"]),
        (["--convention", "torch-mean", "--lambda-b", "1e-3:10:5"],
         ["lambda_b = 0.06666666666667", "convention torch-mean"]),
        (["--lambda-w", "1", "--lambda-h", "1"], ["collapsed", "-"]),
    ],
)
def test_paths_say_what_changes(arguments, parts):
    done = run("path", *arguments)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    for part in parts:
        assert part in text, part


def test_path_json_and_files(problem, tmp_path):
    done = run("path", "-p", problem, "--lambda-b", "1e-2:1:5", "--json", "--out", tmp_path / "a.csv", "--plot",
               tmp_path / "a.svg")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, schema("ncsolve.path/1"))
    assert document["problem"]["lambda_w"] == 0.01
    assert document["problem"]["lambda_b"] is None
    assert document["columns"]["lambda_b"][0] == 0
    assert document["columns"]["lambda_b"][-1] == "inf"
    assert (tmp_path / "a.csv").read_text().count("\n") == 8
    assert (tmp_path / "a.svg").read_text().count("<svg") == 1


@pytest.mark.parametrize(("values", "panels"), [("0,0.1,inf", 3), ("1e-3:10:30", 4)])
def test_gram_matrices_along_a_path(values, panels, tmp_path):
    done = run("path", "--classes", "4", "--lambda-b", values, "--gram", tmp_path / "gram.svg")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "gram.svg").read_text()
    assert len(re.findall(r'<g id="axes_\d+">', text)) == panels + 1  # and the scale of the colours


def test_phase(tmp_path):
    done = run("phase", "--against", "t=0.1:1.2:6", "--lambda-b", "1e-2:10:8", "--out", tmp_path / "a.json", "--plot",
               tmp_path / "a.png")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    for part in ("simplex to intermediate", "closed form, T5", "means differ from t = 1 on", "c collapsed"):
        assert part in text, part
    document = json.loads((tmp_path / "a.json").read_text())
    jsonschema.validate(document, schema("ncsolve.phase/1"))
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    printed = run("phase", "--against", "t=0.1:1.2:6", "--lambda-b", "1e-2:10:8", "--workers", "2", "--json")
    assert json.loads(printed.stdout) == document


def test_plots_of_the_other_commands(problem, tmp_path):
    for command in ("minimizer", "verify"):
        file = tmp_path / f"{command}.svg"
        done = run(command, "--problem", problem, "--plot", file)
        assert done.returncode == 0, done.stderr
        assert "<svg" in file.read_text()


def test_every_command_takes_a_problem_file(problem, tmp_path):
    done = run("minimizer", "--problem", problem, "--json")
    assert json.loads(done.stdout)["problem"]["encoding"] == "smoothed:0.1"
    done = run("certify", "--problem", problem, "--out", tmp_path / "cert.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "cert.json").read_text())["codes"][0][0] == "14/15"  # 0.9 + 0.1/3, exactly
    done = run("compare", "--problem", problem, "--encodings", "onehot,signed", "--json")
    assert len(json.loads(done.stdout)["encodings"]) == 2, done.stdout
    done = run("design", "--problem", problem, "--target-cosine", "-0.4", "--json")
    assert done.returncode == 0, done.stderr
    done = run("design", "--problem", problem, "--geometry", "orthogonal", "--json")
    assert done.returncode == 0, done.stderr
    for command in ("minimizer", "path", "phase", "explore", "verify", "certify", "report", "design", "compare"):
        assert "--problem" in run(command, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["path", "--lambda-b", "1"], "exactly one of --lambda-b, --lambda-w.*got none"),
        (["path", "--lambda-b", "1:2:3", "--lambda-w", "1:2:3"], "got --lambda-w and --lambda-b"),
        (["path", "--lambda-b", "1:2:3", "--alpha", "0:0.5:3"], "got --lambda-b and --alpha"),
        (["path", "--lambda-b", "10:1:5"], "the lower one first; got '10:1:5'"),
        (["path", "--lambda-b", "1:0:5"], "ends from 0 to inf, the lower one first"),
        (["path", "--lambda-b", "1:2:1"], "from 2 to 1000000 points"),
        (["path", "--lambda-b", "1:2:x"], "from 2 to 1000000 points"),
        (["path", "--lambda-b", "1:2:3:4"], "LOW:HIGH:POINTS"),
        (["path", "--lambda-b", ","], "--lambda-b must be a range"),
        (["path", "--lambda-b", "0,-1"], "--lambda-b must be between 0 and inf"),
        (["path", "--lambda-b", "a:b"], "got 'a' in 'a:b'"),
        (["path", "--lambda-w", "0:1:5"], "positive and finite ends"),
        (["path", "--alpha", "0:1:3"], "below 1"),
        (["path", "--count", "3"], "CLASS=LOW:HIGH:POINTS"),
        (["path", "--count", "12=1:5:3"], "a number from 0 to 9; got '12'"),
        (["path", "--count", "x=1:5:3", "--labels", "examples/digits.csv"], "one of 0, 1, 2"),
        (["path", "--count", "1=1.5,2"], "whole numbers"),
        (["path", "--count", "1=1:9:3", "--convention", "sum"], "convention sum"),
        (["path", "--out", "a.txt"], "use one of .csv, .json, .parquet"),
        (["path", "--out", "nowhere/a.csv"], "no folder"),
        (["path", "--plot", "a.bmp"], "use one of .png, .svg, .pdf"),
        (["path", "--plot", "README.md"], "use one of .png"),
        (["path", "--problem", "nowhere.toml"], "cannot be read"),
        (["minimizer", "--plot", "a.gif"], "use one of .png"),
        (["verify", "--plot", "a.png"], "describe it"),
        (["phase", "--against", "epochs"], "choices: classes, imbalance, t, weight-decay"),
        (["phase", "--against", "t=2:1:5"], "--against t must be a range"),
        (["phase", "--lambda-b", "0.1"], "at least two different"),
        (["phase", "--convention", "sum"], "convention of the paper"),
        (["phase", "--workers", "0"], "workers"),
        (["phase", "--against", "classes=2:9:3", "--encoding", "hadamard"], "power of two"),
        (["report", "-o", "a.pdf"], "use one of .html, .htm"),
        (["report", "a.toml", "--problem", "b.toml"], "one problem file"),
        (["report", "nowhere.toml", "-o", "nowhere/a.html"], "no folder"),
    ],
)
def test_mistakes_are_one_line(arguments, words, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(words, done.stderr), done.stderr
    assert done.stderr.startswith("ncsolve: error: ")
    assert done.stderr.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["examples"]


def test_existing_files_are_kept(problem, tmp_path):
    for command, option, name in (("path", "--out", "a.csv"), ("path", "--plot", "a.svg"), ("phase", "--plot", "a.png"),
                                  ("minimizer", "--plot", "b.png"), ("report", "--out", "a.html")):
        file = tmp_path / name
        file.write_text("mine")
        done = run(command, "--problem", problem, option, file)
        assert done.returncode == 2
        assert "exists already" in done.stderr
        assert file.read_text() == "mine"


class Page(HTMLParser):
    """The tags of a page, in order, with what they refer to; complains of tags that do not match."""

    VOID = ("meta", "br", "hr", "img", "link", "input", "path", "use", "image", "rect")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.names, self.links, self.outside = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name == "id":
                self.names.append(value)
            if name in ("href", "xlink:href", "src") and not value.startswith("data:"):  # that is in the page itself
                (self.links if value.startswith("#") else self.outside).append(value)
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in ("meta",):
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_report(problem, tmp_path):
    file = tmp_path / "report.html"
    done = run("report", problem, "-o", file)
    assert done.returncode == 0, done.stderr
    text = file.read_text()
    page = Page(text)
    assert page.outside == []  # nothing from a network, nothing beside the file
    assert "script" not in page.tags
    assert len(set(page.names)) == len(page.names)
    assert {link[1:] for link in page.links} <= set(page.names)
    assert page.tags.count("svg") == 3
    assert page.tags.count("math") > 50
    assert not re.search(r"\$\$|\\lambda(?![^<]*\">)", re.sub(r'aria-label="[^"]*"', "", text))
    for part in ("smoothed:0.1", "Label smoothing, balanced", "agrees: ", "certificate", "transition",
                 "λ_W = 0.01"):
        assert part in text, part
    assert "DISAGREES" not in text


@pytest.mark.parametrize(
    ("arguments", "theorem"),
    [
        pytest.param(["--encoding", "hadamard", "--classes", "4", "--lambda-b", "1"], "T4", marks=EXHAUSTIVE),
        pytest.param(["--encoding", "examples/codes.csv", "--counts", "5,20,1,10"], "T3", marks=EXHAUSTIVE),
        (["--counts", "9,4,1", "--lambda-b", "inf"], "T6"),
        pytest.param(["--counts", "9,4,1", "--lambda-b", "0"], "T3", marks=EXHAUSTIVE),
        pytest.param(["--counts", "900,400,100", "--lambda-b", "1"], "T5b", marks=EXHAUSTIVE),
    ],
)
def test_report_shows_the_theorem_that_was_used(arguments, theorem, tmp_path):
    file = tmp_path / "report.html"
    done = run("report", *arguments, "--no-verify", "-o", file)
    assert done.returncode == 0, done.stderr
    text = file.read_text()
    Page(text)
    assert f", by {theorem}: " in text
    assert "<summary>" in text
    assert "Verification was switched off." in text


@pytest.mark.exhaustive
def test_report_of_a_million_classes(tmp_path):
    file = tmp_path / "report.html"
    done = run("report", "--classes", "1000000", "--per-class", "3", "--lambda-w", "1e-9", "--lambda-h", "1e-9",
               "--no-verify", "-o", file)
    assert done.returncode == 0, done.stderr
    text = file.read_text()
    page = Page(text)
    assert page.tags.count("svg") == 1  # the frame; a path of so many singular values is left out
    assert "There is no certificate here" in text
    assert len(text) < 2_000_000

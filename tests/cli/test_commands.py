"""The installed command as a user runs it: output, files, mistakes."""

import importlib
import json
import subprocess
import sys

import numpy as np
import pytest

import ncsolve
from ncsolve.cli._lazy import COMMANDS
from tests import command
from tests.command import WIDTH, run, said, start


def document(*arguments):
    return command.document("minimizer", *arguments)


def test_the_main_job():
    """As a process; every other test of the output calls the same function."""
    started = start("minimizer", "--encoding", "onehot", "--lambda-b", "0.5", "--json")
    assert (started.returncode, started.stderr) == (0, "")
    found = document("--encoding", "onehot", "--lambda-b", "0.5")
    assert json.loads(started.stdout) == found
    assert found["loss"] == pytest.approx(0.0485, rel=1e-12)
    assert found["regime"] == "intermediate"
    assert found["method"] == "closed-form"
    assert found["transition"]["lambda_b"] == pytest.approx(0.0526315789473684, rel=1e-12)
    terms = {"fit": 0.00125, "weights": 0.0235, "features": 0.0235, "bias": 0.00025}
    assert found["loss_terms"] == pytest.approx(terms, rel=1e-12)
    assert found["problem"] == {
        "encoding": "onehot", "classes": 10, "code_length": 10, "samples": 1000, "counts": [100] * 10, "lambda_w": 5e-4,
        "lambda_h": 5e-4, "lambda_b": 0.5, "dim": 10, "convention": "paper",
    }


def test_human_output_says_it_all():
    short, full = (run("minimizer", "--encoding", "onehot", "--lambda-b", "0.5", *more) for more in ([], ["--full"]))
    assert (short.returncode, full.returncode) == (0, 0)
    assert full.stdout.startswith(short.stdout)
    essential = (
        "lambda_b* = 0.05263158", "factor 9.5 above", "90.6095 deg", "simplex ETF 96.3794 deg",
        "orthogonal frame 90.0000 deg", "takes out 10 % of the label mean", "NC1 holds", "NC2 0.28883 from a simplex",
        "NC3 holds", "NC4 holds", "loss 0.0485",
    )
    detail = (
        "regime intermediate", "fit 0.00125 + weights 0.0235 + features 0.0235 + bias 0.00025", "9.5 (9 times), 8.5",
        "closed-form (T5", "relative gradient", "lower by lambda_W/lambda_b = 0.001",
    )
    texts = [" ".join(done.stdout.split()) for done in (short, full)]
    assert [part for part in essential if part not in texts[0]] == []
    assert [part for part in detail if part not in texts[1] or part in texts[0]] == []
    assert not any(line != line.rstrip() for line in full.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--lambda-b", "0"], ["takes out all of the label mean", "below it", "NC2 holds: a simplex ETF"]),
        (["--lambda-b", "inf"], ["(no bias)", "Orthogonal frame: 90 degrees", "above it"]),
        (["--lambda-w", "1", "--lambda-h", "1"], ["Collapsed: ", "all class means are zero", "none:"]),
        (["--encoding", "simplex"], ["the label mean is zero, and so is the bias"]),
        (["--encoding", "signed", "--lambda-b", "1"], ["Acute frame: ", "NC3 does not hold"]),
        (["--encoding", "ordinal"], ["lie on one line, on both sides of zero", "NC4 does not hold"]),
        (["--classes", "1", "--lambda-b", "inf"], ["span 1 dimension", "One class, whose mean has length"]),
        (["--counts", "400,100,9,1", "--lambda-w", "5e-3", "--lambda-h", "1e-3", "--lambda-b", "inf"],
         ["1 of 4 class means is zero", "The mean of class 3 is zero (minority collapse", "T^2 = 1.3005"]),
        (["--classes", "1000000", "--per-class", "3", "--lambda-w", "1e-9", "--lambda-h", "1e-9"],
         ["K = 1000000 classes", "(999999 times)"]),
        (["--convention", "torch-mean"], ["convention torch-mean"]),
    ],
)
def test_human_output_of_other_regimes(arguments, parts):
    text = said("minimizer", *arguments, "--full")
    assert [part for part in parts if part not in text] == []


def test_conventions_have_the_same_minimizer():
    """The same problem in each convention: equal bias and Gram matrix, loss in the user's scale."""
    paper = document("--encoding", "gaussian:4", "--counts", "3,9,5", "--lambda-w", "1e-3", "--lambda-h", "2e-3",
                     "--lambda-b", "0.1")
    n, m = 17, 4
    for name, scale, h_scale, loss in (
        ("sum", n, 1, n), ("torch-mean", 2 / m, 1, 2 / m), ("per-sample-features", 1, n, 1)
    ):
        found = document("--encoding", "gaussian:4", "--counts", "3,9,5", "--lambda-w", 1e-3 * scale, "--lambda-h",
                         2e-3 * scale * h_scale, "--lambda-b", 0.1 * scale, "--convention", name)
        np.testing.assert_allclose(found["gram"], paper["gram"], rtol=1e-10)
        np.testing.assert_allclose(found["bias"], paper["bias"], rtol=1e-12)
        assert found["loss"] == pytest.approx(paper["loss"] * loss, rel=1e-12)
        assert found["transition"]["lambda_b"] == pytest.approx(paper["transition"]["lambda_b"] * scale, rel=1e-10)
        assert found["problem"]["lambda_w"] == 1e-3 * scale


def test_real_labels(tmp_path):
    found = document("--labels", "examples/digits.csv", "--lambda-b", "0.5")
    assert found["problem"]["samples"] == 1797
    assert found["problem"]["counts"] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert found["class_names"] == list("0123456789")
    off = np.array(found["gram"])[~np.eye(10, dtype=bool)]
    np.testing.assert_allclose(off, -5e-4 / 0.5, rtol=1e-10)  # the law: from no inner product to -lw/lb
    table = tmp_path / "pets.csv"
    table.write_text("id,species\n1,dog\n2,cat\n3,dog\n")
    found = document("--labels", table, "--label-column", "species")
    assert (found["class_names"], found["problem"]["counts"]) == (["cat", "dog"], [1, 2])
    assert document("--labels", table, "--label-column", "1")["problem"]["counts"] == [1, 2]
    (tmp_path / "bare.csv").write_text("1\n10\n2\n10\n")
    found = document("--labels", tmp_path / "bare.csv")
    assert (found["class_names"], found["problem"]["counts"]) == (["1", "2", "10"], [1, 1, 2])
    (tmp_path / "a.txt").write_text("b\na\nb\n")
    assert document("--labels", tmp_path / "a.txt")["problem"]["counts"] == [1, 2]
    np.save(tmp_path / "a.npy", np.array([3, 3, 1, 0]))
    assert document("--labels", tmp_path / "a.npy")["problem"]["counts"] == [1, 1, 2]


def test_encoding_files_and_seeds():
    found = document("--encoding", "examples/codes.csv", "--counts", "5,20,1,10", "--lambda-w", "1e-3", "--lambda-h",
                     "4e-3", "--lambda-b", "0.1")
    assert found["loss"] == pytest.approx(0.0277439422372267, rel=1e-12)
    assert found["problem"]["encoding"] == "codes.csv"
    first, again, other = (document("--encoding", "ecoc:12", "--seed", seed)["loss"] for seed in (1, 1, 2))
    assert first == again != other


def test_out(tmp_path):
    path = tmp_path / "m.npz"
    assert "saved" in run("minimizer", "--out", path).stdout
    loaded = ncsolve.Minimizer.load(path)
    assert loaded.loss == pytest.approx(document()["loss"], rel=1e-15)
    refused = run("minimizer", "--out", path)
    assert refused.returncode == 2
    assert "exists already" in refused.stderr
    assert run("minimizer", "--out", path, "--force", "--lambda-b", "1").returncode == 0
    assert ncsolve.Minimizer.load(path).problem.lambda_b == 1.0


def test_encodings_version_help():
    listing = run("encodings").stdout
    for name in ncsolve.encodings.names():
        assert name in listing
    assert {row["name"] for row in json.loads(run("encodings", "--json").stdout)["encodings"]} >= {"onehot", "ecoc"}
    assert run("--version").stdout == f"ncsolve {ncsolve.__version__}\n"
    assert "ncsolve minimizer --encoding onehot --lambda-b 0.5" in run("--help").stdout
    assert "Examples" in run("minimizer", "--help").stdout
    nothing = run()
    assert (nothing.returncode, nothing.stdout) == (2, run("-h").stdout)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_all_commands_says_what_the_help_of_each_says(name):
    """It comes from a table, so that no command is imported for it."""
    module, _, function = COMMANDS[name].place.partition(":")
    called = getattr(importlib.import_module(module), function)
    assert " ".join(called.help.split("\n\n")[0].split()) == COMMANDS[name].summary
    assert f"Usage: ncsolve {name} [OPTIONS]" in run(name, "-h").stdout
    assert f"\n  {name} " in run("--help").stdout


def test_the_help_of_all_commands_imports_none():
    done = start("--help", environment=WIDTH | {"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "ncsolve.cli._lazy" in imported
    assert not imported & {entry.place.partition(":")[0] for entry in COMMANDS.values()}
    assert not imported & {"numpy", "rich", "click.shell_completion", "shellingham"}


def test_the_help_of_an_argument_is_beside_those_of_the_options():
    assert "Arguments:\n  FILE.json  A certificate.\n\nOptions:" in run("check", "--help").stdout
    assert "Usage: ncsolve check [OPTIONS] [FILE.json]\n" in run("check", "--help").stdout


def test_defaults_are_in_the_help_and_flags_that_are_off_are_not():
    text = " ".join(run("report", "--help").stdout.split())
    for part in ("[default: verify]", "[default: report.html]", "[default: told by the file]", "[default: 10]"):
        assert text.count(part) == 1
    assert "alse" not in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--text-labels"], "--text-labels is about the file given by --labels"),
        (["--header"], "--header is about line 1"),
        (["--no-header"], "--no-header is about line 1"),
        (["--no-header", "--header"], "--header is about line 1"),
        (["--header", "--no-header"], "--no-header is about line 1"),
    ],
)
def test_a_flag_is_on_off_or_not_typed(arguments, told):
    assert told in run("minimizer", *arguments).stderr
    assert run("minimizer", "--classes", "2").returncode == 0


@pytest.mark.parametrize("typed", [["-k3"], ["--classes=3"], ["-k", "+3"], ["--classes", "4", "-k", "3"]])
def test_ways_to_type_a_value(typed):
    assert document(*typed)["problem"]["classes"] == 3


def test_a_value_may_look_like_an_option():
    assert "unknown encoding '--json'" in run("minimizer", "--encoding", "--json").stderr
    assert "got -inf" in run("minimizer", "--lambda-b", "-inf").stderr
    assert "unexpected extra argument (--json)" in run("minimizer", "--", "--json").stderr



MISTAKES = [
    (["minimizer", "--encoding", "onehto"], "unknown encoding 'onehto'; did you mean 'onehot'?"),
    (["minimizer", "--encoding", "hadamard"], "power of two; got 10, use 8 or 16"),
    (["minimizer", "--encoding", "smoothed:1.5"], "0 <= alpha < 1; got 1.5"),
    (["minimizer", "--encoding", "absent.csv"], "absent.csv: cannot be read"),
    (["minimizer", "--encoding", "examples/codes.csv", "--counts", "1,2,3"], "4 columns (classes), but there are 3"),
    (["minimizer", "--lambda-w", "0"], "--lambda-w must be positive and finite (1e-50 to 1e50); got 0"),
    (["minimizer", "--lambda-h", "-1"], "positive and finite (1e-50 to 1e50); got -1"),
    (["minimizer", "--lambda-b", "-1"], "1e-100 to 1e100); got -1"),
    (["minimizer", "--lambda-b", "nan"], "--lambda-b must be a number"),
    (["minimizer", "--lambda-w", "inf"], "positive and finite (1e-50 to 1e50); got inf"),
    (["minimizer", "--lambda-b", "half"], "such as 5e-4 or 1/2000 (or inf for --lambda-b); got 'half'"),
    (["minimizer", "--counts", "1,2.5"],
     "whole numbers with commas between, as in 400,100,9,1 (or a file of them); got '2.5'"),
    (["minimizer", "--counts", "1,,2"], "got ''"),
    (["minimizer", "--counts", "5,0"], "class 1 has 0"),
    (["minimizer", "--per-class", "0"], "every class has 0"),
    (["minimizer", "--classes", "0"], "at least 1; got 0"),
    (["minimizer", "--classes", "ten"], "Invalid value for '--classes' / '-k': 'ten' is not a whole number."),
    (["minimizer", "--classes", "1_0"], "'1_0' is not a whole number."),
    (["minimizer", "--dim", "5.0"], "'5.0' is not a whole number."),
    (["certify", "--digits", "1e1"], "'1e1' is not a whole number."),
    (["minimizer", "--classes", "3", "--counts", "1,2"], "--classes must agree with the number of counts; got 3 and 2"),
    (["minimizer", "--per-class", "3", "--counts", "1,2"], "got --counts and --per-class"),
    (["minimizer", "--label-column", "x"], "add --labels FILE"),
    (["minimizer", "--labels", "absent.csv"], "absent.csv: cannot be read: No such file"),
    (["minimizer", "--labels", "README.md"], "unknown file ending '.md'"),
    (["minimizer", "--labels", "examples/digits.csv", "--label-column", "species"], "choose one of digit"),
    (["minimizer", "--convention", "papre"], "did you mean 'paper'?"),
    (["path", "--features", "relu", "--depth", "2"], "open problem"),
    (["minimizer", "--dim", "0"], "dim must be an integer of at least 1"),
    (["minimizer", "--seed", "-1", "--encoding", "gaussian"], "seed must be a non-negative integer; got -1"),
    (["minimizer", "--out", "result.csv"], "is saved as .npz"),
    (["minimizer", "--out", "no/such/dir.npz"], "cannot be written: there is no folder 'no/such'; make it first"),
    (["minimizer", "--classes", "100000", "--out", "big.npz"], "GB"),
    (["minimizer", "--wrong"], "No such option: --wrong (Possible options: --json) Try 'ncsolve minimizer --help'."),
    (["minimizer", "--lambda", "3"],
     "No such option: --lambda (Possible options: --lambda-b, --lambda-h, --lambda-w) Try 'ncsolve minimizer --help'."),
    (["--hel"], "No such option: --hel (Possible options: --help) Try 'ncsolve --help'."),
    (["check", "-x"], "No such option: -x Try 'ncsolve check --help'."),
    (["minimizer", "--a\nb"], "No such option: --a\\nb (Possible options: --labels)"),
    (["minimise"], "No such command 'minimise'. Did you mean 'minimizer'? Try 'ncsolve --help'."),
    (["verif"], "No such command 'verif'. Did you mean 'verify', 'certify'?"),
    (["help"], "No such command 'help'. Try 'ncsolve --help'."),
    (["--", "--help"], "No such command '--help'. Try 'ncsolve --help'."),
    (["minimizer", "extra"], "Got unexpected extra argument (extra) Try 'ncsolve minimizer --help'."),
    (["report", "a", "b", "c"], "unexpected extra arguments (b c)"),
    (["path", "--classes"], "Option '--classes' requires an argument. Try 'ncsolve path --help'."),
    (["minimizer", "-o"], "Option '-o' requires an argument. Try 'ncsolve minimizer --help'."),
    (["minimizer", "--json=yes"], "Option '--json' does not take a value. Try 'ncsolve minimizer --help'."),
    (["derive", "--format", "html"],
     "Invalid value for '--format': 'html' is not one of 'text', 'latex', 'markdown', 'python', 'json'."),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[" ".join(a) for a, _ in MISTAKES])
def test_mistakes_get_one_line(arguments, message):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [MISTAKES[i][0] for i in (0, -1)], ids=["ours", "the parser's"])
def test_mistakes_of_a_process(arguments):
    done, here = start(*arguments), run(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (here.returncode, here.stdout, here.stderr)


def test_no_heavy_import_on_the_main_path():
    code = (
        "import sys; from ncsolve.cli import main\n"
        "try: main(['minimizer', '--json'])\n"
        "except SystemExit as done: assert done.code == 0\n"
        "heavy = {'sympy', 'cvxpy', 'matplotlib', 'torch', 'pandas', 'mpmath'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_closed_pipe():
    """`ncsolve ... | head -1` ends without a traceback."""
    done = subprocess.run(
        f"{sys.executable} -m ncsolve minimizer --json | head -1", shell=True, capture_output=True, text=True,
        check=False,
    )
    assert done.stdout == "{\n"
    assert "Traceback" not in done.stderr

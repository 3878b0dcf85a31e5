"""Closed, broken and full outputs, and files that cannot be written: one line, the right exit code, before the work."""

import io
import os
import re
import subprocess
import sys

import pytest

from ncsolve._files.write_whole import write_text
from ncsolve.cli import main
from ncsolve.errors import FileError

COMMANDS = [
    ["minimizer"], ["minimizer", "--json"], ["path", "--lambda-b", "1e-2:1:3"], ["encodings"], ["derive", "--list"],
    ["compare", "--classes", "3"], ["verify", "--list"], ["check", "--source"], ["certify", "--classes", "2"],
    ["--help"], ["path", "--help"], ["--version"], ["design", "--target-cosine", "-0.05"],
    ["phase", "--lambda-b", "1e-2:1:3", "--against", "t=0.1:0.4:2"],
]


def run(monkeypatch, arguments, stdout):
    """Exit code and stderr of a command with such a stdout."""
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        patch.setattr(sys, "stderr", err)
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert sys.stdout is stdout
        stdout.close()  # what is in its buffer is lost without a word
    err.flush()
    return ended.value.code, err.buffer.getvalue().decode()


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_reader_that_went_away_is_no_error(arguments, monkeypatch):
    """`ncsolve ... | true` and `| head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    code, err = run(monkeypatch, arguments, os.fdopen(writing, "w"))
    assert code == 0
    assert "error" not in err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", COMMANDS)
def test_an_output_that_is_full_is_one_line(arguments, monkeypatch):
    code, err = run(monkeypatch, arguments, os.fdopen(os.open("/dev/full", os.O_WRONLY), "w"))
    assert code == 2
    assert err.splitlines()[-1] == "ncsolve: error: the output cannot be written: No space left on device"


@pytest.mark.skipif(os.name != "posix", reason="closes streams with a shell")
@pytest.mark.parametrize(("shell", "code", "out", "err"), [
    ("encodings >&-", 2, "", "ncsolve: error: the output cannot be written: standard output is closed; .*\n"),
    ("minimizer --bad 2>&-", 2, "", ""), ("minimizer --bad >&- 2>&- <&-", 2, "", ""),
    ("encodings | true; exit ${PIPESTATUS[0]}", 0, "", ""),
])
def test_closed_streams(shell, code, out, err):
    command = f"{sys.executable} -m ncsolve {shell}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stdout == out
    assert re.fullmatch(err, done.stderr)


@pytest.fixture
def no_work(monkeypatch, tmp_path):
    """A folder to write in, in which nothing is solved."""
    def request(**options):
        raise AssertionError("the work has begun")

    monkeypatch.setattr("ncsolve.cli._request.read_samples", request)
    monkeypatch.setattr("ncsolve.cli._verify._claims", request)
    monkeypatch.chdir(tmp_path)
    return tmp_path


WRITERS = [
    ("minimizer", "--out", ".npz"), ("minimizer", "--plot", ".svg"), ("path", "--out", ".csv"),
    ("path", "--plot", ".png"), ("path", "--gram", ".pdf"), ("phase", "--out", ".json"), ("phase", "--plot", ".svg"),
    ("compare", "--plot", ".svg"), ("explore", "--out", ".html"), ("report", "--out", ".html"),
    ("certify", "--out", ".json"), ("design --geometry simplex", "--out", ".npy"),
    ("design --geometry simplex", "--certificate", ".json"), ("verify", "--report", ".md"),
    ("verify --classes 3", "--plot", ".svg"),
]


def refused(capsys, words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    out, err = capsys.readouterr()
    assert (ended.value.code, out, err.count("\n")) == (2, "", 1)
    return err


@pytest.mark.parametrize(("command", "option", "ending"), WRITERS)
def test_outputs_are_refused_before_the_work(command, option, ending, no_work, capsys):
    (no_work / f"there{ending}").write_text("precious")
    (no_work / f"folder{ending}").mkdir()
    os.mkfifo(no_work / f"pipe{ending}")
    for name, forced, message in (
        ("there", False, "exists already"), ("folder", True, "is a directory"), ("no/such", True, "no folder 'no'"),
        ("x" * 255, True, "File name too long"), ("pipe", True, "is a device or a pipe"),
        ("/proc/x", True, "takes no files"),
    ):
        words = [*command.split(), option, name + ending, *(["--force"] if forced else [])]
        assert message in refused(capsys, words), name
    assert (no_work / f"there{ending}").read_text() == "precious"


@pytest.mark.parametrize("words", [
    "minimizer --out a.npz --plot ./a.npz", "path --plot a.svg --gram a.svg", "path --out a.csv --plot sub/../a.csv",
    "phase --out a.csv --plot a.csv", "design --geometry simplex --out a.csv --certificate a.csv",
    "verify --classes 3 --report a.svg --plot a.svg",
])
def test_two_outputs_are_two_files(words, no_work, capsys):
    (no_work / "sub").mkdir()
    assert "give each a file of its own" in refused(capsys, words.split())


def test_names_are_as_long_as_the_file_system_allows(tmp_path):
    for letter in ("x", "\u00e9"):
        name = tmp_path / (letter * (251 // len(letter.encode())) + ".txt")
        write_text(name, "whole")
        assert name.read_text() == "whole"
    with pytest.raises(FileError, match="File name too long"):
        write_text(tmp_path / ("x" * 256), "whole")


def test_the_list_of_derivations_fits_every_encoding():
    done = subprocess.run(
        [sys.executable, "-m", "ncsolve.derivations", "--list"], capture_output=True, check=False,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"lambda_b" in done.stdout

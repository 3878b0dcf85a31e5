"""Output at every width of a terminal: no number is split or lost, and no line is longer than the terminal."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
from ncsolve.verify._format import figure_table

from ncsolve.cli import main
from ncsolve.cli._tables import say_lines, show, table

COMMANDS = {
    "minimizer": "minimizer --lambda-b 0.5",
    "minimizer in full": "minimizer --counts 400,100,9,1 --lambda-w 5e-3 --lambda-b 0.01 --full",
    "minimizer of labels": "minimizer --labels examples/digits.csv --lambda-b 0.5",
    "minimizer of codes": "minimizer --encoding examples/codes.csv --counts 5,20,1,10 --lambda-w 1e-3 --lambda-b 0.1",
    "deep": "minimizer --classes 3 --per-class 10 --depth 2 --lambda-w 5e-3,1e-2 --lambda-b 0.05",
    "measure": "measure examples/digits_features.npz --lambda-w 5e-3 --lambda-h 5e-4 --lambda-b 0.5",
    "measure alone": "measure examples/digits_features.npz",
    "path": "path --counts 5,3,20 --lambda-b 1e-3:10:5",
    "path with a change": "path --encoding smoothed:0.1 --lambda-b 1e-3:10:90",
    "path of a weight decay": "path --lambda-w 1e-12:1e-3:6 --lambda-b 1 --classes 3",
    "phase": "phase --against weight-decay=1e-4:1e-3:4 --lambda-b 1e-3:10:70",
    "compare": "compare --encodings onehot,smoothed:0.1,affine:1.5,-0.25 --counts 500,40,3,3",
    "compare deep": "compare --encodings onehot,signed --classes 3 --depth 2 --lambda-w 5e-3",
    "encodings": "encodings",
    "design": "design --geometry simplex --counts 5000,500,50 --lambda-w 5e-3 --lambda-h 5e-3 --lambda-b inf",
    "inverse": "design --target-cosine -0.05 --vary lambda_b",
    "list": "verify --list",
}
# Run times, and the grid of a map, which has as many columns as there is room for.
VARIES = re.compile(r"\(\d+\.\d s\)|\b[sicr1-9]{8,}\b")


def printed(command, columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit) as stopped:
        main(command.split())
    output = capsys.readouterr()
    assert stopped.value.code == 0, output.err
    return output.out


def numbers(text):
    """Words with a digit, without what encloses them."""
    return {word.strip("(),;:.") for word in VARIES.sub("", text).split() if re.search(r"\d", word)}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_number_is_split_or_lost(name, monkeypatch, capsys):
    whole = numbers(printed(COMMANDS[name], 1000, monkeypatch, capsys))
    assert whole
    for columns in (40, 60, 80, 100, 200):
        text = printed(COMMANDS[name], columns, monkeypatch, capsys)
        assert numbers(text) == whole
        assert max(map(len, text.splitlines())) <= columns


def test_a_real_terminal():
    """60 columns as a terminal reports them: rich asks for them, and the lines are those of COLUMNS."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 60, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "FORCE_COLOR", "NO_COLOR")}
    command = [sys.executable, "-m", "ncsolve", *COMMANDS["path"].split()]
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment | {"TERM": "xterm"}
    )
    os.close(follower)
    output = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # Linux says that the other end is closed
            break
        if not part:
            break
        output += part
    os.close(leader)
    assert process.wait() == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", output.decode())
    assert max(len(line) for line in text.split("\r\n")) <= 60
    assert "-0.00099209" in text.split()


def rows_of(content, columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    show(content)
    return [line.split() for line in capsys.readouterr().out.splitlines() if line.strip(" ─")]


def test_columns_go_below_each_other_after_the_first(monkeypatch, capsys):
    shown = table("name", "first", "second", "third")
    shown.add_row("one two", "1.2345678901", "-1.2345678901", "3")
    assert rows_of(shown, 31, monkeypatch, capsys) == [
        ["name", "first"], ["one", "two", "1.2345678901"], ["name", "second", "third"],
        ["one", "two", "-1.2345678901", "3"],
    ]


def test_rows_go_below_each_other_where_no_two_columns_fit(monkeypatch, capsys):
    shown = table("name", "second")
    shown.add_row("relu-orthogonal", "-1.2345678901")
    shown.add_row("simplex", "1 2")
    assert rows_of(shown, 30, monkeypatch, capsys) == [
        ["name", "relu-orthogonal"], ["second", "-1.2345678901"], ["name", "simplex"], ["second", "1", "2"],
    ]


def test_figures_of_a_verification_are_whole(monkeypatch, capsys):
    shown = figure_table("compared")
    shown.add_row("descent below the optimum, relative", "<= 1e-11", "-1.44946e-16", "2.2e-16", "agrees")
    for columns in (40, 60, 80):
        words = {word for line in rows_of(shown, columns, monkeypatch, capsys) for word in line}
        assert {"1e-11", "-1.44946e-16", "2.2e-16", "agrees", "optimum,"} <= words


def test_sentences_break_between_words(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "20")
    say_lines("the threshold T is 0.12345678901 and\nlambda_b is 1e-05")
    assert capsys.readouterr().out.splitlines() == ["the threshold T is", "0.12345678901 and", "lambda_b is 1e-05"]
    monkeypatch.delenv("COLUMNS")
    say_lines("one line " * 20)  # no terminal: nothing would break it
    assert capsys.readouterr().out.count("\n") == 1

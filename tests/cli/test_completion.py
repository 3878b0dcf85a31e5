"""Completion of commands, options and names of files, in the shells and in a home folder of its own."""

import os
import shlex
import shutil
import subprocess
import sys

import pytest
import shellingham

from ncsolve.cli._lazy import COMMANDS
from tests.command import ROOT, run, start

# What a shell does when the user types `ncsolve mini` and the key of completion, printed.
TYPED = {
    "bash": '. ~/.bashrc; COMP_WORDS=(ncsolve mini); COMP_CWORD=1; _ncsolve_completion ncsolve; echo "${COMPREPLY[@]}"',
    "zsh": 'compdef() {}; _describe() { print -l "${(@P)3}" }; . ~/.zfunc/_ncsolve; words=(ncsolve mini); CURRENT=2;'
    " _ncsolve_completion",
    "fish": "complete --do-complete 'ncsolve mini'",
}
PLACES = {
    "bash": ".bash_completions/ncsolve.sh", "zsh": ".zfunc/_ncsolve", "fish": ".config/fish/completions/ncsolve.fish",
}
STARTS = {"bash": ".bashrc", "zsh": ".zshrc"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "a home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder


def in_shell(monkeypatch, name):
    monkeypatch.setattr(shellingham, "detect_shell", lambda: (name, f"/bin/{name}"))


@pytest.mark.parametrize("name", TYPED)
def test_a_shell_completes_once_it_is_installed(name, home, tmp_path):
    if shutil.which(name) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"there is no {name}")  # on CI no test falls out
    program = tmp_path / "ncsolve"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m ncsolve "$@"\n')
    program.chmod(0o755)

    def typed(text):
        done = subprocess.run(
            [name, "-c", text], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
            env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    told = typed("ncsolve --install-completion; true")  # so that the shell waits for it
    place = home / PLACES[name]
    assert told.splitlines() == [
        f"{name} completion installed in {place}", "Completion will take effect once you restart the terminal",
    ]
    assert typed("ncsolve --show-completion; true").strip() == place.read_text().strip()
    assert typed(TYPED[name]).split()[0].partition(":")[0] == "minimizer"


@pytest.mark.parametrize("name", STARTS)
def test_what_a_shell_reads_at_its_start_gets_one_line_and_loses_none(name, home, monkeypatch):
    in_shell(monkeypatch, name)
    mine = b"alias l=ls # \xff"
    (home / STARTS[name]).write_bytes(mine)
    for _ in range(2):
        assert run("--install-completion").returncode == 0
    old, line = [one for one in (home / STARTS[name]).read_bytes().splitlines() if one]
    assert old == mine
    assert line == {
        "bash": b"source '" + os.fsencode(home) + b"/.bash_completions/ncsolve.sh'",
        "zsh": b"fpath+=~/.zfunc; autoload -Uz compinit; compinit",
    }[name]


@pytest.mark.parametrize("option", ["--install-completion", "--show-completion"])
def test_other_shells_are_refused(option, home, monkeypatch):
    in_shell(monkeypatch, "tcsh")
    done = run(option)
    assert (done.returncode, done.stdout) == (2, "")
    told = "completion is for bash, fish and zsh; got the shell 'tcsh', start one of them"
    assert done.stderr == f"ncsolve: error: {told}\n"
    assert list(home.iterdir()) == []


def test_where_the_shell_cannot_be_told_it_is_the_user_s_own(monkeypatch):
    def unknown():
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr(shellingham, "detect_shell", unknown)
    monkeypatch.setenv("SHELL", "/usr/bin/zsh")
    assert run("--show-completion").stdout.startswith("#compdef ncsolve")
    monkeypatch.delenv("SHELL")
    assert "completion is for bash, fish and zsh; got the shell ''" in run("--show-completion").stderr


def test_a_home_that_takes_nothing_is_one_line(home, monkeypatch):
    in_shell(monkeypatch, "fish")
    (home / ".config").write_text("")
    done = run("--install-completion")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ncsolve: error: the output cannot be written: Not a directory\n"


def offered(monkeypatch, *words):
    """What bash is told about the last word, which may be empty."""
    monkeypatch.setenv("_NCSOLVE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(("ncsolve", *words)))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["co"], ["plain,compare"]),
        (["--v"], ["plain,--version"]),
        (["minimizer", "--lambda"], ["plain,--lambda-w", "plain,--lambda-h", "plain,--lambda-b"]),
        (["minimizer", "--classes", "3", "--no"], ["plain,--no-header"]),
        (["derive", "--format", "l"], ["plain,latex"]),
        (["check", "cert"], ["file,cert"]),
        (["minimizer", "--labels", "exam"], ["file,exam"]),
        (["minimizer", "--encoding", "exam"], ["file,exam"]),
        (["minimizer", "--classes", "x", "--out", "exam"], ["file,exam"]),
        (["nonesuch", "--he"], ["plain,--help"]),
    ],
)
def test_what_is_offered(words, found, monkeypatch):
    assert offered(monkeypatch, *words) == found


def test_every_command_is_offered_and_none_is_imported():
    asked = {"_NCSOLVE_COMPLETE": "bash_complete", "COMP_WORDS": "ncsolve ", "COMP_CWORD": "1"}
    done = start(environment=asked | {"PYTHONPROFILEIMPORTTIME": "1"})
    assert [line.removeprefix("plain,") for line in done.stdout.split()] == list(COMMANDS)
    assert "ncsolve.cli._lazy" in done.stderr
    assert "numpy" not in done.stderr


@pytest.mark.parametrize("instruction", ["bash", "complete_bash", "tcsh_complete", "bash_source"])
def test_other_questions_get_no_answer(instruction, monkeypatch):
    monkeypatch.setenv("_NCSOLVE_COMPLETE", instruction)
    done = run()
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")

"""Completion in bash, zsh and fish: click has the scripts, here they are put where the shell looks for them."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncsolve.cli._output import say
from ncsolve.errors import NCSolveError, shown

if TYPE_CHECKING:  # the rest of the completion is imported by those who ask for it
    from click.shell_completion import ShellComplete

__all__ = ["VARIABLE", "answer", "install_completion", "show_completion"]

VARIABLE = "_NCSOLVE_COMPLETE"  # in which the scripts ask
_SHELLS = ("bash", "fish", "zsh")


def answer(app: click.Command, instruction: str) -> int:
    """Print what may follow on a command line, as the script of a shell asks it (bash_complete); the exit code."""
    name, _, what = instruction.partition("_")
    if name not in _SHELLS or what != "complete":
        return 1
    click.echo(_of_shell(name, app).complete())
    return 0


def show_completion() -> None:
    """Print the script for the shell that runs this."""
    click.echo(_script(_shell()))


def install_completion() -> None:
    """Write the script for the shell that runs this into the home folder.  Raises NCSolveError and OSError."""
    name, home = _shell(), Path.home()
    place = {
        "bash": home / ".bash_completions" / "ncsolve.sh",
        "fish": home / ".config" / "fish" / "completions" / "ncsolve.fish",
        "zsh": home / ".zfunc" / "_ncsolve",
    }[name]
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(_script(name), encoding="utf-8")
    if name == "bash":
        _add(home / ".bashrc", f"source {shlex.quote(str(place))}")
    elif name == "zsh":
        _add(home / ".zshrc", "fpath+=~/.zfunc; autoload -Uz compinit; compinit")
    say(f"{name} completion installed in {place}")
    say("Completion will take effect once you restart the terminal")


def _add(file: Path, line: str) -> None:
    """A line at the end of a file, unless it is there."""
    with file.open("a+", encoding="utf-8", errors="surrogateescape") as stream:
        stream.seek(0)
        if line not in stream.read().splitlines():
            stream.write(f"\n{line}\n")


def _shell() -> str:
    """The shell that runs this, or the user's own where that cannot be told."""
    import shellingham

    try:
        name: str = shellingham.detect_shell()[0]
    except shellingham.ShellDetectionFailure:
        name = Path(os.environ.get("SHELL", "")).name
    if name not in _SHELLS:
        raise NCSolveError(f"completion is for bash, fish and zsh; got the shell {shown(name)}, start one of them")
    return name


def _script(name: str) -> str:
    return _of_shell(name, click.Command("ncsolve")).source()


def _of_shell(name: str, app: click.Command) -> ShellComplete:
    from click.shell_completion import get_completion_class

    found = get_completion_class(name)
    assert found is not None
    return found(app, {}, "ncsolve", VARIABLE)

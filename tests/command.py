"""The command ``ncsolve``: called in this process, or started as a shell does.

A start costs a second, nearly all of it imports.  Where the process itself is what is tested (streams, signals, what is
imported, pipes), it is started; everywhere else the function that the console script calls is called.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import jsonschema

from ncsolve.cli import main
from ncsolve.schemas import schema

__all__ = ["ROOT", "document", "refused", "run", "said", "start"]

ROOT = Path(__file__).parents[1]
WIDTH = {"COLUMNS": "100"}


def run(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Exit code, output and errors of a command called in this process."""
    words = [str(argument) for argument in arguments]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with (
        contextlib.chdir(cwd), mock.patch.dict(os.environ, WIDTH), contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main(words)
        except SystemExit as ended:
            code = ended.code
    return subprocess.CompletedProcess(words, _number(code), _text(out), _text(err))


def said(*arguments: object, cwd: Path = ROOT) -> str:
    """What a command that succeeds prints, without its line breaks."""
    done = run(*arguments, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return " ".join(done.stdout.split())


def refused(*arguments: object, cwd: Path = ROOT) -> str:
    """The one line with which a command refuses its arguments."""
    done = run(*arguments, cwd=cwd)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ncsolve: error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def start(
    *arguments: object, cwd: Path = ROOT, environment: Mapping[str, str] = WIDTH
) -> subprocess.CompletedProcess[str]:
    """The same of a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ncsolve", *map(str, arguments)], capture_output=True, text=True, cwd=cwd,
        env=os.environ | environment, timeout=240, check=False,
    )


def document(*arguments: object, cwd: Path = ROOT) -> dict[str, Any]:
    """What a command prints with ``--json``: it fits its schema, and nothing else is said."""
    done = run(*arguments, "--json", cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(found, schema(found["schema"]))
    if "minimizer" in found:
        jsonschema.validate(found["minimizer"], schema("ncsolve.minimizer/1"))
    return found


def _number(code: object) -> int:
    assert isinstance(code, int), f"the command must end with an exit code; got {code!r}"
    return code


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    data = stream.buffer
    assert isinstance(data, io.BytesIO)
    return data.getvalue().decode("utf-8")

"""After the README's install everything is there: run by CI in the README's environment, before it has any extra.

    cd anywhere; python - CHECKOUT < CHECKOUT/tests/house/installed.py

From standard input, so that the current folder is the first place where modules are looked for, as at a prompt: in the
checkout that is the folder ``ncsolve/``, which must not hide the rest of the package.  With ``--extras`` the commands
that need an extra are run without it: the line they print must name a command after which they work.
"""

from __future__ import annotations

import configparser
import importlib
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SMALL = ["--classes", "3", "--lambda-b", "1e-2:1:3"]
EXTRAS = {  # "plot" is a part of "report"
    "plot": ["path", *SMALL, "--plot", "picture.svg"],
    "tables": ["path", *SMALL, "--out", "table.parquet"],
    "report": ["report", "--classes", "3", "--no-verify", "--out", "report.html"],
    "explore": ["explore", "--classes", "3", "--out", "explorer.html"],
}
NOT_FOR_USERS = {"test", "docs"}
TOGETHER = {"all"}  # the others in one
READS_ONLY = {"safetensors"}  # files that nothing else writes
IN_PYTHON = {"dask"}  # no command needs it; the message is the same function's
TOO_LARGE = {"torch"}  # gigabytes where no small build is at hand; the message is the same function's


def setup(root: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(root / "setup.cfg")
    return parser


def modules(root: Path) -> list[str]:
    """Every module of the packages that setup.cfg names, by its file."""
    options = setup(root)["options"]
    folders = dict(line.split(" = ") for line in options["package_dir"].split("\n") if line)
    found = []
    for package in options["packages"].split():
        top = max((name for name in folders if f"{package}.".startswith(f"{name}.")), key=len)
        folder = root / folders[top] / package.removeprefix(top).replace(".", "/").lstrip("/")
        found += [package, *(f"{package}.{file.stem}" for file in folder.glob("*.py") if file.stem != "__init__")]
    return sorted(found)


def run(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, check=False)


def refused() -> None:
    """Without torch every name of the probe's package, and its command, tell the command that brings it."""
    torch = importlib.import_module("ncsolve.torch")
    told = re.compile(r"(error: )?ncsolve\.torch needs torch; install it with: .* 'ncsolve\[torch\]'\n?")
    for name in torch.__all__:
        said = ""
        try:
            getattr(torch, name)
        except ImportError as error:
            said = str(error)
        assert told.fullmatch(said), (name, said)
    words = ("extract", "model.py:make_model", "--checkpoint", "last.pt", "--data", "images", "--out", "features.npz")
    done = run(sys.executable, "-m", "ncsolve.torch", *words)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert told.fullmatch(done.stderr), done


def everything(root: Path) -> None:
    names = [name for name in modules(root) if not name.endswith("__main__")]
    if importlib.util.find_spec("torch") is None:
        refused()
        names = [name for name in names if not name.startswith("ncsolve.torch.")]
    for name in names:
        importlib.import_module(name)
    from ncsolve import derivations, verify

    assert derivations.names()
    assert verify.CLAIMS
    script = str(Path(sys.executable).parent / "ncsolve")
    commands = ("--version", "minimizer --json", "derive --list", "verify --list", "encodings")
    for start in ([script], [sys.executable, "-m", "ncsolve"]):
        for words in map(str.split, commands):
            done = run(*start, *words)
            assert (done.returncode, done.stderr) == (0, ""), (start, words, done)
            assert done.stdout, (start, words)
    done = run(sys.executable, "-m", "ncsolve.derivations", "--list")
    assert (done.returncode, done.stderr) == (0, ""), done
    print(f"{len(names)} modules and all ways to start them, in {Path.cwd()}")


def extras(root: Path) -> None:
    known = set(setup(root)["options.extras_require"])
    assert known - NOT_FOR_USERS - TOGETHER - READS_ONLY - IN_PYTHON - TOO_LARGE == set(EXTRAS), known
    for extra, words in EXTRAS.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command = [str(Path(sys.executable).parent / "ncsolve"), *words]
            done = run(*command, folder=folder)
            assert (done.returncode, done.stdout, list(folder.iterdir())) == (2, "", []), done
            told = re.fullmatch(r"ncsolve: error: .* needs \w+; install it with: (.*)\n", done.stderr)
            assert told, done.stderr
            assert f"'ncsolve[{extra}]'" in told[1]
            installed = run("bash", "-c", told[1], folder=folder)
            assert installed.returncode == 0, installed
            done = run(*command, folder=folder)
            assert (done.returncode, len(list(folder.iterdir()))) == (0, 1), done
            print(f"{told[1]}  # then {' '.join(words)} works")


if __name__ == "__main__":
    checkout = Path(sys.argv[1]).resolve()
    if "--extras" in sys.argv:
        extras(checkout)
    else:
        everything(checkout)

"""The README's transcripts: run every command of its console blocks and compare (or, with --write, replace) the output.

Python blocks are run as doctests.  Figures that differ between machines are masked.
"""

from __future__ import annotations

import doctest
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
PYTHON = re.compile(r"^```pycon\n(.*?)^```$", re.M | re.S)
# What differs between machines: sizes of rounding errors and run times are masked, other numbers compared as numbers.
MASKS = [
    (re.compile(r"relative gradient \S+|gradient\s+\d\.\de-\d\d"), "relative gradient"),
    (re.compile(r"\d+\.\d s\b"), "s"),
]
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.?\d*(?:e[-+]?\d+)?")


def same(shown: str, printed: str) -> bool:
    """Equal text, and numbers equal to 1e-6 of their size or to 1e-12."""
    for pattern, plain in MASKS:
        shown, printed = pattern.sub(plain, shown), pattern.sub(plain, printed)
    if [NUMBER.sub("", line).rstrip() for line in shown.split("\n")] != [
        NUMBER.sub("", line).rstrip() for line in printed.split("\n")
    ]:
        return False
    left, right = NUMBER.findall(shown), NUMBER.findall(printed)
    return len(left) == len(right) and all(
        math.isclose(float(a), float(b), rel_tol=1e-6, abs_tol=1e-12) for a, b in zip(left, right, strict=True)
    )


def run(command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=os.environ | {"COLUMNS": "100", "PATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )
    return done.stdout


def replay(body: str, folder: Path) -> str:
    """The block as it would be printed today."""
    lines = []
    for line in body.splitlines():
        if line.startswith("$ "):
            output = run(line[2:], folder).rstrip("\n")
            lines.append(line + ("\n" + output if output else ""))
    return "\n".join(lines) + "\n"


def check(write: bool = False) -> int:
    text = README.read_text()
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "examples").symlink_to(ROOT / "examples")

        def compare(match: re.Match[str]) -> str:
            nonlocal failures
            found = replay(match[1], folder)
            if same(match[1], found):
                return match[0]
            failures += 1
            if not write:
                print(f"README shows\n{match[1]}\nbut the commands print\n{found}")
            return f"```console\n{found}```"

        text = BLOCK.sub(compare, text)
    if write:
        README.write_text(text)
        print(f"README: {failures} transcripts replaced")
        failures = 0
    names: dict[str, object] = {}  # later blocks use what earlier ones defined
    for match in PYTHON.finditer(text):
        test = doctest.DocTestParser().get_doctest(match[1], {}, "README", str(README), 0)
        test.globs = names
        failures += doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, clear_globs=False).failed
    return failures


if __name__ == "__main__":
    bad = check(write="--write" in sys.argv)
    print(f"README: {len(BLOCK.findall(README.read_text()))} transcripts compared, {bad} differ")
    sys.exit(1 if bad else 0)

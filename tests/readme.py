"""The transcripts of the README and of pages of the documentation: run every command of their console blocks and
compare the output, or replace it: `python -m tests.readme --write`.

Python blocks are run as doctests, and a picture beside a page that they save is compared, or replaced, too.  Numbers
that differ between machines are masked.
"""

from __future__ import annotations

import contextlib
import doctest
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests import command as called

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
_FENCE = re.compile("^```(console|pycon)$", re.M)
PAGES = tuple(
    page for page in sorted((ROOT / "docs").rglob("*.md")) if _FENCE.search(page.read_text(encoding="utf-8"))
)
NEEDS = re.compile(r"<!-- needs: (\w+) -->")  # a package of an extra that the tests' environment may lack
PLAIN = re.compile(r"ncsolve ([^|>$]*?)(?: \| (head|tail) -(\d+)| \| sed -n (\d+),(\d+)p)?")
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
PICTURE = re.compile(r"\]\((\w+\.svg)\)")  # beside the page: an example of the page saves it
VERSION = re.compile(r"Matplotlib v[\d.]+")
HASH = re.compile(r"(?:id=\"|href=\"#|url\(#)[a-z]+[0-9a-f]{10}")
PYTHON = re.compile(r"^```pycon\n(.*?)^```$", re.M | re.S)
# What differs between machines: sizes of rounding errors and run times are masked, other numbers compared as numbers.
MASKS = [
    (re.compile(r"relative gradient \S+|gradient\s+\d\.\de-\d\d"), "relative gradient"),
    (re.compile(r"\d+(?:\.\d)? s\b"), "s"),
    (re.compile(r"relative error \S+|to within \d\.\de-\d\d"), "rounding"),
]
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+\.?\d*(?:e[-+]?\d+)?")


def needs(page: Path) -> list[str]:
    """The packages without which the examples of a page cannot be run."""
    return NEEDS.findall(page.read_text(encoding="utf-8"))


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
    """What a shell prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=os.environ | {"COLUMNS": "100", "PATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )
    return done.stdout


def run_here(command: str, folder: Path) -> str:
    """The same; an ncsolve command, perhaps cut, is called in this process, which saves the start of another."""
    plain = PLAIN.fullmatch(command)
    if plain is None:
        return run(command, folder)
    words, cut, number, first, last = plain.groups()
    done = called.run(*shlex.split(words), cwd=folder)
    lines = (done.stdout if cut or first else done.stdout + done.stderr).splitlines()
    if cut:
        lines = lines[: int(number)] if cut == "head" else lines[-int(number) :]
    elif first:
        lines = lines[int(first) - 1 : int(last)]
    return "\n".join([*lines, *(done.stderr.splitlines() if cut or first else [])])


def replay(body: str, folder: Path) -> str:
    """The block as it would be printed today."""
    lines = []
    for line in body.splitlines():
        if line.startswith("$ "):
            output = run_here(line[2:], folder).rstrip("\n")
            lines.append(line + ("\n" + output if output else ""))
    return "\n".join(lines) + "\n"


def check(write: bool = False, page: Path | None = None) -> int:
    """How many transcripts and examples of a page (the README) are not what is printed today."""
    page = page or README
    text = page.read_text(encoding="utf-8")
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
                print(f"{page.name} shows\n{match[1]}\nbut the commands print\n{found}")
            return f"```console\n{found}```"

        text = BLOCK.sub(compare, text)
        if write:
            page.write_text(text, encoding="utf-8")
            print(f"{page.name}: {failures} transcripts replaced")
            failures = 0
        with contextlib.chdir(folder):  # what an example writes is not left in the checkout
            failures += examples_that_fail(page.name, text)
        for name in PICTURE.findall(text):
            if write:
                shutil.copyfile(folder / name, page.parent / name)
            elif not same_picture((page.parent / name).read_text(), (folder / name).read_text()):
                failures += 1
                print(f"{page.name}: {name} is not what the examples draw")
        return failures


def same_picture(committed: str, drawn: str) -> bool:
    """The same tags and texts, and numbers equal to 2e-3; another matplotlib lays out differently."""
    if VERSION.findall(committed) != VERSION.findall(drawn):
        return True
    committed, drawn = (HASH.sub("", text) for text in (committed, drawn))
    left, right = NUMBER.findall(committed), NUMBER.findall(drawn)
    return NUMBER.sub("", committed) == NUMBER.sub("", drawn) and all(
        math.isclose(float(a), float(b), rel_tol=1e-6, abs_tol=2e-3) for a, b in zip(left, right, strict=True)
    )


def examples_that_fail(name: str, text: str) -> int:
    """How many Python examples do not print what the page shows; later blocks use what earlier ones defined."""
    failures = 0
    names: dict[str, object] = {}
    for match in PYTHON.finditer(text):
        test = doctest.DocTestParser().get_doctest(match[1], {}, name, name, 0)
        test.globs = names
        failures += doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, clear_globs=False).failed
    return failures


if __name__ == "__main__":
    bad = 0
    for chosen in (None, *PAGES):
        lacking = [package for package in needs(chosen or README) if find_spec(package) is None]
        if lacking:
            print(f"{(chosen or README).name}: left out, as there is no {lacking[0]}")
            continue
        wrong = check(write="--write" in sys.argv, page=chosen)
        name = (chosen or README).name
        shown = len(BLOCK.findall((chosen or README).read_text(encoding="utf-8")))
        print(f"{name}: {shown} transcripts compared, {wrong} differ")
        bad += wrong
    sys.exit(1 if bad else 0)

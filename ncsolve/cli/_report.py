"""``ncsolve report``: one HTML document for one problem."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ncsolve.cli._options import FILE, argument, command, file_option, flag
from ncsolve.cli._output import say
from ncsolve.cli._problem_options import ProblemArguments, files_of, problem_options
from ncsolve.cli._read_words import say_read
from ncsolve.cli._request import request
from ncsolve.errors import ProblemError

__all__ = ["report"]


@command()
@argument("file", metavar="PROBLEM", type=FILE, about="A problem file, .toml or .json.")
@problem_options()
@click.option("--verify/--no-verify", default=True, help="Run the independent checks too (seconds to a minute).")
@file_option("--out", "-o", metavar="FILE.html", default=Path("report.html"), help="The document.")
@flag("--force", help="Overwrite the document.")
def report(*, file: Path | None, given: ProblemArguments, verify: bool, out: Path, force: bool) -> None:
    """Write one document on one problem: minimizer, theorem and derivation, figures, verification and certificate.

    \b
    Examples:
      ncsolve report problem.toml -o report.html
      ncsolve report --encoding smoothed:0.1 --lambda-b 0.5 -o report.html
      ncsolve report --classes 3 --per-class 10 --depth 2 --lambda-w 5e-3 --lambda-b 0.05 -o deep.html
    """
    from ncsolve._files.check_output import check_different
    from ncsolve.cli._certify import certificate_as_typed
    from ncsolve.report import write_report
    from ncsolve.report._document import check_report_output

    if file is not None and given.problem is not None:
        raise ProblemError(f"give one problem file; got {file} and --problem {given.problem}, drop one")
    check_different({"--out": out}, (*files_of(given), file))
    check_report_output(out, force=force)
    asked = request(given if file is None else replace(given, problem=file))
    say_read(asked)
    write_report(
        asked.problem, out, convention=asked.convention, lambdas=asked.lambdas, verify=verify,
        certify=lambda found: certificate_as_typed(found, asked), force=force,
    )
    say(f"saved {out}")

"""``ncsolve report``: one HTML document for one problem."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ncsolve.cli._output import say
from ncsolve.cli._problem_options import ProblemArguments, problem_options
from ncsolve.cli._read_words import say_read
from ncsolve.cli._request import request
from ncsolve.errors import ProblemError

__all__ = ["report"]


@problem_options()
def report(
    *,
    file: Annotated[
        Path | None, typer.Argument(metavar="PROBLEM", help="A problem file, .toml or .json.", show_default=False)
    ] = None,
    given: ProblemArguments,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Run the independent checks too (seconds to a minute).")
    ] = True,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="The document.")] = Path("report.html"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the document.")] = False,
) -> None:
    """Write one document on one problem: minimizer, theorem and derivation, figures, verification and certificate.

    \b
    Examples:
      ncsolve report problem.toml -o report.html
      ncsolve report --encoding smoothed:0.1 --lambda-b 0.5 -o report.html
      ncsolve report --classes 3 --per-class 10 --depth 2 --lambda-w 5e-3 --lambda-b 0.05 -o deep.html
    """
    from ncsolve.cli._certify import certificate_as_typed
    from ncsolve.report import write_report
    from ncsolve.report._document import check_report_output

    if file is not None and given.problem is not None:
        raise ProblemError(f"give one problem file; got {file} and --problem {given.problem}, drop one")
    check_report_output(out, force=force)
    asked = request(given if file is None else replace(given, problem=file))
    say_read(asked)
    write_report(
        asked.problem, out, convention=asked.convention, lambdas=asked.lambdas, verify=verify,
        certify=lambda found: certificate_as_typed(found, asked), force=force,
    )
    say(f"saved {out}")

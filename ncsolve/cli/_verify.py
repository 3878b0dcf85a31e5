"""``ncsolve verify``: the claims of the theory, or one problem of the user's, against independent numerics."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit

from ncsolve._files.check_output import check_different
from ncsolve._files.write_whole import check_free, write_text
from ncsolve.cli._options import command, each, file_option, flag, whole
from ncsolve.cli._output import say, say_json
from ncsolve.cli._problem_options import ProblemArguments, files_of, problem_options
from ncsolve.cli._read_words import say_read, with_read
from ncsolve.cli._request import request
from ncsolve.cli._written import check_pictures, draw
from ncsolve.errors import ProblemError

__all__ = ["verify"]

_PROBLEM = tuple(field.name for field in fields(ProblemArguments))
_CLAIMS = ("quick", "only", "source", "workers", "details", "stable")


@command()
@flag("--quick", help="Fewer and smaller runs: seconds, not minutes.")
@click.option("--only", metavar="CLAIM,CLAIM,...", multiple=True, help="Examine these claims (may be repeated).")
@click.option("--source", metavar="PAPER", help="Examine the claims of one source, as zhou2022.")
@click.option("--workers", "-j", metavar="N", type=whole, help="Processes.  [default: one per core]")
@flag("--list", "listing", help="List the claims, with their sources, and stop.")
@flag("--details", help="Show every figure, not one per claim.")
@flag("--json", "as_json", help="Print JSON (schema ncsolve.verify/1).")
@file_option("--report", metavar="FILE.md", help="Write the figures and tolerances as markdown.")
@flag("--stable", help="In the --report, round away what differs between machines.")
@file_option("--plot", help="For one problem: draw its descents, as .png, .svg or .pdf.")
@flag("--force", help="Overwrite the files of --report and --plot.")
@problem_options()
@click.pass_context
def verify(
    context: click.Context, *, quick: bool, only: tuple[str, ...], source: str | None, workers: int | None,
    listing: bool, details: bool, as_json: bool, report: Path | None, stable: bool, plot: Path | None, force: bool,
    given: ProblemArguments,
) -> None:
    """Check the solver by descent, convex programming and the definition: every claim, or your own problem.

    With no option that describes a problem, every claim of the theory is examined.  Exit status 0 if everything
    agrees, 1 if not.

    \b
    Examples:
      ncsolve verify --quick
      ncsolve verify --list
      ncsolve verify --source zhou2022 --report verify.md
      ncsolve verify --quick --stable --force --report docs/verification.md
      ncsolve verify --only large-bias-law,free-bias --details
      ncsolve verify --encoding codes.csv --counts 5,20,1,10 --lambda-b 0.5
      ncsolve verify --classes 4 --features relu --lambda-b 0.05
    """
    from ncsolve.cli._tables import say_lines, show, table

    only = each("--only", only)
    described = _given(context, _PROBLEM)
    if listing:
        beside = _given(
            context, ("quick", "workers", "details", "stable", "as_json", "report", "plot", "force", *_PROBLEM)
        )
        if beside:
            raise ProblemError(f"--list only prints the claims; drop {_option(beside[0])}")
        shown = table("claim", "sources", "statement")
        for claim in _chosen(only, source):
            shown.add_row(claim.name, ", ".join(claim.sources), claim.statement)
        show(shown)
        return
    check_different({"--report": report, "--plot": plot}, files_of(given))
    if report is not None:
        check_free(report, force=force)
    elif _given(context, ("stable",)):
        raise ProblemError("--stable is about a --report; name its file")
    if plot is not None:
        if not described:
            raise ProblemError("--plot draws the descents on one problem; describe it, as in --encoding onehot")
        check_pictures(plot, force=force)
    elif report is None and _given(context, ("force",)):
        raise ProblemError("--force is about the files of --report and --plot; name one")
    asked = None
    if described:
        selecting = _given(context, _CLAIMS)
        if selecting:
            raise ProblemError(
                f"{_option(selecting[0])} is for the claims and {_option(described[0])} describes a problem; drop one"
            )
        asked = request(given)
        from ncsolve.verify import check

        found: Any = check(asked.problem)
    else:
        found = _claims(quick=quick, only=only, source=source, workers=workers)
    if asked is not None:
        draw(plot, "problem_descents", asked.problem, force=force)
    if report is not None:
        text = found.to_stable_markdown() if stable else found.to_markdown()
        write_text(report, text, force=force)
    if as_json:
        say_json(found.to_json() if asked is None else with_read(found.to_json(), asked))
    else:
        if asked is not None:
            say_read(asked)
        show(found.details() if details else found.table())
        say()
        for text in found.failures:
            say_lines(f"disagrees: {text}")
        for text in getattr(found, "skipped", ()):
            say_lines(f"not verified: {text}")
        if report is not None:
            say(f"saved {report}")
        say_lines(found.summary)
    if getattr(found, "interrupted", False):
        raise KeyboardInterrupt
    if not found.passed:
        raise Exit(1)


def _chosen(only: tuple[str, ...], source: str | None) -> Any:
    from ncsolve.verify import select

    chosen = select(only=only, source=source)
    if not chosen:
        raise ProblemError(f"no claim is both one of {', '.join(only)} and of {source}; drop --only or --source")
    return chosen


def _claims(*, quick: bool, only: tuple[str, ...], source: str | None, workers: int | None) -> Any:
    from ncsolve.progress import SlowProgress
    from ncsolve.verify import Verdict, run_claims

    chosen = _chosen(only, source)
    count = workers if workers is not None else os.cpu_count() or 1
    done = 0
    with SlowProgress("claims", total=len(chosen)) as progress:

        def tell(verdict: Verdict) -> None:
            nonlocal done
            done += 1
            progress.update(done)

        return run_claims(chosen, size="quick" if quick else "full", workers=min(count, len(chosen)), on_verdict=tell)


def _given(context: click.Context, names: tuple[str, ...]) -> list[str]:
    """Which of the parameters were typed."""
    origins = ((name, context.get_parameter_source(name)) for name in names)
    return [name for name, origin in origins if origin is not None and origin.name == "COMMANDLINE"]


def _option(name: str) -> str:
    return {"as_json": "--json"}.get(name, "--" + name.replace("_", "-"))

"""``ncsolve verify``: the claims of the theory, or one problem of the user's, against independent numerics."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from ncsolve._files.check_output import check_different
from ncsolve._files.write_whole import check_free, write_text
from ncsolve.cli._output import say, say_json
from ncsolve.cli._problem_options import ProblemArguments, problem_options, whole
from ncsolve.cli._read_words import say_read, with_read
from ncsolve.cli._request import request
from ncsolve.errors import ProblemError

__all__ = ["verify"]

_PROBLEM = tuple(field.name for field in fields(ProblemArguments))
_CLAIMS = ("quick", "only", "source", "workers", "details", "stable")


@problem_options()
def verify(
    *,
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer and smaller runs: seconds, not minutes.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="CLAIM", help="Examine this claim (may be repeated).")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="PAPER", help="Examine the claims of one source, as zhou2022.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-j", metavar="N", parser=whole, help="Processes.  [default: one per core]"),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the claims, with their sources, and stop.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Show every figure, not one per claim.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON (schema ncsolve.verify/1).")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.md", help="Write the figures and tolerances as markdown.")
    ] = None,
    stable: Annotated[
        bool, typer.Option("--stable", help="In the --report, round away what differs between machines.")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="For one problem: draw its descents, as .png, .svg or .pdf."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the files of --report and --plot.")] = False,
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
      ncsolve verify --only large-bias-law --details
      ncsolve verify --encoding codes.csv --counts 5,20,1,10 --lambda-b 0.5
      ncsolve verify --classes 4 --features relu --lambda-b 0.05
    """
    described = _given(context, _PROBLEM)
    if listing:
        beside = _given(
            context, ("quick", "workers", "details", "stable", "as_json", "report", "plot", "force", *_PROBLEM)
        )
        if beside:
            raise ProblemError(f"--list only prints the claims; drop {_option(beside[0])}")
        _list_claims(only=tuple(only or ()), source=source)
        return
    check_different({"--report": report, "--plot": plot})
    if report is not None:
        check_free(report, force=force)
    elif _given(context, ("stable",)):
        raise ProblemError("--stable is about a --report; name its file")
    if plot is not None:
        from ncsolve.plots import check_figure_output

        if not described:
            raise ProblemError("--plot draws the descents on one problem; describe it, as in --encoding onehot")
        check_figure_output(plot, force=force)
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
        found = _claims(quick=quick, only=tuple(only or ()), source=source, workers=workers)
    if plot is not None and asked is not None:
        from ncsolve.plots import problem_descents, save_figure

        save_figure(problem_descents(asked.problem), plot, force=force)
    if report is not None:
        text = found.to_stable_markdown() if stable else found.to_markdown()
        write_text(report, text, force=force)
    if as_json:
        say_json(found.to_json() if asked is None else with_read(found.to_json(), asked))
    else:
        from ncsolve.cli._tables import say_lines, show

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
        raise typer.Exit(130)
    if not found.passed:
        raise typer.Exit(1)


def _list_claims(*, only: tuple[str, ...], source: str | None) -> None:
    from ncsolve.cli._tables import show, table

    shown = table("claim", "sources", "statement")
    for claim in _chosen(only, source):
        shown.add_row(claim.name, ", ".join(claim.sources), claim.statement)
    show(shown)


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

        return run_claims(
            chosen, size="quick" if quick else "full", workers=min(count, len(chosen)), on_verdict=tell
        )


def _given(context: typer.Context, names: tuple[str, ...]) -> list[str]:
    """Which of the parameters were typed."""
    found = []
    for name in names:
        origin = context.get_parameter_source(name)
        if origin is not None and origin.name == "COMMANDLINE":
            found.append(name)
    return found


def _option(name: str) -> str:
    return {"as_json": "--json"}.get(name, "--" + name.replace("_", "-"))

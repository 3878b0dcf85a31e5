"""``ncsolve derive``: the derivation of a theorem, as text, LaTeX, markdown, Python or JSON."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ncsolve.cli._output import say
from ncsolve.errors import ProblemError

__all__ = ["derive"]


class _Format(StrEnum):
    text = "text"
    latex = "latex"
    markdown = "markdown"
    python = "python"
    json = "json"


def derive(
    theorem: Annotated[str | None, typer.Argument(help="Name of the theorem; --list shows them.")] = None,
    list_theorems: Annotated[bool, typer.Option("--list", help="List the theorems.")] = False,
    output: Annotated[_Format, typer.Option("--format", help="How to write the derivation.")] = _Format.text,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="SYMBOL=VALUE", help="Specialise the result exactly: K=3, lambda_b=1/2, inf. Repeatable."
        ),
    ] = None,
    simplify: Annotated[bool, typer.Option("--simplify", help="Simplify the results.")] = False,
    standalone: Annotated[
        bool, typer.Option("--standalone", help="With --format latex: a document that compiles.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Prove every step first; exit 1 if one is not proved.")
    ] = False,
) -> None:
    """Show how a formula is derived, with its assumptions, every checked step and its source.

    \b
    Examples:
      ncsolve derive --list
      ncsolve derive onehot
      ncsolve derive onehot --set K=3 --set lambda_b=1/2
      ncsolve derive large-bias --format latex --standalone > law.tex
    """
    # sympy takes a second to import: only this command pays for it.
    from ncsolve.derivations import DerivationError, get, names
    from ncsolve.derivations._render import render
    from ncsolve.derivations._render import standalone as document
    from ncsolve.derivations._specialise import parse_settings, specialise

    if list_theorems:
        for name in names():
            say(f"{name:14} {get(name).label:12} {get(name).title}")
        return
    if theorem is None:
        raise ProblemError(f"derive needs the name of a theorem: {', '.join(names())} (--list shows their titles)")
    if standalone and output is not _Format.latex:
        raise ProblemError(f"--standalone goes with --format latex; got --format {output.value}")
    chosen = get(theorem)
    values = parse_settings(settings or [])
    result = specialise(chosen, values, simplify=simplify)
    if check:
        try:
            done = chosen.check()
        except DerivationError as error:
            say(f"not proved: {error}", err=True)
            raise typer.Exit(1) from None
        say(f"{done.obligations} obligations proved in {done.seconds:.1f} s", err=True)
    text = render(chosen, result, output.value, values)
    say(document(text) if standalone else text, nl=False)

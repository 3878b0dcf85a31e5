"""``ncsolve derive``: the derivation of a theorem, as text, LaTeX, markdown, Python or JSON."""

from __future__ import annotations

import click
from click.exceptions import Exit

from ncsolve.cli._options import argument, command, each, flag
from ncsolve.cli._output import say
from ncsolve.errors import ProblemError

__all__ = ["derive"]

_FORMATS = ("text", "latex", "markdown", "python", "json")


@command()
@argument("theorem", metavar="THEOREM", about="Name of the theorem; --list shows them.")
@flag("--list", "list_theorems", help="List the theorems.")
@click.option("--format", "output", type=click.Choice(_FORMATS), default="text", help="How to write the derivation.")
@click.option(
    "--set", "settings", metavar="SYMBOL=VALUE,...", multiple=True,
    help="Specialise the result exactly, as in K=3,lambda_b=1/2 or lambda_b=inf (may be repeated).",
)
@flag("--simplify", help="Simplify the results.")
@flag("--standalone", help="With --format latex: a document that compiles.")
@flag("--check", help="Prove every step first; exit 1 if one is not proved.")
def derive(
    *, theorem: str | None, list_theorems: bool, output: str, settings: tuple[str, ...], simplify: bool,
    standalone: bool, check: bool,
) -> None:
    """Show how a formula is derived, with its assumptions, every checked step and its source.

    \b
    Examples:
      ncsolve derive --list
      ncsolve derive onehot
      ncsolve derive onehot --set K=3,lambda_b=1/2
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
    if standalone and output != "latex":
        raise ProblemError(f"--standalone goes with --format latex; got --format {output}")
    chosen = get(theorem)
    values = parse_settings(list(each("--set", settings)))
    result = specialise(chosen, values, simplify=simplify)
    if check:
        try:
            done = chosen.check()
        except DerivationError as error:
            say(f"not proved: {error}", err=True)
            raise Exit(1) from None
        say(f"{done.obligations} obligations proved in {done.seconds:.1f} s", err=True)
    text = render(chosen, result, output, values)
    say(document(text) if standalone else text, nl=False)

"""The commands, each imported when it is called: starting one does not wait for what the others need."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import click

__all__ = ["COMMANDS", "LazyGroup"]


class _Entry(NamedTuple):
    """Where a command is, and what its help says first, known before it is imported."""

    place: str
    summary: str


COMMANDS = {  # in the order of the help
    "minimizer": _Entry(
        "ncsolve.cli._minimizer:minimizer", "Find the global minimizer of a problem: its geometry, bias and loss.",
    ),
    "path": _Entry(
        "ncsolve.cli._path:path", "Follow the minimizer along one parameter: the one option that is a range.",
    ),
    "phase": _Entry(
        "ncsolve.cli._phase:phase",
        "Draw the phase diagram over lambda_b and a second parameter, with the exact boundaries of the "
        "regimes.",
    ),
    "measure": _Entry(
        "ncsolve.cli._measure:measure",
        "Measure a trained network: what geometry it took, whether it is the predicted one, and if not, what "
        "fails.",
    ),
    "explore": _Entry(
        "ncsolve.cli._explore:explore",
        "Write a page that shows class means, labels and bias in motion as lambda_b goes from 0 to inf.",
    ),
    "report": _Entry(
        "ncsolve.cli._report:report",
        "Write one document on one problem: minimizer, theorem and derivation, figures, verification and "
        "certificate.",
    ),
    "encodings": _Entry("ncsolve.cli._encodings:list_encodings", "List the label encodings, with an example of each."),
    "certify": _Entry(
        "ncsolve.cli._certify:certify", "Prove that a loss is the global minimum, in exact rational arithmetic.",
    ),
    "check": _Entry(
        "ncsolve.cli._certify:check",
        "Check a certificate with integers and fractions only; exit 0 if it holds, 1 if its evidence does not.",
    ),
    "derive": _Entry(
        "ncsolve.cli._derive:derive",
        "Show how a formula is derived, with its assumptions, every checked step and its source.",
    ),
    "design": _Entry(
        "ncsolve.cli._design:design",
        "Design a label encoding, or find one number, that makes the global minimizer have a wanted geometry.",
    ),
    "compare": _Entry(
        "ncsolve.cli._compare:compare",
        "Compare label encodings, and losses, on the same classes: angles, distances, decoding margins, collapsed "
        "classes, NC3, NC4.",
    ),
    "verify": _Entry(
        "ncsolve.cli._verify:verify",
        "Check the solver by descent, convex programming and the definition: every claim, or your own problem.",
    ),
}


class _LazyCommand(click.Command):
    """What stands for a command until it is called."""

    def __init__(self, name: str, entry: _Entry) -> None:
        super().__init__(name, help=entry.summary)
        self.place = entry.place

    def make_context(self, info_name: str | None, args: list[str], *further: Any, **settings: Any) -> click.Context:
        module, _, name = self.place.partition(":")
        called: click.Command = getattr(import_module(module), name)
        return called.make_context(info_name, args, *further, **settings)


class LazyGroup(click.Group):
    """A group whose commands are those of ``COMMANDS``."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(commands={name: _LazyCommand(name, COMMANDS[name]) for name in COMMANDS}, **settings)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)  # click would sort them

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0]
        if name not in COMMANDS and not ctx.resilient_parsing:  # click before 8.4 has no suggestions
            near = ", ".join(map(repr, get_close_matches(name, COMMANDS)))
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {near}?" if near else ""))
        return super().resolve_command(ctx, args)

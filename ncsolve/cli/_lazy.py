"""The commands, each imported when it is called: starting one does not wait for what the others need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["COMMANDS", "LazyGroup"]

# Name of the command, in the order of the help, and where its function is.
COMMANDS = {
    "minimizer": "ncsolve.cli._minimizer:minimizer",
    "path": "ncsolve.cli._path:path",
    "phase": "ncsolve.cli._phase:phase",
    "explore": "ncsolve.cli._explore:explore",
    "report": "ncsolve.cli._report:report",
    "encodings": "ncsolve.cli._encodings:list_encodings",
    "certify": "ncsolve.cli._certify:certify",
    "check": "ncsolve.cli._certify:check",
    "derive": "ncsolve.cli._derive:derive",
    "design": "ncsolve.cli._design:design",
    "compare": "ncsolve.cli._compare:compare",
    "verify": "ncsolve.cli._verify:verify",
}


class LazyGroup(TyperGroup):
    """A group whose commands are those of ``COMMANDS``."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            module, _, function = COMMANDS[cmd_name].partition(":")
            one = typer.Typer(
                pretty_exceptions_enable=False, rich_markup_mode=None, add_completion=False,
                context_settings={"help_option_names": ["-h", "--help"]},
            )
            one.command(cmd_name)(getattr(import_module(module), function))
            self.commands[cmd_name] = typer.main.get_command(one)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS:  # the parent suggests from the commands that it knows
            for name in COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)

"""What the commands declare their options with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from ncsolve.errors import ProblemError, shown

__all__ = ["FILE", "SPEC_OR_FILE", "argument", "command", "each", "eager", "file_option", "flag", "whole"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_DIGITS = 100  # far beyond what any number of things has


class _Typed(click.Path):
    """A name of a file as it is typed: click would look the file up, and raise at names that no shell can pass on."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self.coerce_path_result(value)


FILE = _Typed(path_type=Path)
SPEC_OR_FILE = _Typed(path_type=str)  # what a shell completes as a file


class _Argument(click.Argument):
    """An argument that may be left out, with a line in the help, which click has since 8.5 only."""

    def __init__(self, names: Sequence[str], *, metavar: str, about: str, **settings: Any) -> None:
        super().__init__(names, metavar=f"[{metavar}]", required=False, **settings)
        self.line = metavar, about


class _Command(click.Command):
    """A command that knows the arguments' lines in the help, and itself in every error about its options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        arguments = [one.line for one in self.params if isinstance(one, _Argument)]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(arguments)
        super().format_options(ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


command = partial(click.command, cls=_Command)
argument = partial(click.argument, cls=_Argument)


def flag(*names: str, help: str) -> Callable[[Decorated], Decorated]:
    """An option without a value."""
    return click.option(*names, is_flag=True, help=help)


def file_option(
    *names: str, metavar: str = "FILE", default: Path | None = None, help: str
) -> Callable[[Decorated], Decorated]:
    """An option that names a file."""
    return click.option(*names, type=FILE, metavar=metavar, default=default, help=help)


def each(option: str, values: Sequence[str]) -> tuple[str, ...]:
    """The values of an option that may be repeated, and may hold several with commas between.  Raises ProblemError.

    >>> each("--only", ["a,b", "c"])
    ('a', 'b', 'c')
    """
    found = tuple(word.strip() for value in values for word in value.split(","))
    if not all(found):
        raise ProblemError(f"{option} must be names with commas between, as in a,b; got {shown(','.join(values))}")
    return found


def eager(name: str, act: Callable[[], None], *, help: str) -> Callable[[Decorated], Decorated]:
    """An option that does something at once, after which the program ends."""

    def called(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            act()
            ctx.exit()

    return click.option(name, is_flag=True, is_eager=True, expose_value=False, callback=called, help=help)


def whole(typed: str | int) -> int:
    """A whole number as it is typed: digits, and nothing that Python would read as digits as well (1_0, 5.0)."""
    text = str(typed)  # click hands over defaults, too
    if not (text.strip().isascii() and text.strip().lstrip("+-").isdigit()) or len(text) > _DIGITS:
        raise click.BadParameter(f"{shown(text)} is not a whole number.")
    return int(text)

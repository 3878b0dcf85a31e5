"""The application: its commands, and one place where errors become one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from ncsolve._version import __version__
from ncsolve.cli._lazy import LazyGroup
from ncsolve.errors import ConvergenceError, NCSolveError

__all__ = ["app", "main"]

app = typer.Typer(
    name="ncsolve",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"ncsolve {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Exact global minimizers of the regularized unconstrained features model, for any label encoding.

    \b
    Examples:
      ncsolve minimizer --encoding onehot --lambda-b 0.5
      ncsolve minimizer --labels digits.csv --encoding smoothed:0.1 --json
      ncsolve encodings
      ncsolve explore -o explorer.html
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; exit 0 done, 1 not verified, 2 bad input (one line on stderr)."""
    command = typer.main.get_command(app)
    try:
        code = command.main(
            args=list(arguments) if arguments is not None else None, prog_name="ncsolve", standalone_mode=False
        )
    except ConvergenceError as error:
        _fail(str(error), code=1)
    except NCSolveError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("interrupted", code=130)
    except BrokenPipeError:  # the reader went away, as `| head` does
        sys.stderr.close()
        sys.exit(0)
    except MemoryError:
        _fail("the problem does not fit in memory; use fewer classes or shorter codes")
    except OSError as error:
        _fail(f"the output cannot be written: {error.strerror or error}")
    except Exception as error:
        # Usage errors of typer's parser (it brings its own copy of click, whose classes have no public name).
        message = getattr(error, "format_message", None)
        if message is None:
            if type(error).__name__ == "Abort":
                _fail("interrupted", code=130)
            raise
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "ncsolve"
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(message())
            sys.exit(2)
        _fail(f"{message()} Try '{path} --help'.")
    if code == 130:  # what typer makes of Ctrl-C, without a word
        _fail("interrupted", code=130)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int = 2) -> NoReturn:
    try:
        print(f"ncsolve: error: {' '.join(message.split())}", file=sys.stderr, flush=True)
    except BrokenPipeError:  # the reader went away: the exit code still tells
        os._exit(code)
    sys.exit(code)

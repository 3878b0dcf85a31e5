"""The application: its commands, and one place where errors become one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from ncsolve._version import __version__
from ncsolve.cli._lazy import LazyGroup
from ncsolve.cli._output import fail, flushed, say, streams
from ncsolve.cli._signals import orderly_end
from ncsolve.errors import ConvergenceError, NCSolveError, hidden

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
        say(f"ncsolve {__version__}")
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
    with streams(), orderly_end():
        code = _run(None if arguments is None else list(arguments))
        try:
            flushed()
        except OSError as error:
            fail(_unwritten(error))
        sys.exit(code)


def _run(arguments: list[str] | None) -> int:
    """The exit code of a command; every error that is foreseen becomes one line."""
    command = typer.main.get_command(app)
    own = sys.stdout, sys.stderr
    try:
        code = command.main(args=arguments, prog_name="ncsolve", standalone_mode=False)
    except ConvergenceError as error:
        fail(str(error), code=1)
    except NCSolveError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted", code=130)
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        sys.stdout, sys.stderr = own  # the reader of a help text went away, and typer says 1 to that
        return 0
    except MemoryError:
        fail("the problem does not fit in memory; use fewer classes or shorter codes")
    except OSError as error:
        fail(_unwritten(error))
    except ModuleNotFoundError as error:
        if error.name not in ("ncsolve.derivations", "ncsolve.verify"):
            raise
        fail(str(hidden(error.name)))
    except Exception as error:
        # Usage errors of typer's parser (it brings its own copy of click, whose classes have no public name).
        message = getattr(error, "format_message", None)
        if message is None:
            if type(error).__name__ == "Abort":
                fail("interrupted", code=130)
            raise
        context = getattr(error, "ctx", None)
        path = context.command_path if context is not None else "ncsolve"
        if type(error).__name__ == "NoArgsIsHelpError":
            say(message())
            return 2
        fail(f"{message()} Try '{path} --help'.")
    if code == 130:  # what typer makes of Ctrl-C, without a word
        fail("interrupted", code=130)
    return code if isinstance(code, int) else 0


def _unwritten(error: OSError) -> str:
    return f"the output cannot be written: {error.strerror or error}"

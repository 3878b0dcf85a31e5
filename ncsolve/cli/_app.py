"""The application: its commands, and one place where errors become one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from click.exceptions import Exit

from ncsolve._version import __version__
from ncsolve.cli._as_options import as_options
from ncsolve.cli._completion import VARIABLE, answer, install_completion, show_completion
from ncsolve.cli._lazy import LazyGroup
from ncsolve.cli._options import eager
from ncsolve.cli._output import fail, flushed, say, streams
from ncsolve.cli._signals import orderly_end
from ncsolve.errors import ConvergenceError, NCSolveError, hidden

__all__ = ["app", "main"]


@click.group(
    "ncsolve", cls=LazyGroup, invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@eager("--version", lambda: say(f"ncsolve {__version__}"), help="Show the version and exit.")
@eager("--install-completion", install_completion, help="Install completion for the current shell.")
@eager(
    "--show-completion", show_completion,
    help="Show completion for the current shell, to copy it or customize the installation.",
)
@click.pass_context
def app(context: click.Context) -> None:
    """Exact global minimizers of the regularized unconstrained features model, for any label encoding.

    \b
    Examples:
      ncsolve minimizer --encoding onehot --lambda-b 0.5
      ncsolve minimizer --labels digits.csv --encoding smoothed:0.1 --json
      ncsolve encodings
      ncsolve explore -o explorer.html
    """
    if context.invoked_subcommand is None:
        say(context.get_help())
        context.exit(2)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; exit 0 done, 1 not verified, 2 bad input (one line on stderr)."""
    with streams(), orderly_end():
        code = _run(sys.argv[1:] if arguments is None else list(arguments))
        try:
            flushed()
        except OSError as error:
            fail(_unwritten(error))
        sys.exit(code)


def _run(arguments: list[str]) -> int:
    """The exit code of a command; every error that is foreseen becomes one line."""
    try:
        if question := os.environ.get(VARIABLE):
            return answer(app, question)
        # Not app.main, which has its own ways with a reader that goes away and with Ctrl-C.
        with app.make_context("ncsolve", arguments) as context:
            app.invoke(context)
        return 0
    except Exit as end:
        return end.exit_code
    except click.UsageError as error:
        path = "ncsolve" if error.ctx is None else error.ctx.command_path
        fail(f"{_usage(error)} Try '{path} --help'.")
    except ConvergenceError as error:
        fail(as_options(str(error)), code=1)
    except NCSolveError as error:
        fail(as_options(str(error)))
    except KeyboardInterrupt:
        fail("interrupted", code=130)
    except SystemExit as end:
        if not isinstance(end.__context__, BrokenPipeError):
            raise
        return 0  # the reader of a table went away, and rich says 1 to that
    except MemoryError:
        fail("the problem does not fit in memory; use fewer classes or shorter codes")
    except BrokenPipeError:
        raise  # to streams(), whose part that is
    except OSError as error:
        fail(_unwritten(error))
    except ModuleNotFoundError as error:
        if error.name not in ("ncsolve.derivations", "ncsolve.verify"):
            raise
        fail(str(hidden(error.name)))


def _usage(error: click.UsageError) -> str:
    """What was typed wrong, in words that are the same in all versions of click."""
    if not isinstance(error, click.NoSuchOption):
        return error.format_message()
    near = f" (Possible options: {', '.join(sorted(error.possibilities))})" if error.possibilities else ""
    return f"No such option: {repr(error.option_name)[1:-1]}{near}"  # where a newline is seen


def _unwritten(error: OSError) -> str:
    return f"the output cannot be written: {error.strerror or error}"

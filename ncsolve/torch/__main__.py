"""``python -m ncsolve.torch extract``: from a checkpoint to the features that ``ncsolve measure`` reads."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import textwrap
from collections.abc import Sequence
from typing import NoReturn

import click
from click.exceptions import Exit

from ncsolve._text import encodable, one_line
from ncsolve.errors import NCSolveError, visible
from ncsolve.torch import check_installed

__all__ = ["extract", "main"]

_WIDTH, _INDENT = 100, 13


class _EndedError(BaseException):
    """SIGTERM, as an exception on which what was half written is taken away; not one that a model may raise."""


# Arguments of the probe as options of this command, which reads nothing from standard input.
_OPTIONS = (
    ("with head=", "with --head"), ("with bn='eval'", "with --bn eval"), (", or - for standard input", ""),
    ("or measure an earlier state", "or take an earlier checkpoint"),
)


@click.group(
    "ncsolve.torch", invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": _WIDTH},
)
@click.pass_context
def app(context: click.Context) -> None:
    """What ncsolve does with networks of PyTorch from the command line; in a training script use ncsolve.torch."""
    if context.invoked_subcommand is None:
        _say(context.get_help())
        context.exit(2)


@app.command("extract", short_help="Save what the last layer sees, from a checkpoint and data.")
@click.argument("model", metavar="FILE.py:NAME")
@click.option("--checkpoint", metavar="FILE", required=True,
              help="The parameters: .pt, .pth, .ckpt, .bin (read without running code) or .safetensors.")
@click.option("--data", metavar="FOLDER|FILE.npz", required=True,
              help="The training set: a folder with a sub-folder of images for every class, or arrays of inputs and "
              "class numbers.")
@click.option("--out", "-o", metavar="FILE.npz", required=True, help="Where to save features, labels, W and b.")
@click.option("--transform", metavar="FILE.py:NAME", default=None,
              help="Function from an RGB image of Pillow, or a row of the array, to the tensor that the model takes: "
              "the evaluation transform of the training.")
@click.option("--head", metavar="NAME", default=None, help="Name of the last layer.  [default: the last nn.Linear]")
@click.option("--prefix", metavar="NAME", default=None,
              help="Part of the checkpoint that is the model: the name of a dict in it (or of nested ones, as "
              "net.ema), or how its parameters' names begin.")
@click.option("--inputs", metavar="NAME", default=None, help="Array of the inputs.  [default: x, inputs or images]")
@click.option("--labels", metavar="NAME", default=None, help="Array of the labels.  [default: labels or y]")
@click.option("--batch-size", metavar="N", type=click.IntRange(min=1), default=256, help="Samples at a time.")
@click.option("--device", metavar="cpu|cuda[:I]", default="cpu", help="Where the model runs.")
@click.option("--bn", type=click.Choice(["eval", "recompute"]), default="eval",
              help="BatchNorm by its running averages, or by mean and variance of all these samples.")
@click.option("--force", is_flag=True, help="Overwrite the file of --out.")
def extract(
    *, model: str, checkpoint: str, data: str, out: str, transform: str | None, head: str | None, prefix: str | None,
    inputs: str | None, labels: str | None, batch_size: int, device: str, bn: str, force: bool,
) -> None:
    """Save the features of a trained network, its labels and its last layer, for 'ncsolve measure'.

    FILE.py:NAME is a function without arguments that makes the model (or the model). The file is
    run, as any program: name only code that you trust.

    \b
    Example:
      python -m ncsolve.torch extract net.py:make_model --checkpoint last.pt --data photos/train \\
          --transform net.py:evaluation -o features.npz
      ncsolve measure features.npz --lambda-w 5e-4 --lambda-h norm --lambda-b 5e-4
    """
    check_installed()
    from ncsolve.torch._extract import Extraction, save_features

    for title, sentence in save_features(Extraction(
        model=model, checkpoint=checkpoint, prefix=prefix, data=data, inputs=inputs, labels=labels, transform=transform,
        head=head, batch_size=batch_size, device=device, bn=bn, out=out, force=force,
    )):
        # a command stays on one line, from which it is copied
        _say(f"{title:{_INDENT}}{sentence}" if title == "next" else textwrap.fill(
            sentence, _WIDTH, initial_indent=f"{title:{_INDENT}}", subsequent_indent=" " * _INDENT,
            break_long_words=False, break_on_hyphens=False,
        ))


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 done, 2 bad input with one line on stderr, 130 or 143 interrupted."""
    try:
        with app.make_context("python -m ncsolve.torch", list(sys.argv[1:] if arguments is None else arguments)) as own:
            app.invoke(own)
        sys.stdout.flush()
        return 0
    except Exit as end:
        return end.exit_code
    except click.UsageError as error:
        path = "python -m ncsolve.torch" if error.ctx is None else error.ctx.command_path
        return _fail(f"{error.format_message()} Try '{path} --help'.")
    except NCSolveError as error:
        text = str(error)
        for argument, option in _OPTIONS:
            text = text.replace(argument, option)
        return _fail(text)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except _EndedError:
        return 128 + signal.SIGTERM
    except MemoryError:
        return _fail("the work does not fit in memory; use a smaller --batch-size")
    except BrokenPipeError:  # the reader went away, as `| head` does; the file is saved
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"the output cannot be written: {error.strerror or error}")


def _say(text: str) -> None:
    print(encodable(visible(text), getattr(sys.stdout, "encoding", None) or "utf-8"))


def _fail(message: str, code: int = 2) -> int:
    with contextlib.suppress(OSError):
        text = encodable(f"error: {one_line(message)}", getattr(sys.stderr, "encoding", None) or "utf-8")
        print(text, file=sys.stderr, flush=True)
    return code


def _end(number: int, frame: object) -> NoReturn:
    raise _EndedError


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(main())

"""Everything that a command prints goes through here; what other packages print goes to the same streams."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import NoReturn, TextIO

from ncsolve._files.json_text import json_text
from ncsolve._text import HANDLER, encodable, one_line
from ncsolve.errors import visible

__all__ = ["fail", "flushed", "say", "say_json", "say_styled", "streams"]


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print text: control characters in it are written out, and what the encoding lacks is written in ASCII."""
    _write(visible(text), err=err, nl=nl)


def say_styled(text: str) -> None:
    """Print what rich made of texts that have been through ``visible``: its escapes are colours."""
    _write(text, err=False, nl=True)


def say_json(document: object, indent: int = 2) -> None:
    """Print JSON."""
    _write(json_text(document, indent), err=False, nl=True)


def _write(text: str, *, err: bool, nl: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    text = encodable(text, getattr(stream, "encoding", None) or "utf-8")
    try:
        stream.write(text + "\n" if nl else text)
        if err:
            stream.flush()
    except BrokenPipeError:  # the reader went away, as `| head` does: the exit code still tells
        _silence(stream)


def flushed() -> None:
    """Write what is still in the buffer of stdout, while an error can still be told."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError:
        _silence(sys.stdout)  # or the interpreter would try once more at its end
        raise


def fail(message: str, code: int = 2) -> NoReturn:
    """One line on stderr, and the exit code."""
    with contextlib.suppress(OSError):
        flushed()  # what was said before
    with contextlib.suppress(OSError):
        _write(f"ncsolve: error: {one_line(message)}", err=True, nl=True)
    sys.exit(code)


def _silence(stream: TextIO) -> None:
    """Let everything that is still written to the stream vanish, also what is in its buffer already."""
    with contextlib.suppress(OSError, ValueError, io.UnsupportedOperation):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


@contextlib.contextmanager
def streams() -> Iterator[None]:
    """stdout and stderr that take any text, and whose reader may go away.

    Exits with code 2 where stdout is closed: nothing could be told.
    """
    closed = sys.stdout is None
    if closed or sys.stderr is None:
        _fill_descriptors()
    with contextlib.ExitStack() as stack:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:
                null = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
                stack.callback(setattr, sys, name, None)
                setattr(sys, name, null)
        if closed:
            fail("the output cannot be written: standard output is closed; send it to a file or to /dev/null")
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stack.callback(stream.reconfigure, errors=stream.errors)
                stream.reconfigure(errors=HANDLER)
        try:
            yield
        except BrokenPipeError:  # of what other packages print
            _silence(sys.stdout)
            sys.exit(0)


def _fill_descriptors() -> None:
    """Where 0, 1 or 2 is closed the next file that is opened would get it, and with it what C libraries print."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free

"""Opening what a user names as input: files and pipes up to a size, and nothing that has no end or waits for ever."""

from __future__ import annotations

import os
import re
import select
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO

from ncsolve._files.write_whole import checked_path
from ncsolve.errors import FileError

__all__ = ["MOST_BYTES", "open_file", "read_bytes", "read_text", "shown_name"]

MOST_BYTES = 1 << 28
_CHUNK = 1 << 20
_WRITER = 2.0  # seconds: a process that was started together with this one has opened its end by then
_SILENCE = 600.0  # seconds: whoever writes may compute for a while, but nothing waits for ever
_STDIN = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,6})")


def read_bytes(path: str | Path, *, most: int = MOST_BYTES, what: str = "a file") -> bytes:
    """The bytes of a file or a pipe, of which there may be ``most``.

    ``path``: ``-`` and /dev/stdin are standard input, /dev/fd/N is an open descriptor, as a shell's ``<(...)`` names
    it; to a named pipe somebody must write within two seconds.  ``what`` names the kind of file in errors, as in "a
    problem file".  Raises FileError for what is too large, is no file (a folder, a device, a socket) or cannot be read.

    >>> from ncsolve._files.open_input import read_bytes
    >>> read_bytes("/dev/zero")
    Traceback (most recent call last):
    ...
    ncsolve.errors.FileError: /dev/zero: is a device, not a file; name a file, or - for standard input
    """
    name = shown_name(path)
    with _in_words(name):
        stream, own = _open(os.fspath(path), name)
        with stream:
            data = _read(stream, name, most, what, own=own)
    if len(data) > most:
        raise FileError(_too_large(name, most, what))
    return data


def read_text(path: str | Path, *, most: int = MOST_BYTES, what: str = "a file") -> str:
    """The text of a file or a pipe in UTF-8, with or without a byte order mark.  Raises FileError, as read_bytes."""
    try:
        return read_bytes(path, most=most, what=what).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{shown_name(path)}: is not a text file in UTF-8; convert it") from None


@contextmanager
def open_file(path: str | Path) -> Iterator[BinaryIO]:
    """A file that can be read in any order, which a pipe cannot.  Raises FileError."""
    name = shown_name(path)
    with _in_words(name):
        raw, _ = _open(os.fspath(path), name)
        stream = BufferedReader(raw)
    with stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise FileError(f"{name}: is a pipe, and is read in any order; write it to a file first, and name that")
        yield stream


def shown_name(path: str | Path) -> str:
    r"""A file's name as one line, without control characters and surrogates.

    >>> from ncsolve._files.open_input import shown_name
    >>> print(shown_name("two\nlines"))
    two\nlines
    """
    name = path if isinstance(path, str) else os.fspath(checked_path(path))
    return "standard input" if name == "-" else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """FileError for whatever the system says."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{name}: cannot be read: {error.strerror or error}") from None
    except (ValueError, OverflowError):  # a NUL, or surrogates that stand for no bytes
        raise FileError(f"{name}: cannot be read: no file can have this name") from None


def _open(path: str, name: str) -> tuple[FileIO, bool]:
    """A stream, and whether it was opened here and not by whoever started this process."""
    found = _DESCRIPTOR.fullmatch(path)
    if path in _STDIN and sys.stdin is None:
        raise FileError(f"{name}: is closed; send it something, as in < FILE")
    if found is None and path not in _STDIN:
        _refuse(os.stat(path).st_mode, name)  # before it is opened, for opening a device can have effects
        flags = ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
        stream = FileIO(os.open(path, os.O_RDONLY | sum(getattr(os, flag, 0) for flag in flags)))
    else:
        stream = FileIO(os.dup(0 if found is None else int(found[1])))
    try:
        mode = os.fstat(stream.fileno()).st_mode
        # Some programs start others with a socket as standard input, and people type into a terminal.
        if path not in _STDIN or not (stat.S_ISSOCK(mode) or stream.isatty()):
            _refuse(mode, name)
    except BaseException:
        stream.close()
        raise
    return stream, found is None and path not in _STDIN


def _refuse(mode: int, name: str) -> None:
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        kind = "a folder" if stat.S_ISDIR(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
        raise FileError(f"{name}: is {kind}, not a file; name a file, or - for standard input")


def _too_large(name: str, most: int, what: str) -> str:
    limit = f"{most >> 20} MiB" if most >> 20 else f"{most} bytes"
    return f"{name}: {what} may have at most {limit}, and it has more; name the right file, or a part of it"


def _read(stream: FileIO, name: str, most: int, what: str, *, own: bool) -> bytes:
    """Everything; of a pipe with more than ``most`` bytes, more than ``most``."""
    state = os.fstat(stream.fileno())
    if stat.S_ISREG(state.st_mode):
        if state.st_size > most:  # it is not read to tell that
            raise FileError(_too_large(name, most, what))
        # Files of /proc have the size 0, whatever they hold.
        with BufferedReader(stream) as buffered:
            return buffered.read(1 + min(state.st_size or most, most))
    chunks = [_first(stream, name)] if own else []
    length = sum(map(len, chunks))
    while length <= most and (chunk := _next(stream, name)) != b"":
        chunks.append(chunk)
        length += len(chunk)
    return b"".join(chunks)


def _first(stream: FileIO, name: str) -> bytes:
    """The first bytes of a named pipe, or none yet.  It was opened without waiting: no bytes mean no writer."""
    deadline = time.monotonic() + _WRITER
    while (chunk := stream.read(_CHUNK)) == b"":
        if time.monotonic() > deadline:
            raise FileError(f"{name}: is a pipe that nobody writes to; start its writer first, or name a file")
        time.sleep(0.01)
    return chunk or b""


def _next(stream: FileIO, name: str) -> bytes:
    """Some bytes, or none at the end."""
    while True:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(stream, select.POLLIN)
            if not poll.poll(_SILENCE * 1000):
                raise FileError(f"{name}: nothing came for {_SILENCE:g} s; write it to a file first, and name that")
        chunk = stream.read(_CHUNK)
        if chunk is not None:  # None: somebody else was faster
            return chunk

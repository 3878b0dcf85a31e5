"""Writing files whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ncsolve.errors import FileError, shown

__all__ = ["check_free", "checked_path", "write_text", "write_whole"]


def checked_path(path: object) -> Path:
    """A name of a file that the system can have.  Raises FileError for what is no text, is empty, or holds NUL."""
    if not isinstance(path, (str, os.PathLike)):
        raise FileError(f"the name of a file must be text or a path; got {shown(path)}, give one such as 'result.npz'")
    try:
        name = os.fspath(path)
        if isinstance(name, str) and name and b"\0" not in os.fsencode(name):
            return Path(name)
    except (TypeError, ValueError):  # a lone surrogate that stands for no byte
        pass
    raise FileError(
        f"the name of a file must be text without NUL and lone surrogates; got {shown(path)}, choose another name"
    )


def check_free(path: str | Path, *, force: bool = False) -> Path:
    """The path, if a file can be written there.

    Raises FileError for a folder, a device or a pipe, a file that exists (unless ``force`` is set), a name that is too
    long, and a folder that is not there or cannot be written.
    """
    path = checked_path(path)
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = 0
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from None
    if stat.S_ISDIR(mode):
        raise FileError(f"{path}: is a directory; name a file in it")
    if mode and not stat.S_ISREG(mode):
        raise FileError(f"{path}: is a device or a pipe, which is not written to; name a file")
    if mode and not force:
        raise FileError(f"{path}: exists already; choose another name or pass --force (force=True)")
    folder = path.parent
    if not folder.is_dir():
        raise FileError(f"{path}: cannot be written: there is no folder {str(folder)!r}; make it first")
    try:
        with tempfile.TemporaryFile(dir=folder):  # permissions do not tell all, as for root and in /proc
            pass
    except OSError as error:
        raise FileError(
            f"{path}: cannot be written: the folder {str(folder)!r} takes no files ({error.strerror or error})"
        ) from None
    return path


def write_whole(path: str | Path, write: Callable[[BinaryIO], object], *, force: bool = False) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in place in one step.

    An existing file is refused unless ``force`` is set; whatever happens, ``path`` is the old file, the whole
    new one, or absent.  Raises FileError.
    """
    path = check_free(path, force=force)
    try:
        # Its name does not grow with that of the file, which may be as long as the file system allows.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes files that only their owner can read
        temporary.replace(path)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | Path, text: str, *, force: bool = False) -> None:
    r"""Write text in UTF-8, whole or not at all; lone surrogates, which UTF-8 has not, as \udc80.  Raises FileError."""
    data = text.encode("utf-8", "backslashreplace")
    write_whole(path, lambda stream: stream.write(data), force=force)

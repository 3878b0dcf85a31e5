"""Writing files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ncsolve.errors import FileError

__all__ = ["write_whole"]


def write_whole(path: str | Path, write: Callable[[BinaryIO], object], *, force: bool = False) -> None:
    """Let ``write`` fill a temporary file beside ``path``, then put it in place in one step.

    An existing file is refused unless ``force`` is set; whatever happens, ``path`` is the old file, the whole
    new one, or absent.  Raises FileError.
    """
    path = Path(path)
    if path.is_dir():
        raise FileError(f"{path}: is a directory; name a file in it")
    if path.exists() and not force:
        raise FileError(f"{path}: exists already; choose another name or pass --force (force=True)")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
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

"""What can be said about an output file before the work begins: its ending, and whether it may be written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ncsolve.errors import FileError

__all__ = ["check_output"]


def check_output(path: str | Path, endings: Sequence[str], *, force: bool = False) -> Path:
    """The path of an output file.  Raises FileError for an ending that is none of ``endings``, a file that exists
    (unless ``force`` is set) and a folder that cannot be written."""
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise FileError(f"{path}: unknown file ending {path.suffix!r}; use one of {', '.join(endings)}")
    if path.is_dir():
        raise FileError(f"{path}: is a directory; name a file in it")
    if path.exists() and not force:
        raise FileError(f"{path}: exists already; choose another name or pass --force (force=True)")
    folder = path.parent
    if not folder.is_dir():
        raise FileError(f"{path}: cannot be written: there is no folder {str(folder)!r}")
    if not os.access(folder, os.W_OK):
        raise FileError(f"{path}: cannot be written: the folder {str(folder)!r} is read-only")
    return path

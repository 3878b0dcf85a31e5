"""What can be said about output files before the work begins: their endings, and whether they may be written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ncsolve._files.write_whole import check_free, checked_path
from ncsolve.errors import FileError

__all__ = ["check_different", "check_output"]


def check_output(path: str | Path, endings: Sequence[str], *, force: bool = False) -> Path:
    """The path of an output file.  Raises FileError for an ending that is none of ``endings``, a file that exists
    (unless ``force`` is set) and a folder that cannot be written."""
    path = checked_path(path)
    if path.suffix.lower() not in endings:
        raise FileError(f"{path}: unknown file ending {path.suffix!r}; use one of {', '.join(endings)}")
    return check_free(path, force=force)


def check_different(outputs: Mapping[str, Path | None], inputs: Iterable[object] = ()) -> None:
    """FileError if two options name one and the same file, by whatever way, or one of the ``inputs``: what is read must
    not be lost, whatever --force says."""
    seen: dict[str, str] = {}
    read = {os.path.realpath(path) for path in inputs if isinstance(path, (str, os.PathLike)) and os.path.isfile(path)}
    for option, path in outputs.items():
        if path is None:
            continue
        place = os.path.realpath(checked_path(path))
        if place in read:
            raise FileError(f"{path}: is read by this command, and {option} would overwrite it; name another file")
        if place in seen:
            raise FileError(f"{path}: is the file of {seen[place]} and of {option}; give each a file of its own")
        seen[place] = option

"""Named parameters in checkpoints of torch: where they are in the file, and what wrappers put before their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ncsolve._files.open_input import open_file, shown_name
from ncsolve.errors import FileError, MissingPackageError

__all__ = ["TENSORS", "held_parameters", "unwrapped_name"]

TENSORS = (".pt", ".pth", ".ckpt", ".bin")
# Where checkpoints keep the parameters, beside an optimizer's state and counters.
_INNER = ("state_dict", "model_state_dict", "model", "module", "net")
# What wrappers put before the names of parameters: DataParallel, torch.compile, Lightning.
_WRAPPERS = ("module.", "_orig_mod.", "model.", "net.")


def unwrapped_name(key: str) -> str:
    """The name of a parameter without what wrappers put before it.

    >>> unwrapped_name("_orig_mod.module.fc.weight")
    'fc.weight'
    """
    while (found := next((prefix for prefix in _WRAPPERS if key.startswith(prefix)), None)) is not None:
        key = key.removeprefix(found)
    return key


def held_parameters(path: str, part: str | None = None) -> tuple[str, dict[str, Any]]:
    """The part of a checkpoint of torch that holds named tensors (nothing if it is all of it), and all that is there.

    ``part`` is looked for before the usual ones.  No file can run code.  Raises FileError.
    """
    try:
        import torch
    except ImportError:
        raise MissingPackageError("reading checkpoints of torch", "torch", "ncsolve[torch]") from None
    try:
        with open_file(path) as stream:
            held = torch.load(stream, map_location="cpu", weights_only=True)
    except FileError:
        raise
    except Exception:  # of pickles that hold more than tensors, and of damaged files
        raise FileError(
            f"{shown_name(path)}: is no file of tensors only, which alone is read as it can't run code; save "
            "model.state_dict()"
        ) from None
    found = []
    for key in _INNER if part is None else (part, *_INNER):
        if isinstance(held, Mapping) and isinstance(held.get(key), Mapping):
            held = held[key]
            found.append(key)
    if not isinstance(held, Mapping):
        raise FileError(f"{shown_name(path)}: holds {type(held).__name__}, not named tensors; save model.state_dict()")
    return ", ".join(found), {str(key): value for key, value in held.items()}

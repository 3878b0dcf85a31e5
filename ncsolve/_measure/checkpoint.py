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


def held_parameters(path: str, part: str | None = None) -> tuple[list[str], dict[str, Any]]:
    """The parts of a checkpoint of torch, from the outermost on, in the last of which all of this is.

    ``part`` is looked for before the usual ones: its name, or the names that lead to it with dots between them.  No
    file can run code.  Raises FileError, also where several parts have that name.
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
    if not isinstance(held, Mapping):
        raise FileError(f"{shown_name(path)}: holds {type(held).__name__}, not named tensors; save model.state_dict()")
    named = None if part is None else _at(held, part)
    found, own = _innermost(held if named is None else named)
    if part is not None and named is None and not any(str(key).startswith(f"{part}.") for key in own):
        deep = _deep(held, part)
        if len(deep) > 1:
            raise FileError(f"{shown_name(path)}: {len(deep)} parts are called {shown_name(part)}: "
                            f"{', '.join(map(shown_name, deep))}; name one of them")
        if deep:
            ((part, named),) = deep.items()
            found, own = _innermost(named)
    return [*([] if part is None or named is None else [part]), *found], {str(key): own[key] for key in own}


def _innermost(held: Mapping[Any, Any]) -> tuple[list[str], Mapping[Any, Any]]:
    """What the usual parts lead to, and their names."""
    found = []
    for key in _INNER:
        if isinstance(held.get(key), Mapping):
            held = held[key]
            found.append(key)
    return found, held


def _at(held: Mapping[Any, Any], path: str) -> Mapping[Any, Any] | None:
    """The part to which names with dots between them lead; names may have dots of their own."""
    if isinstance(held.get(path), Mapping):
        return held[path]  # type: ignore[no-any-return]
    pieces = path.split(".")
    for cut in range(1, len(pieces)):
        inner = held.get(".".join(pieces[:cut]))
        found = _at(inner, ".".join(pieces[cut:])) if isinstance(inner, Mapping) else None
        if found is not None:
            return found
    return None


def _deep(held: Mapping[Any, Any], part: str) -> dict[str, Mapping[Any, Any]]:
    """All parts, however deep, the names to which end so; a part that is in several places is in one of them."""
    found, seen, queue = {}, {id(held)}, [("", held)]
    for start, outer in queue:
        for key, inner in outer.items():
            if isinstance(inner, Mapping) and id(inner) not in seen:
                seen.add(id(inner))
                name = f"{start}{key}"
                queue.append((f"{name}.", inner))
                if f".{name}".endswith(f".{part}"):
                    found[name] = inner
    return found

"""Parameters of a checkpoint into a model: all of them and no others, under the same names and in the same shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ncsolve._files.open_input import open_file, shown_name
from ncsolve._measure.checkpoint import TENSORS, held_parameters, unwrapped_name
from ncsolve.errors import FileError, MissingPackageError
from ncsolve.torch._named_code import raised

__all__ = ["check_checkpoint", "load_checkpoint"]

_SHOWN = 4
_SAFE = ".safetensors"


def check_checkpoint(path: str) -> None:
    """That there is a file, of a kind that can be read.  Raises FileError."""
    ending = Path(path).suffix.lower()
    if ending not in (*TENSORS, _SAFE) and not Path(path).is_dir():  # which is told below
        raise FileError(f"{shown_name(path)}: unknown file ending {ending!r}; checkpoints are "
                        f"{', '.join((*TENSORS, _SAFE))}")
    with open_file(path):
        pass


def load_checkpoint(model: nn.Module, path: str, prefix: str | None = None) -> str:
    """Give a model the parameters of a checkpoint, and say what was read.

    ``prefix`` names a part of the file (of nested ones with dots between their names), or what is before the names of
    the parameters.  What wrappers put before them
    does not count.  The model keeps the types of its parameters.  Raises FileError where names or shapes differ.
    """
    name = shown_name(Path(path).name)
    parts, held = _read(path, prefix)
    own = model.state_dict()
    tensors = {
        key: value for key, value in held.items()
        if isinstance(value, Tensor) or (key in own and not isinstance(own[key], Tensor))  # a state of another kind
    }
    if prefix is not None and not (parts and f".{parts[0]}".endswith(f".{prefix}")):
        tensors = _below(name, tensors, prefix, list(held))
    if not tensors:
        raise FileError(f"{name}: holds no named tensors but {_listed(list(held)) or 'nothing'}; if one of these is "
                        "the state_dict of the model, name it with --prefix")
    found, taken_off = _matched(tensors, own)
    _check_shapes(name, found, own)  # which else load_state_dict tells, on many lines
    try:
        odd = model.load_state_dict(found, strict=False)
    except RuntimeError as failure:  # of modules with a way of their own to load
        raise FileError(f"{name}: does not fit the model, which raised {raised(failure)}; is it that of another "
                        "model?") from None
    _check_names(name, odd.missing_keys, odd.unexpected_keys, tensors)
    part = ", ".join(map(shown_name, parts))
    said = [f"{name}{', its ' if part else ''}{part}: {len(found)} tensors, all that the model has"]
    own_way = [key for key in own if key not in found]  # of modules that do without some, as BatchNorm of its counter
    if own_way:
        said[0] += f" but {len(own_way)} ({_listed(own_way)}), which {'stay' if own_way[1:] else 'stays'} as made"
    if taken_off:
        said.append(f"without {taken_off!r} before their names")
    return "; ".join([*said, *_changed_types(found, own)])


def _read(path: str, prefix: str | None) -> tuple[list[str], dict[str, Any]]:
    if Path(path).suffix.lower() != _SAFE:
        return held_parameters(path, prefix)
    try:
        from safetensors.torch import load_file
    except ImportError:
        raise MissingPackageError("reading .safetensors files", "safetensors", "ncsolve[safetensors]") from None
    with open_file(path):
        pass  # refuses what is no file
    try:
        return [], dict(load_file(path))
    except Exception:  # the package raises errors of its own
        raise FileError(f"{shown_name(path)}: is not a .safetensors file that can be read; save it again") from None


def _below(name: str, held: Mapping[str, Any], prefix: str, names: Sequence[str]) -> dict[str, Any]:
    start = prefix.rstrip(".") + "."
    found = {key.removeprefix(start): value for key, value in held.items() if key.startswith(start)}
    if not found:
        first = list(dict.fromkeys(key.partition(".")[0] for key in names))
        raise FileError(f"{name}: no part and no parameter is called {prefix!r}; names begin with {_listed(first)}")
    return found


def _matched(held: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The tensors under the names that the model has for them, and what was before the first name in the file."""
    if not held.keys() - own.keys():
        return dict(held), ""
    places = {unwrapped_name(key): key for key in own}
    if len(places) < len(own) or len({unwrapped_name(key) for key in held}) < len(held):
        return dict(held), ""  # names that differ by such a word only are names
    found = {places.get(unwrapped_name(key), key): value for key, value in held.items()}
    first = next(iter(held))
    plain = unwrapped_name(first)
    return found, first.removesuffix(plain) if places.get(plain, first) != first else ""


def _check_shapes(name: str, found: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    both = [(key, found[key], own[key]) for key in found if key in own and isinstance(own[key], Tensor)
            and not torch.nn.parameter.is_lazy(own[key])]
    wrong = [key for key, value, mine in both if tuple(value.shape) != tuple(mine.shape)]
    if wrong:
        _check_names(name, [key for key in own if key not in found], [key for key in found if key not in own], found)
        key = wrong[0]
        raise FileError(
            f"{name}: the shapes of {len(wrong)} of {len(own)} tensors differ; {key!r} is {_shape(found[key])} here "
            f"and {_shape(own[key])} in the model: make the model with the arguments of the training"
        )
    for key, value, mine in both:
        if (value.is_floating_point(), value.is_complex()) != (mine.is_floating_point(), mine.is_complex()):
            raise FileError(f"{name}: {key!r} is {_kind(value.dtype)} here and {_kind(mine.dtype)} in the model; "
                            "numbers of another kind would be others, name the checkpoint of this model")


def _check_names(name: str, missing: Sequence[str], more: Sequence[str], held: Mapping[str, Any]) -> None:
    if not missing and not more:
        return
    parts = []
    if missing:
        parts.append(f"it lacks {len(missing)} that the model has ({_listed(missing)})")
    if more:
        parts.append(f"it has {len(more)} that the model lacks ({_listed(more)})")
    raise FileError(f"{name}: its {len(held)} tensors are not those of the model: {' and '.join(parts)}; make the "
                    "model that was trained, or name the part of the checkpoint that is this model with --prefix")


def _changed_types(found: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    """Sentences on parameters that the model keeps in another type than the checkpoint."""
    pairs = {(value.dtype, own[key].dtype): None for key, value in found.items()
             if isinstance(value, Tensor) and value.dtype != own[key].dtype}
    return [
        f"{_kind(given)} taken as {_kind(kept)}, that of the model ("
        + ("exact" if torch.promote_types(given, kept) == kept else "rounded") + ")" for given, kept in pairs
    ]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(shown_name, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")


def _shape(value: Tensor) -> str:
    return " x ".join(map(str, value.shape)) or "a number"


def _kind(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")

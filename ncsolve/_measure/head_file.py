"""Last layers from files: arrays of numpy, .safetensors, and checkpoints of torch, none of which can run code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ncsolve._arrays import Array
from ncsolve._files.open_input import open_file, shown_name
from ncsolve._measure.checkpoint import TENSORS, held_parameters, unwrapped_name
from ncsolve._measure.samples import MOST
from ncsolve.errors import FileError, MissingPackageError, shown

__all__ = ["HeadFile", "named_head", "read_head"]

_ENDINGS = (".npy", ".npz", ".safetensors", *TENSORS)
_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class HeadFile:
    """W (m, d) and b (m,) or None, and a sentence on what was read."""

    W: Array
    b: Array | None
    sentence: str


def read_head(text: str, name: str | None = None) -> HeadFile:
    """The last layer of ``W.npy``, ``W.npy,b.npy``, a .npz with W and b, a .safetensors file or a torch checkpoint.

    ``name`` is that of the layer, as fc in fc.weight; without it the only layer with a matrix of weights, or one that
    is called as last layers are, is taken.  Raises FileError.
    """
    files = [part.strip() for part in text.split(",")]
    if len(files) == 2 and all(part.lower().endswith(".npy") for part in files):
        w, b = (_array(part) for part in files)
        _check_matrix(_short(files[0]), w)
        _check_bias(_short(files[1]), w, b)
        return HeadFile(W=w, b=b, sentence=f"head {', '.join(map(_short, files))}: W {_shape(w)}, b {_shape(b)}")
    if len(files) > 1:
        raise FileError(f"{shown(text)}: a head of two files is W.npy,b.npy; name these, or one file")
    path = files[0]
    ending = Path(path).suffix.lower()
    if ending not in _ENDINGS:
        raise FileError(f"{shown_name(path)}: unknown file ending {ending!r}; use one of {', '.join(_ENDINGS)}")
    if ending == ".npy":
        w = _array(path)
        _check_matrix(_short(path), w)
        return HeadFile(W=w, b=None, sentence=f"head {_short(path)}: W {_shape(w)}, no bias")
    tensors = {".npz": _npz, ".safetensors": _safetensors}.get(ending, _torch)(path)
    return named_head(_short(path), tensors, name)


def named_head(file: str, tensors: Mapping[str, Any], name: str | None) -> HeadFile:
    """The last layer among named arrays.  Raises FileError where it is not clear which one that is."""
    plain = {unwrapped_name(key): value for key, value in tensors.items()}
    if "W" in plain and name is None:
        layer, w, b = "W", plain["W"], plain.get("b")
    else:
        layer = _layer(file, plain, name)
        w, b = plain[f"{layer}.weight".lstrip(".")], plain.get(f"{layer}.bias".lstrip("."))
    weights = _numbers(file, layer, w)
    if weights.ndim != 2:
        raise FileError(f"{file}: the weights of {layer!r} must be a matrix (m, d); got shape {weights.shape}, name "
                        "the last linear layer with --head-name")
    bias = None if b is None else _numbers(file, layer, b)
    if bias is not None and bias.shape != weights.shape[:1]:
        raise FileError(f"{file}: the bias of {layer!r} must have one entry per row of its weights {_shape(weights)}; "
                        f"got shape {bias.shape}")
    about = "no bias" if bias is None else f"b {_shape(bias)}"
    return HeadFile(W=weights, b=bias, sentence=f"head {file}, {layer}: W {_shape(weights)}, {about}")


def _check_matrix(file: str, w: Array) -> None:
    if w.ndim != 2 or w.size == 0:
        raise FileError(f"{file}: W must be a matrix (m, d), a row for every output; got shape {w.shape}, save the "
                        "weights of the last layer")


def _check_bias(file: str, w: Array, b: Array) -> None:
    if b.shape != w.shape[:1]:
        raise FileError(f"{file}: b must have one entry per row of W, {_shape(w)}; got shape {b.shape}, save the bias "
                        "of the same layer")


_USUAL = ("fc", "head", "classifier", "linear", "heads.head", "head.fc", "output", "")


def _layer(file: str, plain: Mapping[str, Any], name: str | None) -> str:
    found = [key.removesuffix("weight").rstrip(".") for key, value in plain.items()
             if (key == "weight" or key.endswith(".weight")) and getattr(value, "ndim", 0) == 2]
    listed = ", ".join(map(repr, found[:_SHOWN])) + (", ..." if len(found) > _SHOWN else "")
    if name is not None:
        wanted = unwrapped_name(f"{name}.").rstrip(".")
        if wanted not in found:
            raise FileError(f"{file}: there is no linear layer {name!r}; layers with a matrix of weights: {listed}")
        return wanted
    if not found:
        raise FileError(f"{file}: holds no matrix of weights called W or ....weight; save the state_dict of the model")
    usual = [word for word in _USUAL if word in found]
    if len(found) == 1 or len(usual) == 1:
        return usual[0] if usual else found[0]
    raise FileError(f"{file}: {len(found)} layers have a matrix of weights; choose one with --head-name ({listed})")


def _numbers(file: str, layer: str, value: Any) -> Array:
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise FileError(f"{file}: {layer!r} must hold real numbers; got {array.dtype}")
    fine = np.abs(array.astype(np.float64)) < MOST
    if not fine.all():
        raise FileError(f"{file}: {layer!r} must hold finite numbers below {MOST:g}; got {array[~fine].flat[0]}")
    return array.astype(np.float64)


def _array(path: str) -> Array:
    try:
        with open_file(path) as stream:
            array = np.load(stream, allow_pickle=False)
    except FileError:
        raise
    except Exception:  # damaged headers raise errors of many kinds
        raise FileError(f"{shown_name(path)}: is not a .npy file of numbers; save it again with numpy.save") from None
    if not isinstance(array, np.ndarray):
        raise FileError(f"{shown_name(path)}: must hold one array; it is an archive, name it .npz")
    return _numbers(_short(path), "the array", array)


def _npz(path: str) -> dict[str, Any]:
    try:
        with open_file(path) as stream, np.load(stream, allow_pickle=False) as data:
            # features can be large, and are read elsewhere
            return {key: data[key] for key in data.files if key in ("W", "b") or key.endswith(("weight", "bias"))}
    except FileError:
        raise
    except Exception:
        raise FileError(f"{shown_name(path)}: is not a .npz file of numbers; save it again with numpy.savez") from None


def _safetensors(path: str) -> dict[str, Any]:
    try:
        from safetensors.numpy import load
    except ImportError:
        raise MissingPackageError("reading .safetensors files", "safetensors", "ncsolve[safetensors]") from None
    with open_file(path) as stream:
        data = stream.read()
    try:
        return dict(load(data))
    except Exception as failure:  # the package raises errors of its own and KeyErrors for types that numpy has not
        if "bf16" in str(failure).lower() or "bfloat16" in str(failure).lower():
            return _safetensors_by_torch(path, data)
        raise FileError(f"{shown_name(path)}: is not a .safetensors file that can be read; save it again") from None


def _safetensors_by_torch(path: str, data: bytes) -> dict[str, Any]:
    try:
        from safetensors.torch import load
    except ImportError:
        raise MissingPackageError(f"{shown_name(path)} is in bfloat16 and", "torch", "ncsolve[torch]") from None
    return {key: value.float().numpy() for key, value in load(data).items()}


def _torch(path: str) -> dict[str, Any]:
    _, held = held_parameters(path)
    import torch

    kept = {key: value.detach() for key, value in held.items() if isinstance(value, torch.Tensor)
            and not value.is_complex() and value.layout == torch.strided}
    return {key: (value.float() if value.dtype == torch.bfloat16 else value).numpy() for key, value in kept.items()}


def _shape(array: Array) -> str:
    return " x ".join(map(str, array.shape))


def _short(path: str) -> str:
    return shown_name(Path(path).name)

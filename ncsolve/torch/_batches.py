"""Batches of a loader: taken apart, put where the model is, and counted against the data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from ncsolve.errors import ProblemError, shown

__all__ = ["Batch", "Unpack", "batches_of", "check_counted", "check_loader", "class_numbers_of", "masked"]

# What a user's function makes of a batch: inputs and labels, and perhaps a mask of what counts.
Unpack = Callable[[Any], Sequence[Any]]
_WAY_OUT = "pass unpack=lambda batch: (inputs, labels), where inputs is a tensor, or a tuple or dict of arguments"
_LABELS = ("labels", "label", "targets", "target", "y")


class Batch:
    """Arguments of the model, labels and perhaps a mask, on the device of the model."""

    def __init__(self, given: Any, unpack: Unpack | None, device: torch.device) -> None:
        inputs, labels, *rest = _apart(given, unpack)
        mask = rest[0] if rest else None
        inputs, labels, self.mask = tree_map(
            lambda one: one.to(device) if isinstance(one, Tensor) else one, (inputs, labels, mask)
        )
        self.keywords: dict[str, Any] = dict(inputs) if isinstance(inputs, Mapping) else {}
        self.arguments = tuple(inputs) if isinstance(inputs, (tuple, list)) else (
            () if isinstance(inputs, Mapping) else (inputs,)
        )
        self.labels = labels


def batches_of(loader: Any, unpack: Unpack | None, device: torch.device) -> Iterator[tuple[Batch, str]]:
    """Every batch of a loader, and a text that names its place.  Raises ProblemError."""
    for number, given in enumerate(loader):
        yield Batch(given, unpack, device), f" in batch {number}"


def check_loader(loader: Any, *, passes: int = 1) -> None:
    """That a loader is one, gives every sample once and can be read so many times.  Raises ProblemError."""
    if isinstance(loader, (tuple, list)) and len(loader) == 2 and all(isinstance(one, Tensor) for one in loader):
        raise ProblemError(
            "the loader must give batches; got two tensors, pass [(inputs, labels)] for one batch, or a DataLoader"
        )
    if not hasattr(loader, "__iter__") and not hasattr(loader, "__getitem__"):
        raise ProblemError(f"the loader must give batches; got {shown(loader)}, pass a DataLoader or a list of batches")
    if passes > 1 and hasattr(loader, "__next__"):
        raise ProblemError(
            "BatchNorm statistics are recomputed in several passes; got an iterator, which can be read once: pass a "
            "DataLoader or a list of batches"
        )
    if getattr(loader, "persistent_workers", False):
        raise ProblemError(
            "a loader must be free to be read again; got one with persistent_workers, which would end the epoch that "
            "it is in: measure with another DataLoader over the same data set"
        )
    for sampler in (getattr(loader, "sampler", None), getattr(getattr(loader, "batch_sampler", None), "sampler", None)):
        again = isinstance(sampler, (list, tuple)) and len(set(sampler)) < len(sampler)
        if again or getattr(sampler, "replacement", False):
            raise ProblemError(
                f"every sample must come once; got a loader whose {type(sampler).__name__} draws some again, measure "
                "with a plain DataLoader over the same data set"
            )


def check_counted(loader: Any, seen: int, samples: int | None) -> None:
    """That the loader gave its whole data set, or that the caller knows that it did not.  Raises ProblemError."""
    if seen == 0:
        raise ProblemError("a measurement needs samples; got a loader that gave no batch, was it read before?")
    try:
        whole = len(loader.dataset)
    except (AttributeError, TypeError):  # no DataLoader, or a stream
        return
    in_batches = getattr(loader, "batch_sampler", loader) is None  # batch_size=None: the data set gives whole batches
    if samples is not None or seen == whole or in_batches:
        return
    sampler = type(getattr(loader, "sampler", None)).__name__
    if getattr(loader, "drop_last", False):
        why = "drop_last=True leaves out the rest, build it with drop_last=False"
    elif sampler in ("SequentialSampler", "RandomSampler", "NoneType"):
        why = "build it anew over the data set"
    else:
        why = f"its {sampler} takes a part, measure with a plain DataLoader (or all processes by NeuralCollapse)"
    raise ProblemError(
        f"the loader must give its whole data set; it gave {seen} of {whole} samples: {why}, or pass samples={whole} "
        "to measure a part of the training set"
    )


def class_numbers_of(labels: Any, where: str) -> Tensor:
    """Labels as they came, as a tensor of class numbers (int64).  Raises ProblemError."""
    try:
        found = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError):
        raise ProblemError(
            f"labels must be class numbers; got {shown(labels)}{where}, {_WAY_OUT}"
        ) from None
    if found.dtype.is_floating_point or found.dtype.is_complex or found.dtype == torch.bool:
        rows = found.ndim == 2 and found.shape[1] > 1
        remedy = "pass labels.argmax(1) of one-hot rows" if rows else "pass labels.long()"
        raise ProblemError(f"labels must be class numbers; got {found.dtype} of shape {tuple(found.shape)}{where}, "
                           f"{remedy}")
    return found.to(torch.int64)


def masked(
    features: Tensor, labels: Tensor, mask: Any, ignore_index: int | None, where: str
) -> tuple[Tensor, Tensor]:
    """Features (n, d) and labels (n,) of what counts, of features (..., d) and labels (...).  Raises ProblemError."""
    if labels.shape != features.shape[:-1]:
        turned = ", pass labels.squeeze(-1)" if labels.shape == (*features.shape[:-1], 1) else ""
        raise ProblemError(
            f"every feature must have a label; got labels {tuple(labels.shape)} for features {tuple(features.shape)}"
            f"{where}{turned or ', does the head see one feature a sample?'}"
        )
    kept = None
    if mask is not None:
        try:
            kept = torch.as_tensor(mask, device=labels.device).bool()
        except (TypeError, ValueError, RuntimeError):
            raise ProblemError(f"a mask must be a tensor of truth values; got {shown(mask)}{where}") from None
        if kept.shape != labels.shape:
            raise ProblemError(
                f"a mask must have the shape of the labels, {tuple(labels.shape)}; got {tuple(kept.shape)}{where}"
            )
    if ignore_index is not None:
        counts = labels != ignore_index
        kept = counts if kept is None else kept & counts
    if kept is None:
        return features.reshape(-1, features.shape[-1]), labels.reshape(-1)
    return features[kept], labels[kept]


def _apart(given: Any, unpack: Unpack | None) -> Sequence[Any]:
    if unpack is not None:
        if not callable(unpack):
            raise ProblemError(f"unpack must be a function of a batch; got {shown(unpack)}, {_WAY_OUT}")
        found = unpack(given)
        if not isinstance(found, (tuple, list)) or len(found) not in (2, 3):
            raise ProblemError(f"unpack must return (inputs, labels) or (inputs, labels, mask); got {shown(found)}")
        return found
    if isinstance(given, Mapping):
        name = next((word for word in _LABELS if word in given), None)
        if name is not None:
            return {key: value for key, value in given.items() if key != name}, given[name]
        raise ProblemError(f"a batch must have labels; got a dict of {', '.join(map(str, given))}, {_WAY_OUT}")
    if isinstance(given, (tuple, list)) and len(given) == 2:
        return given
    size = f"{type(given).__name__} of {len(given)}" if isinstance(given, (tuple, list)) else type(given).__name__
    raise ProblemError(f"a batch must be (inputs, labels) or a dict with labels; got a {size}, {_WAY_OUT}")

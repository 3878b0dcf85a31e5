"""The last layer of a model: found, unwrapped, and refused where W is not a variable of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from ncsolve.errors import ProblemError, shown

__all__ = ["check_own_weight", "find_head", "is_linear", "plain_name", "resting", "unwrapped", "weight_of"]

_SHOWN = 8
_SHARDED = ("FullyShardedDataParallel", "DTensor")


def unwrapped(model: Any) -> nn.Module:
    """The module itself, without DistributedDataParallel, DataParallel and ``torch.compile``.

    Raises ProblemError for what is no module, and for weights that are sharded over processes.

    >>> import torch
    >>> unwrapped(torch.nn.DataParallel(torch.nn.Linear(2, 3)))
    Linear(in_features=2, out_features=3, bias=True)
    """
    while True:
        if not isinstance(model, nn.Module):
            raise ProblemError(f"the model must be a torch.nn.Module; got {shown(model)}, pass the network itself")
        kinds = {type(model).__name__, *(type(own).__name__ for own in model.parameters())}
        if kinds & set(_SHARDED):
            raise ProblemError(
                "the model's weights must be whole in this process; got sharded ones (FSDP), gather a full state_dict "
                "and load it into a plain model"
            )
        inner = getattr(model, "_orig_mod", None)  # of torch.compile
        if inner is None and isinstance(model, (nn.parallel.DistributedDataParallel, nn.DataParallel)):
            inner = model.module
        if inner is None:
            return model
        model = inner


def find_head(model: nn.Module, name: str | None = None) -> tuple[str, nn.Linear]:
    """Name and module of the last linear layer of an unwrapped model, or of the one that is called so.

    Raises ProblemError where there is none, for a name of something else, and for weights that are tied.

    >>> import torch
    >>> find_head(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2)))
    ('2', Linear(in_features=3, out_features=2, bias=True))
    """
    found = {plain_name(key): module for key, module in model.named_modules() if is_linear(module)}
    listed = ", ".join(map(repr, list(found)[-_SHOWN:])) or "none"
    if name is None:
        if not found:
            raise ProblemError(
                f"the model must end in a linear layer; got {type(model).__name__} without any torch.nn.Linear, whose "
                "features this theory is about"
            )
        name = next(reversed(found))
    if not isinstance(name, str) or plain_name(name) not in found:
        raise ProblemError(
            f"head must name a torch.nn.Linear of the model; got {shown(name)}, linear layers are {listed}"
        )
    name = plain_name(name)
    check_own_weight(model, name, found[name])
    return name, found[name]


@contextmanager
def resting(*modules: nn.Module) -> Iterator[None]:
    """The modules in eval mode, by their flags alone: methods that are called ``train`` and ``eval`` may do more."""
    modes = [(part, part.training) for module in modules for part in module.modules()]
    try:
        for part, _ in modes:
            part.training = False
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def weight_of(head: nn.Linear) -> Tensor:
    """W without a graph: a parametrized one is computed as in eval mode, as in training it may change by being read."""
    with resting(head):
        weight: Tensor = head.weight.detach()
    return weight


def check_own_weight(model: nn.Module, name: str, layer: nn.Linear, title: str = "head", letter: str = "W") -> None:
    """That the weight of a layer, by its title and letter, is there, up to date, and belongs to this layer alone.

    Raises ProblemError.
    """
    if any(isinstance(own, nn.parameter.UninitializedParameter) or own.is_meta for own in layer.parameters()):
        raise ProblemError(f"the {title} {name!r} has no weights yet; load or make them before the model is probed")
    before = next((word for word in ("weight_g", "weight_orig") if hasattr(layer, word)), None)
    if before is not None:
        raise ProblemError(
            f"the {title}'s weight must be up to date whenever it is read; got {name!r} with {before!r}, of which a "
            "hook makes it in a forward pass: use torch.nn.utils.parametrizations, or prune.remove"
        )
    weight = weight_of(layer)
    for key, other in model.named_modules():
        if other is layer:
            continue
        for word, own in other.named_parameters(recurse=False):
            # tied: one parameter in two layers, or two views of one memory
            if isinstance(own, nn.parameter.UninitializedParameter):
                continue
            if own.numel() and own.data_ptr() == weight.data_ptr():
                place = f"{plain_name(key)}.{word}".lstrip(".")
                raise ProblemError(
                    f"the {title}'s weight must be a variable of its own; got {name!r} tied to {place!r}, so that loss "
                    f"and weight decay count {letter} in two places: no theorem here covers that, untie them (a copy "
                    "of the weight) and train so"
                )


def is_linear(module: nn.Module) -> bool:
    """A linear layer that is called: attention reads the weights of its own subclass without calling it."""
    return isinstance(module, nn.Linear) and not isinstance(module, nn.modules.linear.NonDynamicallyQuantizableLinear)


def plain_name(name: str) -> str:
    """A name without what wrappers of a part of the model put into it."""
    return ".".join(part for part in name.split(".") if part != "_orig_mod")

"""Looking at a model in the middle of its training without a trace: modes, buffers and random numbers come back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from weakref import WeakSet

import numpy as np
import torch
from torch import Tensor, nn

from ncsolve.errors import ProblemError
from ncsolve.torch._head import resting

__all__ = ["eager", "running", "undisturbed", "writes_of"]

# Models that are looked at now: of two that look at one the second would take the first one's changes for its own.
_LOOKED_AT: WeakSet[nn.Module] = WeakSet()


@contextmanager
def undisturbed(model: nn.Module, loader: Any = None) -> Iterator[None]:
    """The model in eval mode and uncompiled, until the end.

    Then it, the random generators of torch, numpy and Python, and those of the loader are exactly as they were,
    whatever happened.  Raises ProblemError for a model that is looked at already, and for one that writes its
    parameters in a forward pass.
    """
    if model in _LOOKED_AT:
        raise ProblemError(
            "one measurement of a model must end before the next; got another one while batches are left, read them "
            "to the end, or close() them"
        )
    written = {name: writes_of(own) for name, own in model.named_parameters()}
    with ExitStack() as back:
        back.callback(_LOOKED_AT.discard, model)
        _LOOKED_AT.add(model)
        back.enter_context(_kept_buffers(model))
        back.enter_context(_kept_generators(loader))
        back.enter_context(_uncompiled(model))
        back.enter_context(resting(model))
        yield
    changed = next((name for name, own in model.named_parameters() if writes_of(own) != written.get(name)), None)
    if changed is not None:
        raise ProblemError(
            f"a forward pass must not write parameters; {changed!r} was, and is not as before: run the model once in "
            "training before it is measured (its initialization may depend on data), or take that out of forward"
        )


@contextmanager
def running() -> Iterator[None]:
    """For a pass of the model: no gradients, and nothing of what was compiled."""
    try:
        with torch.no_grad(), eager():
            yield
    finally:
        torch.clear_autocast_cache()  # weights that were cast without a gradient are not to be used in training


@contextmanager
def eager() -> Iterator[None]:
    """Parts that were compiled run as they are written, where this version of torch knows how."""
    stance = getattr(torch.compiler, "set_stance", None)
    if stance is None:
        yield
    else:
        with stance("force_eager"):
            yield


@contextmanager
def _kept_buffers(model: nn.Module) -> Iterator[None]:
    kept = [(module, dict(module._buffers)) for module in model.modules() if module._buffers]
    copies = {id(buffer): (buffer, buffer.detach().clone(), writes_of(buffer)) for _, own in kept
              for buffer in own.values() if buffer is not None}
    try:
        yield
    finally:
        for module, own in kept:
            module._buffers.clear()
            module._buffers.update(own)
        with torch.no_grad():
            for buffer, copy, version in copies.values():
                if _changed(buffer, copy, version):
                    buffer.copy_(copy)


def _changed(buffer: Tensor, copy: Tensor, version: int) -> bool:
    try:
        return not torch.equal(buffer, copy)
    except (RuntimeError, NotImplementedError):  # sparse ones are not compared
        return writes_of(buffer) != version


def writes_of(tensor: Tensor) -> int:
    """How often a tensor was written in place, as far as torch counts it."""
    return -1 if tensor.is_inference() else int(tensor._version)


@contextmanager
def _uncompiled(model: nn.Module) -> Iterator[None]:
    """Hooks of parts are not seen by what was compiled without them."""
    compiled = [(module, module._compiled_call_impl) for module in model.modules()
                if getattr(module, "_compiled_call_impl", None) is not None]
    try:
        for module, _ in compiled:
            module._compiled_call_impl = None
        yield
    finally:
        for module, call in compiled:
            module._compiled_call_impl = call


@contextmanager
def _kept_generators(loader: Any) -> Iterator[None]:
    own = [(one, one.get_state()) for one in _generators(loader)]
    state = torch.get_rng_state(), random.getstate(), np.random.get_state()  # noqa: NPY002
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    try:
        yield
    finally:
        for generator, kept in own:
            generator.set_state(kept)
        torch.set_rng_state(state[0])
        random.setstate(state[1])
        np.random.set_state(state[2])  # noqa: NPY002
        if devices:
            torch.cuda.set_rng_state_all(devices)


def _generators(loader: Any) -> list[torch.Generator]:
    """Those that a DataLoader draws its order from."""
    inner = getattr(getattr(loader, "batch_sampler", None), "sampler", None)
    places = (loader, getattr(loader, "sampler", None), inner)
    found = [getattr(place, "generator", None) for place in places]
    return list({id(one): one for one in found if isinstance(one, torch.Generator)}.values())

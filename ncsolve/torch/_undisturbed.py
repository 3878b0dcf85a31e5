"""Looking at a model in the middle of its training without a trace: modes, buffers and random numbers come back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

__all__ = ["eager", "undisturbed"]


@contextmanager
def undisturbed(model: nn.Module, loader: Any = None) -> Iterator[None]:
    """The model in eval mode, without gradients and uncompiled.

    At the end it, the random generators of torch, numpy and Python, and those of the loader are exactly as they were,
    whatever happened.
    """
    modes = [(module, module.training) for module in model.modules()]
    kept = [(module, dict(module._buffers)) for module in model.modules() if module._buffers]
    copies = {id(buffer): (buffer, buffer.detach().clone()) for _, own in kept for buffer in own.values()
              if buffer is not None}
    compiled = [(module, module._compiled_call_impl) for module in model.modules()
                if getattr(module, "_compiled_call_impl", None) is not None]
    generators = [(one, one.get_state()) for one in _generators(loader)]
    state = torch.get_rng_state(), random.getstate(), np.random.get_state()  # noqa: NPY002
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else []
    try:
        for module, _ in compiled:  # hooks of parts are not seen by what was compiled without them
            module._compiled_call_impl = None
        model.eval()
        with torch.no_grad(), eager():
            yield
    finally:
        torch.clear_autocast_cache()  # weights that were cast without a gradient are not to be used in training
        for module, mode in modes:
            module.training = mode
        for module, own in kept:
            module._buffers.clear()
            module._buffers.update(own)
        with torch.no_grad():
            for buffer, copy in copies.values():
                if not torch.equal(buffer, copy):
                    buffer.copy_(copy)
        for module, call in compiled:
            module._compiled_call_impl = call
        for generator, own_state in generators:
            generator.set_state(own_state)
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


@contextmanager
def eager() -> Iterator[None]:
    """Parts that were compiled run as they are written, where this version of torch knows how."""
    stance = getattr(torch.compiler, "set_stance", None)
    if stance is None:
        yield
    else:
        with stance("force_eager"):
            yield

"""Statistics of BatchNorm over all samples, in place of running averages (T15 speaks of the full batch).

What a layer sees depends on the statistics of the layers before it, so that there is one pass over the samples for
each layer, which ends where that layer is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ncsolve.errors import ProblemError

__all__ = ["batch_norms", "recompute"]

T = TypeVar("T")


class _ReachedError(Exception):
    """The layer of this pass has seen the batch."""


def batch_norms(model: nn.Module) -> dict[str, nn.Module]:
    """The layers of batch normalization by name."""
    return {name: module for name, module in model.named_modules() if isinstance(module, _BatchNorm)}


def recompute(
    layers: Mapping[str, nn.Module], batches: Callable[[], Iterable[T]], run: Callable[[T], object]
) -> None:
    """Give layers of batch normalization mean and variance of all samples, in the order in which they are called.

    ``run(batch)`` runs the model, which is in eval mode.  The variance is the biased one, by which training normalizes.
    Raises ProblemError for a layer that is called twice, whose two calls normalize apart.
    """
    for name in _called(layers, batches, run):
        layer: Any = layers[name]
        seen = _Channels()
        hook = layer.register_forward_pre_hook(seen.take, with_kwargs=True)
        try:
            for batch in batches():
                try:
                    run(batch)
                except _ReachedError:
                    continue
        finally:
            hook.remove()
        layer.running_mean, layer.running_var = seen.statistics(layer)


def _called(
    layers: Mapping[str, nn.Module], batches: Callable[[], Iterable[T]], run: Callable[[T], object]
) -> list[str]:
    """The layers in the order of a forward pass."""
    order: list[str] = []
    hooks = [
        layer.register_forward_pre_hook(lambda *_, name=name: order.append(name))
        for name, layer in layers.items()
    ]
    try:
        for batch in batches():
            run(batch)
            break
    finally:
        for hook in hooks:
            hook.remove()
    twice = next((name for name in order if order.count(name) > 1), None)
    if twice is not None:
        raise ProblemError(
            f"BatchNorm statistics can be recomputed for layers that are called once; got {twice!r}, called "
            f"{order.count(twice)} times in a forward pass: measure with bn='eval'"
        )
    return order


class _Channels:
    """Mean and variance of every channel over all samples and positions, merged batch by batch."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = self._squares = torch.zeros(())
        self._kind, self._device = torch.float32, torch.device("cpu")

    def take(self, module: nn.Module, inputs: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
        """A forward pre-hook, which goes no further."""
        x = [*inputs, *named.values()][0].detach()
        self._kind, self._device = x.dtype, x.device
        # (channels, samples and positions), first to a device that has double precision
        rows = x.to("cpu" if x.device.type == "mps" else x.device).transpose(0, 1).flatten(1).to(torch.float64)
        if rows.shape[1] == 0:
            raise _ReachedError
        count, mean = rows.shape[1], rows.mean(1)
        squares = ((rows - mean[:, None]) ** 2).sum(1)
        if self._count:
            step, share = mean - self._mean, count / (self._count + count)
            squares += self._squares + step**2 * (self._count * share)
            mean = self._mean + share * step
        self._count, self._mean, self._squares = self._count + count, mean, squares
        raise _ReachedError

    def statistics(self, layer: Any) -> tuple[Tensor, Tensor]:
        """Mean and biased variance, of the type that the layer keeps or computes in."""
        held = next((own for own in (layer.running_mean, layer.weight) if own is not None), None)
        kind = self._kind if held is None else held.dtype
        mean, variance = self._mean, self._squares / max(self._count, 1)
        return mean.to(kind).to(self._device), variance.to(kind).to(self._device)

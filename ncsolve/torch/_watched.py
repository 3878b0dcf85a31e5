"""A forward pass in which layers are watched: what each saw and made, and whether that is what theory needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from ncsolve.errors import NCSolveError, ProblemError
from ncsolve.torch._hidden import HIDDEN
from ncsolve.torch._measured import layer_arrays
from ncsolve.torch._undisturbed import writes_of

__all__ = ["HOST", "Seen", "Watched", "check_last", "check_linear", "check_passed_on", "run_watched", "told"]

# Devices whose features are summed up by the host: its own, and one without double precision.
HOST = ("cpu", "mps")


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A linear layer of a model: its name there, and its title, "head" or HIDDEN."""

    name: str
    layer: nn.Linear
    title: str

    @property
    def formula(self) -> str:
        """What it computes."""
        return "V z + c" if self.title == HIDDEN else "W h + b"


@dataclass(kw_only=True)
class Seen:
    """What a layer was given in each call and what it made, and how often each was then written in place."""

    given: list[Tensor] = field(default_factory=list)
    made: list[Tensor] = field(default_factory=list)
    entered: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)

    def enter(self, module: nn.Module, given: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
        """A forward pre-hook."""
        first = [*given, *named.values()][0]
        self.given.append(first)
        self.entered.append(writes_of(first))

    def leave(self, module: nn.Module, given: Any, output: Tensor) -> None:
        """A forward hook."""
        self.made.append(output)
        self.left.append(writes_of(output))


def run_watched(
    call: Callable[..., Any], args: Any, kwargs: Any, layers: Sequence[Watched]
) -> tuple[Any, tuple[Seen, ...]]:
    """What a model returns, and what each of the layers saw.  Raises ProblemError for one that is not called once."""
    found = tuple(Seen() for _ in layers)
    with ExitStack() as hooks:
        for own, seen in zip(layers, found, strict=True):
            hooks.callback(own.layer.register_forward_pre_hook(seen.enter, with_kwargs=True).remove)
            hooks.callback(own.layer.register_forward_hook(seen.leave).remove)
        result = call(*args, **kwargs)
    for own, seen in zip(layers, found, strict=True):
        if len(seen.given) != 1:
            remedy = "probe with tail='head'" if own.title == HIDDEN else "name the last layer with head="
            raise ProblemError(
                f"the {own.title} must be called once in a forward pass; {own.name!r} was called {len(seen.given)} "
                f"times, {remedy}"
            )
    return result, found


def check_last(name: str, result: Any, outputs: Tensor) -> None:
    """That a head which nobody named is the last layer: its output is what the model returns.  Raises ProblemError."""
    if any(leaf is outputs or _equal(leaf, outputs) for leaf in tree_leaves(result)):
        return
    raise ProblemError(
        f"the last linear layer must make what the model returns; {name!r} does not (a softmax or another layer "
        f"follows, or a {type(result).__name__} holds other outputs): name the head with head=, if its own outputs are "
        "what the loss takes"
    )


def check_linear(own: Watched, seen: Seen) -> None:
    """That a layer computes its formula, but for the rounding of the type that it computes in.  Raises ProblemError."""
    w, b = (torch.from_numpy(part) for part in layer_arrays(own.layer, own.title))
    outputs = seen.made[0]
    h, made = (part.detach().cpu().double().reshape(-1, part.shape[-1]) for part in (seen.given[0], outputs))
    apart = (h @ w.T + b - made).abs()
    # d products and sums, each rounded; matrix units of accelerators take inputs of ten bits
    eps = max(torch.finfo(outputs.dtype).eps, 0.0 if outputs.device.type in HOST else 2.0**-10)
    allowed = eps * (h.shape[1] + 8) * (h.abs() @ w.abs().T + b.abs())
    wrong = apart > allowed
    if bool(wrong.any()):  # nan is not: it is told as such
        raise ProblemError(
            f"the {own.title} must compute {own.formula}; {own.name!r} gives outputs {float(apart[wrong].max()):.3g} "
            "from that (a forward of its own, as of a cosine head, or a hook): no theorem here covers it"
        )


def check_passed_on(own: Watched, below: Seen, head: Seen, *, traced: bool) -> None:
    """That the head sees, number for number, what the layer below it makes.  Raises ProblemError.

    Of a forward function that was not traced it must be the very memory, and nothing may have been written to it
    since: of outputs that happen to be positive a ReLU makes the same numbers.
    """
    made, given = below.made[0], head.given[0]
    same = made.data_ptr() == given.data_ptr() and below.left[0] == head.entered[0]
    if not ((traced or same) and _equal(given, made)):
        raise ProblemError(
            f"with tail={HIDDEN!r} the head must see the output of a torch.nn.Linear and nothing else; got "
            f"{own.name!r}, and something between the two that changes it: probe with tail='head'"
        )


@contextmanager
def told(model: nn.Module) -> Iterator[None]:
    """What the model raises for inputs that it does not take becomes one line."""
    try:
        yield
    except (NCSolveError, torch.OutOfMemoryError):
        raise
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError, KeyError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ProblemError(
            f"the model must run on every batch; {type(model).__name__} raised {type(error).__name__}: {reason}; "
            "compare the inputs with those of the training, or pass unpack="
        ) from error


def _equal(leaf: Any, outputs: Tensor) -> bool:
    """Whether a part of what a model returns holds these numbers, in whatever type and shape."""
    if not isinstance(leaf, Tensor) or leaf.numel() != outputs.numel() or leaf.is_complex():
        return False
    a, b = (part.detach().flatten().to(torch.promote_types(leaf.dtype, outputs.dtype)) for part in (leaf, outputs))
    return bool(((a == b) | (a.isnan() & b.isnan())).all())

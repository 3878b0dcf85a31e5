"""A linear last hidden layer: found below the head, and with the head as one linear layer of what it sees (T15)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from torch import nn

from ncsolve._arrays import Array
from ncsolve.errors import ProblemError
from ncsolve.torch._below import Below, below_head
from ncsolve.torch._head import check_own_weight, is_linear, plain_name
from ncsolve.torch._measured import head_arrays, layer_arrays

__all__ = ["HIDDEN", "TAILS", "FoundHidden", "find_hidden", "hidden_of", "tail_arrays"]

HIDDEN = "last hidden layer"
TAILS = ("head", HIDDEN)
# What may be between the two without changing a number in the mode of evaluation.
_BETWEEN = {"shape", "nothing", "dropout"}


@dataclass(frozen=True, kw_only=True)
class FoundHidden:
    """The last hidden layer, its name, and whether a trace of the forward function says that the head sees its output.

    Where the forward function cannot be traced it is the last linear layer that is registered before the head.
    """

    name: str
    layer: nn.Linear
    traced: bool


def find_hidden(model: nn.Module, head_name: str, head: nn.Linear) -> FoundHidden:
    """The linear layer right below the head of an unwrapped model.

    Raises ProblemError where something else is, and for a weight that is tied.

    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(5, 3), torch.nn.Dropout(), torch.nn.Linear(3, 2))
    >>> find_hidden(model, "3", model[3]).name
    '1'
    """
    try:
        below = below_head(model, head_name, head)
    except ProblemError:  # it cannot be traced: a forward pass has to show it
        found = _registered_before(model, head)
    else:
        layer = hidden_of(below, head)
        if layer is None:
            raise _other(str(below))
        found = FoundHidden(name=plain_name(below.name), layer=layer, traced=True)
    check_own_weight(model, found.name, found.layer, HIDDEN, "V")
    return found


def hidden_of(below: Below, head: nn.Linear) -> nn.Linear | None:
    """The linear layer at which the walk from the head ended, if what it makes is what the head sees."""
    layer = below.module
    if not isinstance(layer, nn.Module) or not is_linear(layer) or set(below.passed) - _BETWEEN:
        return None
    # flattened positions are no features of this layer
    return layer if isinstance(layer, nn.Linear) and layer.out_features == head.in_features else None


def tail_arrays(head: nn.Linear, hidden: nn.Linear) -> tuple[Array, Array]:
    """W V (m, p) and W c + b (m,): what the last two layers make together of what the lower one sees."""
    w, b = head_arrays(head)
    v, c = layer_arrays(hidden, HIDDEN)
    return w @ v, w @ c + b


def _registered_before(model: nn.Module, head: nn.Linear) -> FoundHidden:
    before = takewhile(lambda entry: entry[1] is not head, model.named_modules())
    found = [(plain_name(name), module) for name, module in before if is_linear(module)]
    if not found:
        raise _other("a model without one")
    name, layer = found[-1]
    if not isinstance(layer, nn.Linear) or layer.out_features != head.in_features:
        raise _other(f"{name} ({type(layer).__name__}) with outputs of another size")
    return FoundHidden(name=name, layer=layer, traced=False)


def _other(got: str) -> ProblemError:
    return ProblemError(
        f"with tail={HIDDEN!r} the head must see the output of a torch.nn.Linear and nothing else; got {got}: no "
        "minimum of the last two layers is known, probe with tail='head'"
    )

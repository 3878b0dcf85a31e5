"""What becomes of the head's output: the loss is of W h + b only where the model returns that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from ncsolve.torch._layers import look
from ncsolve.torch._trace import changed_in_place, name_of

__all__ = ["changed_output"]

_KEPT = {"shape", "nothing", "a transposition", "a choice of positions"}
# A loss may be in the model itself; the loss of a logarithm of softmax is that of the output.
_LOSSES = {"cross_entropy", "mse_loss", "log_softmax"}
_LOSS_LAYERS = (nn.CrossEntropyLoss, nn.MSELoss, nn.LogSoftmax)


def changed_output(model: nn.Module, calls: Sequence[Any]) -> str:
    """What the model does to the output of the head, whose calls these are, in words; "" if it returns it as it is."""
    if len(calls) > 1:
        return f"the forward function calls it {len(calls)} times, so that a sample has several outputs"
    kept, left, others = set(), [calls[0]], []
    while left:
        node = left.pop()
        kept.add(node)
        for user in node.users:
            if user.op == "output" or _is_kept(model, user):
                left += [user] if user not in kept else []
            else:
                others.append(user)
    end = next((node for node in kept if node.op == "output"), None)
    if end is None:
        made = " and ".join(dict.fromkeys(_name(model, user) for user in others)) or "nothing"
        return f"the model does not return its output, but makes {made} of it"
    changed = changed_in_place(model, kept, end)
    return f"the model changes its output in place by {changed}" if changed else ""


def _is_kept(model: nn.Module, node: Any) -> bool:
    if node.op == "call_module":
        module = model.get_submodule(node.target)
        return isinstance(module, _LOSS_LAYERS) or look(model, node)[2] in _KEPT
    return name_of(node) in _LOSSES or look(model, node)[2] in _KEPT


def _name(model: nn.Module, node: Any) -> str:
    return type(model.get_submodule(node.target)).__name__ if node.op == "call_module" else name_of(node)

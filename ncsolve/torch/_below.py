"""What is below the head of a network: the layer that decides what takes the place of lambda_H (T15)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from torch import fx, nn

from ncsolve.checks.arguments import check_name
from ncsolve.errors import ProblemError, visible
from ncsolve.torch._head_output import changed_output
from ncsolve.torch._layers import NORMS, is_leaf, look
from ncsolve.torch._trace import changed_in_place, trace, without_gradient

__all__ = ["BELOW", "Below", "below_head", "named_below"]

# What features may be, as the argument ``below`` names it.
BELOW = ("batch-norm", "batch-norm-relu", "relu", "layer-norm", "linear", "other", "none")
_NONNEGATIVE = {"batch-norm": "batch-norm-relu", "parameter": "parameter-relu", "none": "none"}
# Which kind a layer makes with an activation above it; of layers that are not named the activation decides.
_UNDER = {
    "ReLU": (_NONNEGATIVE, "relu"), "ReLU6": (_NONNEGATIVE, "relu"),
    "activation": ({"batch-norm": "batch-norm", "none": "none"}, "other"),
}


@dataclass(frozen=True, kw_only=True)
class Below:
    """The layer at which the walk from the head ends (``name``, ``module``), and what is between (``passed``).

    ``passed`` begins at the head.  ``kind`` is one of BELOW, or "parameter" and "parameter-relu" for free features;
    ``said`` where the user names it; ``output`` says what the model does to the output of the head, if anything.
    """

    kind: str
    name: str
    module: Any = None
    passed: tuple[str, ...] = ()
    said: bool = False
    output: str = ""

    @property
    def layer(self) -> str:
        """The layer alone."""
        return f"{self.name} ({type(self.module).__name__})" if isinstance(self.module, nn.Module) else self.name

    def __str__(self) -> str:
        if self.said:
            return f"{self.layer}, as below = {self.kind!r} says"
        return ", then ".join([self.layer, *(step for step in reversed(self.passed) if step != "shape")])


def below_head(model: nn.Module, head_name: str, head: nn.Linear) -> Below:
    """What is below the head of a model, read from a symbolic trace of its forward function.

    Raises ProblemError, with the remedy of naming it, where the forward function cannot be traced.
    """
    try:
        graph = trace(model, is_leaf)
    except Exception as error:  # whatever somebody's forward function raises when it is called without numbers
        reason = visible((str(error).strip() or type(error).__name__).splitlines()[0])
        raise ProblemError(
            "what is below the head is read from a symbolic trace of the model, which failed "
            f"({reason}); say it: below = {', '.join(map(repr, BELOW))}"
        ) from None
    calls = [node for node in graph.nodes if node.op == "call_module" and model.get_submodule(node.target) is head]
    if not calls:
        raise ProblemError(
            f"the forward function must call the head as a module; got {head_name}, which it does not call, say what "
            f"is below it: below = {', '.join(map(repr, BELOW))}"
        )
    return replace(_walk(model, calls[-1]), output=changed_output(model, calls))


def named_below(model: nn.Module, head: nn.Linear, kind: str) -> Below:
    """What the user says is below the head; batch normalization is the last one that is registered before the head."""
    check_name("layer below the head", kind, BELOW)
    passed = ("average pooling", "ReLU") if kind.endswith("relu") else ("average pooling",)
    if not kind.startswith("batch-norm"):
        return Below(kind=kind, name="what is there", passed=passed, said=True)
    before = takewhile(lambda entry: entry[1] is not head, model.named_modules())
    layers = [(name, module) for name, module in before if isinstance(module, NORMS)]
    if not layers:
        raise ProblemError(f"below = {kind!r} is for models with batch normalization before the head; got none")
    name, module = layers[-1]
    return Below(kind=kind, name=name, module=module, passed=passed, said=True)


def _source(node: Any) -> Any:
    """What a node works on."""
    return node.args[0] if node.args else next(iter(node.kwargs.values()), None)


def _walk(model: nn.Module, call: Any) -> Below:
    passed: list[str] = []
    chain: list[Any] = []
    node = _source(call)
    while isinstance(node, fx.Node):
        chain.append(node)
        module, name, step, end = look(model, node)
        if step is None or without_gradient(node):
            break
        if step != "nothing":
            passed.append(step)
        node = _source(node)
    else:
        return Below(kind="other", name="something that is not a tensor", passed=tuple(passed))
    if without_gradient(node):
        return Below(kind=_kind("none", passed), name="what is computed without gradient", passed=tuple(passed))
    changed = changed_in_place(model, chain, call)
    if changed:
        return Below(kind="other", name=f"{name}, changed in place by {changed}", passed=tuple(passed))
    return Below(kind=_kind(end, passed), name=name, module=module, passed=tuple(passed))


def _kind(end: str, passed: list[str]) -> str:
    # that nearest the head decides what features may be
    first = next((step for step in passed if step in _UNDER), None)
    if first is None:
        return end
    kinds, other = _UNDER[first]
    return kinds.get(end, other)

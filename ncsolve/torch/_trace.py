"""A symbolic trace of a model that leaves it as it is, and what in it changes a tensor in place."""

from __future__ import annotations

import copy
import inspect
import operator
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import fx, nn

__all__ = ["argument", "changed_in_place", "name_of", "trace", "without_gradient"]

_IN_PLACE = ("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "imatmul")
# What they return is no tensor, or they change no number of it.
_NO_TENSOR = {"size", "dim", "numel", "len", "stride", "requires_grad_", "retain_grad"}
_NO_TENSOR_ATTRIBUTES = {"shape", "ndim", "dtype", "device", "requires_grad"}
_WITHOUT = "without gradient"


def trace(model: nn.Module, is_leaf: Callable[[nn.Module], bool]) -> Any:
    """The graph of the forward function in the mode of training, in which dropout is there; its calls are of leaves.

    It is of a copy that shares the parameters alone.  Raises whatever a forward function raises without numbers.
    """
    twin = copy.deepcopy(model, {id(own): own for own in model.parameters()})
    with _same_random_numbers(), torch.enable_grad():
        return _Tracer(is_leaf).trace(twin.train())


@contextmanager
def _same_random_numbers() -> Iterator[None]:
    """At the end the generators are as they were; ``undisturbed`` is for the mode of evaluation, without gradient."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    try:
        with torch.random.fork_rng(devices=devices):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


class _Proxy(fx.Proxy):
    """``x += y`` changes x, whoever else has it; that of torch.fx makes it a sum."""


def _in_place(function: Any) -> Any:
    def method(self: Any, other: Any) -> Any:
        return self.tracer.create_proxy("call_function", function, (self, other), {})

    return method


for _name in _IN_PLACE:
    setattr(_Proxy, f"__{_name}__", _in_place(getattr(operator, _name)))


class _Tracer(fx.Tracer):
    def __init__(self, is_leaf: Callable[[nn.Module], bool]) -> None:
        super().__init__()
        self._is_leaf = is_leaf

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return self._is_leaf(m) or bool(super().is_leaf_module(m, module_qualified_name))

    def proxy(self, node: Any) -> Any:
        return _Proxy(node, self)

    def create_node(self, *args: Any, **kwargs: Any) -> Any:
        node = super().create_node(*args, **kwargs)
        node.meta[_WITHOUT] = not torch.is_grad_enabled()
        return node


def without_gradient(node: Any) -> bool:
    """Whether it was computed under ``torch.no_grad``."""
    return bool(node.meta.get(_WITHOUT, False))


def name_of(node: Any) -> str:
    """The name of the function or method that a node calls."""
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))


def argument(node: Any, place: int, *names: str) -> Any:
    """What a call gives for an argument, by its place or by a name; None where it gives nothing."""
    if len(node.args) > place:
        return node.args[place]
    return next((node.kwargs[name] for name in names if name in node.kwargs), None)


def changed_in_place(model: nn.Module, chain: Collection[Any], end: Any) -> str:
    """The call that, before ``end``, changes a tensor of a chain of nodes, or a view of one, without being of it.

    What is computed from a tensor counts as a view.  "" where there is none.
    """
    for node in end.graph.nodes:
        if node is end:
            break
        if node not in chain and any(_of(changed, chain) for changed in _changes(model, node)):
            return type(model.get_submodule(node.target)).__name__ if node.op == "call_module" else name_of(node)
    return ""


def _changes(model: nn.Module, node: Any) -> list[Any]:
    """The nodes whose tensor a node changes."""
    given = [node.kwargs["out"]] if "out" in node.kwargs else []
    if _works_in_place(model, node):
        given.append(argument(node, 0, "input", "self", "tensor"))
    return [one for one in given if isinstance(one, fx.Node)]


def _works_in_place(model: nn.Module, node: Any) -> bool:
    if node.op == "call_module":
        return bool(getattr(model.get_submodule(node.target), "inplace", False))
    if node.op not in ("call_function", "call_method"):
        return False
    name = name_of(node)
    if name in _NO_TENSOR:
        return False
    if name in _IN_PLACE or (name.endswith("_") and not name.endswith("__")):
        return True
    if node.op == "call_function":  # functions of torch.nn say it by an argument, which need not be named
        try:
            places = list(inspect.signature(node.target).parameters)
        except (TypeError, ValueError):  # builtins
            places = []
        if "inplace" in places:
            return bool(argument(node, places.index("inplace"), "inplace"))
    return bool(node.kwargs.get("inplace", False))


def _of(node: Any, chain: Collection[Any]) -> bool:
    """Whether a node is of the chain, or computed from it."""
    seen, left = set(), [node]
    while left:
        one = left.pop()
        if one in chain:
            return True
        seen.add(one)
        attribute = one.args[1] if one.op == "call_function" and one.target is getattr else None
        if name_of(one) not in _NO_TENSOR and attribute not in _NO_TENSOR_ATTRIBUTES:
            left += [earlier for earlier in one.all_input_nodes if earlier not in seen]
    return False

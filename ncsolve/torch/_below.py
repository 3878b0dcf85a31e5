"""What is below the head of a network: the layer that decides what takes the place of lambda_H (T15)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from torch import fx, nn

from ncsolve.checks.arguments import check_name
from ncsolve.errors import ProblemError, visible
from ncsolve.torch._trace import argument, changed_in_place, name_of, trace, without_gradient

__all__ = ["BELOW", "SCALED_BY_PARAMETERS", "Below", "below_head", "named_below"]

# What features may be, as the argument ``below`` names it.
BELOW = ("batch-norm", "batch-norm-relu", "relu", "layer-norm", "linear", "other", "none")
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_PER_SAMPLE = (nn.LayerNorm, nn.GroupNorm, *((nn.RMSNorm,) if hasattr(nn, "RMSNorm") else ()))
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
# Their outputs are proportional to their own parameters.
SCALED_BY_PARAMETERS = (nn.Linear, *_CONVOLUTIONS, *_PER_SAMPLE)
_STOPS = {_NORMS: "batch-norm", _PER_SAMPLE: "layer-norm", (nn.Linear, *_CONVOLUTIONS): "linear"}
# What the walk from the head passes: what it does to features, in words, by class and by name of the function.
_PASSED = {
    (nn.Identity, nn.Flatten, nn.Unflatten): "shape",
    (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d): "average pooling",
    (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d): "averages of windows",
    (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d):
        "max pooling",
    # AlphaDropout is none of them: the mean over its draws is not what it gets
    (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d): "dropout",
    (nn.ReLU6,): "ReLU6",  # before ReLU, as a class may be a kind of another
    (nn.ReLU,): "ReLU",
    # |f(x)| <= |x|, as of a ReLU, but neither never negative nor the identity anywhere
    (nn.SiLU, nn.GELU, nn.Mish, nn.Hardswish, nn.Tanh): "activation",
}
_FUNCTIONS = {
    **dict.fromkeys((
        "flatten", "view", "reshape", "squeeze", "unsqueeze", "permute", "transpose", "t", "contiguous", "clone",
        "float", "double", "half", "bfloat16", "to",
    ), "shape"),
    **dict.fromkeys(("mean", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"), "average pooling"),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), "averages of windows"),
    **dict.fromkeys((
        "max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
        "amax",
    ), "max pooling"),
    **dict.fromkeys(("getitem", "select", "narrow"), "a choice of positions"),
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "dropout3d"), "dropout"),
    **dict.fromkeys(("relu", "relu_"), "ReLU"), "relu6": "ReLU6",
    **dict.fromkeys(("silu", "gelu", "mish", "hardswish", "tanh"), "activation"),
}
_ENDS = {"layer_norm": "layer-norm", "linear": "linear", "conv1d": "linear", "conv2d": "linear", "detach": "none"}
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
    ``said`` where the user names it.
    """

    kind: str
    name: str
    module: Any = None
    passed: tuple[str, ...] = ()
    said: bool = False

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
        graph = trace(model, _is_leaf)
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
    return _walk(model, calls[-1])


def named_below(model: nn.Module, head: nn.Linear, kind: str) -> Below:
    """What the user says is below the head; batch normalization is the last one that is registered before the head."""
    check_name("layer below the head", kind, BELOW)
    passed = ("average pooling", "ReLU") if kind.endswith("relu") else ("average pooling",)
    if not kind.startswith("batch-norm"):
        return Below(kind=kind, name="what is there", passed=passed, said=True)
    before = takewhile(lambda entry: entry[1] is not head, model.named_modules())
    layers = [(name, module) for name, module in before if isinstance(module, _NORMS)]
    if not layers:
        raise ProblemError(f"below = {kind!r} is for models with batch normalization before the head; got none")
    name, module = layers[-1]
    return Below(kind=kind, name=name, module=module, passed=passed, said=True)


def _is_leaf(module: nn.Module) -> bool:
    return isinstance(module, (nn.Linear, *(kind for kinds in (*_STOPS, *_PASSED) for kind in kinds)))


def _source(node: Any) -> Any:
    """What a node works on."""
    return node.args[0] if node.args else next(iter(node.kwargs.values()), None)


def _walk(model: nn.Module, call: Any) -> Below:
    passed: list[str] = []
    chain: list[Any] = []
    node = _source(call)
    while isinstance(node, fx.Node):
        chain.append(node)
        module, name, step, end = _look(model, node)
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


def _look(model: nn.Module, node: Any) -> tuple[Any, str, str | None, str]:
    """Module, name, what it does if the walk passes it, and what it is if the walk ends here."""
    if node.op == "call_module":
        module = model.get_submodule(node.target)
        step = next((step for kinds, step in _PASSED.items() if isinstance(module, kinds)), None)
        end = next((end for kinds, end in _STOPS.items() if isinstance(module, kinds)), "other")
        frozen = end == "batch-norm" and model.training and not module.training  # an affine map, as its statistics rest
        if step == "dropout" and module.p == 0.0:
            step = "nothing"
        if step == "average pooling" and not _is_one(module.output_size):
            step = "averages of windows"
        return module, node.target, step, "other" if frozen else end
    if node.op == "placeholder":
        return None, f"the input {node.target!r}", None, "none"
    if node.op == "get_attr":
        owner, _, attribute = str(node.target).rpartition(".")
        tensor = getattr(model.get_submodule(owner), attribute)
        return tensor, node.target, None, "parameter" if isinstance(tensor, nn.Parameter) else "none"
    name = name_of(node)
    step = _FUNCTIONS.get(name)
    if step == "dropout" and not _drops(node):
        step = "nothing"
    if step == "average pooling" and name != "mean" and not _is_one(argument(node, 1, "output_size")):
        step = "averages of windows"
    if name == "mean" and not _over_positions(node):
        step = "a mean over other dimensions"
    return None, f"the result of {name}", step, _ENDS.get(name, "other")


def _drops(node: Any) -> bool:
    return argument(node, 1, "p") != 0.0 and argument(node, 2, "training", "train") is not False


def _is_one(size: Any) -> bool:
    """Whether adaptive pooling leaves one position: windows, which may overlap or leave positions out, bound nothing."""
    return all(one == 1 for one in (size if isinstance(size, (tuple, list)) else (size,)))


def _over_positions(node: Any) -> bool:
    """Whether a mean is over dimensions after those of samples and channels."""
    dims = argument(node, 1, "dim", "axis")
    each = dims if isinstance(dims, (tuple, list)) else [dims]
    return all(isinstance(dim, int) and dim not in (0, 1) for dim in each)


def _kind(end: str, passed: list[str]) -> str:
    # that nearest the head decides what features may be
    first = next((step for step in passed if step in _UNDER), None)
    if first is None:
        return end
    kinds, other = _UNDER[first]
    return kinds.get(end, other)

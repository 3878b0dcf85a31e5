"""What layers and functions do to the features that they pass on (T15)."""

from __future__ import annotations

from typing import Any

from torch import nn

from ncsolve.torch._trace import argument, name_of

__all__ = ["NORMS", "SCALED_BY_PARAMETERS", "is_leaf", "is_plain", "look"]

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
_PER_SAMPLE = (nn.LayerNorm, nn.GroupNorm, *((nn.RMSNorm,) if hasattr(nn, "RMSNorm") else ()))
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
# Their outputs are proportional to their own parameters.
SCALED_BY_PARAMETERS = (nn.Linear, *_CONVOLUTIONS, *_PER_SAMPLE)
_STOPS = {NORMS: "batch-norm", _PER_SAMPLE: "layer-norm", (nn.Linear, *_CONVOLUTIONS): "linear"}
# What the walk from the head passes: what it does to features, in words, by class and by name of the function.
_PASSED = {
    (nn.Identity, nn.Flatten, nn.Unflatten): "shape",
    (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d): "average pooling",
    (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d): "averages of windows",
    (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d):
        "max pooling",
    # AlphaDropout is none of them: the mean over its draws is not what it gets
    (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d): "dropout",
    (nn.ReLU6,): "ReLU6",
    (nn.ReLU, nn.Threshold): "ReLU",
    # |f(x)| <= |x|, as of a ReLU, but neither never negative nor the identity anywhere
    (nn.SiLU, nn.GELU, nn.Mish, nn.Hardswish, nn.Tanh): "activation",
}
_FUNCTIONS = {
    **dict.fromkeys((
        "flatten", "view", "reshape", "squeeze", "unsqueeze", "t", "contiguous", "clone", "float", "double", "half",
        "bfloat16", "to",
    ), "shape"),
    **dict.fromkeys(("permute", "transpose", "swapaxes", "movedim"), "a transposition"),
    **dict.fromkeys(("mean", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"), "average pooling"),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), "averages of windows"),
    **dict.fromkeys((
        "max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
        "amax",
    ), "max pooling"),
    **dict.fromkeys(("getitem", "select", "narrow"), "a choice of positions"),
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "dropout3d"), "dropout"),
    **dict.fromkeys((
        "relu", "relu_", "clamp", "clamp_", "clip", "clip_", "clamp_min", "clamp_min_",
        "threshold", "threshold_", "_threshold",
    ), "ReLU"),
    "relu6": "ReLU6",
    **dict.fromkeys(("silu", "gelu", "mish", "hardswish", "tanh"), "activation"),
}
# Of functions that are a ReLU for some numbers, by their name without "_": the arguments and what they must be.
_RELU_IF = {
    "clamp": (("min", 0), ("max", None)), "clip": (("min", 0), ("max", None)), "clamp_min": (("min", 0),),
    "threshold": (("threshold", 0), ("value", 0)),
}
_ENDS = {"layer_norm": "layer-norm", "linear": "linear", "conv1d": "linear", "conv2d": "linear", "detach": "none"}


def is_plain(module: Any, kinds: Any) -> bool:
    """Whether a module does what this class, or one of these, does.

    A derived class with a forward function of its own, and a module with hooks, may do anything.
    """
    own = "forward" in vars(module) or module._forward_hooks or module._forward_pre_hooks
    every = kinds if isinstance(kinds, tuple) else (kinds,)
    return not own and any(isinstance(module, kind) and type(module).forward is kind.forward for kind in every)


def is_leaf(module: nn.Module) -> bool:
    return isinstance(module, (nn.Linear, *(kind for kinds in (*_STOPS, *_PASSED) for kind in kinds)))


def look(model: nn.Module, node: Any) -> tuple[Any, str, str | None, str]:
    """Module, name, what it does if the walk passes it, and what it is if the walk ends here."""
    if node.op == "call_module":
        module = model.get_submodule(node.target)
        step = next((step for kinds, step in _PASSED.items() if is_plain(module, kinds)), None)
        end = next((end for kinds, end in _STOPS.items() if is_plain(module, kinds)), "other")
        frozen = end == "batch-norm" and model.training and not module.training  # an affine map, as its statistics rest
        if step == "dropout" and module.p == 0.0:
            step = "nothing"
        if step == "average pooling" and not _is_one(module.output_size):
            step = "averages of windows"
        if isinstance(module, nn.Threshold) and (module.threshold, module.value) != (0, 0):
            step = None
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
    if step == "ReLU" and not _is_relu(node, name.strip("_")):
        step = None
    if name == "mean" and not _over_positions(node):
        step = "a mean over other dimensions"
    return None, f"the result of {name}", step, _ENDS.get(name, "other")


def _drops(node: Any) -> bool:
    return argument(node, 1, "p") != 0.0 and argument(node, 2, "training", "train") is not False


def _is_relu(node: Any, name: str) -> bool:
    return all(
        isinstance(given, (int, float, type(None))) and given == must
        for place, (word, must) in enumerate(_RELU_IF.get(name, ()), start=1)
        for given in (argument(node, place, word),)
    )


def _is_one(size: Any) -> bool:
    """Whether adaptive pooling leaves one position; windows may overlap or leave positions out."""
    return all(one == 1 for one in (size if isinstance(size, (tuple, list)) else (size,)))


def _over_positions(node: Any) -> bool:
    """Whether a mean is over dimensions after those of samples and channels."""
    dims = argument(node, 1, "dim", "axis")
    each = dims if isinstance(dims, (tuple, list)) else [dims]
    return all(isinstance(dim, int) and dim not in (0, 1) for dim in each)

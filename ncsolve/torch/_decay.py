"""``lambdas``: what a training run regularizes, read from its optimizer and its layers (T14, T15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from textwrap import fill
from typing import Any

from torch import nn

from ncsolve._numbers.printed import number
from ncsolve._problem.convention import convention as convention_of
from ncsolve.checks.arguments import check_name, check_real, check_whole
from ncsolve.errors import ProblemError, shown
from ncsolve.torch._below import Below, below_head, named_below
from ncsolve.torch._decays import Training, checked_optimizers
from ncsolve.torch._feature_decay import feature_reading
from ncsolve.torch._head import find_head, unwrapped
from ncsolve.torch._head_decay import bias_reading, weight_reading
from ncsolve.torch._hidden import HIDDEN, TAILS
from ncsolve.torch._hidden_decay import hidden_obstacles, hidden_readings

__all__ = ["NetworkLambdas", "lambdas"]

_WIDTH = 100
_FEATURES = dict.fromkeys(("relu", "batch-norm-relu", "parameter-relu"), "relu")
_OF_STEPS = {
    "dropout": "Dropout below the head adds, in the mean over its draws, a penalty of its own to the training loss, "
    "which no lambda counts: a gap in the mode of evaluation has it in it",
    "ReLU6": "ReLU6 ends features at 6: the prediction holds where none gets there",
    "activation": "The activation below the head makes features of its own range, and the model takes any",
}


@dataclass(frozen=True, kw_only=True)
class NetworkLambdas:
    """What a training run regularizes, in the convention of the paper, with the reasons in words: ``print`` it.

    ``lambda_w``, ``lambda_h`` and ``lambda_b`` are None where no number is; ``lambda_h`` may be "norm", an estimate;
    ``lambda_b`` is inf without a bias.  ``lambda_v`` and ``lambda_c`` are those of a linear last hidden layer under the
    mean squared error, and else None.  ``features`` is "relu" or "linear", ``below`` the kind of layer below the head.
    ``weight_decays`` gives for the parameters of head and that layer the optimizer's number, and whether it is coupled.
    ``sentences`` are the text, ``obstacles`` those for which there are no arguments, and ``hidden_obstacles`` those for
    which there are none of the last two layers.

    >>> import torch
    >>> from ncsolve.torch import lambdas
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 4, bias=False))
    >>> found = lambdas(torch.optim.Adam(model.parameters(), weight_decay=1e-3), model, 100, 4)
    >>> found.arguments()
    {'lambda_w': 0.002, 'lambda_h': 'norm', 'lambda_b': inf, 'features': 'relu', 'loss': 'mse'}
    >>> print(lambdas(torch.optim.AdamW(model.parameters()), model, 100, 4).obstacles[0][:75])
    No lambda_W: weight_decay = 0.01 of AdamW on 2.weight is decoupled: it shri
    """

    lambda_w: float | str | None
    lambda_h: float | str | None
    lambda_b: float | str | None
    features: str
    loss: str
    below: str
    weight_decays: Mapping[str, tuple[float, str]]
    sentences: tuple[str, ...]
    obstacles: tuple[str, ...] = field(default=(), repr=False)
    lambda_v: float | None = None
    lambda_c: float | None = None
    hidden_obstacles: tuple[str, ...] = field(default=(), repr=False)

    def arguments(self, tail: str = "head") -> dict[str, Any]:
        """The keywords of ``Probe.measure`` for this run, by the tail of the probe.

        Raises ProblemError, with the first reason, where there are none, and UnknownNameError for another tail.

        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Linear(8, 4))
        >>> found = lambdas(torch.optim.SGD(model.parameters(), weight_decay=1e-3), model, 100, 4)
        >>> found.arguments("last hidden layer")
        {'lambda_w': 0.002, 'lambda_v': 0.002, 'lambda_c': 0.002, 'lambda_b': 0.002, 'loss': 'mse'}
        """
        obstacles = self.hidden_obstacles if check_name("tail", tail, TAILS) == HIDDEN else self.obstacles
        if obstacles:
            raise ProblemError(obstacles[0])
        if tail == HIDDEN:
            return {
                "lambda_w": self.lambda_w, "lambda_v": self.lambda_v, "lambda_c": self.lambda_c,
                "lambda_b": self.lambda_b, "loss": self.loss,
            }
        return {
            "lambda_w": self.lambda_w, "lambda_h": self.lambda_h, "lambda_b": self.lambda_b, "features": self.features,
            "loss": self.loss,
        }

    def __str__(self) -> str:
        values = {"lambda_W": self.lambda_w, "lambda_H": self.lambda_h, "lambda_b": self.lambda_b}
        if self.lambda_v is not None:
            values |= {"lambda_V": self.lambda_v, "lambda_c": self.lambda_c}
        said = ", ".join(
            f"{name} = {number(value) if isinstance(value, float) else value or 'none'}"
            for name, value in values.items()
        )
        head = f"{said}, {self.features} features, in the convention of the paper."
        return "\n".join([head, *(
            fill(f"{line}.", _WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
            for line in self.sentences
        )])


def lambdas(
    optimizer: Any, model: nn.Module, samples: int, code_length: int, *, loss: str = "mse",
    convention: str = "torch-mean", head: str | None = None, penalty: Any = None, below: str | None = None,
    coupled: bool | None = None,
) -> NetworkLambdas:
    r"""The lambdas that a training run has: of the head, and what stands for a penalty on the features.

    .. math:: \tfrac{w}{2} \|p\|^2, \qquad \lambda_H = w / N

    are the penalty in the training loss of a weight decay w, and what stands for that of the features where batch
    normalization is below the head and its scale and shift have this decay.

    Weight decay is a penalty where the optimizer adds it to the gradient (coupled: SGD, Adam); that of AdamW is none,
    and has no lambda.  The layer below the head decides what stands for :math:`\lambda_H`, see
    docs/explanation/lambda-h.md.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer, or a list of them
        Those of the run, with weight decay per parameter group as they are now.
    model : torch.nn.Module
        The network; it is not changed.
    samples : int
        N, of the training set.
    code_length : int
        m, the number of outputs of the head.
    loss : "mse" or "cross-entropy"
        That of the training.
    convention : str
        That of the loss beside the weight decay: ``torch-mean`` is nn.MSELoss() or nn.CrossEntropyLoss().
    head : str, optional
        The name of the last linear layer; without it the last that the model has.
    penalty : FeaturePenalty or float, optional
        A penalty on the features in the training loss, :math:`\tfrac{\lambda}{2} \|H\|^2` beside that loss.
    below : str, optional
        What is below the head, if the forward function cannot be traced: "batch-norm", "batch-norm-relu", "relu",
        "layer-norm", "linear", "other", or "none" for inputs.
    coupled : bool, optional
        Of optimizers that torch.optim does not have: whether they add weight decay to the gradient.

    Raises
    ------
    ProblemError
        For what is no optimizer, or of another model, or maximizes; for an optimizer that is not known, a model that
        cannot be traced, and numbers that do not fit.
    UnknownNameError
        For an unknown convention, loss, or layer below.

    Notes
    -----
    Source: T0, T14 and T15 of docs/theory.md.

    Examples
    --------
    >>> import torch
    >>> from ncsolve.torch import lambdas
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 10))
    >>> found = lambdas(torch.optim.SGD(model.parameters(), 0.1, weight_decay=5e-4), model, 1000, 10)
    >>> found.lambda_w, found.lambda_h, found.below
    (0.0025, 2.5e-06, 'batch-norm')
    >>> print(found.sentences[0])
    lambda_W = 0.0025: weight_decay = 0.0005 of SGD on 2.weight, coupled (times m/2 = 5)
    """
    network = unwrapped(model)
    head_name, layer = find_head(network, head)
    scaling = convention_of(convention, loss)
    n, m = check_whole("samples", samples), check_whole("code_length", code_length)
    if m != layer.out_features:
        raise ProblemError(
            f"code_length must be the number of outputs of the head, {layer.out_features}; got {m}, give that, or head="
        )
    training = Training(
        optimizers=checked_optimizers(optimizer, coupled, network), coupled=coupled, samples=n, code_length=m,
        scaling=scaling,
    )
    size = _penalty(penalty, n)
    found = _below(network, head_name, layer, training) if below is None else named_below(network, layer, below)
    weight, bias = weight_reading(head_name, layer, training, found.output), bias_reading(head_name, layer, training)
    features = feature_reading(found, layer, training, size)
    kind = _FEATURES.get(found.kind, "linear")
    if features.free_bias:
        kind = "linear"
        bias = replace(bias, value=0.0, sentence=f"{bias.sentence}; beside the free shift it counts as lambda_b = 0")
    readings, last = (weight, features, bias), hidden_readings(found, layer, training, size)
    lower = [one.value if isinstance(one.value, float) else None for one in last[:2]] or [None, None]
    return NetworkLambdas(
        lambda_w=weight.value, lambda_h=features.value, lambda_b=bias.value, features=kind, loss=scaling.loss,
        below=found.kind, weight_decays=_table(head_name, layer, found, training),
        sentences=(
            *(reading.sentence for reading in (*readings, *last)),
            *(sentence for step, sentence in _OF_STEPS.items() if step in found.passed),
        ),
        obstacles=tuple(reading.sentence for reading in readings if reading.obstructed),
        lambda_v=lower[0], lambda_c=lower[1],
        hidden_obstacles=hidden_obstacles(found, scaling.loss, (weight, bias), last),
    )


def _penalty(penalty: Any, samples: int) -> float | None:
    if penalty is None:
        return None
    own = getattr(penalty, "samples", None)
    if own is not None and own != samples:
        raise ProblemError(
            f"the penalty must be of this training set; got samples = {shown(own)} there, {samples} here, give both N"
        )
    value = check_real("the penalty", getattr(penalty, "lambda_h", penalty))
    if value < 0.0:
        raise ProblemError(f"the penalty must not be negative; got {value:g}, give lambda_h of the FeaturePenalty")
    return value


def _below(network: nn.Module, head_name: str, head: nn.Linear, training: Training) -> Below:
    own = {id(held) for held in head.parameters()}
    if not training.trains([held for held in network.parameters() if id(held) not in own]):
        return Below(kind="none", name="outputs of layers that no optimizer steps")
    return below_head(network, head_name, head)


def _table(name: str, head: nn.Linear, below: Below, training: Training) -> dict[str, tuple[float, str]]:
    held = [(f"{name}.{word}", own) for word, own in head.named_parameters()]
    if isinstance(below.module, nn.Module):
        held += [(f"{below.name}.{word}", own) for word, own in below.module.named_parameters(recurse=False)]
    elif isinstance(below.module, nn.Parameter):
        held += [(below.name, below.module)]
    read = [(word, training.decay(own)) for word, own in held]
    return {word: (decay.value, decay.kind) for word, decay in read if decay is not None}

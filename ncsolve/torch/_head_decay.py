"""lambda_W and lambda_b: what an optimizer takes of the head, as the model calls it (T14)."""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from ncsolve.torch._decays import Reading, Training
from ncsolve.torch._layers import is_plain

__all__ = ["bias_reading", "weight_reading"]


def weight_reading(name: str, head: Any, training: Training, output: str = "") -> Reading:
    """lambda_W of the head that is called ``name``; ``output`` says what the model does to the head's output."""
    if not isinstance(head.weight, nn.Parameter):  # weight norm, spectral norm
        return _none("W", f"{name}.weight is computed from other parameters, whose decay is not that of W; remove the "
                     "parametrization")
    if not is_plain(head, nn.Linear):
        return _none("W", f"{name} ({type(head).__name__}) has a forward function or forward hooks of its own, so that "
                     "its outputs need not be W h + b; end the model in a plain nn.Linear, without hooks")
    if output:
        return _none("W", f"the loss must be of the output of {name} itself; {output}: let the model return W h + b of "
                     "each sample")
    decay = training.decay(head.weight)
    if decay is None:
        return _none("W", f"{name}.weight is fixed, as no optimizer steps it, and the model's W is free; give it to "
                     "the optimizer, and let it require a gradient")
    if decay.value == 0.0:
        return Reading(value=0.0, obstructed=True, sentence=(
            f"lambda_W = 0: {decay} on {name}.weight, and without weight decay on W the model has no minimum; give it "
            "weight decay, or, if the loss itself has the penalty, pass that to Probe.measure as lambda_w"
        ))
    return training.penalty_of("W", f"{name}.weight", decay)


def bias_reading(name: str, head: Any, training: Training) -> Reading:
    """lambda_b of the head that is called ``name``: 0 for a free bias, inf for none."""
    if head.bias is None:
        return Reading(value=math.inf, sentence=f"lambda_b = inf: {name} has no bias")
    decay = training.decay(head.bias)
    if decay is None and not bool(head.bias.any()):
        return Reading(value=math.inf, sentence=f"lambda_b = inf: {name}.bias is zero and no optimizer steps it")
    if decay is None:
        return _none("b", f"{name}.bias is fixed and not zero, which no lambda_b is; take it from the targets and "
                     "leave the bias out")
    if decay.value == 0.0:
        return Reading(value=0.0, sentence=f"lambda_b = 0: {decay} on {name}.bias, which is free")
    return training.penalty_of("b", f"{name}.bias", decay)


def _none(letter: str, reason: str) -> Reading:
    return Reading(value=None, sentence=f"No lambda_{letter}: {reason}", obstructed=True)

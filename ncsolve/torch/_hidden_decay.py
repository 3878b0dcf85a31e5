"""lambda_V and lambda_c: what an optimizer takes of a linear last hidden layer (T15)."""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from ncsolve._problem.losses import LOSSES
from ncsolve.torch._below import Below
from ncsolve.torch._decays import Reading, Training
from ncsolve.torch._hidden import HIDDEN, hidden_of
from ncsolve.torch._layers import is_plain

__all__ = ["hidden_obstacles", "hidden_readings"]

_MEASURE = (
    "The last two layers have a minimum of their own, which is no estimate: with found = lambdas(...) it is in "
    f"Probe(model, tail={HIDDEN!r}).measure(loader, **found.arguments({HIDDEN!r}))"
)


def hidden_readings(below: Below, head: Any, training: Training, penalty: float | None) -> tuple[Reading, ...]:
    """lambda_V and lambda_c of what is right below the head, and how to measure by them; none if it is no linear layer.

    Nor with a ``penalty`` on the features, or under cross-entropy, where the last two layers have no known minimum.
    """
    layer = hidden_of(below, head)
    if layer is None or penalty or not LOSSES[training.scaling.loss].fits_codes:
        return ()
    found = _weight(below.name, layer, training), _bias(below.name, layer, training)
    if any(reading.obstructed for reading in found):
        return found
    return *found, Reading(value=None, sentence=_MEASURE)


def hidden_obstacles(
    below: Below, loss: str, head: tuple[Reading, ...], hidden: tuple[Reading, ...]
) -> tuple[str, ...]:
    """Why there are no lambdas of the last two layers, of the readings of the head and of the layer below it."""
    found = [reading.sentence for reading in (*head, *hidden) if reading.obstructed]
    if not hidden:
        found.insert(0, (
            "No lambda_V: the last two layers have a known minimum where the head sees the output of a "
            "torch.nn.Linear, under the mean squared error and without a penalty on features; got "
            f"{below}, loss = {loss!r}: use arguments()"
        ))
    return tuple(found)


def _weight(name: str, layer: Any, training: Training) -> Reading:
    if not isinstance(layer.weight, nn.Parameter):  # weight norm, spectral norm
        return _none("V", f"{name}.weight is computed from other parameters, whose decay is not that of V; remove the "
                     "parametrization")
    if not is_plain(layer, nn.Linear):
        return _none("V", f"{name} ({type(layer).__name__}) has a forward function or forward hooks of its own, so "
                     "that its outputs need not be V z + c; take a plain nn.Linear, without hooks")
    decay = training.decay(layer.weight)
    if decay is None:
        return _none("V", f"{name}.weight is fixed, as no optimizer steps it, and the model's V is free; give it to "
                     "the optimizer, and let it require a gradient")
    if decay.value == 0.0:
        return _none("V", f"{decay} on {name}.weight, and without weight decay on V larger features let W shrink for "
                     "nothing, so that there is no minimum; give it weight decay")
    return training.penalty_of("V", f"{name}.weight", decay)


def _bias(name: str, layer: Any, training: Training) -> Reading:
    if layer.bias is None:
        return Reading(value=math.inf, sentence=f"lambda_c = inf: {name} has no bias")
    decay = training.decay(layer.bias)
    if decay is None and not bool(layer.bias.any()):
        return Reading(value=math.inf, sentence=f"lambda_c = inf: {name}.bias is zero and no optimizer steps it")
    if decay is None:
        return _none("c", f"{name}.bias is fixed and not zero, which no lambda_c is; leave it out")
    if decay.value == 0.0:
        return _none("c", f"{decay} on {name}.bias, and a free c is a bias of the outputs for nothing, of which the "
                     "minimum is not reached; give it weight decay, or leave it out")
    return training.penalty_of("c", f"{name}.bias", decay)


def _none(letter: str, reason: str) -> Reading:
    return Reading(value=None, sentence=f"No lambda_{letter}: {reason}", obstructed=True)

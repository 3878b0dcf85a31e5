"""What the layer below the head makes of lambda_H: a number, an estimate or nothing, and why (T15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from ncsolve._numbers.printed import number
from ncsolve.torch._below import Below
from ncsolve.torch._decays import Reading, Training
from ncsolve.torch._layers import SCALED_BY_PARAMETERS, is_plain

__all__ = ["feature_reading"]

_Rule = Callable[[Below, Any, Training], Reading]
# What makes no feature longer: the bound on the norms of rows of batch normalization stands.
_NO_LONGER = {"shape", "a transposition", "ReLU", "ReLU6", "activation", "dropout"}
_EVERY_ROW = "N counts all positions that batch normalization sees, masked ones too"
_EPOCH = (
    "This is of the mode of training, averaged over an epoch; with running averages, in the mode of evaluation, it is "
    "no bound: measure with bn='recompute'"
)


def feature_reading(below: Below, head: Any, training: Training, penalty: float | None) -> Reading:
    """What stands for the penalty on the features: that of the loss, of the layer below the head, or both.

    With both each is a bound of its own terms of the loss, so that the sum of the two is one of the whole.
    """
    found = _RULES[below.kind](below, head, training)
    if not penalty or below.kind == "none":
        return found
    own = training.penalty_in_paper(penalty)
    more = found.value if isinstance(found.value, float) and not found.obstructed else 0.0
    both = f", and {number(more)} of the decay of {below.layer}" if more else ""
    return Reading(value=own + more, sentence=(
        f"lambda_H = {number(own + more)}: the penalty {number(penalty)} on the features{training.times(penalty, own)}"
        f"{both}. The minimum bounds the training loss; what the layers below pay comes on top"
    ))


def _batch_norm(below: Below, head: Any, training: Training) -> Reading:
    scale, shift = (training.decay(own) for own in (below.module.weight, below.module.bias))
    if scale is None or shift is None:
        return _nothing(
            f"No lambda_H: no optimizer steps both scale and shift of {below.layer}, so that its rows have fixed norms "
            "or means; train both, with the same weight decay"
        )
    for decay in (scale, shift):
        if decay.lost:
            return training.penalty_of("H", below.layer, decay)
    if scale.value == 0.0:
        return _without_minimum(f"the scale of {below.layer}")
    positions = _positions(below, head)
    if positions is None:
        return _estimated(below, (
            "what is above batch normalization leaves no bound on the norms of its rows, as an average over all "
            "positions does (AdaptiveAvgPool to 1, or mean over the position dimensions)"
        ))
    least = min(scale.value, shift.value or scale.value)
    paper = training.in_paper(least)
    value = paper / (training.samples * positions)
    over = "N" if positions == 1 else f"N * {positions} positions"
    start = (
        f"lambda_H = {number(value)}: {scale.option} = {number(least)} of {scale.optimizer}, coupled"
        f"{training.times(least, paper)}, over {over}"
    )
    if shift.value == 0.0:
        return Reading(value=value, obstructed=True, free_bias=True, sentence=(
            f"{start}, on the scale of {below.layer} only: its shift is a bias for nothing, and the minimum for "
            "lambda_b = 0 and linear features bounds the training loss. A measurement would count the mean of the "
            "features, which costs nothing here: give the shift the same weight decay, or measure the features less "
            "their mean with the bias b + W mean"
        ))
    if shift.value != scale.value:
        return Reading(value=value, obstructed=True, sentence=(
            f"{start}, the smaller of {number(scale.value)} on the scale and {number(shift.value)} on the shift of "
            f"{below.layer}: the minimum bounds the training loss but is not reached, as the mean of the features and "
            "the rest pay differently; give scale and shift the same weight decay"
        ))
    reached = "and is not reached" if {"activation", "dropout"} & set(below.passed) else (
        "and is reached where the layers below can make any rows and pay nothing for them"
    )
    where = (
        f"The head is applied at every position, as it seems: give samples in positions, as {_EVERY_ROW}"
        if positions == 1 and "a transposition" in below.passed and "average pooling" not in below.passed else
        f"Of a head that is applied at every position {_EVERY_ROW}"
    )
    return Reading(value=value, sentence=(
        f"{start}, on scale and shift of {below}. The minimum bounds the training loss, {reached}. {where}. {_EPOCH}"
    ))


def _positions(below: Below, head: Any) -> int | None:
    """How many features come of one row of the layer; None where the norms of rows bound no norms of features.

    Windows may overlap, leave positions out or have a divisor of their own, which only the sizes of inputs would tell.
    """
    positions, rest = divmod(int(head.in_features), int(below.module.num_features))
    if rest or positions == 0:
        return None
    above = set(below.passed) - _NO_LONGER
    if above - {"average pooling"} or ((above or below.said) and positions > 1):
        return None
    return positions


def _parameter(below: Below, head: Any, training: Training) -> Reading:
    decay = training.decay(below.module)
    if decay is None:
        return _fixed(below, head, training)
    if decay.value == 0.0:
        return _without_minimum(below.layer)
    if set(below.passed) - {"shape", "a transposition", "a choice of positions", "ReLU"}:
        return _estimated(below, "the head does not see the parameter itself")
    return training.penalty_of("H", f"the features themselves, {below.layer}", decay)


def _fixed(below: Below, head: Any, training: Training) -> Reading:
    return _nothing(
        f"No lambda_H: the features are {below}, which the training does not move; the head alone is a convex problem "
        "that no lambda_H describes"
    )


def _fitted(reason: str) -> _Rule:
    def rule(below: Below, head: Any, training: Training) -> Reading:
        layer = isinstance(below.module, nn.Module) and is_plain(below.module, SCALED_BY_PARAMETERS)
        scaling = layer and not {"ReLU6", "activation"} & set(below.passed)
        own = [training.decay(held) for held in below.module.parameters(recurse=False)] if scaling else []
        if own and all(decay is not None and decay.value == 0.0 for decay in own):
            return _without_minimum(below.layer)
        return _estimated(below, reason)

    return rule


def _estimated(below: Below, reason: str) -> Reading:
    return Reading(value="norm", sentence=(
        f"lambda_H = 'norm', an estimate from the length of the features, where the gap is least: below is {below}; "
        f"{reason}"
    ))


def _without_minimum(what: str) -> Reading:
    return Reading(value=0.0, obstructed=True, sentence=(
        f"lambda_H = 0: {what} has no weight decay, so that larger features let W shrink for nothing and the training "
        "loss has no minimum; give it weight decay, or the loss a FeaturePenalty"
    ))


def _nothing(sentence: str) -> Reading:
    return Reading(value=None, obstructed=True, sentence=sentence)


_RULES: dict[str, _Rule] = {
    "batch-norm": _batch_norm,
    "batch-norm-relu": _batch_norm,
    "relu": _fitted(
        "its features are not negative, but the lambda_H that the decay of the layers below makes is not known, and "
        "this is a fit and no prediction"
    ),
    "layer-norm": _fitted(
        "it fixes how long each of its outputs is, but for scale and shift, and the minimum at a fixed length is that "
        "of the lambda_H whose predicted features are as long; unequal scales can go below it, unequal class norms "
        "above"
    ),
    "linear": _fitted(
        "weight decay of a linear layer is another model, in which features pay differently along their mean and "
        "across it: one lambda_H is a fit and no prediction"
    ),
    "other": _fitted("no lambda_H of it is known, and this is a fit and no prediction"),
    "parameter": _parameter,
    "parameter-relu": _parameter,
    "none": _fixed,
}

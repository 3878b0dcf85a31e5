"""The last two layers in words: collapsed as predicted, not finished, or another model, and what to try next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.verdict import COLLAPSED, OTHER, UNFINISHED, Verdict, exceptions_of
from ncsolve._numbers.printed import number, percent

if TYPE_CHECKING:
    from ncsolve._measure.metric_measurement import MetricMeasurement

__all__ = ["metric_verdict"]

# As in ``measure`` of a head: a finished run leaves 1 % between two estimates of a weight decay.
_APART = 1.5
# A predicted bias below this is none.
_ZERO = 1e-9


def metric_verdict(found: MetricMeasurement, *, decay: float = 1.0) -> Verdict:
    """By the gap and the stationarity of both layers, against the measurement's tolerances.

    ``decay`` is a lambda_w of 1 in the convention of the lambdas that are told.
    """
    allowed, still = found.tolerances
    ends = {"W": found.stationarity, "V": found.hidden_stationarity}
    stationary, near = max(ends.values()) <= still, found.relative_gap <= allowed
    elsewhere = {} if stationary else _elsewhere(found)
    kind = COLLAPSED if stationary and near else OTHER if stationary or elsewhere else UNFINISHED
    reason = (
        f"the loss is {percent(found.relative_gap)} above the minimum of the last two layers for these previous "
        f"features ({percent(allowed)} allowed), and {_ends(ends, still)} ({number(still, 3)} allowed)"
    )
    if kind == COLLAPSED:
        return Verdict(
            kind=kind, reasons=(reason,), remedies=(),
            exceptions=exceptions_of(found.gram, found.predicted.gram, found.names),
        )
    reasons = (reason, *_room(found), *_largest(found))
    if elsewhere:
        remedies = [_convention(found, elsewhere, decay)]
    else:
        remedies = _bias(found) or [_other(found) if stationary else _UNFINISHED]
    return Verdict(kind=kind, reasons=reasons, remedies=tuple(remedies))


_UNFINISHED = (
    "train on, or lower the learning rate to zero; layers that were trained with dropout, augmentation or AdamW are "
    "not stationary on clean data even at their end, and nothing but h = V z + c may lie between z and the head"
)


def _ends(ends: dict[str, float], still: float) -> str:
    """How near to stationary the two layers are."""
    worst = max(ends.values())
    if worst <= still:
        return f"both layers are stationary to {number(worst, 2)}"
    far = [
        f"{name} {'is zero' if math.isinf(value) else number(value, 3)}" for name, value in ends.items()
        if value > still
    ]
    return f"not both layers are stationary: {', '.join(far)}"


def _elsewhere(found: MetricMeasurement) -> dict[str, float]:
    """Other weight decays, at which layers are stationary that are not so at the ones given."""
    layers, problem, still = found.layers, found.problem, found.tolerances[1]
    implied = {
        "lambda_w": (layers.implied_lambda_w, problem.lambda_w),
        "lambda_v": (layers.implied_lambda_v, problem.lambda_v),
    }
    if math.isfinite(problem.lambda_c) and layers.c.any():
        implied["lambda_c"] = layers.implied_lambda_c, problem.lambda_c
    if any(value is None or value <= 0.0 for value, _ in implied.values()):
        return {}
    values = {name: float(value or 0.0) for name, (value, _) in implied.items()}
    hidden = layers.W.T @ layers.slope
    apart = max(
        _distance(layers.slope @ layers.hidden.T, values["lambda_w"] * layers.W),
        _distance(hidden[:, :-1], values["lambda_v"] * layers.V),
        _distance(hidden[:, -1] * problem.hidden_unit, values["lambda_c"] * layers.c) if "lambda_c" in values else 0.0,
    )
    if apart > still:
        return {}
    return {name: value for name, value in values.items() if not 1 / _APART <= value / implied[name][1] <= _APART}


def _distance(slope: Array, decay: Array) -> float:
    size = float(np.linalg.norm(decay))
    return math.inf if size == 0.0 else float(np.linalg.norm(decay - slope)) / size


def _convention(found: MetricMeasurement, elsewhere: dict[str, float], decay: float) -> str:
    there = ", ".join(f"{name} = {number(value / decay, 3)}" for name, value in elsewhere.items())
    given = ", ".join(number(getattr(found.problem, name) / decay, 3) for name in elsewhere)
    return (
        f"the layers are stationary at {there}, and {given} was given: are the lambdas in another convention, or was c "
        "trained with another weight decay (lambda_c)?"
    )


def _room(found: MetricMeasurement) -> tuple[str, ...]:
    rank, dim = found.predicted.rank, found.layers.dim
    return () if dim >= rank else (
        f"the predicted layers use {rank} dimensions and h has {dim}: the minimum is a bound that this network cannot "
        "reach",
    )


def _largest(found: MetricMeasurement) -> tuple[str, ...]:
    parts = found.parts
    if not parts.total > 0.0:
        return ()
    named = {
        "fit (the outputs are not the predicted ones)": parts.fit, "bias": parts.bias,
        "dual (the head is not aligned with the layer below)": parts.dual,
        "feature (the layer below sees previous features that the minimum leaves out)": parts.feature,
    }
    name = max(named, key=named.__getitem__)
    return (f"the largest part of the gap is {name}, {percent(named[name] / parts.total)}",)


def _bias(found: MetricMeasurement) -> list[str]:
    if found.problem.lambda_b < math.inf and not found.layers.b.any() and np.abs(found.predicted.bias).max() > _ZERO:
        return ["the bias is zero: a head without one has lambda_b = inf, and one that has it keeps it in b"]
    return []


def _other(found: MetricMeasurement) -> str:
    """Of layers that are stationary and not the minimum."""
    if found.layers.dim < found.predicted.rank:
        return "give h more dimensions"
    return ("codes, counts or lambdas are not those that the network was trained with, or the layers are at a saddle, "
            "in which h lacks a direction")

"""The last two layers in words: collapsed as predicted, not finished, or another model, and what to try next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.metric_point import bias_distance
from ncsolve._measure.verdict import COLLAPSED, OTHER, UNFINISHED, Verdict, exceptions_of, vanished
from ncsolve._numbers.printed import number, percent

if TYPE_CHECKING:
    from ncsolve._measure.metric_measurement import MetricMeasurement

__all__ = ["metric_verdict", "negligible"]

# As in ``measure`` of a head: a finished run leaves 1 % between two estimates of a weight decay.
_APART = 1.5
# ``solve`` knows the minimum to a billionth, where rounding leaves that.
_ROUNDING = 1e-9
# A predicted bias below this is none.
_ZERO = 1e-9


def metric_verdict(found: MetricMeasurement, *, decays: tuple[float, float] = (1.0, 1.0)) -> Verdict:
    """By the gap and the stationarity of both layers and of the bias, against the measurement's tolerances.

    ``decays`` are a lambda_w and a lambda_b of 1 in the convention of the lambdas that are told.
    """
    allowed, still = found.tolerances
    ends = {"W": found.stationarity, "V": found.hidden_stationarity, "b": found.bias_stationarity}
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
    gone = vanished(found.gram, found.predicted.gram, found.names)
    reasons = (reason, *_room(found), *gone, *_largest(found))
    if elsewhere:
        remedies = [_convention(found, elsewhere, decays)]
    else:
        remedies = _bias(found) or [*_order(found), _other(found) if stationary else _unfinished(found)]
    return Verdict(kind=kind, reasons=reasons, remedies=tuple(remedies))


_UNFINISHED = (
    "train on, or lower the learning rate to zero; layers that were trained with dropout, augmentation or AdamW are "
    "not stationary on clean data even at their end, and nothing but h = V z + c may lie between z and the head"
)
_HALF = "features in half precision can be rounded too much to show stationarity at this weight decay: save float32"
_ORDER = "the gap is larger than the minimum: are the classes in the order of the rows of W (--order)"


def negligible(found: MetricMeasurement) -> bool:
    """Whether the gap is no more than what the prediction itself is known to: its parts then tell of rounding only."""
    return found.gap <= max(2 * found.predicted.gap, _ROUNDING * found.minimum)


def _unfinished(found: MetricMeasurement) -> str:
    return f"{_HALF}; or {_UNFINISHED}" if found.layers.half else _UNFINISHED


def _order(found: MetricMeasurement) -> list[str]:
    if not found.relative_gap > 1.0:
        return []
    square = found.problem.code_length == found.layers.dim
    return [f"{_ORDER}, and is W (m, d) and not its transpose?" if square else f"{_ORDER}?"]


def _ends(ends: dict[str, float], still: float) -> str:
    """How near to stationary the two layers are."""
    worst = max(ends.values())
    if worst <= still:
        return f"both layers and the bias are stationary to {number(worst, 2)}" if ends["b"] > 0.0 else (
            f"both layers are stationary to {number(worst, 2)}")
    far = [
        f"{name} {'is zero' if math.isinf(value) else number(value, 3)}" for name, value in ends.items()
        if value > still
    ]
    what = "the bias is not stationary" if len(far) == 1 and ends["b"] > still else "not both layers are stationary"
    return f"{what}: {', '.join(far)}"


def _elsewhere(found: MetricMeasurement) -> dict[str, float]:
    """Other weight decays, at which layers are stationary that are not so at the ones given."""
    layers, problem, still = found.layers, found.problem, found.tolerances[1]
    implied = {
        "lambda_w": (layers.implied_lambda_w, problem.lambda_w),
        "lambda_v": (layers.implied_lambda_v, problem.lambda_v),
    }
    if math.isfinite(problem.lambda_c) and layers.c.any():
        implied["lambda_c"] = layers.implied_lambda_c, problem.lambda_c
    if problem.lambda_b < math.inf and layers.bias_stationarity > still:
        implied["lambda_b"] = layers.implied_lambda_b, problem.lambda_b
    if any(value is None or value <= 0.0 for value, _ in implied.values()):
        return {}
    values = {name: float(value or 0.0) for name, (value, _) in implied.items()}
    hidden = layers.W.T @ layers.slope
    apart = max(
        _distance(layers.slope @ layers.hidden.T, values["lambda_w"] * layers.W),
        _distance(hidden[:, :-1], values["lambda_v"] * layers.V),
        _distance(hidden[:, -1] / problem.hidden_unit, values["lambda_c"] * layers.c) if "lambda_c" in values else 0.0,
        bias_distance(layers, values["lambda_b"]) if "lambda_b" in values else 0.0,
    )
    if apart > still:
        return {}
    return {name: value for name, value in values.items()
            if not implied[name][1] / _APART <= value <= _APART * implied[name][1]}


def _distance(slope: Array, decay: Array) -> float:
    size = float(np.linalg.norm(decay))
    return math.inf if size == 0.0 else float(np.linalg.norm(decay - slope)) / size


def _convention(found: MetricMeasurement, elsewhere: dict[str, float], decays: tuple[float, float]) -> str:
    unit = {name: decays[name == "lambda_b"] for name in elsewhere}
    there = ", ".join(f"{name} = {number(value / unit[name], 3)}" for name, value in elsewhere.items())
    given = ", ".join(number(getattr(found.problem, name) / unit[name], 3) for name in elsewhere)
    return (
        f"the layers are stationary at {there}, and {given} was given: are the lambdas in another convention, or was a "
        "bias trained with another weight decay (lambda_c of c, lambda_b of b)?"
    )


def _room(found: MetricMeasurement) -> tuple[str, ...]:
    rank, dim = found.predicted.rank, found.layers.dim
    return () if dim >= rank else (
        f"the predicted layers use {rank} dimensions and h has {dim}: the minimum is a bound that this network cannot "
        "reach",
    )


def _largest(found: MetricMeasurement) -> tuple[str, ...]:
    parts = found.parts
    if negligible(found):
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

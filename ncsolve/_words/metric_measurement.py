"""The last two layers of a network in words: the verdict first, then loss, gap and angles beside the predicted ones."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from ncsolve._measure.metric_measurement import MetricMeasurement
from ncsolve._measure.metric_verdict import metric_verdict, negligible
from ncsolve._numbers.printed import between, number, percent
from ncsolve._problem.convention import Convention
from ncsolve._problem.convention import convention as convention_of
from ncsolve._words.measurement import compared_angles, compared_lengths
from ncsolve._words.summary import Summary

__all__ = ["metric_measurement_summary", "named_metric_measurement"]

_NC = {
    "nc1": ("NC1", "tr(S_W S_B^+)/K"), "nc2_simplex": ("NC2", "from a simplex ETF"),
    "nc2_orthogonal": ("", "from an orthogonal frame"), "nc3": ("NC3", "head and class means from being aligned"),
    "nc4": ("NC4", "nearest class mean and nearest code differ by"),
}


def metric_measurement_summary(found: MetricMeasurement, convention: Convention) -> Summary:
    """What there is to say of a measurement, its losses and lambdas in a convention."""
    problem, layers = found.problem, found.layers
    w, h, b, _ = convention.factors(problem.samples, problem.code_length)
    decays = (problem.lambda_w / w, problem.lambda_v / w, problem.lambda_c / w, problem.lambda_b / b)
    rows = (
        ("problem", _problem(found, decays, convention)),
        ("model", "the last two layers h = V z + c and W h + b under plain weight decay, for the previous features z"),
        ("loss", _loss(found, convention)),
        ("gap", _parts(found)),
        ("proved", _proved(found)),
        ("layers", f"W stationary to {percent(found.stationarity)} of its weight decay, V and c to "
                   f"{percent(found.hidden_stationarity)}{_bias(found)} ({percent(found.tolerances[1])} allowed)"),
        ("lambda_H", _directions(found, h)),
        ("angle", compared_angles(found.cosines, found.predicted.gram, _names(found))),
        ("length", compared_lengths(found.gram, found.predicted.gram)),
        ("bias", f"|b| = {number(float(np.linalg.norm(layers.b)), 5)}, predicted "
                 f"{number(float(np.linalg.norm(found.predicted.bias)), 5)}"),
        *_metrics(found),
        ("accuracy", "" if layers.accuracy is None else
         f"{percent(layers.accuracy)} of the samples are decided as their class"),
    )
    verdict = str(metric_verdict(found, decays=(w, b)))
    return Summary(verdict=verdict, essentials=tuple(row for row in rows if row[1]), details=(), classes=None)


def named_metric_measurement(found: MetricMeasurement, convention: str) -> Summary:
    """The summary in the convention of a name.  Raises UnknownNameError."""
    return metric_measurement_summary(found, convention_of(convention))


def _names(found: MetricMeasurement) -> tuple[str, ...]:
    return found.names if found.problem.class_names is None else tuple(map(repr, found.names))


def _problem(found: MetricMeasurement, decays: tuple[float, float, float, float], convention: Convention) -> str:
    problem, values = found.problem, found.problem.counts.values
    w, v, c, b = decays
    length = "" if problem.code_length == problem.classes else f" of length {problem.code_length}"
    scale = "" if convention.name == "paper" else f"\nconvention {convention.name}: {convention.objective}"
    return (
        f"{problem.encoding.name} codes{length}, K = {problem.classes} classes, N = {problem.samples} samples "
        f"({between(values[0], values[-1])} per class), z of dimension {problem.dim}, d = {found.layers.dim}\n"
        f"lambda_W = {w:g}, lambda_V = {v:g}, lambda_c = {c:g}{_none(c, 'no c')}, lambda_b = {b:g}"
        f"{_none(b, 'no bias')}{scale}"
    )


def _none(decay: float, text: str) -> str:
    return f" ({text})" if math.isinf(decay) else ""


def _loss(found: MetricMeasurement, convention: Convention) -> str:
    factor = convention.loss_factor(found.problem.samples, found.problem.code_length)
    return (
        f"{number(found.loss * factor, 9)}, minimum {number(found.minimum * factor, 9)}: gap "
        f"{number(found.gap * factor, 4)} ({percent(found.relative_gap)}, {percent(found.tolerances[0])} allowed)"
    )


def _bias(found: MetricMeasurement) -> str:
    """How far b is from stationary, where there is one."""
    decay = found.problem.lambda_b
    if math.isinf(decay):
        return ""
    return f", b to {percent(found.bias_stationarity)}{' of that of W' if decay == 0.0 else ''}"


def _parts(found: MetricMeasurement) -> str:
    parts = found.parts
    if negligible(found):
        return ""
    share = {name: percent(value / parts.total) for name, value in asdict(parts).items()}
    return (f"fit {share['fit']}, bias {share['bias']}, dual {share['dual']} (head and layer below not aligned), "
            f"feature {share['feature']}")


def _proved(found: MetricMeasurement) -> str:
    """Bounds of the certificate, with the distances from the prediction beside them."""
    bounds, true, problem = found.certificate, found.distance, found.problem
    codes = math.sqrt(problem.samples * float(problem.shares @ np.sum(problem.encoding.matrix**2, axis=0)))
    lines = []
    if codes > 0.0:
        lines.append(f"outputs {percent(bounds.outputs / codes)} ({percent(true.outputs / codes)})")
    if bounds.bias is not None and true.bias is not None and not math.isinf(problem.lambda_b):
        lines.append(f"bias {number(bounds.bias, 3)} ({number(true.bias, 3)})")
    return f"at most this far from the minimum, and from the predicted: {', '.join(lines)}" if lines else ""


def _directions(found: MetricMeasurement, decay: float) -> str:
    """The anisotropy, which weight decay of the layer below makes."""
    own, other = found.lambda_h_by_direction, found.predicted_lambda_h_by_direction
    if own is None:
        return ""
    text = f"W implies {number(own[0] / decay, 5)} along the mean of h, {number(own[1] / decay, 5)} across it"
    if other is not None:
        text += f"; predicted {number(other[0] / decay, 5)} and {number(other[1] / decay, 5)}"
    return f"{text}\n(nothing penalizes h itself: decay of V costs least where z is large)"


def _metrics(found: MetricMeasurement) -> list[tuple[str, str]]:
    """NC1 to NC4, measured and predicted."""
    rows = []
    for key, (name, what) in _NC.items():
        own, other = getattr(found.nc, key), getattr(found.predicted.nc, key)
        if own is not None:
            beside = "" if other is None else f", predicted {number(other, 5) if other > 1e-10 else '0'}"
            rows.append((name, f"{what} {number(own, 5)}{beside}" if key in ("nc1", "nc4") else
                         f"{number(own, 5)} {what}{beside}"))
    return rows

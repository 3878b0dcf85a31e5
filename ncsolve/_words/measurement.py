"""A measured network in words: the verdict first, then loss, gap, angles and NC metrics beside the predicted ones."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.cosines import spread_of
from ncsolve._measure.feature_geometry import WHY_NOT, FeatureGeometry
from ncsolve._measure.implied import implied_by
from ncsolve._measure.measurement import Measurement
from ncsolve._measure.verdict import COLLAPSED, verdict_of
from ncsolve._numbers.printed import number, percent
from ncsolve._problem.convention import Convention
from ncsolve._problem.convention import convention as convention_of
from ncsolve._words.feature_metrics import absent_words, angle_of, metric_rows, who
from ncsolve._words.minimizer import problem_words
from ncsolve._words.model import guarantee, model
from ncsolve._words.summary import Summary
from ncsolve.geometry import cosine_matrix

__all__ = ["compared_angles", "compared_lengths", "geometry_summary", "measurement_summary", "named_measurement"]

# As in a minimizer's verdict: a frame further away than this (NC2) is not worth naming as the nearer one.
_NEAR = 0.5
# Beyond this a head is at no minimum over itself, and implies nothing.
_NO_END = 0.5
# Ratio of lambda_H along the mean of the features to that across it, beyond which it is no penalty on them that makes
# the two: a finished run leaves 1 %.
_UNEQUAL = 1.1
_LOSSES = {"mse": "the mean squared error", "cross-entropy": "cross-entropy"}


def measurement_summary(
    found: Measurement, convention: Convention, lambdas: tuple[float, float, float] | None = None, *,
    nc4_samples: float | None = None,
) -> Summary:
    """What there is to say of a measurement, its losses and lambdas in a convention.

    ``lambdas`` (w, h, b) are those that were typed.
    """
    problem, statistics = found.problem, found.head.statistics
    w, h, b = convention.factors(problem.samples, problem.code_length)[:3]
    used = problem.lambda_w / w, problem.lambda_h / h, problem.lambda_b / b
    if lambdas is not None:
        used = lambdas[0], used[1], lambdas[2]
    verdict = verdict_of(found, decays=(w, h))
    rows = (
        ("problem", problem_words(found.predicted, convention, used, statistics.dim)),
        ("model", model(found.predicted, convention)),
        ("guarantee", guarantee(found.predicted, convention)),
        ("absent", absent_words(statistics)),
        ("note", _samples(found, verdict.kind)),
        ("note", _room(found)),
        ("loss", _loss(found, convention)),
        ("gap", _parts(found)),
        ("proved", _proved(found)),
        ("head", f"stationary to {percent(found.stationarity)} of its weight decay ({percent(found.tolerances[1])} "
                 "allowed)"),
        ("lambda_H", _decay(found, h)),
        ("angle", compared_angles(found.cosines, found.predicted.gram, who(statistics))),
        ("length", compared_lengths(found.gram, found.predicted.gram)),
        ("bias", f"|b| = {number(float(np.linalg.norm(found.head.b)), 5)}, predicted "
                 f"{number(float(np.linalg.norm(found.predicted.bias)), 5)}"),
        *metric_rows(found.nc, statistics, nc4_samples, found.predicted.nc, found.head.accuracy),
    )
    return Summary(verdict=str(verdict), essentials=tuple(row for row in rows if row[1]), details=(), classes=None)


def named_measurement(found: Measurement, convention: str) -> Summary:
    """The summary in the convention of a name.  Raises UnknownNameError."""
    return measurement_summary(found, convention_of(convention, found.problem.loss))


def geometry_summary(
    found: FeatureGeometry, convention: Convention, *, nc4_samples: float | None = None,
) -> Summary:
    """What there is to say of features without a loss to compare."""
    statistics = found.statistics
    spread = spread_of(found.cosines)
    counts = statistics.counts[statistics.present]
    lengths = np.sqrt(np.maximum(np.diag(found.gram), 0.0))
    rows = (
        ("features", f"N = {statistics.samples} samples of {counts.size} classes ({counts.min()} to {counts.max()} "
                     f"per class), d = {statistics.dim}"),
        ("absent", absent_words(statistics)),
        ("angle", angle_of(spread, who(statistics))),
        ("length", f"{number(float(lengths.min()), 5)} to {number(float(lengths.max()), 5)}"),
        ("implied", _implied(found, convention)),
        *metric_rows(found.nc, statistics, nc4_samples, None, statistics.accuracy),
    )
    verdict = f"Geometry only: {WHY_NOT[found.why]}."
    if spread is not None:
        verdict += f" The class means are {_nearest(found)}."
    return Summary(verdict=verdict, essentials=tuple(row for row in rows if row[1]), details=(), classes=None)


def _nearest(found: FeatureGeometry) -> str:
    simplex, orthogonal = found.nc.nc2_simplex, found.nc.nc2_orthogonal
    if simplex is None or orthogonal is None:
        return "all zero"
    near, far = ("a simplex ETF", "an orthogonal frame") if simplex < orthogonal else (
        "an orthogonal frame", "a simplex ETF")
    if min(simplex, orthogonal) > _NEAR:
        return (f"neither near {near} nor near {far} (NC2 distances {number(min(simplex, orthogonal), 3)} and "
                f"{number(max(simplex, orthogonal), 3)})")
    return (f"nearer to {near} (NC2 distance {number(min(simplex, orthogonal), 3)}) than to {far} "
            f"({number(max(simplex, orthogonal), 3)})")


def _implied(found: FeatureGeometry, convention: Convention) -> str:
    """What the head implies, and how to go on from there."""
    implied = found.implied
    if implied is None or found.head is None:
        return ""
    loss = _LOSSES[found.head.problem.loss]
    if implied.lambda_w is None or implied.lambda_h is None:
        return f"no positive weight decay makes the head stationary, as at the end of a descent on {loss}"
    if (implied.stationarity or 0.0) > _NO_END:
        return ("no weight decay makes the head nearly stationary, so that it implies none: is the training at its "
                f"end, and was its loss {loss}?")
    w, h, b = convention.factors(found.statistics.samples, found.head.problem.code_length)[:3]
    bias = "no bias (lambda_b = inf)" if implied.lambda_b == math.inf else (
        "no lambda_b from 0 on" if implied.lambda_b is None else f"lambda_b = {number(implied.lambda_b / b, 4)}")
    text = (
        f"the head implies lambda_W = {number(implied.lambda_w / w, 4)}, {bias}, and if it is that of a minimum "
        f"lambda_H = {number(implied.lambda_h / h, 4)}"
    )
    if implied.along_mean is not None and implied.across_mean is not None:
        text += (f" ({number(implied.along_mean / h, 4)} along the mean of the features, "
                 f"{number(implied.across_mean / h, 4)} across it)")
    return (
        f"{text}\nat these the head is stationary to {percent(implied.stationarity or 0.0)} of its weight decay: give "
        "the lambdas that it was trained with, and what it implies shows whether they are in this convention"
    )


def _samples(found: Measurement, kind: str) -> str:
    """Where the size of the training set matters."""
    if found.training_samples is not None:
        return f"a part of a training set of {found.training_samples} samples"
    if found.estimator is not None or kind == COLLAPSED:
        return ""
    return ("lambda_H is a penalty on every sample: if these are a part of the training set, say how large that is "
            "(samples = N)")


def _room(found: Measurement) -> str:
    span, dim = found.predicted.frame.span, found.head.statistics.dim
    return "" if dim >= span else (
        f"the predicted class means span {span} dimensions and the features have {dim}: the minimum is a bound that "
        "this network cannot reach"
    )


def _loss(found: Measurement, convention: Convention) -> str:
    factor = convention.loss_factor(found.problem.samples, found.problem.code_length)
    what = "minimum" if found.guarantee == "global" else "lower bound of the minimum"
    floor = "" if found.floor == 0.0 else f", entropy of the codes {number(found.floor * factor, 9)}"
    return (
        f"{number(found.loss * factor, 9)}, {what} {number(found.minimum * factor, 9)}{floor}: gap "
        f"{number(found.gap * factor, 4)} ({percent(max(found.relative_gap, 0.0))}, "
        f"{percent(found.tolerances[0])} allowed)"
    )


def _parts(found: Measurement) -> str:
    parts = found.parts
    if parts is None or not parts.total > 0.0:
        return ""
    share = {name: percent(value / parts.total) for name, value in asdict(parts).items()}
    return (
        f"fit {share['fit']}, bias {share['bias']}, dual {share['dual']} (NC3), feature {share['feature']}; variation "
        f"within the classes makes {share['within']} of it (NC1)"
    )


def _proved(found: Measurement) -> str:
    """Bounds of the certificate, with the true distances beside them."""
    if found.certificate is None:
        return ""
    bounds, true, problem = found.certificate, found.distance, found.problem
    lines, u = [], np.sqrt(problem.counts.array)
    size = float(np.linalg.norm(found.predicted.gram * np.outer(u, u)))
    if size > 0.0 and math.isfinite(bounds.gram):
        lines.append(f"Gram matrix {percent(bounds.gram / size)} ({percent(true.gram / size)})")
    codes = float(np.linalg.norm(problem.encoding.matrix * u))
    if codes > 0.0 and bounds.outputs is not None and true.outputs is not None:
        lines.append(f"outputs {percent(bounds.outputs / codes)} ({percent(true.outputs / codes)})")
    if bounds.probabilities is not None and true.probabilities is not None:
        root = math.sqrt(problem.samples)
        lines.append(f"softmax probabilities {number(bounds.probabilities / root, 3)} "
                     f"({number(true.probabilities / root, 3)}) in root mean square over the samples")
    if problem.lambda_b != math.inf and math.isfinite(bounds.bias):
        lines.append(f"bias {number(bounds.bias, 3)} ({number(true.bias, 3)})")
    return f"at most this far from the predicted, and in truth: {', '.join(lines)}" if lines else ""


def _decay(found: Measurement, factor: float) -> str:
    how = {None: "given", "balance": "from lambda_W |W|^2 / |H|^2", "norm": "where the predicted features are as long"}
    text = f"{number(found.lambda_h / factor, 5)} ({how[found.estimator]})"
    implied = implied_by(found.head)
    if found.head.balance is not None and found.estimator != "balance":
        text += f"; the head implies {number(found.head.balance / factor, 5)}"
    if found.head.by_direction is not None:
        along, across = found.head.by_direction
        text += f"; {number(along / factor, 5)} along the mean of the features, {number(across / factor, 5)} across it"
        if found.problem.spec.fit.fits_codes and not 1 / _UNEQUAL <= along / across <= _UNEQUAL:
            text += "; they differ: try --previous-features, or a MetricProblem (plain weight decay)"
    w = found.problem.lambda_w
    if implied.lambda_w is not None and abs(implied.lambda_w - w) > 0.05 * w:
        text += f"\nthe head is nearest to stationary at {number(implied.lambda_w / w, 3)} times the lambda_W given"
    return text


def compared_angles(cosines: Array, predicted: Array, names: tuple[str, ...]) -> str:
    """Measured angles above those of a predicted Gram matrix, and the pair that is furthest from them."""
    measured, other = angle_of(spread_of(cosines), names), cosine_matrix(predicted)
    wanted = angle_of(spread_of(other))
    if not measured or not wanted:
        return measured
    first, second, apart = _worst(cosines, other)
    worst = "" if apart == 0.0 else (
        f"\nfurthest from it: classes {names[first]} and {names[second]}, cos off by "
        f"{number(apart, 3)}")
    return f"{measured}\npredicted {wanted}{worst}"


def _worst(measured: Array, predicted: Array) -> tuple[int, int, float]:
    apart = np.nan_to_num(np.abs(np.triu(measured - predicted, 1)), nan=0.0)
    first, second = divmod(int(np.argmax(apart)), apart.shape[1])
    return first, second, float(apart[first, second])


def compared_lengths(gram: Array, predicted: Array) -> str:
    """The lengths of class means, measured and predicted, by their Gram matrices."""
    own, other = (np.sqrt(np.maximum(np.diag(of), 0.0)) for of in (gram, predicted))
    return f"{_between(own)}, predicted {_between(other)}"


def _between(lengths: Array) -> str:
    low, high = number(float(lengths.min()), 5), number(float(lengths.max()), 5)
    return low if low == high else f"{low} to {high}"

"""``measure``: from a statistic, a last layer and a problem to a measurement, or one clear line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike

from ncsolve._measure.feature_decay import ESTIMATORS, balanced, of_equal_norm
from ncsolve._measure.fits import FITS
from ncsolve._measure.head import MeasuredHead
from ncsolve._measure.measurement import Measurement, with_head
from ncsolve._measure.metric_measure import measure_layers
from ncsolve._measure.metric_measurement import MetricMeasurement
from ncsolve._measure.samples import MOST
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve._minimizer.solve import solve
from ncsolve._models.registry import model_of
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve.checks.arguments import check_kind, check_whole
from ncsolve.checks.measured import measured, positive_number
from ncsolve.errors import ProblemError, shown

__all__ = ["measure", "measure_again"]


@overload
def measure(
    statistics: FeatureStatistics, W: ArrayLike, b: ArrayLike | None, problem: UFM, *, lambda_h: str | None = None,
    samples: int | None = None, gap_tolerance: float = 1e-2, stationarity_tolerance: float = 1e-2,
) -> Measurement: ...
@overload
def measure(
    statistics: FeatureStatistics, W: ArrayLike, b: ArrayLike | None, problem: MetricProblem, *,
    hidden: Sequence[ArrayLike | None], gap_tolerance: float = 1e-2, stationarity_tolerance: float = 1e-2,
) -> MetricMeasurement: ...
def measure(
    statistics: FeatureStatistics, W: ArrayLike, b: ArrayLike | None, problem: UFM | MetricProblem, *,
    hidden: Sequence[ArrayLike | None] | None = None, lambda_h: str | None = None, samples: int | None = None,
    gap_tolerance: float = 1e-2, stationarity_tolerance: float = 1e-2,
) -> Measurement | MetricMeasurement:
    """Measure a trained network against the exact prediction.

    Parameters
    ----------
    statistics : FeatureStatistics
        Of the features that the last layer sees, over the training set; with a scatter that is "full", or "projected"
        by this very head.  For cross-entropy it is gathered with ``loss="cross-entropy"`` by this very head, and any
        scatter does.
    W, b : arrays (m, d) and (m,)
        The last layer; ``b`` may be None where there is none.
    problem : UFM or MetricProblem
        Codes, counts and lambdas: ``statistics.problem(...)`` makes it.  Its classes are those that have samples.
        Or a MetricProblem of ``statistics.metric_problem(...)``, the last two layers under plain weight decay: the
        statistic is then that of the features z that the last hidden layer sees.
    hidden : tuple (V, c) of arrays (d, p) and (d,)
        The last hidden layer h = V z + c, of a MetricProblem only; c is None where lambda_c is inf.
    lambda_h : "balance" or "norm", optional
        Estimate lambda_h in place of the problem's: from lambda_w ||W||^2 = lambda_h ||H||^2, or so that the predicted
        features are as long as the measured ones.
    samples : int, optional
        Size of the training set where the statistic is of a part of it: lambda_h is then multiplied by this over N.
    gap_tolerance, stationarity_tolerance : float
        What the verdict calls small.

    Raises
    ------
    ProblemError
        For arrays that do not fit, counts that are not those of the statistic, a bias at lambda_b = inf, negative
        features for a problem with ReLU features, and under cross-entropy for a statistic of another head or loss; for
        a MetricProblem without ``hidden``, with ``lambda_h`` or ``samples``, or of other moments.
    OpenProblemError
        For deep heads and bottlenecks.

    Notes
    -----
    Source: T13, T15 and T16 of docs/theory.md.

    Examples
    --------
    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=4,
    ...                       lambda_w=1e-2, lambda_h=1e-2, lambda_b=0.5)
    >>> found = ncsolve.solve(problem)
    >>> labels = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    >>> stats = ncsolve.FeatureStatistics(3, found.dim).update(found.class_means[:, labels].T, labels)
    >>> measured = ncsolve.measure(stats, 1.1 * found.W, found.bias, problem)
    >>> measured.gap > 0, abs(measured.gap - (measured.loss - found.loss)) < 1e-15
    (True, True)
    """
    check_kind("the statistics", statistics, FeatureStatistics, "gather them with ncsolve.FeatureStatistics")
    tolerances = (
        positive_number(gap_tolerance, "gap_tolerance"),
        positive_number(stationarity_tolerance, "stationarity_tolerance"),
    )
    if isinstance(problem, MetricProblem):
        for name, given, why in (("lambda_h", lambda_h is not None, "whose features no term penalizes"),
                                 ("samples", samples is not None, "whose loss is a mean over any number of samples")):
            if given:
                raise ProblemError(f"{name} is an option for a UFM; got it with a MetricProblem, {why}, drop it")
        return measure_layers(statistics, W, b, problem, hidden, tolerances)
    check_problem(problem)
    if hidden is not None:
        raise ProblemError("hidden = (V, c) is for a MetricProblem, which has a layer below the head; got a UFM, drop "
                           "it, or make the problem with statistics.metric_problem(...)")
    head = _head(statistics, W, b, problem)
    if lambda_h is not None and not (isinstance(lambda_h, str) and lambda_h in ESTIMATORS):
        raise ProblemError(
            f"lambda_h must be {' or '.join(map(repr, ESTIMATORS))}, or that of the problem; got {shown(lambda_h)}"
        )
    factor = 1.0
    if samples is not None:
        total = check_whole("samples", samples, statistics.samples, remedy=", at least those of the statistic")
        factor = total / statistics.samples
    if lambda_h is not None:
        value = (balanced if lambda_h == "balance" else of_equal_norm)(head)
        head = _head(statistics, head.W, head.b, problem.replace(lambda_h=value))
    elif factor != 1.0:
        head = _head(statistics, head.W, head.b, problem.replace(lambda_h=problem.lambda_h * factor))
    predicted = solve(head.problem)
    model_of(head.problem).residual(head.problem, predicted.frame)  # refuses what can't be measured
    return Measurement(head=head, predicted=predicted, estimator=lambda_h, tolerances=tolerances,
                       training_samples=None if factor == 1.0 else samples)


def measure_again(known: Measurement, statistics: FeatureStatistics, W: ArrayLike, b: ArrayLike | None) -> Measurement:
    """As ``measure``, of a later state of the network: its problem is ``known``, and is not solved again.

    Raises ProblemError as that.
    """
    return with_head(known, _head(statistics, W, b, known.problem))


def _head(statistics: FeatureStatistics, w: ArrayLike, b: ArrayLike | None, problem: UFM) -> MeasuredHead:
    counts = statistics.counts[statistics.present]
    if counts.size != problem.classes or (counts != problem.counts.array).any():
        raise ProblemError(
            f"the problem must have the counts of the statistic, {shown(counts.tolist())}; got "
            f"{shown(problem.counts.array.tolist())}, make it with statistics.problem(...)"
        )
    weights = measured(w, "W", "(m, d)")
    if weights.shape != (problem.code_length, statistics.dim):
        turned = ", pass W.T" if weights.shape[::-1] == (problem.code_length, statistics.dim) else ""
        raise ProblemError(
            f"W must be (m, d) = ({problem.code_length}, {statistics.dim}), outputs by features; got {weights.shape}"
            + turned
        )
    bias = np.zeros(problem.code_length) if b is None else measured(b, "b", "(m,)")
    if max(float(np.abs(weights).max()), float(np.abs(bias).max())) >= MOST:
        raise ProblemError(f"W and b must be below {MOST:g}; got larger numbers, whose squares no float holds")
    if bias.size != problem.code_length:
        raise ProblemError(f"b must have {problem.code_length} entries, one per output; got {bias.size}")
    if problem.lambda_b == math.inf and bias.any():
        raise ProblemError(
            f"lambda_b = inf means that there is no bias; got one of length {np.linalg.norm(bias):g}, give the "
            "lambda_b that it was trained with"
        )
    if statistics.lowest < (least := model_of(problem).least_feature):
        raise ProblemError(
            f"features of a problem with {problem.features} features must not be below {least:g}; got "
            f"{statistics.lowest:g}, take them after the ReLU, or set features = 'linear'"
        )
    FITS[problem.loss].check(statistics, weights, bias)
    return MeasuredHead(problem=problem, statistics=statistics, W=weights, b=bias)

"""The last two layers of a network under plain weight decay: from a gathered statistic of z to a measurement (T15)."""

from __future__ import annotations

import math
from typing import Any, TypedDict

from numpy.typing import ArrayLike

from ncsolve._measure.measure import measure
from ncsolve._measure.metric_measurement import MetricMeasurement
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve._problem.convention import convention as convention_of
from ncsolve._problem.losses import check_loss
from ncsolve.checks.arguments import check_whole
from ncsolve.encodings import Encoding
from ncsolve.errors import ProblemError, shown
from ncsolve.torch._batches import Unpack
from ncsolve.torch._hidden import HIDDEN
from ncsolve.torch._measured import bias_decay, head_arrays, layer_arrays

__all__ = ["MeasureOptions", "check_options", "measured_tail"]


class MeasureOptions(TypedDict, total=False):
    """What ``Probe.measure`` takes beside weight decays."""

    encoding: str | Encoding | ArrayLike
    features: str
    loss: str
    convention: str
    classes: int | None
    scatter: str
    bn: str
    unpack: Unpack | None
    ignore_index: int | None
    samples: int | None
    seed: int
    gap_tolerance: float
    stationarity_tolerance: float


def check_options(
    tail: str, hidden: Any, *, lambda_h: float | str | None, lambda_v: float | None,
    lambda_c: float | None, features: str, loss: str, scatter: str,
) -> None:
    """That the options of a measurement are those of its tail.  Raises ProblemError."""
    if hidden is None:
        for name, decay in (("lambda_v", lambda_v), ("lambda_c", lambda_c)):
            if decay is not None:
                raise ProblemError(
                    f"{name} is a weight decay of the last hidden layer, which a probe with tail={tail!r} does not "
                    f"see; got {shown(decay)}, make it with Probe(model, tail={HIDDEN!r})"
                )
        if lambda_h is None:
            raise ProblemError(
                "the features need a penalty or what stands for it; got no lambda_h, pass a number, 'norm' or 'balance'"
            )
        return
    if lambda_h is not None:
        raise ProblemError(
            f"with tail={HIDDEN!r} nothing penalizes features, and the weight decay of that layer takes the place of "
            f"it; got lambda_h = {shown(lambda_h)}, pass lambda_v"
        )
    if lambda_v is None:
        raise ProblemError(f"with tail={HIDDEN!r} the weight decay of that layer is needed; got none, pass lambda_v")
    if lambda_c is not None and hidden.bias is None and lambda_c != math.inf:
        raise ProblemError(
            f"lambda_c is the weight decay of c, which the last hidden layer does not have; got {shown(lambda_c)}, "
            "leave it out"
        )
    for name, value, only in (
        ("loss", check_loss(loss), "mse"), ("features", features, "linear"), ("scatter", scatter, "full"),
    ):
        if value != only:
            raise ProblemError(
                f"the minimum of the last two layers is known for {name} = {only!r}; got {shown(value)}, leave it out, "
                "or probe with tail='head'"
            )


def measured_tail(
    statistics: FeatureStatistics, head: Any, hidden: Any, codes: Encoding, *, lambda_w: float,
    lambda_v: float, lambda_c: float | None, lambda_b: float | None, convention: str, samples: int | None,
    gap_tolerance: float, stationarity_tolerance: float,
) -> MetricMeasurement:
    """``ncsolve.measure`` of a statistic of z with both layers.

    Raises ProblemError, also for a head with a bias without a ``lambda_b``.
    """
    scaling, m, part = convention_of(convention), head.out_features, statistics.samples
    # a convention may divide by N, which is that of the training
    whole = part if samples is None else check_whole("samples", samples, part, remedy=", at least those of the loader")
    share = scaling.factors(whole, m)[0] / scaling.factors(part, m)[0]
    problem = statistics.metric_problem(
        codes, lambda_w=lambda_w * share, lambda_v=lambda_v * share, lambda_b=bias_decay(head, lambda_b) * share,
        lambda_c=math.inf if hidden.bias is None else None if lambda_c is None else lambda_c * share,
        convention=convention,
    )
    w, b = head_arrays(head)
    v, c = layer_arrays(hidden, HIDDEN)
    return measure(
        statistics, w, None if head.bias is None else b, problem,
        hidden=(v, None if hidden.bias is None else c),
        gap_tolerance=gap_tolerance, stationarity_tolerance=stationarity_tolerance,
    )

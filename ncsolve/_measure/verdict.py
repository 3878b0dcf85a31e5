"""A measurement in words: collapsed as predicted, not finished, or another model, and what to try next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._measure.implied import implied_by
from ncsolve._models.registry import model_of
from ncsolve._numbers.printed import number, percent

if TYPE_CHECKING:
    from ncsolve._measure.measurement import Measurement

__all__ = ["COLLAPSED", "OTHER", "UNFINISHED", "Verdict", "verdict_of"]

COLLAPSED, UNFINISHED, OTHER = "collapsed as predicted", "not finished", "another model"
# A ratio of two estimates of lambda_h beyond which they are not of one minimum: what a finished run leaves is 1 %.
_APART = 1.5
# Labels in another order than the head's rows: guessing is right in 1/K of the samples, and 5 % are chance.
_CHANCE = 0.05
# A class mean that is off by this part of the longest is not the predicted one, however small the gap is.
_SHORT = 0.1
# A permutation fits if it makes a classifier of the head.
_FITS = 0.9
# The share of the gap beyond which variation within the classes is what is wrong.
_MOST = 0.5


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``kind`` is one of three, ``reasons`` the numbers that it rests on, and ``remedies`` what to try next."""

    kind: str
    reasons: tuple[str, ...]
    remedies: tuple[str, ...]

    def __str__(self) -> str:
        first, *rest = self.reasons
        return " ".join(map(_sentence, (f"{self.kind}: {first}", *rest, *self.remedies)))


def verdict_of(found: Measurement, *, decays: tuple[float, float] = (1.0, 1.0)) -> Verdict:
    """By the gap and the stationarity of the head, both against the measurement's tolerances.

    ``decays`` are a lambda_w and a lambda_h of 1 in the convention of the lambdas that are told.
    """
    allowed, still = found.tolerances
    relative = found.relative_gap
    stationary, near = found.stationarity <= still, relative <= allowed
    elsewhere = None if stationary else _stationary_at(found)
    kind = COLLAPSED if stationary and near else UNFINISHED if not stationary and elsewhere is None else OTHER
    what = "the minimum" if found.guarantee == "global" else "a lower bound of the minimum, which is not known"
    reasons = [
        f"the loss is {percent(relative)} above {what} ({percent(allowed)} allowed), and the head is "
        + (f"stationary to {number(found.stationarity, 2)}" if stationary else
           f"not stationary: {number(found.stationarity, 3)}") + f" ({number(still, 3)} allowed)",
        *_proved(found),
        *(_short_classes(found) if kind == COLLAPSED else []),
    ]
    remedies: list[str] = []
    if kind != COLLAPSED:
        reasons += _largest(found)
        if elsewhere is not None:
            remedies = [
                *_order(found),
                f"the head is stationary at lambda_w = {number(elsewhere / decays[0], 3)}, and "
                f"{number(found.problem.lambda_w / decays[0], 3)} was given: are the lambdas in another convention?"
            ]
        else:
            remedies = [*_order(found), *(_unfinished(found) if kind == UNFINISHED else _other(found, decays[1]))]
    return Verdict(kind=kind, reasons=tuple(reasons), remedies=tuple(remedies))


def _proved(found: Measurement) -> list[str]:
    if found.certificate is None:
        return []
    u = np.sqrt(found.problem.counts.array)
    size = float(np.linalg.norm(found.predicted.gram * np.outer(u, u)))
    if size == 0.0 or not math.isfinite(found.certificate.gram):
        return []
    bound, true = found.certificate.gram / size, found.distance.gram / size
    if bound > 1.0:  # the zero matrix is as near
        return []
    return [
        f"the class means are proved to be within {percent(bound)} of the predicted frame (they are {percent(true)} "
        "from it)"
    ]


def _short_classes(found: Measurement) -> list[str]:
    """Classes that a small gap says nothing of: those whose direction is near the threshold cost little when missed."""
    own, wanted = (np.sqrt(np.maximum(np.diag(gram), 0.0)) for gram in (found.gram, found.predicted.gram))
    off = np.flatnonzero(np.abs(own - wanted) > _SHORT * wanted.max(initial=0.0))
    if off.size == 0:
        return []
    worst = int(off[np.argmax(np.abs(own - wanted)[off])])
    names = found.problem.class_names
    name = names[worst] if names else str(found.head.statistics.present[worst])
    more = f", and {off.size - 1} more class means are off in length" if off.size > 1 else ""
    return [
        f"the mean of class {name} has length {number(float(own[worst]), 3)} where {number(float(wanted[worst]), 3)} "
        f"is predicted{more}"
    ]


def _largest(found: Measurement) -> list[str]:
    parts = found.parts
    if parts is None or not parts.total > 0.0:
        return []
    named = {
        "fit (the outputs are not the predicted ones)": parts.fit, "bias": parts.bias,
        "dual (classifier and class means are not aligned, NC3)": parts.dual,
        "feature (energy in directions that the minimum leaves out, or within the classes)": parts.feature,
    }
    name = max(named, key=named.__getitem__)
    return [
        f"the largest part of the gap is {name}, {percent(named[name] / parts.total)}; "
        f"{percent(parts.within / parts.total)} of the gap is variation within the classes (NC1)"
    ]


def _order(found: Measurement) -> list[str]:
    from scipy.optimize import linear_sum_assignment

    accuracy, decisions = found.head.statistics.accuracy, found.head.statistics.decisions
    if accuracy is None or decisions is None or found.problem.classes < 2:
        return []
    if accuracy >= 1.0 / found.problem.classes + _CHANCE:
        return []
    text = (
        f"only {percent(accuracy)} of the samples are decided as their class: labels in the order of the head's rows"
    )
    rows, columns = linear_sum_assignment(-decisions)
    if decisions[rows, columns].sum() >= _FITS * found.head.statistics.samples:
        order = ", ".join(str(row) for row in rows[np.argsort(columns)][:20])
        more = ", ..." if columns.size > 20 else ""
        return [f"{text} would do better, and class 0, 1, ... is row {order}{more}"]
    return [f"{text} are what it needs"]


def _stationary_at(found: Measurement) -> float | None:
    """The lambda_w at which a head is stationary that is not so at the one given."""
    implied = implied_by(found.head)
    if implied.stationarity is None or implied.stationarity > found.tolerances[1]:
        return None
    return implied.lambda_w


def _unfinished(found: Measurement) -> list[str]:
    if found.training_samples is not None:
        return ["these samples are a part of the training set, on which a head is stationary only as far as the part "
                "has every class as often as the whole: measure all of it, or as many of every class in proportion"]
    return [
        "train on, or lower the learning rate to zero; a head that was trained with dropout, augmentation, mixup or "
        "AdamW is not stationary on clean data even at its end"
    ]


def _other(found: Measurement, decay: float) -> list[str]:
    remedies = []
    if model_of(found.problem).least_feature < 0.0 <= found.head.statistics.lowest:
        remedies.append("no feature is negative: if they come after a ReLU, measure with features = 'relu'")
    directions, balance = found.head.by_direction, found.head.balance
    if directions is not None and not 1 / _APART <= directions[0] / directions[1] <= _APART:
        remedies.append(
            f"the head implies lambda_h = {number(directions[0] / decay, 3)} along the mean of the features and "
            f"{number(directions[1] / decay, 3)} across it: plain weight decay, which penalizes no features, does that"
        )
    elif balance is not None and not 1 / _APART <= balance / found.lambda_h <= _APART:
        remedies.append(
            f"the head implies lambda_h = {number(balance / decay, 3)} and {number(found.lambda_h / decay, 3)} was "
            "given: are the lambdas in another convention, or the samples a part of the training set (samples=)? "
            "lambda_h = 'balance' takes the implied one"
        )
    parts = found.parts
    if not remedies and parts is not None and parts.within > _MOST * parts.total:
        remedies.append(
            "the head is at its own minimum, but the features of a class still differ: train the layers below it on; "
            "small ones may not be able to make them equal"
        )
    return remedies or ["codes, counts or lambdas are not those that the network was trained with, or the head is at "
                        "another critical point"]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('?') else '.'}"

"""Why a network is not where it was predicted, as far as its numbers tell, and what to try next."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._measure.implied import implied_by
from ncsolve._models.registry import model_of
from ncsolve._numbers.printed import number, percent

if TYPE_CHECKING:
    from ncsolve._measure.measurement import Measurement

__all__ = ["elsewhere_stationary", "remedies_of"]

# A ratio of two estimates of a weight decay beyond which they are not of one minimum: a finished run leaves 1 %.
_APART = 1.5
# Guessing is right in 1/K of the samples; 5 % more, and three standard deviations, are chance.  An order of the classes
# that is better by 5 % is told.
_CHANCE = 0.05
# A permutation fits if it makes a classifier of the head.
_FITS = 0.9
# The share of the gap beyond which variation within the classes is what is wrong.
_MOST = 0.5
# Outputs so many times as large as the codes are not those of a mean squared error.
_LARGE = 3.0
_SHOWN = 20
# A predicted bias below this is none.
_ZERO = 1e-9


def elsewhere_stationary(found: Measurement) -> float | None:
    """Another lambda_w, at which a head is stationary that is not so at the one given."""
    implied = implied_by(found.head)
    if implied.lambda_w is None or implied.stationarity is None or implied.stationarity > found.tolerances[1]:
        return None
    given = found.problem.lambda_w
    return None if 1 / _APART <= implied.lambda_w / given <= _APART else implied.lambda_w


def remedies_of(
    found: Measurement, decays: tuple[float, float], *, stationary: bool, elsewhere: float | None
) -> tuple[str, ...]:
    """What to try next; ``decays`` are a lambda_w and a lambda_h of 1 in the convention that is told."""
    told = [*_order(found), *_bias(found)]
    if elsewhere is not None:
        told.append(
            f"the head is stationary at lambda_w = {number(elsewhere / decays[0], 3)}, and "
            f"{number(found.problem.lambda_w / decays[0], 3)} was given: are the lambdas in another convention?"
        )
    elif stationary:
        told += _other(found, decays[1])
    elif not told:
        told += _unfinished(found)
    return tuple(told)


def _order(found: Measurement) -> list[str]:
    """Labels in another order than the head's rows, or of other samples than the features."""
    from scipy.optimize import linear_sum_assignment

    accuracy, decisions = found.head.accuracy, found.head.decisions
    if accuracy is None or decisions is None or found.problem.classes < 2 or not found.head.W.any():
        return []
    rows, columns = linear_sum_assignment(-decisions)
    best = float(decisions[rows, columns].sum()) / found.head.statistics.samples
    text = f"only {percent(accuracy)} of the samples are decided as their class"
    if best >= _FITS and best > accuracy + _CHANCE:
        names = found.head.statistics.class_names or tuple(map(str, range(decisions.shape[1])))
        order = ", ".join(names[column] for column in columns[:_SHOWN])
        more = ", ..." if columns.size > _SHOWN else ""
        return [
            f"{text}, and {percent(best)} would be if the classes were in the order {order}{more}: are the labels in "
            "the order of the head's rows?"
        ]
    guess = 1.0 / found.problem.classes
    if accuracy < guess + _CHANCE + 3.0 * math.sqrt(guess * (1.0 - guess) / found.head.statistics.samples):
        return [f"{text}, and no order of the classes is much better: are labels and features those of the same rows?"]
    return []


def _bias(found: Measurement) -> list[str]:
    if found.problem.lambda_b < math.inf and not found.head.b.any() and np.abs(found.predicted.bias).max() > _ZERO:
        return ["the bias is zero: a head without one has lambda_b = inf, and one that has it keeps it in b"]
    return []


def _unfinished(found: Measurement) -> list[str]:
    statistics = found.head.statistics
    if found.training_samples is not None:
        return ["these samples are a part of the training set, on which a head is stationary only as far as the part "
                "has every class as often as the whole: measure all of it, or as many of every class in proportion"]
    if statistics.present.size < statistics.classes:
        return ["some classes have no sample here: a head that was trained on them is stationary on all classes only"]
    other = _other_loss(found)
    if other:
        return other
    return [
        "train on, or lower the learning rate to zero; a head that was trained with dropout, augmentation, mixup or "
        "AdamW is not stationary on clean data even at its end"
    ]


def _other_loss(found: Measurement) -> list[str]:
    """Signs of a head that was trained with the loss that is not measured."""
    problem, head = found.problem, found.head
    if problem.loss == "mse":
        outputs = float(np.abs(head.outputs).max())
        if outputs > _LARGE * float(np.abs(problem.encoding.matrix).max()):
            return [f"the outputs are up to {number(outputs, 3)}, far beyond the codes: was the loss the mean squared "
                    "error? After cross-entropy measure with loss = 'cross-entropy'"]
    elif head.statistics.scatter != "trace":
        squared = implied_by(replace(head, problem=problem.replace(loss="mse")))
        if squared.stationarity is not None and squared.stationarity <= found.tolerances[1]:
            return ["under the mean squared error the head is stationary: was that the loss? Then measure with loss = "
                    "'mse'"]
    return []


def _other(found: Measurement, decay: float) -> list[str]:
    remedies = []
    unsigned = model_of(found.problem).least_feature < 0.0 <= found.head.statistics.lowest
    if unsigned:
        remedies.append("no feature is negative: if they come after a ReLU, measure with features = 'relu'")
    directions, balance = found.head.by_direction, found.head.balance
    if not unsigned and directions is not None and not 1 / _APART <= directions[0] / directions[1] <= _APART:
        remedies.append(
            f"the head implies lambda_h = {number(directions[0] / decay, 3)} along the mean of the features and "
            f"{number(directions[1] / decay, 3)} across it: plain weight decay, which penalizes no features, does that "
            "(--previous-features measures it)"
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

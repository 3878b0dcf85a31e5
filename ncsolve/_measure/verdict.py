"""A measurement in words: collapsed as predicted, not finished, or another model, and what to try next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ncsolve._arrays import Array
from ncsolve._measure.causes import elsewhere_stationary, remedies_of
from ncsolve._models.registry import model_of
from ncsolve._numbers.printed import number, percent
from ncsolve.geometry import cosine_matrix

if TYPE_CHECKING:
    from ncsolve._measure.measurement import Measurement

__all__ = ["COLLAPSED", "OTHER", "UNFINISHED", "Verdict", "exceptions_of", "vanished", "verdict_of"]

COLLAPSED, UNFINISHED, OTHER = "collapsed as predicted", "not finished", "another model"
# A class mean whose length is off by this part of the longest, or a cosine by this much, is not the predicted one,
# however small the gap is.
_SHORT = 0.1
# A class mean below this part of its predicted length has no direction to speak of.
_GONE = 0.01
_NAMED = 20
_REVIVE = (
    "train again from other initial weights, with more features or a smaller learning rate: where a ReLU has switched "
    "features off for every sample of a class these samples give them no slope"
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``kind`` is one of three, ``reasons`` the numbers that it rests on, and ``remedies`` what to try next.

    ``exceptions`` are class means that are not the predicted ones though gap and head are as near as was asked: a
    direction near the threshold costs next to nothing when it is missed.
    """

    kind: str
    reasons: tuple[str, ...]
    remedies: tuple[str, ...]
    exceptions: tuple[str, ...] = ()

    def __str__(self) -> str:
        first, *rest = self.reasons
        but = ", but for some class means" if self.exceptions else ""
        return " ".join(
            map(_sentence, (f"{self.kind}{but}: {first}", *self.exceptions, *rest, *self.remedies))
        )


def verdict_of(found: Measurement, *, decays: tuple[float, float] = (1.0, 1.0)) -> Verdict:
    """By the gap and the stationarity of the head, both against the measurement's tolerances.

    ``decays`` are a lambda_w and a lambda_h of 1 in the convention of the lambdas that are told.
    """
    allowed, still = found.tolerances
    relative = max(found.relative_gap, 0.0)  # below it is rounding
    stationary, near = found.stationarity <= still, relative <= allowed
    elsewhere = None if stationary else elsewhere_stationary(found)
    kind = COLLAPSED if stationary and near else UNFINISHED if not stationary and elsewhere is None else OTHER
    what = "the minimum" if found.guarantee == "global" else "a lower bound of the minimum, which is not known"
    head = f"stationary to {number(found.stationarity, 2)}" if stationary else (
        f"not stationary: {number(found.stationarity, 3)}" if math.isfinite(found.stationarity) else
        "zero, and not stationary"
    )
    if found.floor > 0.0:
        what += ", both less the entropy of the codes"
    reasons = (
        f"the loss is {percent(relative)} above {what} ({percent(allowed)} allowed), and the head is {head} "
        f"({number(still, 3)} allowed)",
        *_proved(found),
    )
    if kind == COLLAPSED:
        # of tied minimizers another one is as good
        odd = () if found.predicted.ties else exceptions_of(found.gram, found.predicted.gram, _names(found))
        return Verdict(kind=kind, reasons=reasons, remedies=(), exceptions=odd)
    gone = () if found.predicted.ties else vanished(found.gram, found.predicted.gram, _names(found))
    switched = gone and kind == OTHER and model_of(found.problem).least_feature == 0.0
    return Verdict(
        kind=kind, reasons=(*reasons, *_room(found), *gone, *_largest(found)),
        remedies=(
            *((_REVIVE,) if switched else ()),
            *remedies_of(found, decays, stationary=stationary, elsewhere=elsewhere),
        ),
    )


def _room(found: Measurement) -> tuple[str, ...]:
    span, dim = found.predicted.frame.span, found.head.statistics.dim
    return () if dim >= span else (
        f"the predicted class means span {span} dimensions and the features have {dim}: the minimum is a bound that "
        "this network cannot reach",
    )


def exceptions_of(gram: Array, predicted: Array, names: tuple[str, ...]) -> tuple[str, ...]:
    """The class mean furthest from its predicted length, and the pair furthest from its predicted cosine."""
    own, wanted = (np.sqrt(np.maximum(np.diag(of), 0.0)) for of in (gram, predicted))
    off = np.abs(own - wanted)
    short = np.flatnonzero(off > _SHORT * wanted.max(initial=0.0))
    said = []
    if short.size:
        worst = int(np.argmax(off))
        more = f", and {short.size - 1} more class means are off in length" if short.size > 1 else ""
        said.append(
            f"the mean of class {names[worst]} has length {number(float(own[worst]), 3)} where "
            f"{number(float(wanted[worst]), 3)} is predicted{more}"
        )
    alive = np.minimum(own, wanted) > _SHORT * wanted.max(initial=0.0)
    there, due = cosine_matrix(gram), cosine_matrix(predicted)
    apart = np.where(np.outer(alive, alive), np.nan_to_num(np.abs(there - due)), 0.0)
    first, second = divmod(int(np.argmax(apart)), apart.shape[1])
    if apart[first, second] > _SHORT:
        said.append(
            f"the means of classes {names[min(first, second)]} and {names[max(first, second)]} have the cosine "
            f"{number(float(there[first, second]), 3)} where {number(float(due[first, second]), 3)} is predicted"
        )
    return tuple(said)


def vanished(gram: Array, predicted: Array, names: tuple[str, ...]) -> tuple[str, ...]:
    """The classes whose mean is zero where the prediction has one, in a sentence, if there are any."""
    own, wanted = (np.sqrt(np.maximum(np.diag(of), 0.0)) for of in (gram, predicted))
    gone = np.flatnonzero((own < _GONE * wanted) & (wanted > _SHORT * wanted.max(initial=0.0)))
    if not gone.size:
        return ()
    told = [names[k] for k in gone[:_NAMED]]
    if gone.size > _NAMED:
        told.append(f"{gone.size - _NAMED} more")
    classes = f"classes {', '.join(told[:-1])} and {told[-1]} are" if len(told) > 1 else f"class {told[0]} is"
    means = "means" if gone.size > 1 else "mean"
    return (f"the {means} of {classes} below {percent(_GONE)} of the predicted length",)


def _names(found: Measurement) -> tuple[str, ...]:
    """Names of the classes that have samples, or their numbers."""
    return found.problem.class_names or tuple(str(k) for k in found.head.statistics.present)


def _proved(found: Measurement) -> list[str]:
    if found.certificate is None:
        return []
    said = []
    if found.certificate.probabilities is not None and found.distance.probabilities is not None:
        root = math.sqrt(found.problem.samples)
        far, true = found.certificate.probabilities / root, found.distance.probabilities / root
        said = [] if far > 1.0 else [
            f"the softmax probabilities are proved to be within {number(far, 3)} of the predicted ones, in root mean "
            f"square over the samples (they are {number(true, 3)} from them)"
        ]
    u = np.sqrt(found.problem.counts.array)
    size = float(np.linalg.norm(found.predicted.gram * np.outer(u, u)))
    if size == 0.0 or not math.isfinite(found.certificate.gram):
        return said
    bound, true = found.certificate.gram / size, found.distance.gram / size
    if bound > 1.0:  # the zero matrix is as near
        return said
    return [
        *said,
        f"the class means are proved to be within {percent(bound)} of the predicted frame (they are {percent(true)} "
        "from it)"
    ]


def _largest(found: Measurement) -> list[str]:
    parts = found.parts
    if parts is None or not parts.total > 0.0:
        return []
    what = "outputs" if found.problem.spec.fit.fits_codes else "probabilities"
    named = {
        f"fit (the {what} are not the predicted ones)": parts.fit, "bias": parts.bias,
        "dual (classifier and class means are not aligned, NC3)": parts.dual,
        "feature (energy in directions that the minimum leaves out, or within the classes)": parts.feature,
    }
    name = max(named, key=named.__getitem__)
    return [
        f"the largest part of the gap is {name}, {percent(named[name] / parts.total)}; "
        f"{percent(parts.within / parts.total)} of the gap is variation within the classes (NC1)"
    ]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('?') else '.'}"

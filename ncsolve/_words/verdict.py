"""The answer first: which frame the class means form, what the bias does, and where that changes."""

from __future__ import annotations

import math

import numpy as np

from ncsolve._arrays import Array
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._words.bias import bias_share
from ncsolve._words.class_means import MeanFigures, dead_words, merged_words, named, uniform
from ncsolve._words.collapse import collapse_of
from ncsolve._words.model import best_found, open_share, open_words
from ncsolve._words.properties import is_zero
from ncsolve._words.transition import transition_sentence
from ncsolve.geometry import simplex_cosine

__all__ = ["verdict"]

_REGIMES = {
    "simplex": "simplex ETF", "orthogonal": "orthogonal frame", "acute": "acute frame",
    "intermediate": "between simplex ETF and orthogonal frame",
}
# A frame whose class means are further from it than this (NC2) is not worth naming as the nearer one.
_NEAR = 0.5
# Lengths that differ by less are about equal.
_DIFFERENT = 1.1
# Cosines and differences of lengths are rounding below this.
_RIGHT = 1e-12


def verdict(minimizer: Minimizer, convention: Convention, means: MeanFigures) -> str:
    """The minimizer in a few sentences; the first one says so where it is not known to be the global one."""
    known = minimizer.guarantee == "global"
    collapsed = minimizer.frame.rank == 0 or not means.lengths.any()
    frame = _geometry(minimizer, convention, means.lengths)
    sentences = (
        "" if known else f"{best_found()}: {open_words(open_share(minimizer))}",
        f"not unique: {minimizer.ties}; what follows is one of them" if minimizer.ties else "",
        f"{frame}; {bias_share(minimizer)}",
        merged_words(minimizer) if minimizer.nc.nc1 is not None else "",
        dead_words(minimizer, means),
        "" if collapsed else transition_sentence(minimizer, convention),
    )
    return " ".join(_sentence(text) for text in sentences if text)


def _sentence(text: str) -> str:
    """With a capital, unless it begins with a name, and a full stop."""
    return f"{text[0].upper()}{text[1:]}."


def _geometry(minimizer: Minimizer, convention: Convention, size: Array) -> str:
    """The frame, its angles, and what it is near to."""
    problem, nc = minimizer.problem, minimizer.nc
    living = np.flatnonzero(size)
    remedy = collapse_of(minimizer, convention)
    if living.size == 0:
        why = ", for the labels are fitted without them" if minimizer.frame.rank == 0 else ""
        return f"collapsed: {remedy or f'every class mean is zero{why}'}"
    if problem.classes == 1:
        return f"one class, whose mean has length {number(float(size[0]), 5)}"
    if remedy:
        return remedy
    if living.size == 1:
        return f"only {named(minimizer, int(living[0]))} has a class mean that is not zero"
    if nc.nc1 is None:
        return "no two class means differ: all are one vector"
    frame = _REGIMES.get(minimizer.regime, "")
    if not frame and is_zero(nc.nc2_simplex):
        frame = _REGIMES["simplex"]
    elif not frame and is_zero(nc.nc2_orthogonal):
        frame = _REGIMES["orthogonal"]
    angles = _angles(minimizer) + (" that are not zero" if living.size < problem.classes else "")
    if frame:
        return f"{frame}: {angles}"
    if minimizer.frame.span == 1:
        assert minimizer.cosines is not None
        sides = "on both sides" if minimizer.cosines.min < 0 else "on one side"
        return f"the class means lie on one line, {sides} of zero"
    if uniform(minimizer) and minimizer.cosines is not None and abs(minimizer.cosines.mean) <= _RIGHT:
        alike = float(np.ptp(size[living])) <= _RIGHT * float(size.max())
        return f"orthogonal class means{'' if alike else ' of different lengths'}: {angles}"
    return f"{angles}{_lengths(size[living])}, {_nearer(minimizer)}"


def _angles(minimizer: Minimizer) -> str:
    cosines = minimizer.cosines
    assert cosines is not None
    if uniform(minimizer):
        return f"{_degrees(minimizer, cosines.mean)} degrees between any two class means"
    low, high = (_degrees(minimizer, cosine) for cosine in (cosines.max, cosines.min))
    if low == high:
        return f"{low} degrees between class means (cos {number(cosines.min, 3)} to {number(cosines.max, 3)})"
    return f"{low} to {high} degrees between class means"


def _degrees(minimizer: Minimizer, cosine: float) -> str:
    """To a tenth, or finer where that would be the angle of a frame that this is not."""
    def degrees(value: float, digits: int) -> str:
        return f"{math.degrees(math.acos(max(-1.0, min(1.0, value)))):.{digits}f}"

    frames = (0.0, simplex_cosine(minimizer.problem.classes))
    alike = any(degrees(cosine, 1) == degrees(frame, 1) and abs(cosine - frame) > _RIGHT for frame in frames)
    text = degrees(cosine, 4 if alike else 1)
    return text.removesuffix(".0")


def _lengths(size: Array) -> str:
    """How much they differ, where that is part of what parts the class means from both frames."""
    ratio = float(size.max() / size.min())
    return f", whose lengths differ by a factor {number(ratio, 3)}" if ratio >= _DIFFERENT else ""


def _nearer(minimizer: Minimizer) -> str:
    """Where the class means are between the two frames, by NC2."""
    nc = minimizer.nc
    assert nc.nc2_simplex is not None
    assert nc.nc2_orthogonal is not None
    found = sorted(((nc.nc2_simplex, "a simplex ETF"), (nc.nc2_orthogonal, "an orthogonal frame")))
    (least, near), (most, far) = ((number(distance, 3), frame) for distance, frame in found)
    if found[0][0] > _NEAR:
        return f"neither near {near} nor near {far} (NC2 distances {least} and {most})"
    if least == most:
        return f"as near to {near} as to {far} (NC2 distance {least})"
    return f"nearer to {near} (NC2 distance {least}) than to {far} ({most})"

"""Balanced one-hot and smoothed codes under cross-entropy: a simplex ETF for every lambda_b, in closed form (T16)."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.softmax import SoftmaxFrame
from ncsolve._problem.regular import RegularProblem
from ncsolve._problem.ufm import UFM

__all__ = ["BALANCED", "balanced_frame", "logit_of", "regular_of"]

BALANCED = MethodChoice(
    method="closed-form", theorem="T16",
    reason="cross-entropy, balanced counts and one-hot or smoothed codes: a simplex ETF for every lambda_b",
)


def regular_of(problem: UFM) -> RegularProblem | None:
    """Balanced one-hot or smoothed codes, or None: T16 leaves out a I + q J with a < 0, whose own entry is least."""
    regular = problem.regular
    return None if regular is None or regular.a < 0.0 else regular


def logit_of(problem: UFM) -> float:
    """s >= 0, by which the output of its own class exceeds the others; 0 where alpha + t >= 1."""
    regular = regular_of(problem)
    assert regular is not None
    if regular.t >= regular.a or regular.classes == 1:
        return 0.0
    return float(_formulas.cross_entropy_logit(1.0 - regular.a, regular.t, regular.classes))


def balanced_frame(problem: UFM) -> SoftmaxFrame:
    """The frame of a regular problem: b = 0, and nothing along the mean direction."""
    regular = regular_of(problem)
    assert regular is not None
    s, k, n = logit_of(problem), regular.classes, regular.n
    lw, lh = problem.lambda_w, problem.lambda_h
    empty = np.zeros((1, 0))
    return SoftmaxFrame(
        problem=problem, choice=BALANCED, left=empty, z=np.zeros(0), right=empty,
        within_z=np.array([s * math.sqrt(n)]), group_bias=np.zeros(1),
        known_gram=(
            float(_formulas.cross_entropy_gram_diagonal(s, n, k, lw, lh)),
            float(_formulas.cross_entropy_gram_off_diagonal(s, n, k, lw, lh)),
        ),
    )

"""Linear features: whether a dimension is a bottleneck (T8) or the head is deep (T9), and what solves it then."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._frames.dense import Frame
from ncsolve._frames.layered import FactoredFrame
from ncsolve._models.layered.any_codes import best_of_starts, fixed_bias_frame, known_bias
from ncsolve._models.layered.choices import (
    BOTTLENECK,
    BOTTLENECK_KNOWN,
    BOTTLENECK_STARTS,
    DEEP,
    DEEP_EQUAL,
    DEEP_KNOWN,
    DEEP_STARTS,
)
from ncsolve._models.layered.head import equal_codes_frame, shrinkage_of
from ncsolve._models.layered.kept_directions import balanced_frame
from ncsolve._models.layered.thresholds import mean_threshold
from ncsolve._models.plain.frames import plain_frame
from ncsolve._models.room import is_narrow
from ncsolve._problem.ufm import UFM

__all__ = ["layered_frame", "layered_transition", "linear_frame"]


def linear_frame(problem: UFM, *, spectral: bool = False) -> Frame:
    """The frame of a problem with linear features: of the paper's model, of a bottleneck or of a deep head.

    ``spectral`` leaves out what is special to affine one-hot codes.
    """
    if problem.depth > 1:
        return layered_frame(problem, spectral=spectral)
    frame = plain_frame(problem, spectral=spectral)
    if problem.feature_dim < frame.rank:
        return layered_frame(problem, spectral=spectral, convex_loss=frame.loss_terms().total)
    return frame


def layered_frame(problem: UFM, *, spectral: bool = False, convex_loss: float | None = None) -> FactoredFrame:
    """The frame of a problem with a bottleneck or a deep head.

    ``convex_loss`` is the minimum without the bottleneck, where there is one layer; ``spectral`` leaves out what is
    special to balanced affine one-hot codes.
    """
    deep = problem.depth > 1
    bias = known_bias(problem)
    if problem.encoding.affine is not None and problem.counts.balanced and not spectral:
        return balanced_frame(problem, DEEP if deep else BOTTLENECK)
    if bias is not None:
        return fixed_bias_frame(problem, DEEP_KNOWN if deep else BOTTLENECK_KNOWN, bias)
    if np.ptp(problem.encoding.matrix, axis=1).max() == 0.0 and deep:
        return equal_codes_frame(problem, DEEP_EQUAL)
    free = layered_frame(problem.replace(lambda_b=0.0), spectral=True).loss_terms().total
    bounds = [(free, "the minimum of the same problem with a free bias (lambda_b = 0), which costs no more")]
    if convex_loss is not None:
        bounds.append((convex_loss, "the minimum of the convex problem without the bottleneck"))
    return best_of_starts(problem, DEEP_STARTS if deep else BOTTLENECK_STARTS, bounds=tuple(bounds))


def layered_transition(problem: UFM) -> float | None:
    """The lambda_b from which the label mean is in the class means of balanced affine one-hot codes, or None."""
    encoding = problem.encoding.affine
    if encoding is None or not problem.counts.balanced or problem.classes == 1:
        return None
    if is_narrow(problem):
        a, w, t = abs(encoding.a), abs(encoding.row_sum), problem.threshold / math.sqrt(problem.counts.values[0])
        if problem.depth > 1 or not t < a < w:
            return None
        return float(_formulas.bottleneck_transition(w - a, a - t, t))
    return mean_threshold(problem, shrinkage_of(problem).threshold)

"""Beyond the paper's model: which of T8 (bottleneck), T9 (deep head) and T10 (ReLU features) solves a problem."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.layered import FactoredFrame
from ncsolve._models.room import is_narrow
from ncsolve._problem.ufm import UFM
from ncsolve.errors import OpenProblemError

__all__ = ["check_one_layer", "check_plain", "extended_frame", "extended_transition"]

BOTTLENECK = MethodChoice(
    method="closed-form", theorem="T8",
    reason="a bottleneck under balanced counts and an affine one-hot encoding keeps the d directions that gain most",
)
BOTTLENECK_KNOWN = MethodChoice(
    method="closed-form", theorem="T8",
    reason="lambda_b = 0, inf or a zero label mean: the bias is known and the d largest singular values are kept",
)
BOTTLENECK_STARTS = MethodChoice(
    method="descent", theorem="T8", reason="no theorem gives the bias under this bottleneck: the best of 24 descents"
)
DEEP = MethodChoice(
    method="closed-form", theorem="T9",
    reason="a deep head under balanced counts and an affine one-hot encoding: one scalar problem per direction",
)
DEEP_KNOWN = MethodChoice(
    method="closed-form", theorem="T9",
    reason="lambda_b = 0, inf or a zero label mean: the bias is known, one scalar problem per singular value",
)
DEEP_EQUAL = MethodChoice(
    method="closed-form", theorem="T9",
    reason="all classes have one code: a deep head has one scalar problem, that of the label mean",
)
DEEP_STARTS = MethodChoice(
    method="descent", theorem="T9", reason="no theorem gives the bias of this deep head: the best of 24 descents"
)


def extended_frame(problem: UFM, *, spectral: bool = False, convex_loss: float | None = None) -> FactoredFrame:
    """The frame of a problem with a bottleneck, a deep head or ReLU features.

    ``convex_loss`` is the minimum without the bottleneck, where there is one layer; ``spectral`` leaves out what is
    special to balanced affine one-hot codes.
    """
    if problem.features == "relu":
        if problem.depth > 1:
            raise OpenProblemError(
                f"ReLU features under a deep head are an open problem; got features = 'relu' with depth = "
                f"{problem.depth}, set depth = 1 or features = 'linear'"
            )
        from ncsolve._models.relu.model import relu_frame

        return relu_frame(problem)
    from ncsolve._models.layered.any_codes import known_bias
    from ncsolve._models.layered.bottleneck import balanced_frame, best_of_starts, fixed_bias_frame
    from ncsolve._models.layered.head import equal_codes_frame

    deep = problem.depth > 1
    bias = known_bias(problem)
    if problem.encoding.affine is not None and problem.counts.balanced and not spectral:
        return balanced_frame(problem, DEEP if deep else BOTTLENECK)
    if bias is not None:
        return fixed_bias_frame(problem, DEEP_KNOWN if deep else BOTTLENECK_KNOWN, bias)
    if np.ptp(problem.encoding.matrix, axis=1).max() == 0.0 and deep:
        return equal_codes_frame(problem, DEEP_EQUAL)
    free = extended_frame(problem.replace(lambda_b=0.0), spectral=True).loss_terms().total
    bounds = [(free, "the minimum of the same problem with a free bias (lambda_b = 0), which costs no more")]
    if convex_loss is not None:
        bounds.append((convex_loss, "the minimum of the convex problem without the bottleneck"))
    return best_of_starts(problem, DEEP_STARTS if deep else BOTTLENECK_STARTS, bounds=tuple(bounds))


def extended_transition(problem: UFM) -> float | None:
    """The lambda_b from which the label mean is in the class means, or None.

    With ReLU features: from which it outweighs the contrasts, or if that never is, from which class means live at all.
    """
    encoding = problem.encoding.affine
    if encoding is None or not problem.counts.balanced or problem.classes == 1:
        return None
    a, w, n = abs(encoding.a), abs(encoding.row_sum), problem.counts.values[0]
    t = problem.threshold / math.sqrt(n)
    if problem.features == "relu":
        if problem.feature_dim < problem.classes:  # no room for an orthogonal frame
            return None
        if w > max(a, t):  # without contrasts (a <= t) H >= 0 costs nothing
            return float(_formulas.affine_orthogonal_lambda_b(a, w, t) if a > t else _formulas.affine_threshold(w, t))
        from ncsolve._models.relu.model import alive_from

        return alive_from(problem)
    if is_narrow(problem):
        if problem.depth > 1 or not t < a < w:
            return None
        return float(_formulas.bottleneck_transition(w - a, a - t, t))
    from ncsolve._models.layered.thresholds import mean_threshold, shrinkage_of

    return mean_threshold(problem, shrinkage_of(problem).threshold)


def check_one_layer(problem: UFM, what: str) -> None:
    """OpenProblemError for a deep head."""
    if problem.depth > 1:
        raise OpenProblemError(
            f"{what} is for heads of one layer, as the penalty of more is not convex and T12 bounds nothing; got depth "
            f"= {problem.depth}, set depth = 1"
        )


def check_plain(problem: UFM, what: str) -> None:
    """OpenProblemError unless the model is that of the paper."""
    if not problem.plain:
        raise OpenProblemError(
            f"{what} is for linear features and one layer; got features = {problem.features!r} and depth = "
            f"{problem.depth}; ncsolve minimizer (ncsolve.solve) takes them, one problem at a time"
        )

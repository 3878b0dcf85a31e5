"""ReLU features, H >= 0 (T10): closed forms, the convex programme over Gram matrices, and bounds."""

from __future__ import annotations

import math

from ncsolve import _formulas
from ncsolve._frames.guarantee import Guarantee
from ncsolve._frames.layered import FactoredFrame
from ncsolve._models.relu.best_found import best_found
from ncsolve._models.relu.orthogonal_frame import alive_from, linear_is_nonnegative, orthogonal_frame
from ncsolve._problem.ufm import UFM

__all__ = ["alive_from", "linear_is_nonnegative", "orthogonal_frame", "relu_frame", "relu_transition"]


def relu_frame(problem: UFM) -> FactoredFrame:
    """The minimizer with H >= 0: by a theorem where one applies and d is large enough, else the best found."""
    exact = linear_is_nonnegative(problem)
    if exact is None:
        exact = orthogonal_frame(problem)
    if exact is not None and exact.means.shape[0] <= problem.feature_dim:
        return exact
    bound = None
    if exact is not None:
        bound = Guarantee(
            kind="best found", lower_bound=exact.loss_terms().total,
            reason=f"the minimum for dim = {exact.means.shape[0]} or more",
        )
    return best_found(problem, bound)


def relu_transition(problem: UFM) -> float | None:
    """The lambda_b from which the label mean outweighs the contrasts of balanced affine one-hot codes.

    If that never is, the one from which class means live at all; None where there is none.
    """
    encoding = problem.encoding.affine
    if encoding is None or not problem.counts.balanced or problem.classes == 1:
        return None
    if problem.feature_dim < problem.classes:  # no room for an orthogonal frame
        return None
    a, w, t = abs(encoding.a), abs(encoding.row_sum), problem.threshold / math.sqrt(problem.counts.values[0])
    if w > max(a, t):  # without contrasts (a <= t) H >= 0 costs nothing
        return float(_formulas.affine_orthogonal_lambda_b(a, w, t) if a > t else _formulas.affine_threshold(w, t))
    return alive_from(problem)

"""T10 from scalars alone: regime and rank of a regular problem with H >= 0, and where its class means vanish."""

from __future__ import annotations

import math

from ncsolve import _formulas
from ncsolve._models.protocol import State
from ncsolve._problem.regular import RegularProblem
from ncsolve._problem.ufm import UFM

__all__ = ["relu_state", "vanishing_t"]


def _roomy(problem: UFM) -> RegularProblem | None:
    """The numbers of a regular problem of several classes with room for an orthogonal frame, or with no contrasts, for
    which one dimension is enough."""
    regular = problem.regular
    if regular is None or regular.classes == 1:
        return None
    return regular if problem.feature_dim >= regular.classes or abs(regular.a) <= regular.t else None


def relu_state(problem: UFM) -> State | None:
    """Regime and rank of the class means.

    The problem is convex in the Gram matrix and the bias, so that nothing jumps.
    """
    regular = _roomy(problem)
    if regular is None:
        return None
    k, t, lb = regular.classes, regular.t, problem.lambda_b
    a, w = abs(regular.a), abs(regular.w)
    if w > max(a, t) and lb >= (
        _formulas.affine_orthogonal_lambda_b(a, w, t) if t < a else _formulas.affine_threshold(w, t)
    ):
        return State("acute", k if t < a else 1)
    alive = _formulas.relu_spread_alive((k - 1) * a * a + _left(regular, lb) ** 2, k, t) > 1.0
    return State("orthogonal", k) if alive else State("collapsed", 0)


def vanishing_t(problem: UFM) -> float | None:
    """sqrt(((K - 1) a^2 + w^2 (lb/(1 + lb))^2)/K): above it all class means are zero, unless they are acute."""
    regular = _roomy(problem)
    if regular is None:
        return None
    spread = (regular.classes - 1) * regular.a**2 + _left(regular, problem.lambda_b) ** 2
    return float(_formulas.relu_spread_alive(spread, regular.classes, 1.0))


def _left(regular: RegularProblem, lambda_b: float) -> float:
    """What the bias leaves of the label mean, while all class means are zero."""
    return regular.w if lambda_b == math.inf else regular.w * (lambda_b / (1.0 + lambda_b))

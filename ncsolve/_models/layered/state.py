"""Balanced affine one-hot codes beyond the paper's model: what is in the class means, from scalars alone."""

from __future__ import annotations

import math
from typing import NamedTuple

from ncsolve import _formulas
from ncsolve._models.layered.kept_directions import keep
from ncsolve._problem.ufm import UFM

__all__ = ["BalancedState", "balanced_state", "has_balanced_state", "has_relu_state", "relu_state", "state_gap"]

# At lambda_b = inf a frame is orthogonal, and on the way there rounding has either sign.
_EQUAL = 1e-12


class BalancedState(NamedTuple):
    """How many ``contrasts`` the class means keep, whether the label ``mean`` is in, and whether it outweighs them."""

    classes: int
    contrasts: int
    mean: bool
    acute: bool

    @property
    def rank(self) -> int:
        return self.contrasts + self.mean

    @property
    def regime(self) -> str:
        """As in ``Minimizer.regime``."""
        if self.rank == 0:
            return "collapsed"
        if self.classes == 1 or 0 < self.contrasts < self.classes - 1:
            return "general"
        if not self.mean:
            return "simplex"
        return "acute" if self.acute or self.contrasts == 0 else "intermediate"


def has_balanced_state(problem: UFM) -> bool:
    """Whether ``balanced_state`` is defined."""
    return problem.encoding.affine is not None and problem.counts.balanced and problem.features == "linear"


def balanced_state(problem: UFM, *, mean: bool | None = None) -> BalancedState:
    """The state of the minimizer.  ``mean`` asks for the label mean in or out where both are minimizers."""
    kept = keep(problem, mean=mean)
    inside = kept.along_z > 0
    whole = kept.contrasts == problem.classes - 1
    return BalancedState(
        classes=problem.classes, contrasts=kept.contrasts, mean=inside,
        acute=inside and whole and kept.along_z > kept.across_z * (1 + _EQUAL),
    )


def state_gap(problem: UFM) -> float:
    """Singular value of the label mean over that of the contrasts, minus 1; its sign tells acute from obtuse."""
    kept = keep(problem)
    return kept.along_z / kept.across_z - 1.0


def has_relu_state(problem: UFM) -> bool:
    """Whether ``relu_state`` is defined."""
    regular = problem.encoding.affine is not None and problem.counts.balanced
    return regular and problem.features == "relu" and problem.feature_dim >= problem.classes > 1


def relu_state(problem: UFM) -> tuple[str, int]:
    """Regime and rank of the class means under ReLU features (T10).

    The problem is convex in the Gram matrix and the bias, so that nothing jumps.
    """
    encoding = problem.encoding.affine
    assert encoding is not None
    k, lb = problem.classes, problem.lambda_b
    a, w, t = abs(encoding.a), abs(encoding.row_sum), problem.threshold / math.sqrt(problem.counts.values[0])
    if w > max(a, t) and lb >= (
        _formulas.affine_orthogonal_lambda_b(a, w, t) if t < a else _formulas.affine_threshold(w, t)
    ):
        return "acute", k if t < a else 1
    left = 1.0 if lb == math.inf else lb / (1.0 + lb)  # of the label mean, while all class means are zero
    alive = _formulas.relu_spread_alive((k - 1) * a * a + (w * left) ** 2, k, t) > 1.0
    return ("orthogonal", k) if alive else ("collapsed", 0)

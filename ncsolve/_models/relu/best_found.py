"""ReLU features for any encoding, counts and dim: descent from many starts, and a lower bound that holds for any dim.

W and b are eliminated exactly (ridge regression), so that descent runs over H >= 0 alone.
"""

from __future__ import annotations

import math

import numpy as np

from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.guarantee import Guarantee
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.stationary import check_gradient
from ncsolve._models.layered.model import LAYERED
from ncsolve._models.relu.doubly_nonnegative import Relaxed, relax
from ncsolve._models.relu.dual_bound import dual_bound, feasible, multipliers
from ncsolve._models.relu.newton_polish import polish
from ncsolve._models.relu.orthogonal_frame import singular_values_of
from ncsolve._models.relu.ridge import Ridge
from ncsolve._problem.ufm import UFM, weighted_codes
from ncsolve.errors import ConvergenceError, ProblemError
from ncsolve.processes.threads import single_threaded

__all__ = ["best_found"]

_STARTS = 12
_SEED = 0
# Up to this many classes the programmes over Gram matrices take seconds.
_MOST_CLASSES = 40
# A relative gap below this is what the programme's solver leaves of a gap that is zero.
_CLOSED = 1e-8
# Of the threshold over the size of the weighted codes: the square of it is still above rounding.
_LEAST_THRESHOLD = 1e-8
# A bound is met up to rounding of terms that cancel in it; beyond this it would be wrong.
_ABOVE = 1e-9

CONVEX = MethodChoice(
    method="convex", theorem="T10",
    reason="ReLU features: descent, and weak duality with a copositive condition closes the gap",
)
STARTS = MethodChoice(
    method="descent", theorem="T10", reason="ReLU features: the best of many descents, and a lower bound below it"
)


def best_found(problem: UFM, known: Guarantee | None) -> FactoredFrame:
    """The best H >= 0 of many starts; ``known`` is a lower bound that a theorem gives."""
    _check_threshold(problem)
    with single_threaded():
        return _best_found(problem, known)


def _best_found(problem: UFM, known: Guarantee | None) -> FactoredFrame:
    ridge = Ridge(problem)
    relaxed = relax(problem) if problem.classes <= _MOST_CLASSES else None
    features, loss = None, math.inf
    for start in _starts(problem, relaxed):
        found = ridge.descend(start)
        if ridge.value(found)[0] < loss:
            features, loss = found, ridge.value(found)[0]
    assert features is not None
    features = polish(ridge, features)
    weights, bias = ridge.head(features)
    means = features / np.sqrt(problem.counts.array)
    guarantee = _guarantee(problem, known, relaxed, (weights, means, bias), ridge.value(features)[0])
    return FactoredFrame(
        problem=problem, choice=CONVEX if guarantee.kind == "global" else STARTS, stack=(weights,), means=means,
        bias=bias, values=singular_values_of(problem, weights, means), guarantee=guarantee,
    )


def _check_threshold(problem: UFM) -> None:
    """That the residual, which is of the size of T, is not lost in rounding of the codes: ridge regressions square the
    ratio."""
    size = float(np.linalg.norm(weighted_codes(problem)[0]))
    if problem.threshold < _LEAST_THRESHOLD * size:
        raise ProblemError(
            f"ReLU features without a closed form need N sqrt(lambda_w lambda_h) of at least {_LEAST_THRESHOLD:g} "
            f"times the size {size:g} of the weighted codes, below which rounding decides; got "
            f"{problem.threshold:g}, raise the lambdas"
        )


def _guarantee(
    problem: UFM, known: Guarantee | None, relaxed: Relaxed | None, point: tuple[Array, Array, Array], loss: float
) -> Guarantee:
    bounds = [(0.0, "")] if known is None or known.lower_bound is None else [(known.lower_bound, known.reason)]
    rows = point[1] * np.sqrt(problem.counts.array)
    found = feasible(problem, multipliers(problem, *point), rows=rows)
    bounds.append((found.bound, "weak duality at the point found"))
    if loss - max(bounds)[0] > _CLOSED * loss:  # more classes than the programme takes, or a bottleneck
        linear = LAYERED.frame(problem.replace(features="linear", dim=problem.feature_dim))
        check_gradient(linear)
        bounds.append((linear.guarantee.below(linear.loss_terms().total), "the minimum for linear features"))
    if relaxed is not None and loss - max(bounds)[0] > _CLOSED * loss:
        bounds.append((dual_bound(problem, relaxed.dual), "the convex programme over doubly nonnegative Gram matrices"))
    bound, reason = max(bounds)
    size = float(np.sum(problem.encoding.matrix**2 * problem.counts.array)) / (2 * problem.samples)  # of its terms
    if bound > loss + _ABOVE * max(loss, 1e-3 * size):
        raise ConvergenceError(
            f"a lower bound must not exceed the loss of a point; got {bound:g} and {loss:g} (please report this "
            "problem)"
        )
    kind = "global" if loss - bound <= _CLOSED * loss else "best found"
    return Guarantee(kind=kind, lower_bound=bound, reason=reason)


def _starts(problem: UFM, relaxed: Relaxed | None) -> list[Array]:
    """Nonnegative features near the programme's Gram matrix, orthogonal ones, and random ones."""
    rng = np.random.default_rng(_SEED)
    k, d = problem.classes, problem.feature_dim
    starts: list[Array] = []
    scale = 1.0
    if relaxed is not None:
        values, vectors = np.linalg.eigh(relaxed.gram)
        root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
        scale = math.sqrt(max(float(np.trace(relaxed.gram)), 1e-12) / k)
        whole = np.maximum(root, 0.0)
        starts.append(np.pad(whole, ((0, max(d - k, 0)), (0, 0)))[:d])
    else:
        scale = math.sqrt(float(np.linalg.norm(weighted_codes(problem)[0])) / math.sqrt(k))
    starts.append(scale * np.eye(d, k))
    for _ in range(_STARTS):
        starts.append(scale * np.abs(rng.standard_normal((d, k))) * math.sqrt(3.0 / d) * (rng.random((d, k)) < 0.7))
    # Exact zeros are stationary for a class; descent starts a little away from them.
    return [start + 1e-3 * scale * rng.random((d, k)) for start in starts]

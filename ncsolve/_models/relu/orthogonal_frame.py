"""T10 in closed form: orthogonal class means, and problems in which H >= 0 costs nothing.

Where no two shifted codes e_k - b meet at an acute angle the classes interact through the bias alone, which solves
a problem of location.
"""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import EPS, RANK_NOISE, Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.pairs import check_size
from ncsolve._models.plain.frames import plain_frame
from ncsolve._models.relu.location import location
from ncsolve._models.relu.nonnegative_factor import nonnegative_turn
from ncsolve._problem.ufm import UFM

__all__ = ["alive_from", "linear_is_nonnegative", "obtuse", "orthogonal_frame", "singular_values_of"]

BALANCED = MethodChoice(
    method="closed-form", theorem="T10",
    reason="ReLU features, balanced counts and an affine one-hot encoding: an orthogonal frame",
)
LOCATION = MethodChoice(
    method="closed-form", theorem="T10",
    reason="ReLU features, no two shifted codes meet at an acute angle: orthogonal class means, the bias solves a "
    "problem of location",
)
LINEAR = MethodChoice(
    method="closed-form", theorem="T10",
    reason="the linear features' class means can be turned to be nonnegative: H >= 0 costs nothing",
)


def linear_is_nonnegative(problem: UFM) -> FactoredFrame | None:
    """The minimizer for linear features, where a turn is known that makes its class means nonnegative; else None."""
    k, regular = problem.classes, problem.regular
    if regular is not None and k > 1:
        a, w, t = abs(regular.a), abs(regular.w), regular.t
        if max(a, w) > t and (w <= a or problem.lambda_b < _formulas.affine_orthogonal_lambda_b(a, w, t)):
            return None  # T10: the linear class means meet at obtuse angles
    check_size(k, k, "this matrix")
    linear = plain_frame(problem.replace(features="linear", dim=None))
    width = max(k, linear.rank)
    w_, h = linear.weights(width), linear.class_means(width)
    if linear.rank > 0:
        found = nonnegative_turn(h, problem.feature_dim)
        if found is None:
            return None
        w_, h = w_ @ found[0].T, found[1]
    rank = linear.rank
    if rank <= 1:  # one nonnegative direction is enough
        length = np.linalg.norm(h, axis=0)
        unit = length / (float(np.linalg.norm(length)) or 1.0)
        w_, h = (w_ @ (h @ unit / (float(np.linalg.norm(h @ unit)) or 1.0)))[:, None], length[None]
        if rank == 0:  # at the threshold the arrays may still have what the scalars count as rounding
            w_, h = 0.0 * w_, 0.0 * h
    return FactoredFrame(
        problem=problem, choice=LINEAR, stack=(w_,), means=h, bias=linear.bias,
        values=singular_values_of(problem, w_, h), fit=linear.loss_terms().fit,
    )


def alive_from(problem: UFM) -> float | None:
    """The lambda_b up to which all class means of balanced affine one-hot codes are zero, if they live beyond it."""
    regular = problem.regular
    if regular is None or problem.classes == 1:
        return None
    k, a, w, t = problem.classes, abs(regular.a), abs(regular.w), regular.t
    if a <= t < w:  # without contrasts the label mean lives alone, as soon as it exceeds the threshold
        return float(_formulas.affine_threshold(w, t))
    spread = (k - 1) * a * a
    if _formulas.relu_spread_alive(spread, k, t) >= 1.0 or _formulas.relu_spread_alive(spread + w * w, k, t) <= 1.0:
        return None
    return float(_formulas.relu_alive_lambda_b(a, w, k, t))


def orthogonal_frame(problem: UFM) -> FactoredFrame | None:
    """The minimizer with orthogonal class means, or None where they are not orthogonal."""
    check_size(problem.code_length, problem.classes, "the shifted codes")
    balanced = problem.regular is not None and problem.classes > 1
    bias = _balanced_bias(problem) if balanced else location(problem)
    shifted = problem.encoding.matrix - bias[:, None]
    if not balanced and not obtuse(shifted):
        return None
    root = np.sqrt(problem.counts.array)
    length = np.linalg.norm(shifted, axis=0) * root
    if balanced:  # one length for all classes, also where little is left of it above the threshold
        length = np.full_like(length, math.sqrt(float(np.mean(length**2))))
    n, lw, lh = problem.samples, problem.lambda_w, problem.lambda_h
    alive = np.flatnonzero(length > problem.threshold * (1 + RANK_NOISE))
    value = np.asarray(_formulas.relu_class_value(length[alive], n, lw, lh))
    features = np.sqrt(value)
    weights = shifted[:, alive] * root[alive] * (features / (value + n * lw))
    means = np.zeros((alive.size, problem.classes))
    means[np.arange(alive.size), alive] = features / root[alive]
    if alive.size == 0:
        weights, means = np.zeros((problem.code_length, 1)), np.zeros((1, problem.classes))
    rest = _formulas.residual_singular_value(length, problem.threshold)  # each class is a direction of its own
    # Without weight decay of the bias two classes of one size pull at it with the same force from both sides.
    free = problem.lambda_b == 0.0 and problem.classes == 2 and problem.counts.balanced and alive.size == 2
    return FactoredFrame(
        problem=problem, choice=BALANCED if balanced else LOCATION, stack=(weights,), means=means, bias=bias,
        values=singular_values_of(problem, weights, means), fit=float(_formulas.fit_loss(float(rest @ rest), n)),
        ties="the bias may lie anywhere between the two codes where no class mean vanishes" if free else "",
    )


def singular_values_of(problem: UFM, weights: Array, means: Array) -> Array:
    """All min(m, K) singular values of Z, zero where they are rounding."""
    found = np.linalg.svd((weights @ means) * np.sqrt(problem.counts.array), compute_uv=False)
    return np.where(found > 64 * EPS * max(float(found[0]), 1e-300), found, 0.0)


def obtuse(shifted: Array, roundings: int = 32) -> bool:
    """Whether no two columns meet at an acute angle, up to so many roundings."""
    size = np.linalg.norm(shifted, axis=0)
    inner = shifted.T @ shifted
    np.fill_diagonal(inner, 0.0)
    return bool(np.all(inner <= roundings * EPS * np.outer(size, size)))


def _balanced_bias(problem: UFM) -> Array:
    """b = beta mu with the root of the bias equation, or beta = 1/(1 + lambda_b) if all class means are zero."""
    from scipy.optimize import brentq

    assert problem.regular is not None
    (a, w, t, n, k), lb = problem.regular, problem.lambda_b
    if lb == math.inf or w == 0.0:
        return np.zeros(k)

    def spread(beta: float) -> float:
        return (k - 1) * a * a + (w * (1 - beta)) ** 2

    beta = 1.0 / (1.0 + lb)
    if spread(beta) > 0.0 and _formulas.relu_spread_alive(spread(beta), k, t) > 1.0 and lb > 0.0:
        beta = float(
            brentq(
                lambda x: _formulas.relu_bias_equation(
                    x, spread(x), n, k, problem.lambda_w, problem.lambda_h, lb
                ),
                0.0, 1.0, xtol=1e-300, rtol=4 * EPS, maxiter=500,
            )
        )
    return np.full(k, beta * w / k)

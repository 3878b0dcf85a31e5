"""The generated functions against their results at 50 digits, over the whole range of parameters.

The error is relative to the value where that is possible in floating point at all.  Where two inputs are
subtracted after a rounding (the singular value s_mu near lambda_b*, say) it is relative to the larger of the two
terms: no float function does better, as a rounding of lambda_b alone moves the value by as much.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
import sympy as sp
from ncsolve.derivations._framework import Function, Theorem

from ncsolve import _formulas, derivations

BOUND = 1e-15  # relative to the scale below: 4.5 units in the last place
SAMPLES = 400

FUNCTIONS = [
    (theorem, function) for theorem in map(derivations.get, derivations.names()) for function in theorem.functions
]

# What the error is relative to, where that is not the value itself: the size of the terms that are subtracted.
Scale = Callable[..., float]
SCALES: dict[str, Scale] = {
    "affine_mean_singular_value": lambda w, t, lambda_b: abs(abs(w) - t),
    "affine_singular_value_gap": lambda a, w, t, lambda_b: (
        max(abs(abs(w) - max(abs(a), t)), abs(abs(a) - t)) + (t / lambda_b if lambda_b * (abs(w) - t) > t else 0.0)
    ),
    "eigenvector_ratio_equation": lambda x, scatter, mean_square, lambda_b: (
        1 + (lambda_b * x) ** 2 * (scatter + mean_square / (1 + x) ** 2)
    ),
    "deep_branch_equation": lambda r, c, P: r ** (P - 2) + r ** (2 * P - 2) + c,
    "deep_branch_slope": lambda r, P: (P - 2) * r ** (P - 3) + (2 * P - 2) * r ** (2 * P - 3),
    "deep_bias_fraction": lambda w, s_mu, lambda_b: (1 + s_mu / abs(w)) / (1 + lambda_b),
    "relu_class_value": lambda length, N, lambda_w, lambda_h: math.sqrt(lambda_w / lambda_h) * length + N * lambda_w,
    "relu_bias_equation": lambda beta, spread, n, K, lambda_w, lambda_h, lambda_b: (
        lambda_b * beta * math.sqrt(spread) + K * math.sqrt(lambda_w * lambda_h * n * K) * (1 + beta)
    ),
    "metric_perp_singular_value": lambda a, spread, K, tau: abs(a) * spread + K * tau,
    "metric_mean_singular_value": lambda w, t, lambda_b, K, size: math.sqrt(K) * size * abs(abs(w) - t),
    "metric_singular_value_gap": lambda a, w, t, lambda_b, spread, K, size: (
        math.sqrt(K) * size * (abs(w) + t + (t / lambda_b if lambda_b * (abs(w) - t) > t else 0.0)) + abs(a) * spread
    ),
    "cross_entropy_group_contrast": lambda T, n, alpha: 1 + T / math.sqrt(n),
    "cross_entropy_relu_probability": lambda force, alpha, K: 1 / K + (1 - alpha) * (K - 1) / K,
    "target_alpha": lambda cosine, s_mu, t, K: 1 + t + s_mu * (1 + abs(cosine)) / abs(1 + cosine * (K - 1)),
    "target_trend": lambda a, w, lambda_b: abs(w) + (1 + 1 / lambda_b) * abs(a),
    "target_t": lambda cosine, a, w, lambda_b, K: (
        ((1 + abs(cosine)) * abs(w) + (1 + abs(cosine) * (K - 1)) * abs(a)) / abs((1 - cosine) / lambda_b - K * cosine)
    ),
}


def _cancelled(force: float, alpha: float, K: float) -> float:
    """(1 - alpha)(K - 1)/K over what force leaves of it, which cancels near the threshold."""
    most = (1 - alpha) * (K - 1) / K
    return most / (most - force)


def _power(base: float) -> float:
    """A power with a rounded exponent is off by |log base| roundings."""
    return 2 + abs(math.log(base))


# sqrt(n) - T is exact to a rounding of sqrt(n), so its reciprocal loses that factor.
AMPLIFIED: dict[str, Scale] = {
    "deep_constant": lambda N, lambda_w, lambda_h, P: _power(lambda_w) + _power(lambda_h),
    "deep_penalty": lambda z, C, N, P: _power(z),
    "deep_relative_penalty": lambda C, g, P: 2 * _power(g),
    "deep_threshold": lambda C, P: 2 * _power(C),
    "deep_existence": lambda C, P: 2 * _power(C),
    "deep_design_value": lambda square, C, N, lambda_h, P: P * _power(square * N * lambda_h / C),
    "deep_design_code_singular_value": lambda z, C, P: _power(z),
    "deep_design_least": lambda C, P: 2 * _power(C),
    "deep_transition": lambda w, n, g_cut, P: (
        4 * _power(abs(w) * math.sqrt(n) / g_cut) / abs(1 - (g_cut / (abs(w) * math.sqrt(n))) ** ((2 * P - 2) / P))
    ),
    # K t^2 - (K - 1) a^2 cancels, and so does |w| less its root
    "relu_alive_lambda_b": lambda a, w, K, t: (
        (K * t**2 + (K - 1) * a**2) / (K * t**2 - (K - 1) * a**2)
        * abs(w) / abs(abs(w) - math.sqrt(K * t**2 - (K - 1) * a**2))
    ),
    "target_t": lambda cosine, a, w, lambda_b, K: (
        (abs(1 - cosine) / lambda_b + K * abs(cosine)) / abs((1 - cosine) / lambda_b - K * cosine)
    ),
    "metric_orthogonal_lambda_b": lambda a, w, spread, K, size, tau: (
        (math.sqrt(K) * size * abs(w) + abs(a) * spread) / abs(math.sqrt(K) * size * abs(w) - abs(a) * spread)
    ),
    "cross_entropy_logit": lambda alpha, t, K: max(1.0, (1 - alpha) / abs(1 - alpha - t)),
    "cross_entropy_relu_logit": _cancelled,
    "imbalanced_threshold_term": lambda n, T, tau: max(1.0, math.sqrt(n) / abs(math.sqrt(n) - T)),
}


def _draw(rng: np.random.Generator, function: Function) -> dict[str, float]:
    """Parameters over many orders of magnitude, with the critical places: t -> |w|, lambda_b -> lambda_b*."""
    names = function.arguments
    value: dict[str, float] = {}
    for name in names:
        value[name] = float(10.0 ** rng.uniform(-12, 12) if name == "lambda_b" else 10.0 ** rng.uniform(-6, 6))
    if "K" in names:
        value["K"] = float(rng.integers(2, 10**6))
    for name in ("N", "n"):
        if name in names:
            value[name] = float(rng.integers(1, 10**7))
    if "P" in names:
        value["P"] = float(rng.integers(2, 12))
    if "r" in names:
        value["r"] = float(rng.uniform(0.01, 1.0))
    near = float(rng.choice([-1, 1]) * 10.0 ** rng.uniform(-15, -0.5))
    if "w" in names:
        value["w"] = float(rng.choice([-1, 1]) * 10.0 ** rng.uniform(-3, 3))
        t = abs(value["w"]) * float(rng.choice([1 + near, 10.0 ** rng.uniform(-6, 1)]))
        if "t" in names:
            value["t"] = t
        if "a" in names:
            close = [abs(value["w"]) * (1 + near), t * (1 + near), 1.0]
            value["a"] = float(rng.choice([-1, 1])) * float(rng.choice(close))
        excess = abs(value["w"]) - value.get("t", math.inf)
        if "lambda_b" in names and excess > 0 and rng.random() < 0.4:
            value["lambda_b"] = value["t"] / excess * (1 + float(rng.choice([-1, 1]) * 10.0 ** rng.uniform(-16, -1)))
    elif "a" in names and "t" in names:
        value["a"] = float(rng.choice([-1, 1])) * value["t"] * float(rng.choice([1 + near, 10.0 ** rng.uniform(-3, 3)]))
    if function.name.startswith("metric") and "spread" in names:  # near both thresholds, and near a right angle
        close = [value.get("tau", 1.0) * value["K"]]
        if "w" in names:
            close = [math.sqrt(value["K"]) * value["size"] * x for x in (abs(value["w"]), value.get("t", 1.0))]
        value["spread"] = float(rng.choice(close)) / abs(value["a"]) * float(
            rng.choice([1 + near, 10.0 ** rng.uniform(-3, 3)])
        )
    if function.name == "deep_transition":
        value["g_cut"] = abs(value["w"]) * math.sqrt(value["n"]) * float(rng.uniform(0.01, 0.999))
    if function.name == "eigenvector_ratio_equation":
        value["x"] = float(rng.choice([1.0, 1 + near])) / value["lambda_b"]
    if function.name == "affine_orthogonal_lambda_b":
        value["a"] = abs(value["w"]) / 2 if rng.random() < 0.5 else abs(value["w"]) * (1 - abs(near))
    if function.name == "relu_alive_lambda_b":  # where there is such a lambda_b
        value["a"], hidden = abs(value["w"]) * 10.0 ** rng.uniform(-3, 0), abs(value["w"]) * rng.uniform(0.01, 0.999)
        value["t"] = math.sqrt(((value["K"] - 1) * value["a"] ** 2 + hidden**2) / value["K"])
    if function.name.startswith("cross_entropy"):
        classes = value.get("K", 2.0)
        value["alpha"] = float(rng.choice([0.0, 10.0 ** rng.uniform(-9, -0.01)]))
        value["t"] = (1 - value["alpha"]) * float(rng.choice([1 + near, 10.0 ** rng.uniform(-25, 1)]))
        value["s"] = _formulas.cross_entropy_logit(value["alpha"], value["t"], classes)
        most = (1 - value["alpha"]) * (classes - 1) / classes
        value["force"] = most * float(rng.choice([1 - abs(near), 10.0 ** rng.uniform(-25, -0.01)]))
        value["c"] = float(_formulas.cross_entropy_relu_logit(value["force"], value["alpha"], classes))
    if "T" in names and "n" in names:
        value["T"] = math.sqrt(value["n"]) * float(rng.choice([1 + near, 10.0 ** rng.uniform(-3, 1)]))
    return {name: value[name] for name in names}


def _exact(theorem: Theorem, function: Function) -> Callable[..., mpmath.mpf]:
    """The result, not its numeric form, in 50-digit arithmetic."""
    expr = theorem.result[function.result]
    symbols = {x.name: x for x in expr.free_symbols}
    return sp.lambdify([symbols[name] for name in function.arguments], expr, modules="mpmath")


@pytest.mark.parametrize(("theorem", "function"), FUNCTIONS, ids=lambda x: x.name)
def test_fifty_digits(theorem: Theorem, function: Function) -> None:
    rng = np.random.default_rng(sum(map(ord, function.name)))
    exact, compute = _exact(theorem, function), getattr(_formulas, function.name)
    with mpmath.workdps(50):
        for _ in range(SAMPLES):
            value = _draw(rng, function)
            arguments = [np.array([value[x]]) if x in function.arrays else value[x] for x in function.arguments]
            if function.name in ("affine_threshold", "affine_orthogonal_lambda_b") and _is_pole(value):
                continue
            found = float(np.asarray(compute(*arguments)).reshape(-1)[0])
            wanted = exact(*[mpmath.mpf(value[x]) for x in function.arguments])
            scale = SCALES[function.name](**value) if function.name in SCALES else abs(wanted)
            scale *= AMPLIFIED[function.name](**value) if function.name in AMPLIFIED else 1
            assert abs(found - wanted) <= BOUND * scale, (value, found, wanted)


def _is_pole(value: dict[str, float]) -> bool:
    return abs(value["w"]) in (value.get("t"), abs(value.get("a", math.nan)))


def test_every_generated_function_is_tested() -> None:
    own = _formulas.__name__
    public = {name for name, item in vars(_formulas).items() if getattr(item, "__module__", "") == own}
    assert public == {function.name for _, function in FUNCTIONS}


@pytest.mark.parametrize(("w", "t"), [(1.0, 0.5), (-1.0, 0.5), (0.0, 0.5), (0.5, 0.5), (0.4, 0.5), (1e-300, 1e-300)])
def test_both_ends_of_lambda_b(w: float, t: float) -> None:
    assert _formulas.affine_bias_fraction(w, t, 0.0) == 1.0
    assert _formulas.affine_mean_singular_value(w, t, 0.0) == 0.0
    assert _formulas.affine_mean_residual(w, t, 0.0) == 0.0
    assert _formulas.affine_bias_fraction(w, t, math.inf) == 0.0
    assert _formulas.affine_mean_singular_value(w, t, math.inf) == max(abs(w) - t, 0.0)
    assert _formulas.affine_mean_residual(w, t, math.inf) == min(abs(w), t)
    for a in (1.0, -0.3):
        alive = max(abs(a) - t, 0.0)
        assert _formulas.affine_singular_value_gap(a, w, t, 0.0) == -alive
        expected = max(abs(w) - t, 0.0) - alive
        assert _formulas.affine_singular_value_gap(a, w, t, math.inf) == pytest.approx(expected, abs=1e-16)


def test_the_plain_form_of_the_cosine_does_lose_digits() -> None:
    """Why the gap exists: at large lambda_b s_mu - s_perp has no digit left, t/lambda_b has all."""
    t, lambda_b, K = 0.3, 1e10, 5.0
    s_perp = _formulas.affine_perp_singular_value(1.0, t)
    s_mu = _formulas.affine_mean_singular_value(1.0, t, lambda_b)
    gap = _formulas.affine_singular_value_gap(1.0, 1.0, t, lambda_b)
    exact = -t / lambda_b / (K * (1 - t) - t / lambda_b)
    assert abs(_formulas.affine_cosine_from_gap(gap, s_perp, s_mu, K) / exact - 1) < 1e-15
    assert abs((s_mu - s_perp) / (s_mu + s_perp * (K - 1)) / exact - 1) > 1e-8

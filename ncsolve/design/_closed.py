"""The scalar inverses in closed form: balanced affine one-hot codes (T5, T11)."""

from __future__ import annotations

import math

from ncsolve import _formulas
from ncsolve._problem.ufm import UFM
from ncsolve.errors import ProblemError
from ncsolve.geometry import simplex_cosine

__all__ = ["value_for"]

# A cosine typed with 12 digits is meant to be the end that it is next to.
_END = 1e-12


def value_for(problem: UFM, cosine: float, vary: str) -> tuple[float, str]:
    """The value of ``vary`` at which the class means have this cosine, and a note on it.  Raises ProblemError."""
    assert problem.regular is not None
    a, w, t, _, k = problem.regular
    a, w = abs(a), abs(w)
    if vary == "lambda_b":
        return _lambda_b(cosine, a, w, t, k)
    if vary == "alpha":
        return _alpha(cosine, t, k, problem.lambda_b)
    factor, note = _threshold(cosine, a, w, problem.lambda_b, t, k)
    return factor / t, note


def _lambda_b(cosine: float, a: float, w: float, t: float, k: int) -> tuple[float, str]:
    least = simplex_cosine(k)
    if t >= a:
        raise ProblemError(
            "the weight decay is so strong that class means do not differ, whatever lambda_b is (t = "
            f"{t:.7g} >= {a:.7g}); take a smaller lambda_w or lambda_h"
        )
    if t >= w:
        if abs(cosine - least) <= _END:
            return 0.0, "the class means are a simplex ETF for every lambda_b"
        raise _unreachable(cosine, "lambda_b", f"only {least:.10g}, a simplex ETF, for every lambda_b")
    most = _formulas.target_cosine_no_bias(a, w, t, float(k)) + 0.0  # no -0
    if abs(cosine - least) <= _END:
        return _formulas.affine_threshold(w, t), "the largest: the class means are a simplex ETF for every smaller one"
    if abs(cosine - most) <= _END:
        return math.inf, "reached without a bias only"
    if not least < cosine < most:
        raise _unreachable(
            cosine, "lambda_b",
            f"from {least:.10g} (a simplex ETF, lambda_b up to {_formulas.affine_threshold(w, t):.7g}) to {most:.10g} "
            "(lambda_b = inf)",
        )
    mean = _formulas.target_mean_singular_value(cosine, a - t, float(k))
    return _formulas.target_lambda_b(mean, w, t), "the only one: the cosine rises strictly with lambda_b"


def _alpha(cosine: float, t: float, k: int, lambda_b: float) -> tuple[float, str]:
    least = simplex_cosine(k)
    if t >= 1.0:
        raise ProblemError(
            f"the weight decay is so strong that all class means are zero, whatever alpha is (t = {t:.7g} >= 1); take "
            "a smaller lambda_w or lambda_h"
        )
    mean = _formulas.affine_mean_singular_value(1.0, t, lambda_b)
    if mean <= 0.0:
        if abs(cosine - least) <= _END:
            return 0.0, f"the class means are a simplex ETF for every alpha below {1.0 - t:.7g}"
        raise _unreachable(
            cosine, "alpha",
            f"only {least:.10g}, a simplex ETF, because lambda_b is at most lambda_b* = "
            f"{_formulas.affine_threshold(1.0, t):.7g}; take a larger lambda_b",
        )
    start = _formulas.affine_cosine_from_gap(
        _formulas.affine_singular_value_gap(1.0, 1.0, t, lambda_b), 1.0 - t, mean, float(k)
    )
    if abs(cosine - start) <= _END:
        return 0.0, "one-hot codes have this cosine"
    if not start < cosine < 1.0:
        raise _unreachable(
            cosine, "alpha", f"from {start:.10g} (one-hot) up to, but not, 1 (alpha = {1.0 - t:.7g}, where all class "
            "means coincide)",
        )
    return _formulas.target_alpha(cosine, mean, t, float(k)), "the only one: the cosine rises strictly with alpha"


def _threshold(cosine: float, a: float, w: float, lambda_b: float, t: float, k: int) -> tuple[float, str]:
    """The t with this cosine."""
    least = simplex_cosine(k)
    flat = 0.0 if lambda_b == 0.0 else _formulas.target_simplex_t(w, lambda_b)
    if a == 0.0:
        raise ProblemError("all codes are equal (a = 0), so that class means never differ; choose another encoding")
    if flat == 0.0:
        if abs(cosine - least) <= _END and t < a:
            return t, "the class means are a simplex ETF whatever the weight decay, until they vanish"
        raise _unreachable(
            cosine, "weight-decay", f"only {least:.10g}, a simplex ETF" + (", with a free bias" if w > 0.0 else "")
        )
    start = _formulas.target_cosine_small_decay(a, w, float(k)) + 0.0
    trend = _formulas.target_trend(a, w, lambda_b)
    if trend == 0.0:
        raise _unreachable(cosine, "weight-decay", f"only {start:.10g}, because it does not depend on the weight decay")
    end, where = (1.0, a) if trend > 0.0 else (least, flat)
    if trend < 0.0 and abs(cosine - least) <= _END:
        return flat, "the smallest: the class means are a simplex ETF for more weight decay, until they vanish"
    if not min(start, end) < cosine < max(start, end):
        raise _unreachable(
            cosine, "weight-decay",
            f"between {start:.10g} (as it vanishes) and {end:.10g} (at {where / t:.7g} times lambda_w and lambda_h"
            + (", where all class means coincide)" if trend > 0.0 else ", a simplex ETF)"),
        )
    return (
        _formulas.target_t(cosine, a, w, lambda_b, float(k)),
        f"the only one: the cosine {'rises' if trend > 0.0 else 'falls'} strictly with the weight decay",
    )


def _unreachable(cosine: float, vary: str, reach: str) -> ProblemError:
    return ProblemError(f"the cosine {cosine:.10g} is out of reach of {vary}; reachable: {reach}")

"""T15, the metric UFM: its results at known values, its formulas against the solver, and what scatter along z̄ does."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from ncsolve.derivations._specialise import parse_settings, specialise

import ncsolve
from ncsolve import _formulas, derivations

INF = math.inf
DECAYS = {"lambda_w": 0.02, "lambda_v": 0.03}
TAU = math.sqrt(0.02 * 0.03)
# Class means 2 (I - J/K) + zbar with |zbar| = 1.3 and a hidden bias; then contrasts 3 and |z~bar| = 2.5.  K = 4.
FRAMES = {"short": (2.0, math.sqrt(1 + 1.3**2)), "long": (3.0, 2.5)}


def cosine(name: str, lambda_b: float) -> float:
    """From the generated functions, by the gap."""
    spread, size = FRAMES[name]
    t = _formulas.metric_threshold(TAU, 4, size)
    s_perp = _formulas.metric_perp_singular_value(1, spread, 4, TAU)
    s_mu = _formulas.metric_mean_singular_value(1, t, lambda_b, 4, size)
    gap = _formulas.metric_singular_value_gap(1, 1, t, lambda_b, spread, 4, size)
    return gap / (s_mu + 3 * s_perp)


def problem(name: str, lambda_b: float) -> ncsolve.MetricProblem:
    """Previous features with these class means, and nothing within the classes."""
    spread, size = FRAMES[name]
    means = np.vstack([spread * (np.eye(4) - 0.25), np.full(4, math.sqrt(size**2 - 1))])
    return ncsolve.MetricProblem.of_classes(
        means, np.zeros((5, 5)), encoding="onehot", counts=6, lambda_b=lambda_b, **DECAYS
    )


def test_known_thresholds() -> None:
    t = _formulas.metric_threshold(TAU, 4, FRAMES["short"][1])
    assert t == pytest.approx(0.029869605095, abs=5e-13)
    assert _formulas.affine_threshold(1, t) == pytest.approx(0.030789268383, abs=5e-13)
    t = _formulas.metric_threshold(TAU, 4, 2.5)
    assert _formulas.affine_threshold(1, t) == pytest.approx(0.019987593178, abs=5e-13)
    assert _formulas.metric_orthogonal_lambda_b(1, 1, 3, 4, 2.5, TAU) == pytest.approx(0.048989794856, abs=5e-13)


@pytest.mark.parametrize(("factor", "expected"), [(0.99, -1 / 3), (1.1, -0.2690), (3, 0.0280), (30, 0.1337)])
def test_known_cosines_with_a_short_mean(factor: float, expected: float) -> None:
    star = 0.030789268383
    assert cosine("short", factor * star) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("lambda_b", "expected", "loss"),
    [(1.5 * 0.01998759317805, -0.1226310700, 0.02734488375154), (0.04898979485566, 0.0, 0.02796608101628),
     (INF, 0.1469714874, 0.02894587691340)],
)
def test_known_cosines_and_losses_with_a_long_mean(lambda_b: float, expected: float, loss: float) -> None:
    assert cosine("long", lambda_b) == pytest.approx(expected, abs=5e-10)
    assert ncsolve.solve(problem("long", lambda_b)).loss == pytest.approx(loss, abs=5e-14)
    settings = parse_settings(["K=4", "a=1", "q=0", "spread=3", "size=5/2", "lambda_w=0.02", "lambda_v=0.03"])
    results = specialise(
        derivations.get("metric-frame"), settings | {"lambda_b": sp.oo if lambda_b == INF else sp.Float(lambda_b, 30)}
    )
    assert float(results["cosine"]) == pytest.approx(expected, abs=5e-10)
    assert float(results["loss"]) == pytest.approx(loss, abs=5e-14)


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("lambda_b", [0.0, 0.01, 0.025, 0.06, 1.0, INF])
def test_the_solver_has_the_frame_of_the_formulas(name: str, lambda_b: float) -> None:
    found = ncsolve.solve(problem(name, lambda_b))
    spread, size = FRAMES[name]
    t = _formulas.metric_threshold(TAU, 4, size)
    s_perp = _formulas.metric_perp_singular_value(1, spread, 4, TAU)
    s_mu = _formulas.metric_mean_singular_value(1, t, lambda_b, 4, size)
    values = np.linalg.eigvalsh(found.gram) * math.sqrt(0.03 / 0.02)
    np.testing.assert_allclose(values, sorted([s_mu, s_perp, s_perp, s_perp]), atol=1e-12)
    np.testing.assert_allclose(found.bias, _formulas.affine_bias_fraction(1, t, lambda_b) / 4, atol=1e-12)


def test_scatter_along_the_mean_moves_no_transition_but_the_singular_value() -> None:
    """Without a hidden bias: z̄ is an eigenvector of all moments, and t/lambda_b is not what the bias leaves."""
    spread, size, scatter = 3.0, 2.5, 0.7
    means = np.vstack([spread * (np.eye(4) - 0.25), np.full(4, size)])
    within = np.diag([0.0, 0, 0, 0, scatter])
    result = derivations.get("metric-frame").result
    star = _formulas.affine_threshold(1, _formulas.metric_threshold(TAU, 4, size))
    for lambda_b in (0.5 * star, 1.001 * star, 3 * star, 40.0):
        found = ncsolve.solve(ncsolve.MetricProblem.of_classes(
            means, within, encoding="onehot", counts=6, lambda_b=lambda_b, lambda_c=INF, **DECAYS
        ))
        values = {"w": 1.0, "t": _formulas.metric_threshold(TAU, 4, size), "K": 4, "size": size, "scatter": scatter}
        by_symbol = {x: {**values, "lambda_b": lambda_b}[x.name] for x in result["s_mu_scattered"].free_symbols}
        expected = float(result["s_mu_scattered"].subs(by_symbol))
        along = float(np.ones(4) @ found.gram @ np.ones(4)) / 4 * math.sqrt(0.03 / 0.02)
        assert along == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert (along > 1e-9) == (lambda_b > star)
        plain = _formulas.metric_mean_singular_value(1.0, values["t"], lambda_b, 4, size)
        assert plain == pytest.approx(expected, abs=1e-12) if lambda_b < star else plain > 1.05 * expected


def test_the_decay_of_the_hidden_layer_by_direction() -> None:
    found = ncsolve.solve(problem("long", INF))
    N = found.problem.samples
    moments = {3.0**2 / 4, 2.5**2}  # of the contrasts over the classes, and of the mean
    expected = sorted(_formulas.metric_feature_decay(0.03, N, x) for x in moments)
    assert sorted(set(np.round(found.feature_decays, 12))) == pytest.approx(expected, abs=1e-11)

"""T15 with a ReLU on the last hidden layer: its results at known values, which descent has reached before."""

from __future__ import annotations

import math

import pytest
import sympy as sp
from ncsolve.derivations._specialise import specialise
from scipy.optimize import brentq

import ncsolve
from ncsolve import derivations

INF = math.inf
# Balanced one-hot codes: K, size, spread, lambda_w, lambda_v, lambda_b, and loss, squared length, share of the bias.
ORTHOGONAL = [
    ((3, 1.5, 2, 0.02, 0.03, 0.02), 0.02955086769975, 1.412633205066, 0.670745814032),
    ((4, 2.5, 3, 0.02, 0.03, 0.03), 0.02746568370882, 2.319527571542, 0.526364869028),
    ((3, 0.8, 2, 0.02, 0.03, 0.3), 0.03876502257022, 1.366478919919, 0.122965012058),  # case B
    ((4, 0.6, 2.5, 0.01, 0.03, 0.0), 0.02623077793600, 1.083332096933, 1.0),  # case B
    ((10, 3, 4, 0.003, 0.003, 0.003), 0.00689790148959, 3.948858136495, 0.715366012185),
]
ACUTE = [
    ((4, 2.5, 3, 0.02, 0.03, 0.3), 0.02878587691340, 0.125995068963),
    ((10, 3, 4, 0.003, 0.003, INF), 0.00704041526602, 0.121425482128),
]
# Codes 2 I - J of 3 classes.
SIGNED = {"K": 3, "a": 2, "q": -1, "size": 1.5, "spread": 2, "lambda_w": 0.02, "lambda_v": 0.03, "lambda_b": 0.5}


def results(a: float = 1, q: float = 0, **values: float) -> dict[str, sp.Expr]:
    """Of the theorem, with phi left open."""
    settings = {"a": a, "q": q, **values}
    exact = {name: sp.oo if value == INF else sp.Rational(str(value)) for name, value in settings.items()}
    return specialise(derivations.get("metric-relu"), exact)


def named(values: tuple[float, ...]) -> dict[str, float]:
    return dict(zip(("K", "size", "spread", "lambda_w", "lambda_v", "lambda_b"), values, strict=True))


def at_root(found: dict[str, sp.Expr]) -> dict[str, float]:
    """All results at the root phi of the orthogonal frame."""
    (phi,) = found["frame_equation"].free_symbols
    equation = sp.lambdify(phi, found["frame_equation"])
    root = brentq(equation, 0.0, 1e4, xtol=1e-14, rtol=1e-15)  # one root: the equation falls strictly
    assert root > 0
    return {name: float(value.subs(phi, root)) for name, value in found.items() if not value.has(sp.zoo)}


@pytest.mark.parametrize(("values", "loss", "square", "share"), ORTHOGONAL)
def test_known_orthogonal_frames(values: tuple[float, ...], loss: float, square: float, share: float) -> None:
    found = at_root(results(**named(values)))
    assert found["alive"] > 1
    assert found["orthogonal_loss"] == pytest.approx(loss, abs=5e-14)
    assert found["orthogonal_square"] == pytest.approx(square, abs=5e-12)
    assert found["orthogonal_beta"] == pytest.approx(share, abs=5e-12)


@pytest.mark.parametrize(("values", "star"), [(ORTHOGONAL[0][0], 0.122868441995), (ORTHOGONAL[1][0], 0.048989794856),
                                              (ORTHOGONAL[4][0], 0.005467634992)])
def test_known_ends_of_the_orthogonal_frame(values: tuple[float, ...], star: float) -> None:
    assert float(results(**named(values))["orthogonal_lambda_b"]) == pytest.approx(star, abs=5e-13)


@pytest.mark.parametrize(("values", "loss", "cosine"), ACUTE)
def test_known_acute_frames(values: tuple[float, ...], loss: float, cosine: float) -> None:
    found = results(**named(values))
    assert float(found["acute_loss"]) == pytest.approx(loss, abs=5e-14)
    assert float(found["acute_cosine"]) == pytest.approx(cosine, abs=5e-12)


def test_known_signed_codes() -> None:
    assert at_root(results(**SIGNED))["orthogonal_loss"] == pytest.approx(0.058452243404, abs=5e-13)
    found = results(**{**SIGNED, "K": 5, "size": 2, "spread": 2})
    assert float(found["acute_loss"]) == pytest.approx(0.112686266436, abs=5e-13)
    assert float(found["acute_cosine"]) == pytest.approx(0.3211397852, abs=5e-11)


def test_a_known_frame_of_one_vector() -> None:
    values = {"K": 3, "size": 1, "spread": 0.25, "lambda_w": 0.1, "lambda_v": 0.08, "lambda_b": 1}
    assert float(results(**values)["one_vector_loss"]) == pytest.approx(0.376973111283, abs=5e-13)


def test_the_isotropic_penalty_is_t10() -> None:
    """spread^2 = K size^2 = lambda_v/(n lambda_h): the UFM with H >= 0, orthogonal for every lambda_b."""
    for lambda_b in (0.05, 1.0, INF):
        problem = ncsolve.UFM(classes=4, counts=4, encoding="onehot", lambda_w=0.01, lambda_h=0.0004,
                              lambda_b=lambda_b, features="relu")
        expected = ncsolve.solve(problem)
        found = at_root(results(K=4, size=12.5, spread=25, lambda_w=0.01, lambda_v=1, lambda_b=lambda_b))
        assert found["orthogonal_loss"] == pytest.approx(expected.loss, abs=1e-14)
        assert found["orthogonal_square"] == pytest.approx(expected.gram[0, 0], rel=1e-11)

"""The check values of the theory, each by the theorem that applies and by the spectral solver."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings

# encoding, lambda_b, loss, b_1, Gram diagonal, Gram off-diagonal; K = 10, n = 100, lambda_w = lambda_h = 5e-4
BALANCED = [
    (encodings.onehot(10), 0.0, 0.043875, 0.1, 0.0855, -0.0095, "simplex"),
    (encodings.onehot(10), 0.005, 0.0441237562189055, 0.0995024875621890, 0.0855, -0.0095, "simplex"),
    (encodings.onehot(10), 0.5, 0.0485, 0.01, 0.094, -0.001, "intermediate"),
    (encodings.onehot(10), math.inf, 0.04875, 0.0, 0.095, 0.0, "orthogonal"),
    (encodings.smoothed(10, 0.1), 0.5, 0.044, 0.01, 0.085, 0.0, "orthogonal"),
    (encodings.signed(10), 0.5, 0.1285, -0.01, 0.254, 0.059, "acute"),
]
E = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
# The tables give 15 digits; 1e-12 leaves room for their last one and for rounding.
TOL = 1e-12


@pytest.mark.parametrize("method", ["auto", "spectral"])
@pytest.mark.parametrize(("code", "lambda_b", "loss", "bias", "on", "off", "regime"), BALANCED)
def test_balanced_affine_codes(code, lambda_b, loss, bias, on, off, regime, method):
    problem = ncsolve.UFM(encoding=code, counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=lambda_b)
    found = ncsolve.solve(problem, method=method)
    assert found.loss == pytest.approx(loss, rel=TOL)
    np.testing.assert_allclose(found.bias, bias, rtol=TOL, atol=1e-15)
    target = np.full((10, 10), off) + (on - off) * np.eye(10)
    np.testing.assert_allclose(found.gram, target, rtol=TOL, atol=1e-14)
    assert found.regime == regime


def test_transition_of_one_hot():
    problem = ncsolve.UFM(encoding=np.eye(10), counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=1)
    assert ncsolve.solve(problem).transition == pytest.approx(0.0526315789473684, rel=1e-14)


def solve(codes, counts, lw, lh, lb, method="auto"):
    problem = ncsolve.UFM(encoding=codes, counts=counts, lambda_w=lw, lambda_h=lh, lambda_b=lb)
    return ncsolve.solve(problem, method=method)


@pytest.mark.parametrize("method", ["auto", "spectral"])
def test_general_codes(method):
    found = solve(E, (5, 20, 1, 10), 1e-3, 4e-3, 0.1, method)
    assert found.loss == pytest.approx(0.0277439422372267, rel=TOL)
    np.testing.assert_allclose(found.bias, [0.06347173386129, 0.07656680763633, 0.06629571551503], rtol=TOL)
    np.testing.assert_allclose(found.singular_values, [6.55721348331007, 4.44735524879759, 2.40224591334003], rtol=TOL)
    free = solve(E, (5, 20, 1, 10), 1e-3, 4e-3, 0.0, method)
    assert free.loss == pytest.approx(0.0174747810151543, rel=TOL)
    np.testing.assert_allclose(free.bias, [25 / 36, 24 / 36, 14.5 / 36], rtol=TOL)
    assert solve(E, (5, 20, 1, 10), 1e-3, 4e-3, math.inf, method).loss == pytest.approx(0.0284589693063468, rel=TOL)


@pytest.mark.parametrize("method", ["auto", "spectral"])
def test_imbalanced_one_hot(method):
    counts = (400, 100, 9, 1)
    none = solve(np.eye(4), counts, 5e-3, 1e-3, math.inf, method)
    assert none.loss == pytest.approx(0.0709456354143558, rel=TOL)
    np.testing.assert_allclose(
        none.singular_values, [18.85960533147511, 8.85960533147511, 1.85960533147511, 0], rtol=TOL, atol=0
    )
    found = solve(np.eye(4), counts, 5e-3, 1e-3, 0.05, method)
    assert found.loss == pytest.approx(0.0490237040252797, rel=TOL)
    np.testing.assert_allclose(
        found.bias, [0.62368670705256, 0.26290481223792, 0.0528014375303, 0.00439895001495], rtol=2e-12
    )


def test_ordinal_and_eigenvector():
    ordinal = solve(encodings.ordinal(5), 3, 1e-3, 1e-3, 0.2)
    assert ordinal.loss == pytest.approx(0.00945439903420613, rel=TOL)
    np.testing.assert_allclose(ordinal.bias, [0.01576950233354], rtol=TOL)
    found = solve([[3, 1, 2, 2], [0, 0, 1, -1]], 5, 1e-2, 1e-2, 0.2)
    assert found.choice.theorem == "T4"
    assert found.loss == pytest.approx(0.120103271106785, rel=TOL)
    np.testing.assert_allclose(found.bias, [0.20799940964257, 0], rtol=TOL, atol=1e-15)

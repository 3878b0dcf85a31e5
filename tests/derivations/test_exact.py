"""Exact minimizers: they agree with the solver, verify themselves, and refuse what they cannot do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from ncsolve.derivations import DerivationError, NoClosedFormError, exact_minimizer
from ncsolve.derivations._algebraic import is_semidefinite, vanishes
from ncsolve.derivations._exact import _read, _verified

import ncsolve
from ncsolve import UFM, encodings
from ncsolve.errors import DimensionError, SizeError


def problem(
    encoding: object, counts: object = 4, lambda_b: float = 0.5, lw: float = 0.01, lh: float = 0.01, **more: int
) -> UFM:
    return UFM(encoding=encoding, counts=counts, lambda_w=lw, lambda_h=lh, lambda_b=lambda_b, **more)  # type: ignore[arg-type]


def test_the_example_of_the_issue() -> None:
    found = exact_minimizer(problem(encodings.onehot(3)))
    assert found.loss == sp.Rational(57, 1000)
    assert found.bias == sp.ImmutableMatrix([sp.Rational(1, 25)] * 3)
    off, diagonal = sp.Rational(-1, 50), sp.Rational(9, 20)
    assert found.gram == sp.ImmutableMatrix(3, 3, lambda i, j: diagonal if i == j else off)
    assert not found.W.atoms(sp.Float)
    # The gradient, written out here once more.
    residual = found.W * found.class_means + found.bias * sp.ones(1, 3) - sp.eye(3)
    rate = sp.Rational(1, 100)
    gradients = (
        (4 * residual * found.class_means.T) / 12 + rate * found.W,
        found.W.T * residual / 12 + rate * found.class_means,
        4 * residual * sp.ones(3, 1) / 12 + found.bias / 2,
    )
    assert all(sp.simplify(entry) == 0 for gradient in gradients for entry in gradient)


CLOSED = [
    *(
        problem(code, lambda_b=lambda_b, lh=0.02)
        for lambda_b in (0.0, 0.05, 0.5, math.inf)
        for code in (
            encodings.onehot(3),
            encodings.smoothed(3, 0.1),
            encodings.smoothed(3, 0.7),
            encodings.signed(3),
            encodings.simplex(3),
            encodings.signed(6),
            encodings.affine(3, -1.0, 0.5),
        )
    ),
    problem(encodings.onehot(3), lw=1.0, lh=1.0),
    problem(encodings.onehot(3), lw=1.0, lh=1.0, lambda_b=math.inf),
    problem(encodings.onehot(3), lambda_b=0.01, dim=2),
    problem(encodings.onehot(3), lambda_b=0.01, dim=6),
    problem(encodings.onehot(8), lambda_b=0.05),
    problem(encodings.onehot(3), counts=[9, 4, 2], lambda_b=0.5),
    problem(encodings.onehot(4), counts=[900, 4, 2, 1], lambda_b=math.inf),
    problem(np.array([[0.0, 1, 2, 3]]), counts=[3, 3, 1, 2], lambda_b=0.0),
    problem(np.array([[0.0, 1, 2, 3]]), counts=[3, 3, 1, 2], lambda_b=math.inf),
    problem(np.array([[0.0, 2]]), counts=1, lambda_b=0.4, lw=0.2, lh=0.5),  # the quartic has the root 1/2
    problem(np.array([[1.0, 1, 1]]), counts=[3, 4, 2], lambda_b=5.0),  # s = 0
    problem(np.array([[-1.0, 1]]), counts=2, lambda_b=0.5),  # mu = 0
]


@pytest.mark.parametrize(
    "given", CLOSED, ids=lambda p: f"{p.encoding.name} n={p.counts.array[:4]} lambda_b={p.lambda_b}"
)
def test_agrees_with_the_solver(given: UFM) -> None:
    found = exact_minimizer(given)
    solved = ncsolve.solve(given)
    assert float(found.loss) == pytest.approx(solved.loss, rel=1e-12)
    np.testing.assert_allclose(np.array(found.bias.evalf(20), dtype=float).ravel(), solved.bias, atol=1e-12)
    assert found.W.shape == (given.code_length, given.feature_dim)
    gram = np.array(found.gram.evalf(20), dtype=float)
    means = np.asarray(solved.class_means)
    np.testing.assert_allclose(gram, means.T @ means, atol=1e-12)


def test_the_rational_root_of_the_quartic_is_used() -> None:
    found = exact_minimizer(problem(np.array([[0.0, 2]]), counts=1, lambda_b=0.4, lw=0.2, lh=0.5))
    assert found.bias[0] == sp.Rational(1, 2)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (problem(encodings.onehot(13)), SizeError, "at most 12 classes; got 13"),
        (problem(encodings.onehot(3), dim=2), DimensionError, "dim must be at least 3"),
        (problem(encodings.onehot(3), counts=[9, 4, 2], lambda_b=0.01), NoClosedFormError, "no closed form"),
        (problem(np.array([[1.0, 0, 2], [0, 1, 1]])), NoClosedFormError, "use ncsolve.solve"),
        (problem(np.array([[0.0, 1, 2, 3]]), counts=[3, 3, 1, 2]), NoClosedFormError, "no closed form"),
    ],
    ids=["size", "dim", "below lambda_b+", "general codes", "irrational quartic"],
)
def test_refusals(given: UFM, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        exact_minimizer(given)


@pytest.mark.parametrize("damage", ["W", "bias", "loss", "certificate"])
def test_a_corrupted_minimizer_is_rejected(damage: str) -> None:
    given = problem(encodings.onehot(3))
    found = exact_minimizer(given)
    wrong = getattr(found, damage) * (1 + sp.Rational(1, 10**12))
    with pytest.raises(DerivationError, match="fails"):
        _verified(_read(given), replace(found, **{damage: wrong}))


def test_algebraic_numbers() -> None:
    assert vanishes(sp.sqrt(5 + 2 * sp.sqrt(6)) - sp.sqrt(2) - sp.sqrt(3))
    assert not vanishes(sp.sqrt(5 + 2 * sp.sqrt(6)) - sp.sqrt(2) - sp.sqrt(3) + sp.Rational(1, 10**25))
    assert is_semidefinite(sp.Matrix([[1, 1], [1, 1]]))
    assert not is_semidefinite(sp.Matrix([[1, 2], [2, 1]]))
    assert not is_semidefinite(sp.Matrix([[0, 1], [1, 0]]))

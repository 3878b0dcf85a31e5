"""One step of Newton's method inside a ball."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ncsolve._models.trust_region import next_radius, truncated_newton


def _quadratic(eigenvalues: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hessian, gradient and a diagonal preconditioner."""
    rng = np.random.default_rng(5)
    turn = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))[0]
    return turn @ np.diag(eigenvalues) @ turn.T, rng.standard_normal(len(eigenvalues)), rng.uniform(0.5, 2, len(turn))


def _step(eigenvalues: list[float], radius: float):
    hessian, gradient, diagonal = _quadratic(eigenvalues)
    found = truncated_newton(gradient, lambda row: hessian @ row, lambda row: row / diagonal, radius, 1e-12)
    assert found.length == pytest.approx(math.sqrt(diagonal @ found.step**2), rel=1e-9)
    assert found.decrease == pytest.approx(-(gradient @ found.step + found.step @ hessian @ found.step / 2), rel=1e-9)
    assert found.decrease > 0
    return found, hessian, gradient


def test_a_wide_ball_holds_the_step_of_newton():
    found, hessian, gradient = _step([1.0, 3.0, 10.0, 200.0], 1e6)
    assert found.step == pytest.approx(-np.linalg.solve(hessian, gradient), rel=1e-9)
    assert found.products <= 5


@pytest.mark.parametrize("eigenvalues", [[1.0, 3.0, 10.0, 200.0], [-2.0, 1.0, 5.0, 7.0]])
def test_a_narrow_ball_and_negative_curvature_end_at_the_edge(eigenvalues):
    assert _step(eigenvalues, 0.1)[0].length == pytest.approx(0.1, rel=1e-12)


def test_negative_curvature_is_followed_as_far_as_allowed():
    assert _step([-2.0, 1.0, 5.0, 7.0], 50.0)[0].length == pytest.approx(50.0, rel=1e-12)


def test_the_ball_follows_the_agreement():
    assert next_radius(8.0, 4.0, -1.0) == next_radius(8.0, 4.0, 0.2) == 1.0
    assert next_radius(8.0, 4.0, 0.5) == next_radius(8.0, 4.0, 0.9) == 8.0
    assert next_radius(8.0, 8.0, 0.9) == 16.0

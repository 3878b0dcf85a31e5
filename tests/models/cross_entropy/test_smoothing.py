"""The slow and steady way, and a problem that needs it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ncsolve._models.cross_entropy import minimize as rounds
from ncsolve._models.cross_entropy.dense import solve_dense
from ncsolve._models.cross_entropy.smoothing import smoothed_norm
from tests.models.cross_entropy.definition import gap, matrix, objective


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (1, 1)])
@pytest.mark.parametrize("kind", ["any", "dependent", "zero"])
def test_the_smoothed_nuclear_norm_bends_as_it_should(shape, kind):
    """Gradient and Hessian against differences, also where singular values are equal or zero."""
    rng = np.random.default_rng(0)
    z, change, width, step = rng.standard_normal(shape), rng.standard_normal(shape), 0.3, 1e-5
    if kind == "dependent":
        z[:, -1] = z[:, 0]
    elif kind == "zero":
        z[:] = 0.0

    def value(size: float) -> float:
        return float(np.hypot(np.linalg.svd(z + size * change, compute_uv=False), width).sum())

    slope, bend = smoothed_norm(z, width)
    assert np.sum(slope * change) == pytest.approx((value(step) - value(-step)) / (2 * step), abs=1e-8)
    above, below = (smoothed_norm(z + sign * step * change, width)[0] for sign in (1, -1))
    assert bend(change) == pytest.approx((above - below) / (2 * step), abs=1e-7)


@pytest.mark.parametrize("lambda_b", [0.0, math.inf])
def test_soft_labels_of_any_magnitude_with_a_tiny_threshold(monkeypatch, lambda_b):
    """Codes with entries from 1 to 1e-30, counts from 1 to 1e5: the factors crawl, and the gap says so."""
    rng = np.random.default_rng(11)
    codes = rng.dirichlet(np.full(10, 0.05), 8).T + 1e-300
    counts = np.round(10 ** rng.uniform(0, 5, 8))
    tau = 1e-6 * math.sqrt(float(np.median(counts))) / counts.sum()
    found = solve_dense(codes, counts, tau, lambda_b)
    assert abs(gap(found)) < 1e-10
    assert objective(codes, counts, matrix(found), found.bias, tau, lambda_b) == pytest.approx(found.loss, rel=1e-9)
    monkeypatch.setattr(rounds, "small_enough", lambda objective: False)
    monkeypatch.setattr(rounds, "_MOST_ROUNDS", 1)
    assert gap(solve_dense(codes, counts, tau, lambda_b)) > 1e-8

"""Boundaries without a closed form are smooth: rows between those of the grid are added where a curve bends or ends."""

import math

import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from ncsolve._sweeps.second_parameter import second_parameter

IMBALANCED = ncsolve.UFM(encoding="onehot", classes=10, counts=2000, lambda_w=3e-4, lambda_h=3e-4, lambda_b=0)


@pytest.fixture(scope="module")
def diagram():
    return ncsolve.phase(
        IMBALANCED, lambda_b=np.geomspace(1e-3, 10, 6), against="imbalance", values=np.geomspace(1, 2000, 12)
    )


def turns(boundary, grid, values):
    """Angles in degrees between neighbouring chords, in units of the diagram."""
    x = np.log(boundary.lambda_b) / math.log(grid[-1] / grid[0])
    y = np.log(boundary.values) / math.log(values[-1] / values[0])
    step = np.diff(np.stack((x, y)), axis=1)
    long = np.hypot(*step) > 5e-3
    angle = np.unwrap(np.arctan2(step[1], step[0])[long])
    return np.degrees(np.abs(np.diff(angle)))


def test_minority_collapse_has_no_corners(diagram):
    assert len(diagram.boundaries) == 2
    for boundary in diagram.boundaries:
        assert turns(boundary, diagram.lambda_b, diagram.values).max() < 25
        assert boundary.values.size > 12


def test_curves_reach_the_side_that_they_leave_by(diagram):
    """One goes out on the left above the collapse, one on the right below it, both nearly level."""
    left, right = sorted(diagram.boundaries, key=lambda boundary: boundary.rank_after)
    assert left.lambda_b.min() < 1e-3 * 1.2
    assert right.lambda_b.max() > 10 / 1.2
    (collapse,) = diagram.collapse
    assert left.values[0] > collapse > right.values[-1]


def test_small_classes_of_counts_that_are_not_whole(diagram):
    """N = n (L + S/R) in real numbers: from the definition."""
    second = second_parameter(IMBALANCED, "imbalance", diagram.values)
    for ratio in (1.5, 3.7, 700.3):
        problem = second.problem_at(ratio)
        counts = np.asarray(problem.counts) / problem.counts.values[-1]
        assert counts.max() / counts.min() == pytest.approx(ratio, rel=1e-9)
        real = 2000 * (5 + 5 / ratio)
        scale = problem.samples / real
        assert problem.lambda_h * scale == pytest.approx(3e-4, rel=1e-9)
        # The threshold over the root of the counts does not know of the scale.
        assert problem.threshold / math.sqrt(scale) == pytest.approx(real * 3e-4, rel=1e-9)
    whole = second.problem_at(2000 / 13)
    assert whole == IMBALANCED.replace(counts=[2000] * 5 + [13] * 5)


def test_scaled_counts_are_the_same_problem():
    """What rows between rely on."""
    problem = ncsolve.UFM(encoding=encodings.onehot(4), counts=[7, 7, 2, 2], lambda_w=1e-2, lambda_h=2e-2, lambda_b=0.3)
    scaled = problem.replace(counts=[7000, 7000, 2000, 2000], lambda_h=2e-5)
    one, other = ncsolve.solve(problem), ncsolve.solve(scaled)
    assert other.loss == pytest.approx(one.loss, rel=1e-13)
    np.testing.assert_allclose(other.gram, one.gram, rtol=1e-10)
    np.testing.assert_allclose(other.bias, one.bias, rtol=1e-10)

"""Label statistics and what can be solved from them (T1)."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import ncsolve
from tests.strategies import problems

ONE_CLASS = ncsolve.UFM(  # of which a free bias leaves rounding
    encoding=[[-1], [-2], [-2], [1]], counts=2, lambda_w=0.1, lambda_h=0.01, lambda_b=0.0
)


@example(ONE_CLASS)
@given(problems(most=6))
def test_statistics_determine_weights_bias_and_loss(problem):
    labels = np.repeat(np.arange(problem.classes), np.asarray(problem.counts))
    statistics = ncsolve.LabelStatistics.from_labels(labels, problem.encoding)
    full = ncsolve.solve(problem)
    found = ncsolve.solve_statistics(
        statistics, lambda_w=problem.lambda_w, lambda_h=problem.lambda_h, lambda_b=problem.lambda_b
    )
    size = float(np.linalg.norm(problem.encoding.matrix * np.sqrt(np.asarray(problem.counts))))
    # S is a square: singular values keep half the digits where they are far below the largest.
    tolerance = 1e-13 * size + 3e-8 * min(size, problem.threshold * 1e-3 + 1e-9 * size)
    assert found.loss == pytest.approx(full.loss, rel=1e-9, abs=1e-13 * size**2)
    np.testing.assert_allclose(found.bias, full.bias, rtol=0, atol=1e-9 * np.linalg.norm(full.bias) + 1e-14 * size)
    scale = math.sqrt(problem.lambda_h / problem.lambda_w)
    np.testing.assert_allclose(found.weight_gram, full.W @ full.W.T, rtol=0, atol=scale * (tolerance + 1e-9 * size))
    assert found.residual < 1e-10


@given(st.integers(1, 4), st.integers(1, 12), st.integers(1, 12), st.integers(0, 10**6))
def test_merge_is_the_statistic_of_the_union(m, first, second, seed):
    y = np.random.default_rng(seed).standard_normal((m, first + second)) + 5.0
    whole = ncsolve.LabelStatistics.from_targets(y)
    left, right = (ncsolve.LabelStatistics.from_targets(part) for part in (y[:, :first], y[:, first:]))
    merged = left.merge(right)
    assert merged.samples == whole.samples
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-13)
    np.testing.assert_allclose(merged.scatter, whole.scatter, rtol=1e-10, atol=1e-12)


def test_regression_targets():
    """Andriopoulos et al. 2024: W W^T = sqrt(lh/lw) (S^(1/2) - T I)_+ for centred targets, from the definition."""
    rng = np.random.default_rng(3)
    y = rng.standard_normal((3, 40)) * np.array([[2.0], [0.5], [1e-3]])
    statistics = ncsolve.LabelStatistics.from_targets(y)
    lw, lh = 2e-3, 8e-3
    found = ncsolve.solve_statistics(statistics, lambda_w=lw, lambda_h=lh, lambda_b=0)
    values, vectors = np.linalg.eigh(np.cov(y, bias=True) * 40)
    kept = np.maximum(np.sqrt(values) - 40 * math.sqrt(lw * lh), 0)
    assert (kept > 0).sum() == 2  # the smallest direction is below the threshold and vanishes
    np.testing.assert_allclose(found.weight_gram, math.sqrt(lh / lw) * (vectors * kept) @ vectors.T, atol=1e-13)
    np.testing.assert_allclose(found.bias, y.mean(axis=1), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ncsolve.LabelStatistics.from_targets([1.0, 2.0]), r"non-empty array \(m, N\)"),
        (lambda: ncsolve.LabelStatistics.from_targets([[1.0, np.nan]]), "finite"),
        (lambda: ncsolve.LabelStatistics.from_targets([["a"]]), "real numbers"),
        (lambda: ncsolve.LabelStatistics.from_labels([0, 3], np.eye(3)), r"0 .. 2; got 3"),
        (lambda: ncsolve.LabelStatistics.from_labels([0, -1], np.eye(3)), r"got -1"),
        (lambda: ncsolve.LabelStatistics.from_labels([0.5], np.eye(3)), "3 codes for 0.5, take out"),
        (lambda: ncsolve.LabelStatistics(samples=0, mean=[0.0], scatter=[[0.0]]), "samples must be an integer"),
        (lambda: ncsolve.LabelStatistics(samples=1, mean=np.zeros(2), scatter=np.zeros((1, 1))), "shape"),
        (lambda: ncsolve.LabelStatistics(samples=1, mean=np.zeros(2), scatter=np.array([[0, 1], [0, 0]])), "symmetric"),
        (
            lambda: ncsolve.LabelStatistics.from_targets([[1.0]]).merge(
                ncsolve.LabelStatistics.from_targets([[1.0], [2.0]])
            ),
            "same code length; got 1 and 2",
        ),
        (lambda: ncsolve.LabelStatistics.from_labels([[0]], np.eye(3)), "class numbers"),
        (lambda: ncsolve.LabelStatistics.from_labels(["a", None], np.eye(2)), r"entry 1 \(counted from 0\) is 'None'"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ncsolve.ProblemError, match=message):
        call()

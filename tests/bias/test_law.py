"""The law of large bias regularization (T5b), its reach and its end."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings


@st.composite
def independent(draw):
    """Independent codes and lambdas so small that every singular value of M exceeds T."""
    k = draw(st.integers(1, 5))
    m = k + draw(st.integers(0, 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    codes = rng.standard_normal((m, k))
    counts = rng.integers(1, 20, k)
    smallest = float(np.linalg.svd(codes * np.sqrt(counts), compute_uv=False)[-1])
    lw, lh = 10.0 ** draw(st.floats(-1, 1)), 1.0
    scale = draw(st.floats(0.05, 0.9)) * smallest / (int(counts.sum()) * math.sqrt(lw * lh))
    return ncsolve.UFM(encoding=codes, counts=counts, lambda_w=lw * scale, lambda_h=lh * scale, lambda_b=1.0)


@given(independent(), st.floats(1.0, 1e3))
@settings(max_examples=120)
def test_law_for_independent_codes(problem, factor):
    threshold = ncsolve.solve(problem).transition
    assert threshold is not None
    lb = threshold * factor
    none = ncsolve.solve(problem.replace(lambda_b=math.inf))
    # The spectral solver knows nothing of the law.
    found = ncsolve.solve(problem.replace(lambda_b=lb), method="spectral")
    drop = problem.lambda_w / lb
    scale = float(np.abs(none.gram).max())
    np.testing.assert_allclose(found.gram, none.gram - drop, rtol=0, atol=1e-11 * (scale + drop))
    fall = problem.samples * problem.lambda_w * problem.lambda_h / (2 * lb)
    assert found.loss == pytest.approx(none.loss - fall, rel=1e-12)
    u, _, v = np.linalg.svd(problem.encoding.matrix * np.sqrt(np.asarray(problem.counts)), full_matrices=False)
    np.testing.assert_allclose(
        found.bias, problem.tau / lb * (u @ v) @ np.sqrt(np.asarray(problem.counts)), rtol=0,
        atol=1e-12 * np.linalg.norm(found.bias),
    )


@given(independent())
def test_end_of_the_law(problem):
    """At lb+ the smallest singular value of Z reaches zero, and just below it a dimension is dead."""
    threshold = ncsolve.solve(problem).transition
    at = ncsolve.solve(problem.replace(lambda_b=threshold), method="spectral").singular_values
    below = ncsolve.solve(problem.replace(lambda_b=threshold * (1 - 1e-6)), method="spectral").singular_values
    above = ncsolve.solve(problem.replace(lambda_b=threshold * (1 + 1e-6)), method="spectral").singular_values
    scale = at[0] + problem.threshold
    assert at[-1] <= 1e-11 * scale
    assert below[-1] <= 1e-11 * scale
    assert above[-1] > 0


def test_law_for_imbalanced_one_hot():
    """lb+ = tau sum n_k/(sqrt(n_k) - T), b_k = tau sqrt(n_k)/lb."""
    counts = np.array([400, 100, 25, 25])
    problem = ncsolve.UFM(encoding=np.eye(4), counts=counts, lambda_w=1e-3, lambda_h=4e-3, lambda_b=2.0)
    found = ncsolve.solve(problem)
    tau, threshold = problem.tau, problem.threshold
    assert found.transition == pytest.approx(tau * np.sum(counts / (np.sqrt(counts) - threshold)), rel=1e-14)
    assert found.choice.theorem == "T5b"
    np.testing.assert_allclose(found.bias, tau * np.sqrt(counts) / 2.0, rtol=1e-14)
    dense = ncsolve.solve(problem.replace(encoding=encodings.from_array(np.eye(4) * (1 + 1e-15 * np.arange(4)))))
    assert dense.transition == pytest.approx(found.transition, rel=1e-11)


def test_law_reaches_dependent_codes_whose_affine_hull_misses_the_origin():
    """Soft labels sum to one: more classes than outputs, yet the law holds."""
    rng = np.random.default_rng(5)
    codes = rng.dirichlet(np.ones(3), 6).T
    problem = ncsolve.UFM(encoding=codes, counts=[3, 1, 4, 1, 5, 9], lambda_w=2e-4, lambda_h=1e-4, lambda_b=1.0)
    threshold = ncsolve.solve(problem).transition
    assert threshold is not None
    lb = 3 * threshold
    none = ncsolve.solve(problem.replace(lambda_b=math.inf), method="spectral")
    found = ncsolve.solve(problem.replace(lambda_b=lb), method="spectral")
    np.testing.assert_allclose(found.gram, none.gram - problem.lambda_w / lb, rtol=0, atol=1e-13)
    below = ncsolve.solve(problem.replace(lambda_b=threshold / 2), method="spectral")
    assert np.abs(below.gram - (none.gram - problem.lambda_w / (threshold / 2))).max() > 1e-4


def test_law_fails_where_the_affine_hull_holds_the_origin():
    """m < K in general position: there is no lb+, and the Gram matrix does not fall by a constant."""
    rng = np.random.default_rng(6)
    problem = ncsolve.UFM(encoding=rng.standard_normal((2, 5)), counts=4, lambda_w=1e-3, lambda_h=1e-3, lambda_b=50.0)
    found, none = ncsolve.solve(problem), ncsolve.solve(problem.replace(lambda_b=math.inf))
    assert found.transition is None
    assert found.method == "spectral"
    fall = none.gram - found.gram
    assert fall.max() - fall.min() > 1e-2 * np.abs(fall).max()


def test_no_law_below_the_threshold():
    problem = ncsolve.UFM(encoding=np.eye(3), counts=[1, 100, 100], lambda_w=1e-2, lambda_h=1e-2, lambda_b=50.0)
    assert ncsolve.solve(problem).transition is None


def test_balanced_one_hot_transition_is_both_thresholds():
    problem = ncsolve.UFM(encoding=np.eye(7), counts=31, lambda_w=3e-4, lambda_h=2e-4, lambda_b=1.0)
    t = problem.threshold / math.sqrt(31)
    assert ncsolve.solve(problem).transition == pytest.approx(t / (1 - t), rel=1e-14)
    dense = problem.replace(encoding=encodings.from_array(np.eye(7) + 1e-300 * np.eye(7)[::-1]))
    assert dense.encoding.affine is None
    assert ncsolve.solve(dense).transition == pytest.approx(t / (1 - t), rel=1e-12)

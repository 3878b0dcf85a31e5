"""``solve`` against references that share nothing with it, on random and on extreme problems."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings
from tests.reference import certified_gap, descend, exact_bias
from tests.strategies import affine_problems, problems


@given(st.one_of(problems(), affine_problems()))
@settings(max_examples=300)
def test_global_optimality_by_duality(problem):
    """Weak duality: the loss is within rounding of a lower bound on every (W, H, b) of every dimension.

    The scale of rounding is the loss of the zero point, which the terms of the objective are as large as.
    """
    found = ncsolve.solve(problem)
    loss, bound = certified_gap(problem, found.W, found.class_means, found.bias)
    zero = ncsolve.objective(problem, 0 * found.W, 0 * found.class_means, 0 * found.bias)
    assert loss == pytest.approx(found.loss, rel=1e-12, abs=1e-14 * zero)
    assert loss - bound <= 1e-11 * zero
    assert found.residual <= 1e-12


@given(problems(most=8), st.integers(0, 1000))
@settings(max_examples=15)
def test_descent_reaches_the_same_loss_and_no_less(problem, seed):
    descends_to_the_minimum(problem, seed)


@pytest.mark.exhaustive
@given(problems(most=8), st.integers(0, 1000))
@settings(max_examples=60)
def test_descent_from_many_starts(problem, seed):
    descends_to_the_minimum(problem, seed)


def descends_to_the_minimum(problem, seed):
    found = ncsolve.solve(problem)
    dim = min(problem.code_length, problem.classes) + 1
    best = min(descend(problem, seed + i, dim) for i in range(2))
    # L-BFGS stops when rounding of the loss hides its progress: about 1e-9 of it on these problems.
    assert best >= found.loss * (1 - 1e-13) - 1e-16
    assert best <= found.loss * (1 + 1e-6) + 1e-12


@given(problems())
@settings(max_examples=120)
def test_bias_to_twelve_digits(problem):
    """The loss hides errors of half the digits of the bias; this does not."""
    found = ncsolve.solve(problem)
    if 0 < problem.lambda_b < math.inf:
        expected = exact_bias(problem, found.bias)
    else:
        expected = problem.label_mean if problem.lambda_b == 0 else np.zeros(problem.code_length)
    # Rounding of the label mean itself is relative to the codes, which may cancel in it.
    noise = 1e-15 * float(np.abs(problem.encoding.matrix).max()) / (1 + min(problem.lambda_b, 1e300))
    assert np.linalg.norm(found.bias - expected) <= 1e-12 * np.linalg.norm(expected) + noise


@given(st.one_of(problems(), affine_problems()))
@settings(max_examples=200)
def test_theorems_and_spectral_solver_agree(problem):
    """Both methods, where both apply, to 1e-12 in everything that is unique."""
    closed, spectral = ncsolve.solve(problem), ncsolve.solve(problem, method="spectral")
    codes = float(np.abs(problem.encoding.matrix).max())
    size = float(np.linalg.norm(problem.encoding.matrix * np.sqrt(np.asarray(problem.counts))))
    assert closed.loss == pytest.approx(spectral.loss, rel=1e-12, abs=1e-14 * codes**2)
    bias = 1e-12 * float(np.linalg.norm(closed.bias)) + 1e-15 * codes
    np.testing.assert_allclose(closed.bias, spectral.bias, rtol=0, atol=bias)
    np.testing.assert_allclose(closed.singular_values, spectral.singular_values, rtol=0, atol=1e-12 * size)
    scale = math.sqrt(problem.lambda_w / problem.lambda_h) * size
    np.testing.assert_allclose(closed.gram, spectral.gram, rtol=0, atol=1e-12 * scale)


@given(problems())
def test_bias_equation_and_monotonicity(problem):
    """(1 + lb) b = mean(Y - W H), and ||b|| does not increase with lambda_b."""
    found = ncsolve.solve(problem)
    n = np.asarray(problem.counts, dtype=float)
    if math.isfinite(problem.lambda_b):
        mean = (problem.encoding.matrix - found.W @ found.class_means) @ n / n.sum()
        scale = float(np.abs(problem.encoding.matrix).max()) * (1 + problem.code_length)
        np.testing.assert_allclose((1 + problem.lambda_b) * found.bias, mean, rtol=0, atol=1e-13 * scale)
    larger = ncsolve.solve(problem.replace(lambda_b=2 * problem.lambda_b + 1e-3))
    assert np.linalg.norm(larger.bias) <= np.linalg.norm(found.bias) * (1 + 1e-12) + 1e-300


EXTREMES = [
    ("one class", [[2.0]], [3], 1e-3, 1e-3, 0.1),
    ("one class, long code", [[1.0], [2.0], [-1.0]], [4], 1e-3, 1e-2, 10.0),
    ("zero codes", np.zeros((3, 4)), [1, 2, 3, 4], 1e-3, 1e-3, 0.1),
    ("repeated codes", [[1.0, 1.0, 2.0], [0.0, 0.0, 1.0]], [2, 5, 3], 1e-3, 1e-3, 0.3),
    ("all codes equal", np.ones((2, 5)), [1, 2, 3, 4, 5], 1e-2, 1e-3, 0.05),
    ("zero mean", [[1.0, -1.0], [2.0, -2.0]], [3, 3], 1e-3, 1e-3, 0.3),
    ("rank one", np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 0.5]), [2, 3, 4], 1e-3, 1e-3, 0.2),
    ("m > K", np.arange(12.0).reshape(6, 2) + 1, [7, 9], 1e-3, 1e-3, 0.2),
    ("m < K", np.arange(14.0).reshape(2, 7) ** 0.5, [1, 2, 3, 4, 5, 6, 7], 1e-3, 1e-3, 0.2),
    ("tiny weight decay", [[1.0, 0.5, -0.3], [0.2, 1.0, 0.7], [0.4, 0.1, 2.0]], [2, 3, 4], 1e-14, 1e-14, 1e-6),
    ("tiny weight decay, dependent codes", [[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]], [2, 3, 4], 1e-14, 1e-14, 0.1),
    ("tiny weight decay, tiny lambda_b", [[1.0, 0.5, -0.3], [0.2, 1.0, 0.7]], [2, 3, 4], 1e-14, 1e-14, 1e-12),
    ("huge lambda_b", [[1.0, 0.5, -0.3], [0.2, 1.0, 0.7]], [2, 3, 4], 1e-3, 1e-3, 1e12),
    ("huge counts", [[1.0, 0.5, -0.3], [0.2, 1.0, 0.7]], [10**9, 3, 10**6], 1e-6, 1e-6, 0.1),
    ("huge weight decay", [[1.0, 0.5, -0.3], [0.2, 1.0, 0.7]], [2, 3, 4], 1e3, 1e3, 0.1),
    ("large codes", np.array([[1.0, 0.5, -0.3], [0.2, 1.0, 0.7]]) * 1e8, [2, 3, 4], 1e-3, 1e-3, 0.1),
    ("small codes", np.array([[1.0, 0.5, -0.3], [0.2, 1.0, 0.7]]) * 1e-8, [2, 3, 4], 1e-13, 1e-13, 0.1),
]


@pytest.mark.parametrize(("codes", "counts", "lw", "lh", "lb"), [case[1:] for case in EXTREMES],
                         ids=[case[0] for case in EXTREMES])
def test_extremes(codes, counts, lw, lh, lb):
    for lambda_b in (lb, 1e-12, 1e12, 0.0, math.inf):
        problem = ncsolve.UFM(encoding=codes, counts=counts, lambda_w=lw, lambda_h=lh, lambda_b=lambda_b)
        found = ncsolve.solve(problem)
        assert found.residual <= 1e-12
        assert np.isfinite(found.W).all()
        assert np.isfinite(found.class_means).all()
        zero = ncsolve.objective(problem, 0 * found.W, 0 * found.class_means, 0 * found.bias)
        assert found.loss <= zero * (1 + 1e-15)
        if 0 < lambda_b < math.inf:
            expected = exact_bias(problem, found.bias)
            assert np.linalg.norm(found.bias - expected) <= 1e-12 * np.linalg.norm(expected)


def test_million_classes():
    """Structured problems never form a K x K array: 10^12 entries would not fit anywhere."""
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 301, 10**6)
    problem = ncsolve.UFM(encoding=encodings.onehot(10**6), counts=counts, lambda_w=1e-9, lambda_h=1e-9, lambda_b=0.1)
    found = ncsolve.solve(problem)
    assert found.residual <= 1e-12
    assert found.bias.shape == (10**6,)
    # Classes of equal count share their bias, and larger classes have the larger one.
    order = np.argsort(counts, kind="stable")
    assert (np.diff(found.bias[order]) >= 0).all()
    with pytest.raises(ncsolve.SizeError, match="blocks"):
        _ = found.gram
    assert sum(block.classes for block in found.blocks) == 10**6
    assert [block.count for block in found.blocks] == sorted(set(counts.tolist()))
    assert {block.bias for block in found.blocks} == set(found.bias.tolist())


def test_structured_solution_equals_dense_solution():
    counts = [3] * 4 + [7] * 2 + [20]
    for code in (encodings.onehot(7), encodings.smoothed(7, 0.3), encodings.signed(7), encodings.simplex(7)):
        for lambda_b in (0.0, 1e-3, 0.1, 3.0, math.inf):
            problem = ncsolve.UFM(encoding=code, counts=counts, lambda_w=2e-2, lambda_h=1e-2, lambda_b=lambda_b)
            a, b = ncsolve.solve(problem), ncsolve.solve(problem, method="spectral")
            np.testing.assert_allclose(a.gram, b.gram, rtol=0, atol=1e-14)
            for name in ("nc2_simplex", "nc2_orthogonal", "nc3", "nc4"):
                assert getattr(a.nc, name) == pytest.approx(getattr(b.nc, name), abs=1e-12)
            for minimizer in (a, b):
                loss, bound = certified_gap(problem, minimizer.W, minimizer.class_means, minimizer.bias)
                assert loss - bound <= 1e-14


@pytest.mark.parametrize("dim", [9, 10, 15])
def test_dimensions_above_the_rank(dim):
    """d = K - 1 holds the simplex ETF; W and the means have the asked shape and the same Gram matrix."""
    problem = ncsolve.UFM(encoding=encodings.onehot(10), counts=100, lambda_w=5e-4, lambda_h=5e-4, lambda_b=0.01,
                          dim=dim)
    found = ncsolve.solve(problem)
    assert found.W.shape == (10, dim)
    assert found.class_means.shape == (dim, 10)
    np.testing.assert_allclose(found.class_means.T @ found.class_means, found.gram, atol=1e-15)
    assert ncsolve.objective(problem, found.W, found.class_means, found.bias) == pytest.approx(found.loss, rel=1e-14)


def test_balancedness():
    """lw W^T W = lh H H^T (T2)."""
    problem = ncsolve.UFM(encoding=[[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]], counts=(5, 20, 1, 10),
                          lambda_w=1e-3, lambda_h=4e-3, lambda_b=0.1)
    found = ncsolve.solve(problem)
    h = found.class_means * np.sqrt(np.asarray(problem.counts))
    np.testing.assert_allclose(1e-3 * found.W.T @ found.W, 4e-3 * h @ h.T, atol=1e-15)


def test_unknown_method():
    problem = ncsolve.UFM(encoding=np.eye(2), counts=3, lambda_w=1e-3, lambda_h=1e-3, lambda_b=0)
    with pytest.raises(ncsolve.UnknownNameError, match="auto, spectral"):
        ncsolve.solve(problem, method="spectrl")


@given(st.integers(2, 10), st.integers(0, 10**6), st.floats(-9, -1), st.sampled_from([0.0, 1e-3, 0.3, 50.0, math.inf]))
@settings(max_examples=80)
def test_rotated_one_hot_codes(k, seed, exponent, lambda_b):
    """Codes with all singular values equal: rounding turns their eigenspaces, and the secular equation must deflate."""
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((k, k)))[0]
    fields = {"counts": 1 + seed % 9, "lambda_w": 10**exponent, "lambda_h": 10**exponent, "lambda_b": lambda_b}
    plain = ncsolve.solve(ncsolve.UFM(encoding=encodings.onehot(k), **fields))
    for method in ("auto", "spectral"):
        turned = ncsolve.solve(ncsolve.UFM(encoding=rotation, **fields), method=method)
        # b is known to eps s_max/T, the condition of the threshold; s_max/T is at most 1e9 here.
        size = 1e-15 * max(1e3, 10**-exponent)
        np.testing.assert_allclose(turned.bias, rotation @ plain.bias, rtol=0, atol=size * np.linalg.norm(plain.bias))
        np.testing.assert_allclose(turned.singular_values, plain.singular_values, rtol=0, atol=1e-13 * math.sqrt(10))


@pytest.mark.parametrize("lambda_b", [0.05, 0.5, math.inf])
def test_codes_with_repeated_singular_values(lambda_b):
    for code, counts in (
        (encodings.hadamard(8), [5, 5, 5, 5, 50, 50, 50, 50]),
        (encodings.hadamard(64), 1),
        (np.eye(4)[::-1], [5, 5, 50, 50]),
        (np.vstack([np.eye(4), np.zeros((2, 4))]), [5, 5, 50, 50]),
        (np.hstack([np.eye(5)] * 2), 1),
    ):
        problem = ncsolve.UFM(encoding=code, counts=counts, lambda_w=5e-4, lambda_h=5e-4, lambda_b=lambda_b)
        for method in ("auto", "spectral"):
            found = ncsolve.solve(problem, method=method)
            loss, bound = certified_gap(problem, found.W, found.class_means, found.bias)
            assert loss - bound <= 1e-13


def test_cancelling_codes_that_collapse():
    """Nothing is left of the label mean but rounding, and nothing of the features."""
    for codes, n in (([[-3, -3, 2, 2, 2]], 6), ([[-5, 2, 3]], 6), ([[0.1, 0.2, -0.3]], 5)):
        found = ncsolve.solve(ncsolve.UFM(encoding=codes, counts=n, lambda_w=1.0, lambda_h=1.0, lambda_b=0.5))
        assert found.regime == "collapsed"
        assert not found.bias.any()


def test_dead_classes_have_no_cosine():
    """A class mean that is zero up to rounding is zero."""
    problem = ncsolve.UFM(encoding=np.eye(4)[::-1], counts=[400, 100, 9, 1], lambda_w=5e-3, lambda_h=1e-3,
                          lambda_b=math.inf)
    assert ncsolve.solve(problem).cosines.max < 1e-14

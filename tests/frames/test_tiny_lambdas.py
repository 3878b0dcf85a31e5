"""The terms of the loss over the whole range of lambdas, each to 1e-9 of itself, against 170 digits."""

import math

import mpmath as mp
import numpy as np
import pytest

import ncsolve
from ncsolve import encodings
from tests.frames.exact_terms import exact_terms

INF = math.inf
CODES = {
    "one-hot": (encodings.onehot(3), [5, 3, 2]),
    "balanced": (encodings.smoothed(3, 0.2), 4),
    "signed": (encodings.signed(4), [7, 7, 2, 1]),
    "general": (np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0], [0.5, 0.5, 2.0]]), [5, 20, 1]),
    "low rank": (np.array([[1.0, 0.25, -2.0, 0.5], [0.5, -1.0, 0.0, 1.5]]), [3, 9, 1, 4]),
    "tall": (np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0], [0.5, 0.25, 2.0], [1.0, 1.0, 1.0]]), [4, 4, 4]),
}
PROBLEMS = [
    ("one-hot", 1e-30, 1e-30, 1e-30), ("one-hot", 1e-50, 1e-50, 0.0), ("one-hot", 1e50, 1e50, 1.0),
    ("balanced", 1e-20, 1e-30, 1e-25), ("balanced", 1e-30, 1e-30, INF), ("signed", 1e-40, 1e-12, 1e-8),
    ("signed", 1e-30, 1e-30, 0.0), ("general", 1e-50, 1e50, 0.1), ("general", 1e-30, 1e-30, INF),
    ("general", 1e-40, 1e-40, 1e-41), ("low rank", 1e-30, 1e-30, 1e-3), ("low rank", 1e-14, 1e-14, 0.0),
    ("low rank", 1e50, 1e50, 1e-30), ("tall", 1e-30, 1e-20, INF), ("tall", 1e-50, 1e-50, 1e-50),
]


@pytest.mark.parametrize(("name", "lambda_w", "lambda_h", "lambda_b"), PROBLEMS)
def test_every_term_of_the_loss(name, lambda_w, lambda_h, lambda_b):
    code, counts = CODES[name]
    problem = ncsolve.UFM(encoding=code, counts=counts, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b)
    fit, weights, bias = exact_terms(problem)
    found = ncsolve.solve(problem)
    terms = found.loss_terms
    for mine, exact in ((terms.fit, fit), (terms.weights, weights), (terms.features, weights), (terms.bias, bias),
                        (terms.total, fit + 2 * weights + bias)):
        assert abs(mp.mpf(mine) - exact) <= mp.mpf("1e-9") * exact  # zero where it is zero
    along = ncsolve.path(problem, lambda_b=[lambda_b]).loss[0]
    assert along == pytest.approx(terms.total, rel=1e-12)


def test_the_loss_over_lambda_tends_to_a_constant():
    """One-hot codes at lambda 1e-30: 3.3 % too high when the fit was a difference of rounded numbers."""
    for lam in (1e-14, 1e-20, 1e-30, 1e-45):
        problem = ncsolve.UFM(encoding=encodings.onehot(3), counts=[5, 3, 2], lambda_w=lam, lambda_h=lam, lambda_b=lam)
        # By exact_terms at 1e-45; the next term of the expansion is of relative order T = 10 lambda.
        assert ncsolve.solve(problem).loss / lam == pytest.approx(3.6792677688846994, rel=1e-12)


def residual(g, constant, factors):
    """x = g - z = C z^(2/P - 1), which contracts where C is tiny."""
    x = mp.mpf(0)
    for _ in range(12):
        x = constant * (g - x) ** (mp.mpf(2) / factors - 1)
    return x


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("lambda_b", [0.0, INF])
@pytest.mark.parametrize("lam", [1e-12, 1e-30])
def test_bottlenecks_and_deep_heads(depth, lambda_b, lam):
    """Of the singular values g of the shifted codes the two largest are kept: z + C z^(2/P - 1) = g."""
    codes = np.array([[1.0, 0.0, 2.0, 0.5], [0.0, 1.0, -1.0, 0.25], [0.5, 0.5, 2.0, -1.0]])
    counts = [5, 3, 1, 2]
    problem = ncsolve.UFM(encoding=codes, counts=counts, lambda_w=lam, lambda_h=4 * lam, lambda_b=lambda_b, dim=2,
                          depth=depth)
    with mp.workdps(80):
        n, p = mp.mpf(sum(counts)), depth + 1
        exact = mp.matrix(codes.tolist())
        mean = exact * mp.matrix(counts) / n
        shifted = mp.matrix(3, 4)
        for i in range(3):
            for k in range(4):
                shifted[i, k] = (exact[i, k] - (mean[i] if lambda_b == 0 else 0)) * mp.sqrt(counts[k])
        g = sorted((mp.sqrt(value) for value in mp.eigsy(shifted * shifted.T, eigvals_only=True)), reverse=True)
        constant = n * mp.mpf(lam) * (mp.mpf(4 * lam) / mp.mpf(lam)) ** (mp.mpf(1) / p)
        fit = (mp.fsum(residual(x, constant, p) ** 2 for x in g[:2]) + g[2] ** 2) / (2 * n)
        assert abs(ncsolve.solve(problem).loss_terms.fit - fit) <= mp.mpf("1e-9") * fit
        wide = ncsolve.solve(problem.replace(dim=None, depth=2, lambda_w=lam)).loss_terms.fit
        p, constant = 3, n * mp.mpf(lam) * (mp.mpf(4 * lam) / mp.mpf(lam)) ** (mp.mpf(1) / 3)
        fit = mp.fsum(residual(x, constant, p) ** 2 for x in g) / (2 * n)
        assert abs(wide - fit) <= mp.mpf("1e-9") * fit


def test_a_free_bias_leaves_no_direction_of_rounding():
    """Of three centred one-hot codes two directions live, under a deep head as under one layer, however small T is."""
    problem = ncsolve.UFM(encoding=encodings.onehot(3), counts=[5, 3, 2], lambda_w=1e-20, lambda_h=1e-20, lambda_b=0.0,
                          depth=2)
    assert ncsolve.solve(problem).rank == 2


def test_balanced_deep_heads_and_relu_features():
    """One-hot codes of K = 3 and n = 4 without a bias have three singular values 2; with H >= 0 each class is one."""
    lam, k, n = 1e-25, 3, 4
    problem = ncsolve.UFM(encoding=encodings.onehot(k), counts=n, lambda_w=lam, lambda_h=lam, lambda_b=INF)
    deep = ncsolve.solve(problem.replace(depth=2)).loss_terms.fit
    rest = k * n * lam * 2.0 ** (2 / 3 - 1)  # to first order in lambda
    assert deep == pytest.approx(k * rest**2 / (2 * k * n), rel=1e-12)
    relu = ncsolve.solve(problem.replace(features="relu")).loss_terms
    assert relu.fit == pytest.approx(k * (k * n * lam) ** 2 / (2 * k * n), rel=1e-12)
    several = ncsolve.solve(problem.replace(features="relu", counts=[9, 4, 1])).loss_terms
    assert several.fit == pytest.approx(k * (14 * lam) ** 2 / (2 * 14), rel=1e-12)


def test_descents_under_a_bottleneck_or_a_deep_head_know_how_small_the_loss_is():
    """Where all lambdas go to zero together the bias of a deep head tends to a limit, and loss/lambda to a constant."""
    codes = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
    losses = []
    for lam in (1e-12, 1e-25):
        problem = ncsolve.UFM(encoding=codes, counts=[5, 20, 1, 10], lambda_w=lam, lambda_h=lam, lambda_b=lam, depth=2)
        losses.append(ncsolve.solve(problem).loss / lam)
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)


def test_relu_features_refuse_a_threshold_that_rounding_hides():
    codes = [[1, 0, 0, 2], [0, 1, -1, 0.5], [0.5, 0.5, 2, 0]]
    problem = ncsolve.UFM(encoding=codes, counts=[5, 20, 1, 10], lambda_w=1e-11, lambda_h=1e-11, lambda_b=0.1,
                          features="relu")
    with pytest.raises(ncsolve.ProblemError, match=r"got 3\.6e-10, raise the lambdas"):
        ncsolve.solve(problem)

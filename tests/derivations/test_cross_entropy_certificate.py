"""The certificate under cross-entropy (T16) holds for the class means of networks at random, of descended problems."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp

from ncsolve import derivations
from tests.derivations.test_cross_entropy import INF, Array, Found, Problem, descended, smoothed


def bound(name: str) -> Callable[..., float]:
    """A result of the theorem as a function of floats, by the names of its symbols."""
    expr = derivations.get("cross-entropy-certificate").result[name]
    symbols = sorted(expr.free_symbols, key=lambda x: x.name)
    function = sp.lambdify(symbols, expr, "math")
    return lambda **values: float(function(*[values[x.name] for x in symbols]))


SPREAD, OUTPUTS, ALONG, ACROSS, GRAM = map(bound, ("spread", "outputs", "p", "y", "gram"))


def certificate(problem: Problem, best: Found, A: Array, gap: float) -> tuple[Array, float, float]:
    """What a gap proves: R of every class, and how far outputs and weighted Gram matrix are from the minimum's."""
    least = best.P.min(0)
    R = np.array([SPREAD(z=problem.N * gap / (n * p)) for n, p in zip(problem.n, least, strict=True)])
    kappa = float((least / (2 + R)).min())
    _, s, V = np.linalg.svd((problem.E - best.P) / problem.N * np.sqrt(problem.n))
    kept = np.linalg.matrix_rank(best.H * np.sqrt(problem.n), tol=1e-4)
    x, found = np.linalg.norm(A, 2), [INF]
    # λ_b = 0 and inf: the term of λ_b is left out, as nu = 0 does
    some = problem.lambda_b if 0 < problem.lambda_b < INF else 1.0
    for j in range(kept, len(s) + 1):
        nu = np.linalg.norm(V[:j] @ np.sqrt(problem.n)) if 0 < problem.lambda_b < INF else 0.0
        if j > 0 and s[j - 1] < 1e-9:
            break
        if j < len(s) and problem.tau - s[j] < 1e-9:
            continue
        names = {"ε": gap, "N": problem.N, "kappa": kappa, "lambda_w": problem.lambda_w, "tau": problem.tau}
        p = ALONG(s_j=s[j - 1], x=x, lambda_b=some, **names, **{"ν": nu}) if j > 0 else 0.0
        y = ACROSS(s_next=s[j], **names) if j < len(s) else 0.0
        found.append(GRAM(p=p, x=x, y=y))
    return R, OUTPUTS(kappa=kappa, N=problem.N, **{"ε": gap}), min(found)


PROBLEMS = [
    Problem(smoothed(3, 0.1), (4, 4, 4), 0.02, 0.01, 1.0), Problem(smoothed(4), (9, 5, 2, 1), 5e-3, 0.02, 0.05),
    Problem(smoothed(2, 0.3), (3, 8), 0.02, 0.03, INF), Problem(smoothed(3), (2, 2, 7), 0.01, 0.01, 0.0),
    Problem(smoothed(3), (5, 5, 1), 0.1, 0.1, INF),
]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: f"{p.counts}, {p.lambda_b}")
def test_no_network_breaks_the_certificate(problem: Problem) -> None:
    rng = np.random.default_rng(6)
    best = descended(problem)
    assert best.loss - best.bound < 1e-8
    root = np.sqrt(problem.n)
    ratios = []
    for _ in range(150):
        size = 10.0 ** rng.uniform(-3, 0.5)
        W = best.W + size * rng.normal(size=best.W.shape) * (rng.random() < 0.7)
        H = best.H * (1 + size * rng.normal()) if rng.random() < 0.5 else best.H + size * rng.normal(size=best.H.shape)
        b = best.b + (0.0 if problem.lambda_b == INF else size) * rng.normal(size=len(best.b))
        gap = problem.loss(W, H, b) - best.loss
        if gap < 1e-7:  # below the accuracy of the descent
            continue
        R, outputs, gram = certificate(problem, best, H * root, gap)
        error = W @ H + b[:, None] - best.W @ best.H - best.b[:, None]
        assert (np.ptp(error, axis=0) <= R * (1 + 1e-6)).all()
        assert np.linalg.norm((error - error.mean(0)) * root) <= outputs * (1 + 1e-6)
        distance = np.linalg.norm(root[:, None] * (H.T @ H - best.H.T @ best.H) * root)
        assert distance <= gram * (1 + 1e-6)
        ratios.append(distance / gram)
    assert len(ratios) > 100
    assert max(ratios) > 0.05  # the bound is of the size of what it bounds

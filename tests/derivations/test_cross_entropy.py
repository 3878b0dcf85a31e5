"""T16 against its definition: descent from random starts, with a lower bound of its own, and networks at random.

Nothing here stands on the solver: objective and gradient are written out, and the minimum is known by the bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax, xlogy

from ncsolve import _formulas, derivations

INF = math.inf
Array = np.ndarray


@dataclass(frozen=True)
class Problem:
    """Codes (m, K), counts, decays; ``weights`` are the shares of the classes."""

    codes: tuple[tuple[float, ...], ...]
    counts: tuple[int, ...]
    lambda_w: float
    lambda_h: float
    lambda_b: float

    @property
    def E(self) -> Array:
        return np.array(self.codes)

    @property
    def n(self) -> Array:
        return np.array(self.counts, float)

    @property
    def N(self) -> float:
        return float(self.n.sum())

    @property
    def tau(self) -> float:
        return math.sqrt(self.lambda_w * self.lambda_h)

    def loss(self, W: Array, H: Array, b: Array) -> float:
        """The objective at one feature a class, from its definition."""
        O = W @ H + b[:, None]
        fit = self.n @ (logsumexp(O, axis=0) - (self.E * O).sum(0)) / self.N
        penalty = self.lambda_w * (W**2).sum() + self.lambda_h * (self.n * (H**2).sum(0)).sum()
        return float(fit + penalty / 2 + (0 if self.lambda_b == INF else self.lambda_b / 2 * b @ b))

    def gradient(self, W: Array, H: Array, b: Array) -> tuple[Array, Array, Array]:
        R = (softmax(W @ H + b[:, None], axis=0) - self.E) * self.n / self.N
        slope = np.zeros_like(b) if self.lambda_b == INF else R.sum(1) + self.lambda_b * b
        return R @ H.T + self.lambda_w * W, W.T @ R + self.lambda_h * self.n * H, slope

    def bound(self, P: Array) -> float:
        """The bound of T16 from any probabilities, made feasible."""
        if self.lambda_b == 0:
            q, target = P @ self.n / self.N, self.E @ self.n / self.N
            kept = np.minimum(1, target / q)[:, None] * P
            rest = target - kept @ self.n / self.N
            if rest.sum() > 0:
                P = kept + (1 - kept.sum(0)) * (rest / rest.sum())[:, None]
        G = (P - self.E) * np.sqrt(self.n) / self.N
        P = self.E + min(1.0, self.tau / np.linalg.norm(G, 2)) * (P - self.E)
        g = (P - self.E) @ self.n / self.N
        term = 0.0 if self.lambda_b in (0, INF) else g @ g / (2 * self.lambda_b)
        return float(self.n @ -xlogy(P, P).sum(0) / self.N - term)


@dataclass(frozen=True)
class Found:
    """What a descent reached, with a lower bound of the minimum."""

    loss: float
    bound: float
    W: Array
    H: Array
    b: Array
    P: Array


@cache
def descended(problem: Problem, *, nonnegative: bool = False, seed: int = 0) -> Found:
    """L-BFGS from a random start; the best of three."""
    rng = np.random.default_rng(seed)
    m, K = problem.E.shape
    d = max(m, K)
    sizes = (m * d, d * K, m)

    def parts(x: Array) -> tuple[Array, Array, Array]:
        W, H, b = np.split(x, np.cumsum(sizes)[:2])
        return W.reshape(m, d), H.reshape(d, K), b

    def value(x: Array) -> tuple[float, Array]:
        return problem.loss(*parts(x)), np.concatenate([g.ravel() for g in problem.gradient(*parts(x))])

    bounds = [(None, None)] * sizes[0] + [(0.0 if nonnegative else None, None)] * sizes[1] + [(None, None)] * sizes[2]
    if problem.lambda_b == INF:
        bounds[-m:] = [(0.0, 0.0)] * m
    options = {"maxiter": 20000, "maxfun": 40000, "ftol": 0.0, "gtol": 1e-11, "maxcor": 30}
    runs = []
    for _ in range(3):
        start = np.abs(rng.normal(size=sum(sizes))) if nonnegative else rng.normal(size=sum(sizes))
        runs.append(minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options))
    best = min(runs, key=lambda run: run.fun)
    W, H, b = parts(best.x)
    P = softmax(W @ H + b[:, None], axis=0)
    return Found(float(best.fun), problem.bound(P), W, H, b, P)


def smoothed(K: int, alpha: float = 0.0) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, ((1 - alpha) * np.eye(K) + alpha / K).tolist()))


BALANCED = [(3, 5, 0.01, 0.02, 0.0), (4, 10, 1e-3, 2e-3, 0.1), (2, 3, 0.05, 0.05, 0.3), (3, 4, 0.1, 0.2, 0.2)]


@pytest.mark.parametrize("lambda_b", [0.0, 0.01, 1.0, INF])
@pytest.mark.parametrize(("K", "n", "lambda_w", "lambda_h", "alpha"), BALANCED)
def test_balanced_codes(K: int, n: int, lambda_w: float, lambda_h: float, alpha: float, lambda_b: float) -> None:
    found = descended(Problem(smoothed(K, alpha), (n,) * K, lambda_w, lambda_h, lambda_b))
    assert found.loss - found.bound < 1e-8
    t = K * math.sqrt(n * lambda_w * lambda_h)
    s = _formulas.cross_entropy_logit(alpha, t, K)
    assert (s == 0) == (alpha + t >= 1)
    assert found.loss == pytest.approx(_formulas.cross_entropy_loss(s, alpha, t, K), rel=1e-10)
    diagonal = _formulas.cross_entropy_gram_diagonal(s, n, K, lambda_w, lambda_h)
    off = _formulas.cross_entropy_gram_off_diagonal(s, n, K, lambda_w, lambda_h)
    np.testing.assert_allclose(found.H.T @ found.H, off + (diagonal - off) * np.eye(K), atol=1e-5)
    np.testing.assert_allclose(found.b - found.b.mean(), 0, atol=1e-5)


def test_the_check_values_of_balanced_codes() -> None:
    t = 4 * math.sqrt(10 * 1e-3 * 2e-3)
    for alpha, loss in ((0.0, 0.0859072818870843), (0.1, 0.3959939296644478)):
        s = _formulas.cross_entropy_logit(alpha, t, 4)
        assert _formulas.cross_entropy_loss(s, alpha, t, 4) == pytest.approx(loss, rel=1e-14)


def test_little_decay_and_none_of_the_digits_is_lost() -> None:
    """t = 1e-300: s = log(K/t) and the loss is (K - 1)/K t (s + 1), to relative t."""
    K, t = 10, 1e-300
    s = _formulas.cross_entropy_logit(0.0, t, K)
    assert s == pytest.approx(math.log(K) + 300 * math.log(10), rel=1e-15)
    assert _formulas.cross_entropy_loss(s, 0.0, t, K) / t == pytest.approx((K - 1) / K * (s + 1), rel=1e-13)


RELU = [((50, 20, 6, 1), 4e-3, 5e-3, 0.0, 0.2777010128151), ((50, 20, 6, 1), 4e-3, 5e-3, 0.1, 0.5339658769208),
        ((30, 30, 30), 5e-3, 5e-3, 0.0, 0.2925225617054), ((40, 9, 1), 0.03, 0.03, 0.05, None)]


@pytest.mark.parametrize(("counts", "lambda_w", "lambda_h", "alpha", "known"), RELU)
def test_relu_features(
    counts: tuple[int, ...], lambda_w: float, lambda_h: float, alpha: float, known: float | None
) -> None:
    K, n = len(counts), np.array(counts, float)
    T = n.sum() * math.sqrt(lambda_w * lambda_h)
    force = _formulas.cross_entropy_relu_force(T, n, alpha, K)
    c = _formulas.cross_entropy_relu_logit(force, alpha, K)
    loss = float(n @ _formulas.cross_entropy_relu_class_loss(c, force, alpha, K) / n.sum())
    if known is not None:
        assert loss == pytest.approx(known, rel=1e-12)
    found = descended(Problem(smoothed(K, alpha), counts, lambda_w, lambda_h, INF), nonnegative=True)
    assert found.loss == pytest.approx(loss, rel=1e-7)
    lengths = _formulas.cross_entropy_relu_squared_length(c, n, K, lambda_w, lambda_h)
    np.testing.assert_allclose(found.H.T @ found.H, np.diag(lengths), atol=2e-3)
    np.testing.assert_allclose(
        found.P.diagonal(), _formulas.cross_entropy_relu_probability(force, alpha, K), atol=1e-3
    )
    assert np.array_equal(c == 0, n <= T**2 * K / (K - 1) / (1 - alpha) ** 2)


@pytest.mark.parametrize("lambda_b", [0.0, 0.01, 1.0])
def test_relu_features_of_balanced_codes_do_not_ask_for_the_bias(lambda_b: float) -> None:
    found = descended(Problem(smoothed(3), (30, 30, 30), 5e-3, 5e-3, lambda_b), nonnegative=True)
    assert found.loss == pytest.approx(0.2925225617054, rel=1e-7)


IMBALANCED = [
    ((200, 100, 50, 50), (5e-4, 5e-4, 0.5), 0.0912178490214),
    ((400, 100, 9, 1), (5e-3, 1e-3, 0.05), 0.2669923424780),
    ((60, 12, 12, 12, 5, 5), (2e-3, 3e-3, 0.05), 0.2562802841449),
]


@pytest.mark.parametrize(("counts", "decays", "known"), IMBALANCED)
def test_the_check_values_of_counts_that_differ(
    counts: tuple[int, ...], decays: tuple[float, float, float], known: float
) -> None:
    found = descended(Problem(smoothed(len(counts)), counts, *decays))
    assert found.loss - found.bound < 1e-8
    assert found.loss == pytest.approx(known, rel=1e-9)
    if counts == (200, 100, 50, 50):
        np.testing.assert_allclose(found.b, [0.00728619, 0.00116278, -0.00422449, -0.00422449], atol=1e-6)


@pytest.mark.parametrize("lambda_b", [0.0, 0.05, INF])
@pytest.mark.parametrize("alpha", [0.0, 0.2])
@pytest.mark.parametrize("decay", [2e-3, 2e-2, 4e-2])
def test_classes_of_equal_count_merge_as_the_rule_says(alpha: float, decay: float, lambda_b: float) -> None:
    counts = (60, 12, 12, 5, 5)
    n, T = np.array(counts, float), sum(counts) * decay
    found = descended(Problem(smoothed(5, alpha), counts, decay, decay, lambda_b))
    assert found.loss - found.bound < 1e-7
    contrast = _formulas.cross_entropy_group_contrast(T, n, alpha)
    merging = _formulas.cross_entropy_merging_count(T, alpha)
    for k, other in ((1, 2), (3, 4)):
        assert found.P[k, k] - found.P[other, k] == pytest.approx(contrast[k], abs=1e-4)
        apart = np.linalg.norm(found.H[:, k] - found.H[:, other])
        assert (apart < 1e-3) == (n[k] <= merging), (apart, n[k], merging)


SOFT = Problem(((0.8, 0.1, 0.0), (0.2, 0.6, 0.3), (0.0, 0.3, 0.7)), (2, 1, 3), 0.02, 0.05, 0.1)
LABELS = np.array([0, 0, 1, 2, 2, 2])


def gap_parts(problem: Problem, labels: Array, W: Array, H: Array, b: Array) -> tuple[float, Array]:
    """The gap of a network above the minimum, and the four parts of T16, from their definitions."""
    best, lw, lh, lb = descended(problem), problem.lambda_w, problem.lambda_h, problem.lambda_b
    O, Y = W @ H + b[:, None], problem.E[:, labels]
    fit = (logsumexp(O, axis=0) - (Y * O).sum(0)).mean()
    loss = fit + lw / 2 * (W**2).sum() + lh / 2 * (H**2).sum() + lb / 2 * b @ b
    P, L = best.P[:, labels], (Y - best.P[:, labels]) / problem.N
    divergence = (xlogy(P, P) - P * (O - logsumexp(O, axis=0))).sum(0).mean()
    pull = L @ H.T
    feature = (lw * lh * (H**2).sum() - (pull**2).sum()) / (2 * lw)
    bias, dual = lb / 2 * ((b - best.b) ** 2).sum(), lw / 2 * ((W - pull / lw) ** 2).sum()
    return float(loss - best.loss), np.array([divergence, bias, dual, feature])


def test_the_check_values_of_the_gap() -> None:
    W = np.array([[1, 0], [0, 1], [-1, 0.5]])
    H = np.array([[1, 0.5, 0, -1, -1, -0.5], [0, 0, 1, 0.5, 0.25, 1]])
    gap, parts = gap_parts(SOFT, LABELS, W, H, np.array([0.1, 0, -0.1]))
    best = descended(SOFT)
    assert best.loss == pytest.approx(0.8131718473774, rel=1e-12)
    assert gap + best.loss == pytest.approx(0.9291384882995, rel=1e-12)
    assert gap == pytest.approx(parts.sum(), rel=1e-7)
    np.testing.assert_allclose(parts, [0.0381727357546, 0.0056928228014, 0.0409355630847, 0.0311655192815], rtol=1e-6)


@pytest.mark.parametrize("counts", [(3, 2, 4), (3, 3, 3)])
def test_what_a_gap_proves_holds_for_networks_at_random(counts: tuple[int, ...]) -> None:
    """Every bound of cross-entropy-gap, near the minimum and far from it."""
    rng = np.random.default_rng(4)
    problem = Problem(smoothed(3, 0.05), counts, 0.01, 0.02, 0.1)
    labels = np.repeat([0, 1, 2], counts)
    best = descended(problem)
    cost = min(error_cost(best.P[k, k], best.P[j, k]) for k in range(3) for j in range(3) if j != k)
    seen = 0.0
    for _ in range(200):
        size = 10.0 ** rng.uniform(-3, 0.5)
        W = best.W + size * rng.normal(size=best.W.shape)
        H = best.H[:, labels] + size * rng.normal(size=(best.H.shape[0], len(labels)))
        b = best.b + size * rng.normal(size=3)
        gap, parts = gap_parts(problem, labels, W, H, b)
        assert parts.min() > -1e-9
        assert gap == pytest.approx(parts.sum(), rel=1e-6, abs=1e-9)
        means = np.array([H[:, labels == k].mean(1) for k in labels]).T
        P = softmax(W @ H + b[:, None], axis=0)
        most = 2 * gap * (1 + 1e-6)
        assert ((H - means) ** 2).sum() <= most / problem.lambda_h
        assert ((b - best.b) ** 2).sum() <= most / problem.lambda_b
        assert (np.abs(P - best.P[:, labels]).sum(0) ** 2).mean() <= most
        if len(set(counts)) == 1:  # the residual of the minimum sums to zero
            assert (H.mean(1) ** 2).sum() <= most / (problem.lambda_h * problem.N)
        errors = (P.argmax(0) != labels).mean()
        assert errors <= most / 2 / cost
        seen = max(seen, errors)
    assert seen > 0.3  # networks that decide otherwise were among them


def error_cost(own: float, other: float) -> float:
    result = derivations.get("cross-entropy-gap").result["error_cost"]
    values = {"p_own": own, "p_other": other}
    return float(result.subs({x: values[x.name] for x in result.free_symbols}))


def test_the_cost_of_an_error_is_reached() -> None:
    """The two classes at their common mean, the others as they are: the divergence is the cost."""
    P = np.array([0.7, 0.2, 0.1])
    Q = np.array([0.45, 0.45, 0.1])
    assert (P * np.log(P / Q)).sum() == pytest.approx(error_cost(0.7, 0.2), rel=1e-14)

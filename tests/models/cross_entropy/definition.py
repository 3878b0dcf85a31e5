"""The problem from its definition, sharing no formula with the solver, and problems to try it on."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st
from scipy.special import entr, logsumexp, softmax

from ncsolve._models.cross_entropy.dense import DenseSolution
from ncsolve._models.cross_entropy.grouped import GroupedSolution

biases = st.one_of(
    st.sampled_from([0.0, 0.01, 1.0, math.inf]), st.floats(-12, 12).map(lambda exponent: 10.0**exponent)
)


def smoothed(classes: int, alpha: float = 0.0) -> np.ndarray:
    """Codes (1 - alpha) 1_k + alpha/K."""
    return (1 - alpha) * np.eye(classes) + alpha / classes


def objective(
    codes: np.ndarray, counts: np.ndarray, z: np.ndarray, bias: np.ndarray, tau: float, lambda_b: float
) -> float:
    """F(Z, b) of T16."""
    outputs = z / np.sqrt(counts) + bias[:, None]
    losses = logsumexp(outputs, axis=0) - np.sum(codes * outputs, axis=0)
    ridge = lambda_b / 2 * bias @ bias if lambda_b < math.inf else 0.0
    return float(counts @ losses / counts.sum() + tau * np.linalg.svd(z, compute_uv=False).sum() + ridge)


def bound(
    codes: np.ndarray, counts: np.ndarray, residual: np.ndarray, tau: float, lambda_b: float
) -> float:
    """The dual objective of T16 at codes plus residual, -inf where a condition is missed."""
    total, chances = counts.sum(), codes + residual
    pull = residual @ counts / total
    norm = np.linalg.norm(residual * np.sqrt(counts), 2) / total
    rules = [norm <= tau * (1 + 1e-12), np.abs(residual.sum(axis=0)).max() <= 1e-12, chances.min() >= -1e-15]
    if lambda_b == 0.0:
        rules.append(np.abs(pull).max() <= 1e-14)
    if not all(rules):
        return -math.inf
    value = counts @ entr(np.maximum(chances, 0.0)).sum(axis=0) / total
    return float(value - (pull @ pull / (2 * lambda_b) if 0.0 < lambda_b < math.inf else 0.0))


def gap(found: DenseSolution | GroupedSolution) -> float:
    """The duality gap over the loss."""
    return (found.loss - found.lower_bound) / max(found.loss, 1e-300)


def matrix(found: DenseSolution) -> np.ndarray:
    """Z (m, K)."""
    return np.asarray((found.left * found.z) @ found.right.T)


def softmax_of(found: DenseSolution, counts: np.ndarray) -> np.ndarray:
    """The softmax (m, K) of the outputs."""
    return np.asarray(softmax(matrix(found) / np.sqrt(counts) + found.bias[:, None], axis=0))


def expanded(found: GroupedSolution, counts: np.ndarray, many: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Z (K, K) and the bias (K,) of all classes, group by group."""
    quotient = (found.left * found.z) @ found.right.T
    blocks = (quotient - np.diag(found.within)) / np.sqrt(np.outer(many, many))
    group = np.repeat(np.arange(counts.size), many)
    return blocks[np.ix_(group, group)] + np.diag(found.within[group]), found.bias[group]


@st.composite
def dense_problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Codes (m, K) in the simplex, counts, tau and lambda_b; some outputs with little mass, some codes repeated."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    m, k = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    kind = draw(st.sampled_from(["one-hot", "smoothed", "soft", "repeated", "low rank"]))
    if kind == "one-hot":
        codes = np.eye(k)
    elif kind == "smoothed":
        codes = smoothed(k, draw(st.floats(0.0, 0.95)))
    elif kind == "soft":
        codes = rng.dirichlet(np.full(m, draw(st.sampled_from([0.05, 0.3, 1.0, 10.0]))), k).T
    elif kind == "repeated":
        codes = np.eye(m)[:, rng.integers(0, m, k)]
    else:
        share = rng.uniform(0, 1, k)
        codes = rng.dirichlet(np.ones(m), 2).T @ np.array([share, 1 - share])
    codes = codes[codes.sum(axis=1) > 0]  # an output that is in no code has no best bias for lambda_b = 0
    codes = codes / codes.sum(axis=0)
    counts = np.ceil(10.0 ** rng.uniform(0, draw(st.sampled_from([0, 1, 3, 6])), codes.shape[1]))
    strength = 10.0 ** draw(st.floats(-6, 0.5))
    return codes, counts, strength * math.sqrt(float(np.median(counts))) / float(counts.sum()), draw(biases)


@st.composite
def grouped_problems(draw: st.DrawFn, most: int = 4) -> tuple[np.ndarray, np.ndarray, float, float, float]:
    """Distinct counts, multiplicities, alpha, tau and lambda_b."""
    groups = draw(st.integers(1, 4))
    counts = np.array(draw(st.lists(st.integers(1, 1000), min_size=groups, max_size=groups, unique=True)), dtype=float)
    many = np.array(draw(st.lists(st.integers(1, most), min_size=groups, max_size=groups)))
    strength = 10.0 ** draw(st.floats(-6, 0.5))
    alpha = draw(st.one_of(st.just(0.0), st.floats(0.001, 0.9)))
    return counts, many, alpha, strength * math.sqrt(float(np.median(counts))) / float(counts @ many), draw(biases)

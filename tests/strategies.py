"""Hypothesis strategies for problems; every new kind of problem joins them."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

import ncsolve
from ncsolve import encodings


@st.composite
def arrays(draw: st.DrawFn, max_length: int = 5, max_classes: int = 6) -> np.ndarray:
    """Codes (m, K) of any rank: random, small integers, with repeated, zero and dependent columns."""
    m = draw(st.integers(1, max_length))
    k = draw(st.integers(1, max_classes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["normal", "integers", "graded", "low rank", "affine hyperplane"]))
    if kind == "normal":
        codes = rng.standard_normal((m, k))
    elif kind == "integers":
        codes = rng.integers(-2, 3, (m, k)).astype(float)
    elif kind == "graded":
        codes = rng.standard_normal((m, k)) * 10.0 ** rng.uniform(-3, 3, k)
    elif kind == "low rank":
        codes = np.outer(rng.standard_normal(m), rng.standard_normal(k))
    else:  # soft labels: each sums to one
        codes = rng.dirichlet(np.ones(m), k).T
    if k > 1 and draw(st.booleans()):
        codes[:, draw(st.integers(0, k - 1))] = codes[:, draw(st.integers(0, k - 1))]
    if draw(st.integers(0, 5)) == 0:
        codes[:, draw(st.integers(0, k - 1))] = 0.0
    return codes


def counts(classes: int, most: int = 30) -> st.SearchStrategy[list[int]]:
    """Samples per class, balanced or not."""
    return st.one_of(
        st.integers(1, most).map(lambda n: [n] * classes),
        st.lists(st.integers(1, most), min_size=classes, max_size=classes),
    )


lambdas = st.floats(-4, -1).map(lambda e: 10.0**e)
biases = st.one_of(
    st.floats(-3, 2).map(lambda e: 10.0**e), st.sampled_from([0.0, math.inf]), st.floats(-12, 12).map(lambda e: 10.0**e)
)


@st.composite
def problems(draw: st.DrawFn, most: int = 30) -> ncsolve.UFM:
    """A problem with an encoding of any kind."""
    codes = draw(arrays())
    return ncsolve.UFM(
        encoding=codes,
        counts=draw(counts(codes.shape[1], most)),
        lambda_w=draw(lambdas),
        lambda_h=draw(lambdas),
        lambda_b=draw(biases),
    )


@st.composite
def affine_problems(draw: st.DrawFn, most: int = 30) -> ncsolve.UFM:
    """A problem with codes of the affine one-hot family, balanced or not."""
    k = draw(st.integers(1, 7))
    code = draw(
        st.one_of(
            st.just(encodings.onehot(k)),
            st.floats(0.0, 0.9).map(lambda alpha: encodings.smoothed(k, alpha)),
            st.just(encodings.signed(k)),
            st.just(encodings.simplex(k)),
            st.tuples(st.floats(-2, 2), st.floats(-2, 2)).filter(lambda aq: not 0 < max(map(abs, aq)) < 1e-30)
            .map(lambda aq: encodings.affine(k, *aq)),
        )
    )
    return ncsolve.UFM(
        encoding=code,
        counts=draw(counts(k, most)),
        lambda_w=draw(lambdas),
        lambda_h=draw(lambdas),
        lambda_b=draw(biases),
    )


@st.composite
def descended_problems(draw: st.DrawFn) -> ncsolve.UFM:
    """A bottleneck, a deep head (with or without a bottleneck) or ReLU features, small enough for many descents."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k = draw(st.integers(2, 4))
    code = draw(st.sampled_from(["onehot", "smoothed:0.1", "signed", "simplex", "normal"]))
    m = k if code != "normal" else draw(st.integers(1, 4))
    model = draw(st.sampled_from([
        {"dim": max(1, min(m, k) - 1)}, {"depth": 2}, {"depth": 3}, {"depth": 2, "dim": max(1, min(m, k) - 1)},
        {"features": "relu"},
    ]))
    decays = draw(st.lists(st.floats(-3.5, -1.3), min_size=model.get("depth", 1), max_size=model.get("depth", 1)))
    return ncsolve.UFM(
        encoding=rng.standard_normal((m, k)) if code == "normal" else encodings.make(code, classes=k),
        counts=draw(counts(k, 6)), lambda_w=[10.0**e for e in decays], lambda_h=10.0 ** draw(st.floats(-3.5, -1.3)),
        lambda_b=draw(st.one_of(st.floats(-3, 1).map(lambda e: 10.0**e), st.sampled_from([0.0, math.inf]))), **model,
    )


@st.composite
def targets(draw: st.DrawFn, max_classes: int = 6) -> np.ndarray:
    """Positive semidefinite Gram matrices (K, K) of any rank from 1 to K, with nonzero eigenvalues within 1 : 100."""
    k = draw(st.integers(1, max_classes))
    rank = draw(st.integers(1, k))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    basis, _ = np.linalg.qr(rng.standard_normal((k, rank)))
    values = 10.0 ** rng.uniform(-1, 1, rank)
    gram = (basis * values) @ basis.T
    return (gram + gram.T) / 2


@st.composite
def balanced_model_problems(draw: st.DrawFn, most: int = 12) -> ncsolve.UFM:
    """Balanced affine one-hot codes with a bottleneck, a deep head or ReLU features: what has a closed form."""
    k = draw(st.integers(2, 6))
    code = draw(st.one_of(
        st.just(encodings.onehot(k)), st.floats(0.0, 0.9).map(lambda alpha: encodings.smoothed(k, alpha)),
        st.just(encodings.signed(k)),
    ))
    relu = draw(st.booleans())
    return ncsolve.UFM(
        encoding=code, counts=draw(st.integers(1, most)), lambda_w=draw(lambdas), lambda_h=draw(lambdas),
        lambda_b=draw(biases), features="relu" if relu else "linear", depth=1 if relu else draw(st.integers(1, 4)),
        dim=None if relu else draw(st.integers(1, k)),
    )

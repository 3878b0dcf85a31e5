"""T12 for features H >= 0: copositive in place of positive semidefinite.

The bound is that of ``certificate``; what is left to show is that the weight decay of W and H is at least <Lambda, W H>
for every W and every H >= 0.  L holds the l_k (m x K), S says which sample is in which class (N x K), X >= 0 the class
means of the features (d x K).
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_h, lambda_w
from ncsolve.derivations._steps import AtLeast, Identity, Step
from ncsolve.derivations._words import Words, norm2, tr

__all__ = ["THEOREM"]

space = Words()
W = space.matrix("W", "m", "d")
L = space.matrix("L", "m", "K")
S = space.matrix("S", "N", "K")
D = space.symmetric("D", "K")
X = space.matrix("X", "d", "K")
P = space.matrix("P", "d", "N")  # the features less their class means
F = space.matrix("F", "K", "K")
R = space.symmetric("R", "K")
Y = space.matrix("Y", "m", "N")
b = space.matrix("b", "m", "1")
one = space.matrix("𝟏", "N", "1")
space.rule(space.t(one) * one, N)
space.rule(space.t(S) * S, D)
space.rule(P * S, sp.S.Zero)

# The condition, with the positive semidefinite part written as F F^T.
shown = space.copy()
shown.rule(D * space.t(L) * L * D, lambda_w * lambda_h * D - R - F * space.t(F))

features = X * space.t(S) + P
multiplier = L * space.t(S)  # the Lambda of T12: column l_k for each sample of class k
weights = lambda_w / 2 * norm2(W) + lambda_h / 2 * norm2(features) - tr(space.t(multiplier) * W * features)


def prove(r: Result) -> Iterator[Step]:
    yield from bounded(r)
    yield from orthogonal()
    yield from apart()


def bounded(r: Result) -> Iterator[Step]:
    residual = W * features + b * space.t(one) - Y
    decay = lambda_w / 2 * norm2(W) + lambda_h / 2 * norm2(features) + lambda_b / 2 * norm2(b)
    yield Identity(
        text="The objective is the bound, plus two squares, plus the weight decay of W and H less ⟨Λ, W H⟩ (T12)",
        left=norm2(residual) / (2 * N) + decay - r["bound"],
        right=norm2(residual + N * multiplier) / (2 * N) + weights
        + lambda_b / 2 * norm2(b - multiplier * one / lambda_b),
        words=space,
    )
    form = lambda_w * lambda_h * D - D * space.t(L) * L * D
    yield Identity(
        text="Completing the square in W: the weight decay less ⟨Λ, W H⟩ is a square, the decay of what the features "
        "of a class have beside their mean, and a form in the rows of X",
        left=weights,
        right=lambda_w / 2 * norm2(W - L * D * space.t(X) / lambda_w) + lambda_h / 2 * norm2(P)
        + tr(X * form * space.t(X)) / (2 * lambda_w),
        words=space,
    )
    yield Identity(
        text="With D Lᵀ L D = λ_w λ_h D - R - F Fᵀ the form is a square and a sum over pairs of classes",
        left=tr(X * form * space.t(X)),
        right=norm2(X * F) + r["pairs"],
        words=shown,
    )
    first, second, entry = sp.symbols("x_ik x_ij R_kj", nonnegative=True)
    yield AtLeast(
        text="Each of its terms is not negative, as R and X are not; so the objective is at least the bound of T12",
        left=entry * first * second,
    )


def orthogonal() -> Iterator[Step]:
    count, short = sp.Symbol("n_k", positive=True), sp.Symbol("short", nonnegative=True)
    size = N * sp.sqrt(lambda_w * lambda_h) / sp.sqrt(count) / (1 + short)
    yield AtLeast(
        text="Orthogonal class means (T10): R = -n_k n_j ⟨l_k, l_j⟩ off the diagonal leaves a diagonal matrix without "
        "negative entries: N |l_k| is T/√n_k for a class that survives (short = 0), |e_k - b| for one that does not",
        left=lambda_w * lambda_h * count - count**2 * (size / N) ** 2,
    )


def apart() -> Iterator[Step]:
    share = sp.Symbol("t", positive=True)
    first, rest = Words(), 1 - share
    x, y = first.matrix("x", "m", "1"), first.matrix("y", "m", "1")
    yield Identity(
        text="Which class means vanish: at t x + (1-t) y the fit lies below the chord by a square",
        left=share * norm2(x) + rest * norm2(y) - norm2(share * x + rest * y),
        right=share * rest * norm2(x - y),
        words=first,
    )
    both, near, far = Words(), sp.sqrt(share), sp.sqrt(rest)
    v, w = both.matrix("W_1", "m", "d"), both.matrix("W_2", "m", "d")
    g, h = both.matrix("H_1", "d", "N"), both.matrix("H_2", "d", "N")
    yield Identity(
        text="and the least weight decay that gives the outputs W H is convex in them: W = [√t W_1, √(1-t) W_2] and "
        "H = [√t H_1; √(1-t) H_2], which stays nonnegative, give the outputs between, at the costs between; so with a "
        "minimizer at y and t -> 0 an objective of g above the minimum belongs to outputs and a bias within "
        "Σ |change of W h + b|²/(2N) + λ_b |change of b|²/2 <= g of the minimizer's",
        left=lambda_w / 2 * (norm2(near * v) + norm2(far * w)) + lambda_h / 2 * (norm2(near * g) + norm2(far * h)),
        right=share * (lambda_w * norm2(v) + lambda_h * norm2(g)) / 2
        + rest * (lambda_w * norm2(w) + lambda_h * norm2(h)) / 2,
        words=both,
    )


THEOREM = Theorem(
    name="copositive",
    label="T12",
    title="The certificate for features H >= 0",
    assumptions=(
        "λ_w, λ_h > 0, 0 <= λ_b <= ∞; any encoding, any counts, any feature dimension d; H >= 0 entrywise",
        "l_1, ..., l_K are the columns of L, and λ_w λ_h D - D Lᵀ L D - R is positive semidefinite for some R >= 0 "
        "(entrywise, symmetric)",
        "λ_b = 0: Σ_k n_k l_k = 0",
    ),
    statement="The objective at every W, b and H >= 0 is at least the bound of T12. (Such a matrix plus R is "
    "copositive: not negative on vectors without negative entries.)",
    formulas={
        "bound": Formula(
            expr=tr(space.t(multiplier) * Y) - N / 2 * norm2(multiplier) - norm2(multiplier * one) / (2 * lambda_b),
            meaning="lower bound on the objective over H >= 0, 0 < λ_b < ∞ (λ_b = 0 and ∞ as in T12)",
        ),
        "pairs": Formula(
            expr=tr(X * R * space.t(X)),
            meaning="Σ_kj R_kj ⟨x_k, x_j⟩, the part of the form that needs X >= 0",
        ),
    },
    letters={
        "L": "the l_k as columns (m x K)",
        "R": "a symmetric matrix without negative entries (K x K)",
        "S": "S_ik = 1 where sample i is in class k, else 0 (N x K)",
        "Y": "labels (m x N), the code of each sample",
        "𝟏": "vector of N ones",
        "X": "class means of the features as columns (d x K)",
    },
    prove=prove,
    source="T12 with the dual cone of the completely positive matrices (Berman & Shaked-Monderer 2003).",
)

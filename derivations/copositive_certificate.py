"""T12 for features H >= 0: copositive in place of positive semidefinite.

The bound is that of ``certificate``; what is left to show is that the weight decay of W and H is at least <Lambda, W H>
for every W and every H >= 0.  L holds the l_k (m x K), S says which sample is in which class (N x K), X >= 0 the class
means of the features (d x K).
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import lambda_h, lambda_w
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
space.rule(space.t(S) * S, D)
space.rule(P * S, sp.S.Zero)

# The condition, with the positive semidefinite part written as F F^T.
shown = space.copy()
shown.rule(D * space.t(L) * L * D, lambda_w * lambda_h * D - R - F * space.t(F))

features = X * space.t(S) + P
weights = lambda_w / 2 * norm2(W) + lambda_h / 2 * norm2(features) - tr(space.t(L * space.t(S)) * W * features)


def prove(r: Result) -> Iterator[Step]:
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


THEOREM = Theorem(
    name="copositive-certificate",
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
        "pairs": Formula(
            expr=tr(X * R * space.t(X)),
            meaning="Σ_kj R_kj ⟨x_k, x_j⟩, the part of the form that needs X >= 0",
        ),
    },
    letters={
        "L": "the l_k as columns (m x K)",
        "R": "a symmetric matrix without negative entries (K x K)",
        "S": "S_ik = 1 where sample i is in class k, else 0 (N x K)",
        "X": "class means of the features as columns (d x K)",
    },
    prove=prove,
    source="T12 with the dual cone of the completely positive matrices (Berman & Shaked-Monderer 2003).",
)

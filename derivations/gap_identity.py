"""T13. From the loss of any network to its geometry: the gap above the minimum is the sum of four squares.

Take any W, H, b, also of another width than the minimum's, and the residual of the minimum over the samples,
Lambda = (Y - O*)/N.  The gap of the objective is an exact sum of what is wrong with the outputs, the bias, the head and
the features.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_h, lambda_w
from ncsolve.derivations._steps import Identity, Step
from ncsolve.derivations._words import Words, norm2, tr

__all__ = ["THEOREM"]

space = Words()
W = space.matrix("W", "m", "d")
H = space.matrix("H", "d", "N")
Y = space.matrix("Y", "m", "N")
b = space.matrix("b", "m", "1")
one = space.matrix("𝟏", "N", "1")
Lam = space.matrix("Λ", "m", "N")
F = space.matrix("F", "m", "N")
space.rule(space.t(one) * one, N)

# The minimum's outputs and bias, in terms of its residual.
outputs = Y - N * Lam
best_bias = Lam * one / lambda_b


def objective(features: sp.Expr) -> sp.Expr:
    """The objective at W, these features and b."""
    fit = norm2(W * features + b * space.t(one) - Y) / (2 * N)
    return fit + lambda_w / 2 * norm2(W) + lambda_h / 2 * norm2(features) + lambda_b / 2 * norm2(b)


minimum_free = tr(space.t(Lam) * Y) - N / 2 * norm2(Lam)
minimum = minimum_free - norm2(Lam * one) / (2 * lambda_b)


def prove(r: Result) -> Iterator[Step]:
    yield Identity(
        text="With Λ = (Y - O*)/N and b* = Λ 𝟏/λ_b the minimum is the bound of T12, and what the objective is above it "
        "is the sum of the four parts, 0 < λ_b < ∞",
        left=objective(H) - minimum,
        right=r["fit"] + r["bias"] + r["dual"] + r["feature"],
        words=space,
    )
    free = space.copy()
    free.rule(Lam * one, sp.S.Zero)
    yield Identity(
        text="λ_b = 0: there Λ 𝟏 = 0 (T3), and the part of the bias is absent",
        left=objective(H) - lambda_b / 2 * norm2(b) - minimum_free,
        right=r["fit"] + r["dual"] + r["feature"],
        words=free,
    )
    none = space.copy()
    none.rule(b, sp.S.Zero)
    yield Identity(
        text="λ_b = ∞: there b = 0, and the part of the bias is absent",
        left=objective(H) - lambda_b / 2 * norm2(b) - minimum_free,
        right=r["fit"] + r["dual"] + r["feature"],
        words=none,
    )
    feasible = space.copy()
    feasible.rule(space.t(Lam) * Lam, lambda_w * lambda_h - space.t(F) * F)
    yield Identity(
        text="The residual of the minimum has singular values of at most τ (T3), so that λ_w λ_h I - ΛᵀΛ is some FᵀF; "
        "with it the part of the features is a square as well, and each part is at least 0",
        left=r["feature"],
        right=norm2(F * space.t(H)) / (2 * lambda_w),
        words=feasible,
    )
    yield from within_classes(r)


def within_classes(r: Result) -> Iterator[Step]:
    """What the class means leave out: X = H - H̄ sums to zero over every class, where Y, Λ, 𝟏 and H̄ are constant."""
    split = space.copy()
    means = split.matrix("H̄", "d", "N")
    apart = split.matrix("X", "d", "N")
    for constant in (means, Y, Lam, space.t(one)):
        split.rule(constant * split.t(apart), sp.S.Zero)
    yield Identity(
        text="NC1: with H = H̄ + X, H̄ the class mean of every sample, the variation X within the classes adds to the "
        "objective, whatever W and b are",
        left=objective(means + apart) - objective(means),
        right=norm2(W * apart) / (2 * N) + lambda_h / 2 * norm2(apart),
        words=split,
    )
    yield Identity(
        text="It leaves the part of the head alone, Λ (H̄ + X)ᵀ = Λ H̄ᵀ,",
        left=Lam * split.t(means + apart),
        right=Lam * split.t(means),
        words=split,
    )
    yield Identity(
        text="and the part of the features grows by",
        left=r["feature"].subs(H, means + apart).subs(space.t(H), split.t(means + apart))
        - r["feature"].subs(H, means).subs(space.t(H), split.t(means)),
        right=lambda_h / 2 * norm2(apart),
        words=split,
    )


THEOREM = Theorem(
    name="gap",
    label="T13",
    title="The gap identity: which property of a network fails, and by how much",
    assumptions=(
        "λ_w, λ_h > 0, 0 <= λ_b <= ∞; any encoding, any counts; any W, H, b of any feature dimension d",
        "Λ = (Y - O*)/N with the outputs O* of the minimum; its singular values are at most τ, and Λ 𝟏 = λ_b b* for "
        "λ_b < ∞ (T3)",
        "features H >= 0: with the minimum of that problem, and λ_w λ_h I - ΛᵀΛ copositive in place of semidefinite",
    ),
    statement="The objective at W, H, b is the minimum plus four parts, each of which is at least 0 and is 0 where its "
    "property holds: the outputs are the predicted ones (fit), the bias is (bias), the head is the dual of the "
    "features (dual, NC3), and the features have no energy outside the directions that the minimum keeps (feature, "
    "which holds NC1). The counts, the class means, tr S_W and tr W S_W Wᵀ determine all of them.",
    formulas={
        "fit": Formula(
            expr=norm2(W * H + b * space.t(one) - outputs) / (2 * N), meaning="outputs against those of the minimum"
        ),
        "bias": Formula(expr=lambda_b / 2 * norm2(b - best_bias), meaning="bias against that of the minimum"),
        "dual": Formula(
            expr=lambda_w / 2 * norm2(W - Lam * space.t(H) / lambda_w), meaning="head against the dual of the features"
        ),
        "feature": Formula(
            expr=tr(H * (lambda_w * lambda_h - space.t(Lam) * Lam) * space.t(H)) / (2 * lambda_w),
            meaning="energy of the features outside the directions that the minimum keeps",
        ),
    },
    letters={
        "W": "head of the network (m x d)",
        "H": "its features (d x N)",
        "b": "its bias (m)",
        "Y": "labels (m x N), the code of each sample",
        "Λ": "residual of the minimum over N (m x N), the column $l_{k}$ for each sample of class k",
        "𝟏": "vector of N ones",
        "F": "λ_w λ_h I - ΛᵀΛ = FᵀF",
        "H̄": "class means of the samples (d x N)",
        "X": "H - H̄, the variation within the classes",
    },
    prove=prove,
    source="Here; the bound of T12 with its squares kept.",
)

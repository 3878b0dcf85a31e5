"""T5. The geometry of the class means for the affine one-hot family, balanced: Gram matrix, cosine, angle, thresholds.

The minimizer is that of affine_family: (Z^T Z)^(1/2) = sqrt(n) (s_perp Q + s_mu A), with the projections Q on the
contrasts and A on the mean direction.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import K, a, gap, lambda_b, lambda_h, lambda_w, n, q, s_mu, s_perp, t, w
from ncsolve.derivations._steps import AtLeast, Identity, Positive, Solution, Step
from ncsolve.derivations._words import tr
from ncsolve.derivations.affine_family import THEOREM as FAMILY
from ncsolve.derivations.affine_family import A, Q, kept, regime, regimes, space
from ncsolve.derivations.factorization import THEOREM as FACTORS

__all__ = ["THEOREM"]

x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)
ell = sp.Symbol("ell", positive=True)
omega = sp.Symbol("omega", nonnegative=True)  # |w|


def prove(r: Result) -> Iterator[Step]:
    yield from gram_matrix(r)
    yield from the_gap(r)
    yield from shape(r)


def gram_matrix(r: Result) -> Iterator[Step]:
    yield Identity(
        text="(ZᵀZ)^(1/2) = √n (s_⊥ Q + s_μ A), whatever the signs of a and w",
        left=(s_perp * Q + s_mu * A) * (s_perp * Q + s_mu * A),
        right=(s_perp * Q - s_mu * A) * (s_perp * Q - s_mu * A),
        words=space,
    )
    # Class means: H^T H = feature_gram_scale D^(-1/2) (Z^T Z)^(1/2) D^(-1/2), with D = n I (T2).
    scale = FACTORS.result["feature_gram_scale"] / n * sp.sqrt(n)
    yield Identity(
        text="Gram matrix of the class means, diagonal: K times it is the trace",
        left=K * r["gram_diagonal"],
        right=space.evaluate(tr(scale * (s_perp * Q + s_mu * A))),
    )
    yield Identity(
        text="Gram matrix, all entries: 1ᵀ(.)1 = K tr(A .)",
        left=K * r["gram_diagonal"] + K * (K - 1) * r["gram_off_diagonal"],
        right=space.evaluate(K * tr(A * scale * (s_perp * Q + s_mu * A))),
        given={gap: s_mu - s_perp},
    )
    yield Identity(
        text="Cosine between two class means",
        left=r["cosine"],
        right=r["gram_off_diagonal"] / r["gram_diagonal"],
        given={gap: s_mu - s_perp},
    )
    yield Identity(
        text="The same from the gap s_μ - s_⊥", left=r["cosine_from_gap"], right=r["cosine"], given={gap: s_mu - s_perp}
    )
    yield Identity(
        text="The angle is a right angle where s_μ = s_⊥, the orthogonal frame",
        left=sp.Subs(r["angle"], s_mu, y),
        right=sp.pi / 2,
        given={s_perp: y},
    )
    yield Identity(
        text="and its cosine is that of the Gram matrix",
        left=sp.cos(r["angle"]) * r["gram_diagonal"],
        right=r["gram_off_diagonal"],
        given={gap: s_mu - s_perp},
    )


def the_gap(r: Result) -> Iterator[Step]:
    for side, case in regimes():
        yield Identity(
            text="The gap itself, without the cancellation of s_μ - s_⊥",
            left=r["gap"],
            right=FAMILY.result["s_mu"] - FAMILY.result["s_perp"],
            given={a: side * case[a], **{k: v for k, v in case.items() if k is not a}},
        )


def shape(r: Result) -> Iterator[Step]:
    size = {sp.Abs(w): omega, sp.Abs(a): y}
    yield Solution(
        text="The class means are orthogonal where s_μ = s_⊥, for t < |a| < |w|",
        equation=omega - t - t / ell - (y - t),
        unknown=ell,
        value=r["orthogonal_lambda_b"].subs(size),
    )
    yield Positive(
        text="At that λ_b the mean direction is alive",
        left=r["orthogonal_lambda_b"],
        right=FAMILY.result["threshold"],
        given={w: t + y + omega, a: t + y, omega: x + y},
    )
    yield Positive(
        text="The cosine grows strictly with s_μ while the contrasts are alive",
        left=sp.Derivative(r["cosine"], s_mu),
        given={s_perp: y, K: 1 + ell},
    )
    yield Identity(
        text="Simplex ETF exactly when s_μ = 0",
        left=r["cosine"] + 1 / (K - 1),
        right=K * s_mu / ((K - 1) * (s_mu + (K - 1) * s_perp)),
    )
    yield AtLeast(
        text="The cosine is below 1 while the contrasts are alive",
        left=1 - r["cosine"],
        given={s_perp: y, K: 1 + ell},
    )


_after = sp.Abs(w) - t - t / lambda_b
_gap_kept = sp.Piecewise((sp.Abs(w) - sp.Abs(a) - t / lambda_b, kept), (_after, True))
_gap_form = sp.Piecewise(
    (sp.UnevaluatedExpr(sp.Abs(w) - sp.Abs(a)) - t / lambda_b, kept),
    (sp.UnevaluatedExpr(sp.Abs(w) - t) - t / lambda_b, True),
)
_lost = -FAMILY.result["s_perp"]

THEOREM = Theorem(
    name="affine-geometry",
    label="T5",
    title="Geometry of the class means for the affine one-hot family",
    assumptions=(
        "as in the theorem affine: E = a I + q J, K >= 2 balanced classes, a not 0, w = a + K q",
        "for the cosine: not everything is thresholded, s_μ + (K - 1) s_⊥ > 0",
    ),
    statement="All class means have the same length and the same pairwise cosine. While the contrasts are alive "
    "(|a| > t) "
    "they are a simplex ETF exactly when s_μ = 0, that is for λ_b (|w| - t) <= t; beyond, the cosine rises "
    "strictly with "
    "λ_b. It passes through 0 (orthogonal frame) at a finite λ_b iff t < |a| < |w|.",
    formulas={
        "gap": Formula(expr=regime(_lost, _gap_kept), meaning="s_mu - s_perp, unit √n"),
        "gram_diagonal": Formula(
            expr=sp.sqrt(lambda_w / (n * lambda_h)) * (s_mu + (K - 1) * s_perp) / K,
            meaning="squared length of each class mean",
        ),
        "gram_off_diagonal": Formula(
            expr=sp.sqrt(lambda_w / (n * lambda_h)) * gap / K, meaning="inner product of two class means"
        ),
        "cosine": Formula(
            expr=(s_mu - s_perp) / (s_mu + (K - 1) * s_perp),
            meaning="cosine between two class means (undefined when all is thresholded)",
        ),
        "cosine_from_gap": Formula(expr=gap / (s_mu + (K - 1) * s_perp), meaning="the same, from the gap"),
        "angle": Formula(
            expr=sp.acos((s_mu - s_perp) / (s_mu + (K - 1) * s_perp)), meaning="angle between two class means, radians"
        ),
        "orthogonal_lambda_b": Formula(
            expr=t / (sp.Abs(w) - sp.Abs(a)), meaning="λ_b at which the class means are orthogonal (for t < |a| < |w|)"
        ),
    },
    definitions={
        gap: s_mu - s_perp,
        s_mu: FAMILY.result["s_mu"],
        s_perp: FAMILY.result["s_perp"],
        w: a + K * q,
        t: K * sp.sqrt(n * lambda_w * lambda_h),
    },
    functions=(
        Function(
            name="affine_singular_value_gap",
            arguments=("a", "w", "t", "lambda_b"),
            result="gap",
            doc="s_mu - s_perp without cancellation, in units of sqrt(n); also for lambda_b = inf.",
            form=regime(_lost, _gap_form),
        ),
        Function(
            name="affine_gram_diagonal",
            arguments=("s_perp", "s_mu", "n", "K", "lambda_w", "lambda_h"),
            result="gram_diagonal",
            doc="squared length of a class mean.",
        ),
        Function(
            name="affine_gram_off_diagonal",
            arguments=("gap", "n", "K", "lambda_w", "lambda_h"),
            result="gram_off_diagonal",
            doc="inner product of two class means, accurate near the orthogonal frame.",
        ),
        Function(
            name="affine_cosine_from_gap",
            arguments=("gap", "s_perp", "s_mu", "K"),
            result="cosine_from_gap",
            doc="cosine between class means, accurate near the orthogonal frame.",
        ),
        Function(
            name="affine_orthogonal_lambda_b",
            arguments=("a", "w", "t"),
            result="orthogonal_lambda_b",
            doc="the finite lambda_b at which the class means are orthogonal (for t < |a| < |w|).",
        ),
    ),
    conditions=(sp.Ne(a, 0),),
    prove=prove,
    source="One-hot: Massion, Makhlouf & Massart 2026, arXiv:2606.00344; the general family is new here.",
)

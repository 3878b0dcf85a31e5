"""The gap of the metric UFM as four parts (metric_ufm), at any weights of the last two layers."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result
from ncsolve.derivations._metric_symbols import A, B, C, X, Y, Yc, b, f, mu, one, space, zbar
from ncsolve.derivations._notation import N, lambda_b, lambda_v, lambda_w
from ncsolve.derivations._steps import Identity, Step
from ncsolve.derivations._words import norm2, tr

__all__ = ["FORMULAS", "gap_identity"]

words = space.copy()
t = words.t
W = words.matrix("W", "m", "d")
V = words.matrix("Ṽ", "d", "P")
Z = words.matrix("Z̃", "P", "N")
Lam = words.matrix("Λ", "m", "N")
best_A = words.matrix("A*", "m", "P")
best_b = words.matrix("b*", "m", "1")
F = words.matrix("F", "m", "P")

objective = (
    norm2(W * V * Z + b * t(one) - Y) / (2 * N) + lambda_w / 2 * norm2(W) + lambda_v / 2 * norm2(V)
    + lambda_b / 2 * norm2(b)
)
minimum_free = tr(t(Lam) * Y) - N / 2 * norm2(Lam)

FORMULAS = {
    "fit": Formula(
        expr=norm2(W * V * Z + b * t(one) - Y + N * Lam) / (2 * N),
        meaning="gap: outputs against those of the minimum, Y - N Λ",
    ),
    "bias_part": Formula(
        expr=lambda_b / 2 * norm2(b - Lam * one / lambda_b),
        meaning="gap: bias against that of the minimum, Λ 𝟏/λ_b",
    ),
    "dual": Formula(
        expr=lambda_w / 2 * norm2(W - Lam * t(Z) * t(V) / lambda_w),
        meaning="gap: head against the dual of the hidden layer",
    ),
    "feature": Formula(
        expr=tr(V * (lambda_w * lambda_v - Z * t(Lam) * Lam * t(Z)) * t(V)) / (2 * lambda_w),
        meaning="gap: weights of the hidden layer outside the directions that the minimum keeps",
    ),
}


def gap_identity(r: Result) -> Iterator[Step]:
    yield Identity(
        text="Gap identity. With Λ the residual of the minimum over N, b* = Λ 𝟏/λ_b, the minimum is "
        "⟨Λ, Y⟩ - N/2 ‖Λ‖² - ‖Λ 𝟏‖²/(2 λ_b), and any W, Ṽ, b are above it by four parts, 0 < λ_b < ∞",
        left=objective - minimum_free + norm2(Lam * one) / (2 * lambda_b),
        right=r["fit"] + r["bias_part"] + r["dual"] + r["feature"],
        words=words,
    )
    for text, letter in (("λ_b = 0: there Λ 𝟏 = 0", Lam * one), ("λ_b = ∞: there b = 0", b)):
        end = words.copy()
        end.rule(letter, sp.S.Zero)
        yield Identity(
            text=f"{text}, and the part of the bias is absent",
            left=objective - lambda_b / 2 * norm2(b) - minimum_free,
            right=r["fit"] + r["dual"] + r["feature"],
            words=end,
        )
    feasible = words.copy()
    feasible.rule(Z * t(Lam) * Lam * t(Z), lambda_w * lambda_v - t(F) * F)
    yield Identity(
        text="The minimum has ‖Λ Z̃ᵀ‖_2 <= τ, so that λ_w λ_v I - Z̃ΛᵀΛZ̃ᵀ is some FᵀF, and each part is at least 0",
        left=r["feature"], right=norm2(F * t(V)) / (2 * lambda_w), words=feasible,
    )
    yield from by_moments(r)


def by_moments(r: Result) -> Iterator[Step]:
    """No sample is needed: Λ Z̃ᵀ is the multiplier of A*, and the fit a quadratic form of moments."""
    features = X + zbar * t(one)
    residual = Yc + mu * t(one) - best_A * features - best_b * t(one)
    bias = r["bias"].subs(A, best_A)
    yield Identity(
        text="By moments: Λ Z̃ᵀ = B - A* C, as b* = r(A*),",
        left=(residual * t(features) / N).subs(best_b, bias),
        right=r["multiplier"].subs({A: best_A, B: r["B"], C: r["C"]}).subs(f, r["mean_weight"]),
        words=words,
    )
    yield Identity(
        text="and the fit of A = W Ṽ and b is",
        left=norm2((A - best_A) * features + (b - best_b) * t(one)) / (2 * N),
        right=tr((A - best_A) * X * t(X) * t(A - best_A)) / (2 * N) + norm2((A - best_A) * zbar + b - best_b) / 2,
        words=words,
    )


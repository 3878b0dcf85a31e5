"""T3, end lambda_b = inf: no bias, and how fast a growing lambda_b reaches it, for any encoding and any counts."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, T, lambda_b, lambda_h, lambda_w, sigma
from ncsolve.derivations._steps import Identity, Limit, Step
from ncsolve.derivations._words import Words, norm2, tr
from ncsolve.derivations.bias_equation import POSITIONS
from ncsolve.derivations.bias_equation import THEOREM as BIAS
from ncsolve.derivations.factorization import root_lambda

__all__ = ["THEOREM"]

space = Words()
M = space.matrix("M", "m", "K")
Z = space.matrix("Z", "m", "K")
Z1 = space.matrix("Ž", "m", "K")
u = space.matrix("u", "K", "1")
Lam = space.matrix("Λ", "m", "K")
F = space.matrix("F", "K", "K")
space.rule(space.t(u) * u, N)
optimum = space.copy()
optimum.rule(M, Z + N * Lam)


def prove(r: Result) -> Iterator[Step]:
    yield Identity(
        text="b = 0. Let N Λ = M - Z. For any competitor Ž the fit changes by a square and -⟨Λ, Ž - Z⟩",
        left=(norm2(Z1 - M) - norm2(Z - M)) / (2 * N),
        right=norm2(Z1 - Z) / (2 * N) - tr(space.t(Lam) * (Z1 - Z)),
        words=optimum,
    )
    for name, given in POSITIONS.items():
        yield Identity(
            text=f"Soft thresholding meets the conditions on Λ (T3): complementarity, {name}",
            left=(sigma - r["singular_value"]) * r["singular_value"],
            right=T * r["singular_value"],
            given=given,
        )
        yield Identity(
            text=f"and the residual min(σ, T) is feasible, {name}",
            left=sigma - r["singular_value"],
            right=BIAS.result["residual"],
            given=given,
        )
    dual = tr(space.t(Lam) * M) - N / 2 * norm2(Lam)
    yield Identity(
        text="The same Λ is feasible for every λ_b; its bound (T12) is lower by ‖Λ u‖²/(2 λ_b), which is at most",
        left=r["loss_gap"] - norm2(Lam * u) / (2 * lambda_b),
        right=norm2(F * u) / (2 * lambda_b),
        words=_in_lambdas(),
    )
    yield Identity(
        text="because the fit and penalty at λ_b = ∞ equal the bound without that term",
        left=norm2(Z - M) / (2 * N) + tr(space.t(Lam) * Z),
        right=dual,
        words=optimum,
    )
    yield Limit(text="so loss(λ_b) rises to loss(∞)", left=r["loss_gap"], variable=lambda_b, to=sp.oo, right=sp.S.Zero)


def _in_lambdas() -> Words:
    words = space.copy()
    words.rule(space.t(Lam) * Lam, root_lambda**2 - space.t(F) * F)
    return words


THEOREM = Theorem(
    name="no-bias",
    label="T3, λ_b = ∞",
    title="No bias, and the approach to it",
    assumptions=("λ_w, λ_h > 0, λ_b = ∞ (b = 0); any encoding, any counts",),
    statement="Z is M with its singular values lowered by T (not below 0). For finite λ_b > 0 the loss is below "
    "that at ∞ by "
    "at most N λ_w λ_h/(2 λ_b); the law of large bias regularization (T5b) says when this is attained.",
    formulas={
        "singular_value": Formula(
            expr=sp.Max(sigma - T, 0), meaning="singular value of Z over a singular value σ of M"
        ),
        "loss_gap": Formula(
            expr=N * lambda_w * lambda_h / (2 * lambda_b), meaning="upper bound on loss(∞) - loss(λ_b)"
        ),
    },
    prove=prove,
    source="One-hot, balanced: Zhou et al. 2022; Tirer & Bruna 2022. The bound for any encoding: here.",
)

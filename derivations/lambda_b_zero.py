"""T3, end lambda_b = 0: a free bias centres the labels exactly, for any encoding and any counts."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, T, sigma, tau
from ncsolve.derivations._prove import branch
from ncsolve.derivations._steps import Identity, Positive, Step
from ncsolve.derivations._words import Words, norm2
from ncsolve.derivations.bias_equation import POSITIONS
from ncsolve.derivations.bias_equation import THEOREM as BIAS

__all__ = ["THEOREM"]

space = Words()
M = space.matrix("M", "m", "K")
u = space.matrix("u", "K", "1")
mu = space.matrix("μ", "m", "1")
h = space.symmetric("h", "m")  # h(G), G = X X^T
space.rule(space.t(u) * u, N)
space.rule(M * u, N * mu)

# Another minimizer (Z1, b + delta): by equality in T3 its singular vectors satisfy Lam^T x = tau y.
other = space.copy()
Z = other.matrix("Z", "m", "K")
Z1 = other.matrix("Ž", "m", "K")
delta = other.matrix("δ", "m", "1")
Lam = other.matrix("Λ", "m", "K")
left_unit = other.matrix("x̂", "m", "1")
right_unit = other.matrix("ŷ", "K", "1")
touching = other.copy()
touching.rule(touching.t(Lam) * left_unit, tau * right_unit)
centred = other.copy()
centred.rule(Lam * u, sp.S.Zero)
centred.rule(Z * u, sp.S.Zero)
centred.rule(Z1 * u, sp.S.Zero)


def prove(r: Result) -> Iterator[Step]:
    X = M - r["bias"] * space.t(u)
    yield Identity(
        text="With b = μ the weighted columns of X = M - b uᵀ sum to zero", left=X * u, right=sp.S.Zero, words=space
    )
    yield Identity(
        text="The residual is h(X Xᵀ) X (T3), so the mean residual vanishes: λ_b b = Λ u holds with λ_b = 0, "
        "and with soft "
        "thresholding all conditions of T3 do",
        left=h * X * u / N,
        right=sp.S.Zero,
        words=space,
    )
    yield Identity(
        text="Z is X with its singular values lowered, and X Xᵀ is the label scatter S",
        left=X * space.t(X),
        right=M * space.t(M) - N * mu * space.t(mu),
        words=space,
    )
    for name, given in POSITIONS.items():
        yield Positive(
            text=f"Uniqueness in the bias equation: h > 0 ({name}), so h(G(c)) c = 0 forces c = 0",
            left=branch(BIAS.result["h"], given),
        )
    yield Identity(
        text="Uniqueness of (Z, b): a singular pair (x̂, ŷ) of another minimizer Ž has Λᵀ x̂ = τ ŷ (equality in T3), so",
        left=other.t(u) * other.t(Lam) * left_unit,
        right=tau * other.t(u) * right_unit,
        words=touching,
    )
    yield Identity(
        text="which is 0 because Λ u = 0: hence ŷ is orthogonal to u, and Ž u = 0",
        left=other.t(left_unit) * Lam * u,
        right=sp.S.Zero,
        words=centred,
    )
    yield Identity(
        text="Then the excess over the minimum contains N ‖δ‖² for a bias b + δ: δ = 0 and Ž = Z",
        left=norm2(Z1 - Z + delta * other.t(u)),
        right=norm2(Z1 - Z) + N * norm2(delta),
        words=centred,
    )
    x = sp.Symbol("x", positive=True)
    yield Identity(
        text="A scatter direction with σ > T adds τ σ - T²/(2N) to the loss",
        left=T**2 / (2 * N) + tau * (sigma - T),
        right=r["direction_loss"],
        given={sigma: T + x, T: N * tau},
    )
    yield Identity(
        text="one with σ < T adds σ²/(2N)",
        left=r["direction_loss"],
        right=sigma**2 / (2 * N),
        given={sigma: T / (1 + x)},
    )


THEOREM = Theorem(
    name="centring",
    label="T3, λ_b = 0",
    title="A free bias centres the labels",
    assumptions=("λ_w, λ_h > 0, λ_b = 0; any encoding, any counts",),
    statement="The unique minimizer has b = μ, the mean of the labels over all samples, exactly. Z is the "
    "centred M - μ uᵀ "
    "with its singular values lowered by T; they are the roots of the eigenvalues of the label scatter S.",
    formulas={
        "bias": Formula(expr=mu, meaning="the bias; μ is the label mean E n/N"),
        "direction_loss": Formula(
            expr=sp.Piecewise((sigma**2 / (2 * N), sp.Le(sigma, T)), (tau * sigma - N * tau**2 / 2, True)),
            meaning="what each singular value σ of M - μ uᵀ adds to the loss",
        ),
    },
    letters={
        "μ": "label mean E n/N",
    },
    prove=prove,
    source="One-hot, balanced: Zhou et al. 2022. Any encoding and any counts: here.",
)

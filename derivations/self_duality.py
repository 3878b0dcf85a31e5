"""T7, NC3. Self-duality: when the rows of the classifier are the class means, and what replaces that in general."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import K, T, lambda_h, lambda_w, n, s_mu, s_perp
from ncsolve.derivations._steps import Identity, Positive, Step
from ncsolve.derivations._words import Words, norm2, tr
from ncsolve.derivations.factorization import THEOREM as FACTORS

__all__ = ["THEOREM"]

# X = M - b u^T = U s V^T + X0, with X0 the directions that are thresholded away (U^T X0 = 0).
general = Words()
U = general.matrix("U", "m", "r")
V = general.matrix("V", "K", "r")
R = general.matrix("R", "d", "r")
sig = general.symmetric("σ", "r")
p = general.symmetric("p", "r")  # root of the singular values of Z: p^2 = sigma - T
X0 = general.matrix("X₀", "m", "K")
for letter in (U, V, R):
    general.rule(general.t(letter) * letter, sp.S.One)
general.rule(general.t(U) * X0, sp.S.Zero)
general.rule(sig, p * p + T)

# The affine family: signs of a and w, projections on contrasts and mean direction.
affine = Words()
Q = affine.symmetric("Q", "K")
A = affine.symmetric("A", "K")
affine.rule(Q * Q, Q)
affine.rule(A * A, A)
affine.rule(Q * A, sp.S.Zero)
affine.trace_value(Q, K - 1)
affine.trace_value(A, sp.S.One)
sign_a, sign_w = sp.symbols("sign_a sign_w", real=True)


def prove(r: Result) -> Iterator[Step]:
    weight, feature = FACTORS.result["weight_scale"], FACTORS.result["feature_scale"]
    W = weight * U * p * general.t(R)
    H = feature * R * p * general.t(V)
    X = U * sig * general.t(V) + X0
    yield Identity(
        text="Any encoding, any counts: Wᵀ (E - b 𝟏ᵀ) D^(1/2) = κ Σ Hbar D^(1/2) with Σ = R σ Rᵀ; D^(1/2) cancels",
        left=general.t(W) * X,
        right=r["kappa"] * (R * sig * general.t(R)) * H,
        words=general,
    )
    yield from affine_family(r, weight, feature)


def affine_family(r: Result, weight: sp.Expr, feature: sp.Expr) -> Iterator[Step]:
    root = sp.sqrt(s_perp) * Q + sp.sqrt(s_mu) * A
    scale = n ** sp.Rational(1, 4)
    for side_a, side_w in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        W = weight * scale * (side_a * sp.sqrt(s_perp) * Q + side_w * sp.sqrt(s_mu) * A)
        H = feature / scale * root
        where = f"a {'>' if side_a > 0 else '<'} 0, w {'>' if side_w > 0 else '<'} 0"
        signs = {sign_a: side_a, sign_w: side_w}
        yield Identity(
            text=f"Balanced affine codes, {where}: W Hbar √n is the minimizer Z of T5 (all others are rotations of it)",
            left=sp.sqrt(n) * W * H,
            right=sp.sqrt(n) * (side_a * s_perp * Q + side_w * s_mu * A),
            words=affine,
        )
        yield Identity(
            text=f"{where}: distance of Wᵀ from a multiple of the class means",
            left=norm2(affine.t(W) - r["factor"] * H),
            right=r["defect"].subs(signs),
            words=affine,
        )
        yield Identity(
            text=f"{where}: cosine between Wᵀ and the class means",
            left=affine.evaluate(tr(W * H)) / sp.sqrt(affine.evaluate(norm2(W)) * affine.evaluate(norm2(H))),
            right=r["alignment"].subs(signs),
            given={K: 1 + sp.Symbol("k", positive=True)},
        )
    yield Identity(
        text="a > 0, w > 0: self-duality holds exactly",
        left=r["defect"].subs(sign_a, 1),
        right=sp.S.Zero,
        given={sign_w: sp.S.One},
    )
    yield Identity(
        text="a > 0, mean direction dead: also",
        left=r["defect"].subs(sign_a, 1),
        right=sp.S.Zero,
        given={s_mu: sp.S.Zero},
    )
    yield Positive(
        text="a > 0, w < 0, mean direction alive: it fails",
        left=r["defect"].subs(sign_a, 1),
        given={sign_w: -sp.S.One, s_mu: sp.Symbol("x", positive=True)},
    )


_total = (K - 1) * s_perp + s_mu

THEOREM = Theorem(
    name="self-duality",
    label="T7, NC3",
    title="Self-duality under an encoding",
    assumptions=(
        "the minimizer of T3 with M - b uᵀ = U σ Vᵀ on the active directions (σ > T); λ_w, λ_h > 0",
        "affine part: E = a I + q J, balanced, w = a + K q; sign_a and sign_w are the signs of a and w",
    ),
    statement="Wᵀ (E - b 𝟏ᵀ) = κ Σ Hbar for any encoding, with Σ = R σ Rᵀ on the span of the class means. For "
    "balanced affine "
    "one-hot codes with a > 0, Wᵀ = √(n λ_h/λ_w) Hbar exactly iff w > 0 or s_μ = 0; with w < 0 and s_μ > 0 the "
    "mean direction "
    "enters with opposite signs. With a < 0 the same holds for -W and -w.",
    formulas={
        "kappa": Formula(expr=sp.sqrt(lambda_h / lambda_w), meaning="κ in Wᵀ (E - b 𝟏ᵀ) = κ Σ Hbar"),
        "factor": Formula(expr=sp.sqrt(n * lambda_h / lambda_w), meaning="Wᵀ over Hbar where self-duality holds"),
        "defect": Formula(
            expr=sp.sqrt(lambda_h / lambda_w)
            * sp.sqrt(n)
            * ((sign_a - 1) ** 2 * (K - 1) * s_perp + (sign_w - 1) ** 2 * s_mu),
            meaning="‖Wᵀ - factor Hbar‖² for balanced affine one-hot codes",
        ),
        "alignment": Formula(
            expr=((K - 1) * sign_a * s_perp + sign_w * s_mu) / _total, meaning="cosine between Wᵀ and Hbar as matrices"
        ),
    },
    letters={
        "sign_a": "sign of a",
        "sign_w": "sign of w",
    },
    prove=prove,
    source="NC3: Papyan, Han & Donoho 2020. Under an encoding: here.",
)

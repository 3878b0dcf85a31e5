"""T5 for label smoothing, balanced: E = (1 - alpha) I + (alpha/K) J crosses the orthogonal frame and ends acute."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._family_member import read_off
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import K, a, alpha, lambda_b, lambda_h, lambda_w, n, q, t, w
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import Identity, Limit, Positive, Solution, Step

__all__ = ["THEOREM"]

CODE = {a: 1 - alpha, w: sp.S.One}
x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)
z = sp.Symbol("z", positive=True)

# t < 1 - alpha: alpha = (1 - t) x/(1 + x); and the two regimes of lambda_b.
_CODE: Given = {alpha: (1 - t) * x / (1 + x)}
_T: Given = {t: 1 / (1 + y)}
CASES: dict[str, Given] = {
    "λ_b = 0": {**_CODE, lambda_b: sp.S.Zero, **_T},
    "0 < λ_b <= λ_b*": {**_CODE, lambda_b: t / ((1 - t) * (1 + z)), **_T},
    "λ_b > λ_b*": {**_CODE, lambda_b: t / (1 - t) * (1 + z), **_T},
}

centred = sp.Le(lambda_b * (1 - t), t)
scale = sp.sqrt(lambda_w / (n * lambda_h))
s_perp = 1 - alpha - t
kept_gap = alpha - t / lambda_b


def regime(etf: sp.Expr, beyond: sp.Expr) -> sp.Expr:
    return sp.Piecewise((etf, centred), (beyond, True))


def prove(r: Result) -> Iterator[Step]:
    yield Identity(
        text="w = a + K q does not depend on alpha",
        left=a + K * q,
        right=CODE[w],
        given={a: CODE[a], q: alpha / K},
    )
    keys = ("threshold", "beta", "s_perp", "s_mu", "gram_diagonal", "gram_off_diagonal", "cosine", "loss")
    yield from read_off(r, keys, CODE, CASES)
    beyond = r["cosine"].args[1].expr
    ell = sp.Symbol("ell", positive=True)
    yield Solution(
        text="The class means are orthogonal at",
        equation=beyond,
        unknown=ell,
        value=r["orthogonal_lambda_b"],
        given={lambda_b: ell},
    )
    yield Positive(
        text="which is beyond λ_b*, as alpha < 1 - t",
        left=r["orthogonal_lambda_b"],
        right=r["threshold"],
        given={alpha: (1 - t) * y / (1 + y), t: 1 / (1 + z)},
    )
    yield Limit(text="λ_b = ∞: the cosine", left=beyond, variable=lambda_b, to=sp.oo, right=r["cosine_no_bias"])
    yield Positive(
        text="is positive: the geometry ends acute",
        left=r["cosine_no_bias"],
        given={alpha: (1 - t) * y / (1 + y), t: 1 / (1 + z), K: 1 + ell},
    )
    yield Identity(text="The bias of each class is β/K", left=r["bias"] * K, right=r["beta"], given=CASES["λ_b > λ_b*"])
    yield Identity(text="(also below λ_b*)", left=r["bias"] * K, right=r["beta"], given=CASES["λ_b = 0"])


THEOREM = Theorem(
    name="smoothing",
    label="T5",
    title="Label smoothing, balanced",
    assumptions=(
        "E = (1 - α) I + (α/K) J with 0 <= α < 1, K >= 2 classes of n samples each; λ_w, λ_h > 0, 0 <= λ_b <= "
        "∞; d >= K",
        "t = K √(n λ_w λ_h) < 1 - α, so that the contrasts are alive",
    ),
    statement="The class means are a simplex ETF for λ_b <= λ_b*, the same λ_b* as for one-hot codes; "
    "orthogonal at the finite "
    "λ_b = t/α; acute beyond, up to λ_b = ∞.",
    formulas={
        "threshold": Formula(expr=t / (1 - t), meaning="λ_b*, up to which the class means are a simplex ETF"),
        "orthogonal_lambda_b": Formula(expr=t / alpha, meaning="λ_b at which the class means are orthogonal (α > 0)"),
        "beta": Formula(expr=regime(1 / (1 + lambda_b), t / lambda_b), meaning="bias fraction, b = β μ"),
        "bias": Formula(
            expr=regime(1 / (K * (1 + lambda_b)), t / (K * lambda_b)), meaning="each coordinate of the bias"
        ),
        "s_perp": Formula(expr=s_perp, meaning="singular value of Z on the contrasts, K-1 times, unit √n"),
        "s_mu": Formula(
            expr=regime(sp.S.Zero, 1 - t - t / lambda_b), meaning="singular value of Z on the mean direction, unit √n"
        ),
        "cosine": Formula(
            expr=regime(-1 / (K - 1), kept_gap / (kept_gap + K * s_perp)), meaning="cosine between two class means"
        ),
        "cosine_no_bias": Formula(expr=alpha / (alpha + K * s_perp), meaning="cosine at λ_b = ∞"),
        "gram_diagonal": Formula(
            expr=regime(scale * (K - 1) * s_perp / K, scale * (s_perp + kept_gap / K)),
            meaning="squared length of each class mean",
        ),
        "gram_off_diagonal": Formula(
            expr=regime(-scale * s_perp / K, scale * kept_gap / K), meaning="inner product of two class means"
        ),
        "loss": Formula(
            expr=regime(
                ((K - 1) * (t * (1 - alpha) - t**2 / 2) + lambda_b / (2 * (1 + lambda_b))) / K,
                t - t**2 / 2 - t**2 / (2 * K * lambda_b) - (K - 1) * t * alpha / K,
            ),
            meaning="minimal loss",
        ),
    },
    definitions={t: K * sp.sqrt(n * lambda_w * lambda_h)},
    conditions=(sp.Lt(t, 1 - alpha),),
    prove=prove,
    source="New here, from the affine family.",
)

"""T5 for signed codes, balanced: +1 at the class and -1 elsewhere, E = 2 I - J, so w = 2 - K."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._family_member import read_off
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import K, a, lambda_b, lambda_h, lambda_w, n, q, t, w
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import Identity, Limit, Positive, Solution, Step

__all__ = ["THEOREM"]

CODE = {a: sp.Integer(2), w: 2 - K}
x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)
z = sp.Symbol("z", positive=True)
ell = sp.Symbol("ell", positive=True)

# t < 2 throughout, K >= 2; whether the mean direction can live at all depends on t < |w| = K - 2.
_SMALL: Given = {t: 2 / (1 + y)}
CASES: dict[str, Given] = {
    "λ_b = 0": {lambda_b: sp.S.Zero, K: 2 + x, **_SMALL},
    "complete centring": {K: 2 + t * (1 + lambda_b) / (lambda_b * (1 + x)), lambda_b: ell, **_SMALL},
    "mean direction alive": {K: 2 + t + t / lambda_b + z, lambda_b: ell, **_SMALL},
}

centred = sp.Le(lambda_b * (K - 2 - t), t)
scale = sp.sqrt(lambda_w / (n * lambda_h))
s_perp = 2 - t
kept_gap = K - 4 - t / lambda_b


def regime(etf: sp.Expr, beyond: sp.Expr) -> sp.Expr:
    return sp.Piecewise((etf, centred), (beyond, True))


def prove(r: Result) -> Iterator[Step]:
    yield Identity(text="w = a + K q", left=a + K * q, right=CODE[w], given={a: sp.Integer(2), q: -sp.S.One})
    alive = CASES["mean direction alive"]
    keys = ("beta", "s_perp", "s_mu", "gram_diagonal", "gram_off_diagonal", "cosine", "loss")
    yield from read_off(r, keys, CODE, CASES)
    yield from read_off(r, ("threshold",), CODE, {"t < K - 2": alive})
    beyond = r["cosine"].args[1].expr
    yield Positive(
        text="The cosine rises strictly beyond λ_b*",
        left=sp.Subs(sp.Derivative(beyond, lambda_b), lambda_b, ell),
        given={K: 2 + t + t / ell + z, **_SMALL},
    )
    yield Limit(
        text="λ_b = ∞: the cosine (t < K - 2)", left=beyond, variable=lambda_b, to=sp.oo, right=r["cosine_no_bias"]
    )
    yield Positive(text="K > 4: it ends acute", left=r["cosine_no_bias"], given={K: 4 + z, **_SMALL})
    yield Identity(
        text="K = 4: it tends to the orthogonal frame",
        left=r["cosine_no_bias"],
        right=sp.S.Zero,
        given={K: sp.Integer(4), **_SMALL},
    )
    yield Positive(text="K = 3: it stays obtuse", left=-r["cosine_no_bias"], given={K: sp.Integer(3), t: 1 / (1 + y)})
    yield Solution(
        text="K > 4: the class means are orthogonal at",
        equation=beyond,
        unknown=ell,
        value=r["orthogonal_lambda_b"],
        given={lambda_b: ell, K: 4 + z},
    )
    for name in ("mean direction alive", "complete centring"):
        yield Identity(
            text=f"The bias of each class is β w/K, {name}",
            left=r["bias"] * K,
            right=r["beta"] * (2 - K),
            given=CASES[name],
        )


THEOREM = Theorem(
    name="signed",
    label="T5",
    title="Signed codes, balanced",
    assumptions=(
        "E = 2 I - J (+1 at the class, -1 elsewhere) with K >= 2 classes of n samples each; λ_w, λ_h > 0, 0 <= "
        "λ_b <= ∞; d >= K",
        "t = K √(n λ_w λ_h) < 2, so that the contrasts are alive",
    ),
    statement="The class means are a simplex ETF for λ_b <= λ_b* (for every λ_b when t >= K - 2, so always for "
    "K = 2). Beyond λ_b* the "
    "cosine rises strictly; as λ_b grows it ends acute for K > 4, tends to 0 for K = 4 and stays obtuse for K = 3.",
    formulas={
        "threshold": Formula(
            expr=t / (K - 2 - t), meaning="λ_b*, up to which the class means are a simplex ETF (for t < K - 2)"
        ),
        "orthogonal_lambda_b": Formula(
            expr=t / (K - 4), meaning="λ_b at which the class means are orthogonal (for K > 4)"
        ),
        "beta": Formula(expr=regime(1 / (1 + lambda_b), t / (lambda_b * (K - 2))), meaning="bias fraction, b = β μ"),
        "bias": Formula(
            expr=regime((2 - K) / (K * (1 + lambda_b)), -t / (K * lambda_b)), meaning="each coordinate of the bias"
        ),
        "s_perp": Formula(expr=s_perp, meaning="singular value of Z on the contrasts, K-1 times, unit √n"),
        "s_mu": Formula(
            expr=regime(sp.S.Zero, K - 2 - t - t / lambda_b),
            meaning="singular value of Z on the mean direction, unit √n",
        ),
        "cosine": Formula(
            expr=regime(-1 / (K - 1), kept_gap / (kept_gap + K * s_perp)), meaning="cosine between two class means"
        ),
        "cosine_no_bias": Formula(expr=(K - 4) / (K - 4 + K * s_perp), meaning="cosine at λ_b = ∞ (for t < K - 2)"),
        "gram_diagonal": Formula(
            expr=regime(scale * (K - 1) * s_perp / K, scale * (s_perp + kept_gap / K)),
            meaning="squared length of each class mean",
        ),
        "gram_off_diagonal": Formula(
            expr=regime(-scale * s_perp / K, scale * kept_gap / K), meaning="inner product of two class means"
        ),
        "loss": Formula(
            expr=(
                (K - 1) * (2 * t - t**2 / 2)
                + regime((K - 2) ** 2 * lambda_b / (2 * (1 + lambda_b)), t * (K - 2) - t**2 / 2 - t**2 / (2 * lambda_b))
            )
            / K,
            meaning="minimal loss",
        ),
    },
    definitions={t: K * sp.sqrt(n * lambda_w * lambda_h)},
    conditions=(sp.Lt(t, 2),),
    prove=prove,
    source="New here, from the affine family.",
)

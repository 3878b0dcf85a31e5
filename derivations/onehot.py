"""T5 for one-hot codes, balanced: from the simplex ETF to the orthogonal frame as lambda_b grows."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._family_member import read_off
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import K, a, lambda_b, lambda_h, lambda_w, n, t, w
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import Identity, Limit, Positive, Step
from ncsolve.derivations.large_bias_law import THEOREM as LAW

__all__ = ["THEOREM"]

CODE = {a: sp.S.One, w: sp.S.One}
x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)
ell = sp.Symbol("ell", positive=True)

# lambda_b <= lambda_b* and beyond, both with t < 1.
ETF: Given = {t: 1 - y, lambda_b: (1 - y) / (y * (1 + x)), y: 1 / (1 + ell)}
FREE: Given = {t: 1 - y, lambda_b: 0, y: 1 / (1 + ell)}
KEPT: Given = {t: 1 - y, lambda_b: (1 - y) / y * (1 + ell), y: 1 / (1 + sp.Symbol("z", positive=True))}
CASES = {"λ_b = 0": FREE, "0 < λ_b <= λ_b*": ETF, "λ_b > λ_b*": KEPT}

centred = sp.Le(lambda_b * (1 - t), t)
kept_gap = -t / lambda_b
scale = sp.sqrt(lambda_w / (n * lambda_h))


def regime(etf: sp.Expr, beyond: sp.Expr) -> sp.Expr:
    return sp.Piecewise((etf, centred), (beyond, True))


def prove(r: Result) -> Iterator[Step]:
    keys = ("threshold", "beta", "s_perp", "s_mu", "gram_diagonal", "gram_off_diagonal", "cosine", "loss")
    yield from read_off(r, keys, CODE, CASES)
    classes = {K: 1 + sp.Symbol("k", positive=True)}
    beyond = r["cosine"].args[1].expr
    z = sp.Symbol("z", positive=True)
    late = {lambda_b: t / (1 - t) * (1 + z), t: 1 / (1 + y), **classes}
    yield Identity(
        text="The cosine of the simplex ETF: K vectors of equal length that sum to zero",
        left=r["gram_diagonal"] + (K - 1) * r["gram_off_diagonal"],
        right=sp.S.Zero,
        given=ETF,
    )
    yield Identity(
        text="The cosine is continuous at λ_b*",
        left=sp.Subs(beyond, lambda_b, r["threshold"]),
        right=r["cosine"].args[0].expr,
    )
    yield Positive(text="Beyond λ_b* it rises strictly", left=sp.Derivative(beyond, lambda_b), given=late)
    yield Positive(text="and stays negative", left=-beyond, given=late)
    yield Limit(text="It tends to 0, the orthogonal frame", left=beyond, variable=lambda_b, to=sp.oo, right=sp.S.Zero)
    yield Limit(
        text="with this asymptote", left=beyond / r["cosine_asymptote"], variable=lambda_b, to=sp.oo, right=sp.S.One
    )
    yield Limit(
        text="No bias: squared length of the class means",
        left=r["gram_diagonal"].args[1].expr,
        variable=lambda_b,
        to=sp.oo,
        right=r["gram_diagonal_no_bias"],
    )
    yield Limit(
        text="The angle tends to a right angle",
        left=r["angle"].args[1].expr,
        variable=lambda_b,
        to=sp.oo,
        right=sp.pi / 2,
    )
    yield Identity(
        text="The angle",
        left=sp.cos(r["angle"]) * r["gram_diagonal"],
        right=r["gram_off_diagonal"],
        given=KEPT,
    )
    yield Identity(text="The bias of each class is β/K", left=r["bias"] * K, right=r["beta"], given=KEPT)
    yield Identity(text="(also below λ_b*)", left=r["bias"] * K, right=r["beta"], given=ETF)
    shift = LAW.result["gram_shift"]
    own = {t: K * sp.sqrt(n * lambda_w * lambda_h)}
    for where, key, bare in (
        ("on the diagonal", "gram_diagonal", r["gram_diagonal_no_bias"]), ("off it", "gram_off_diagonal", sp.S.Zero)
    ):
        yield Identity(
            text=f"The law T5b holds from λ_b* on, Gram(λ_b) = Gram(∞) - (λ_w/λ_b) J: {where}",
            left=r[key].args[1].expr,
            right=bare - shift,
            given=own,
        )


_cosine = regime(-1 / (K - 1), kept_gap / (K * (1 - t) - t / lambda_b))
_loss = regime(
    ((K - 1) * (t - t**2 / 2) + lambda_b / (2 * (1 + lambda_b))) / K, t - t**2 / 2 - t**2 / (2 * K * lambda_b)
)
_beta = regime(1 / (1 + lambda_b), t / lambda_b)

THEOREM = Theorem(
    name="onehot",
    label="T5",
    title="One-hot codes, balanced",
    assumptions=(
        "E = I with K >= 2 classes of n samples each; λ_w, λ_h > 0, 0 <= λ_b <= ∞; d >= K (K - 1 for λ_b <= λ_b*)",
        "t = K √(n λ_w λ_h) < 1; for t >= 1 all class means are 0 and b = 𝟏/(K (1 + λ_b))",
    ),
    statement="The class means are a simplex ETF exactly for λ_b <= λ_b*. Beyond it their cosine rises strictly "
    "and continuously "
    "to 0, the orthogonal frame, which is reached at λ_b = ∞ only.",
    formulas={
        "threshold": Formula(expr=t / (1 - t), meaning="λ_b*, up to which the class means are a simplex ETF"),
        "beta": Formula(expr=_beta, meaning="bias fraction, b = β μ"),
        "bias": Formula(
            expr=regime(1 / (K * (1 + lambda_b)), t / (K * lambda_b)), meaning="each coordinate of the bias"
        ),
        "s_perp": Formula(expr=1 - t, meaning="singular value of Z on the contrasts, K-1 times, unit √n"),
        "s_mu": Formula(
            expr=regime(sp.S.Zero, 1 - t - t / lambda_b), meaning="singular value of Z on the mean direction, unit √n"
        ),
        "cosine": Formula(expr=_cosine, meaning="cosine between two class means"),
        "angle": Formula(
            expr=regime(sp.acos(_cosine.args[0].expr), sp.acos(_cosine.args[1].expr)),
            meaning="angle between two class means, radians",
        ),
        "cosine_asymptote": Formula(
            expr=-t / (K * lambda_b * (1 - t)), meaning="cosine for large λ_b, to leading order"
        ),
        "gram_diagonal": Formula(
            expr=regime(scale * (K - 1) * (1 - t) / K, scale * (1 - t - t / (K * lambda_b))),
            meaning="squared length of each class mean",
        ),
        "gram_off_diagonal": Formula(
            expr=regime(-scale * (1 - t) / K, -scale * t / (K * lambda_b)), meaning="inner product of two class means"
        ),
        "gram_diagonal_no_bias": Formula(
            expr=sp.sqrt(lambda_w / lambda_h) * (1 - t) / sp.sqrt(n), meaning="squared length at λ_b = ∞"
        ),
        "loss": Formula(expr=_loss, meaning="minimal loss"),
    },
    definitions={t: K * sp.sqrt(n * lambda_w * lambda_h)},
    conditions=(sp.Lt(t, 1),),
    prove=prove,
    source="Massion, Makhlouf & Massart 2026, arXiv:2606.00344; the ends: Zhou et al. 2022, Tirer & Bruna 2022.",
)

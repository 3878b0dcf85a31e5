"""T5 for the centred simplex code, balanced: E = I - J/K has label mean 0, so there is no bias and always an ETF."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._family_member import read_off
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import K, a, lambda_b, lambda_h, lambda_w, n, q, t, w
from ncsolve.derivations._steps import Identity, Step

__all__ = ["THEOREM"]

CODE = {a: sp.S.One, w: sp.S.Zero}
_y = sp.Symbol("y", positive=True)


def prove(r: Result) -> Iterator[Step]:
    yield Identity(
        text="w = a + K q = 0: the label mean is 0", left=a + K * q, right=CODE[w], given={a: sp.S.One, q: -1 / K}
    )
    keys = ("s_perp", "s_mu", "gram_diagonal", "gram_off_diagonal", "cosine", "loss")
    # lambda_b (0 - t) <= t always: the mean direction, which carries nothing, is in the regime of complete centring.
    yield from read_off(r, keys, CODE, {"every λ_b": {t: 1 / (1 + _y)}})
    i, j = sp.symbols("i j", integer=True)
    row = r["gram_diagonal"] + sp.Sum(r["gram_off_diagonal"], (j, 2, K))
    yield Identity(
        text="The class means sum to 0: the sum of all inner products", left=sp.Sum(row, (i, 1, K)), right=sp.S.Zero
    )
    yield Identity(text="Two classes point apart", left=sp.Subs(r["angle"], K, 2), right=sp.pi)
    yield Identity(
        text="The angle: squared distance of two unit vectors", left=2 - 2 * sp.cos(r["angle"]), right=2 * K / (K - 1)
    )
    yield Identity(
        text="b = β μ = 0: a coordinate of the label mean, less the bias",
        left=(1 + sp.Sum(-1 / K, (j, 1, K))) / K - r["bias"],
        right=sp.S.Zero,
    )
    yield Identity(
        text="One-hot codes with b = μ are the same problem: equal loss without the bias term",
        left=r["loss"] + lambda_b / (2 * K * (1 + lambda_b)),
        right=_onehot_loss(),
        given={t: 1 / (1 + _y), lambda_b: sp.S.Zero},
    )


def _onehot_loss() -> sp.Expr:
    from ncsolve.derivations.onehot import THEOREM as ONEHOT

    return ONEHOT.result["loss"]


_scale = sp.sqrt(lambda_w / (n * lambda_h))

THEOREM = Theorem(
    name="simplex",
    label="T5",
    title="Centred simplex codes, balanced",
    assumptions=(
        "E = I - J/K with K >= 2 classes of n samples each; λ_w, λ_h > 0, 0 <= λ_b <= ∞; d >= K - 1",
        "t = K √(n λ_w λ_h) < 1; for t >= 1 all class means are 0",
    ),
    statement="b = 0 and the class means are a simplex ETF, for every λ_b.",
    formulas={
        "bias": Formula(expr=sp.S.Zero, meaning="each coordinate of the bias"),
        "s_perp": Formula(expr=1 - t, meaning="singular value of Z, K-1 times, unit √n"),
        "s_mu": Formula(expr=sp.S.Zero, meaning="singular value of Z on the mean direction, unit √n"),
        "cosine": Formula(expr=-1 / (K - 1), meaning="cosine between two class means"),
        "angle": Formula(expr=sp.acos(-1 / (K - 1)), meaning="angle between two class means, radians"),
        "gram_diagonal": Formula(expr=_scale * (K - 1) * (1 - t) / K, meaning="squared length of each class mean"),
        "gram_off_diagonal": Formula(expr=-_scale * (1 - t) / K, meaning="inner product of two class means"),
        "loss": Formula(expr=(K - 1) * (t - t**2 / 2) / K, meaning="minimal loss"),
    },
    definitions={t: K * sp.sqrt(n * lambda_w * lambda_h)},
    conditions=(sp.Lt(t, 1),),
    prove=prove,
    source="New here, from the affine family.",
)

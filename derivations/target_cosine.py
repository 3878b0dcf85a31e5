"""T11, one number. Which lambda_b, label smoothing or weight decay gives a wanted cosine of the class means (T5).

The minimizer is that of affine_geometry, above the transition: s_perp = |a| - t > 0 and s_mu = |w| - t - t/lambda_b.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import K, a, lambda_b, lambda_h, lambda_w, n, q, s_mu, s_perp, t, w
from ncsolve.derivations._steps import Identity, Limit, Positive, Solution, Step
from ncsolve.derivations.affine_family import THEOREM as FAMILY
from ncsolve.derivations.affine_geometry import THEOREM as GEOMETRY

__all__ = ["THEOREM"]

cosine = sp.Symbol("cosine", real=True)
ell, x, y, g = sp.symbols("ell x y g", positive=True)
alive = sp.Abs(w) - t - t / lambda_b
perp = sp.Abs(a) - t
_of = GEOMETRY.result["cosine"]


def _cos(mu: sp.Expr, across: sp.Expr) -> sp.Expr:
    return _of.subs({s_mu: mu, s_perp: across}, simultaneous=True)


def prove(r: Result) -> Iterator[Step]:
    yield Solution(
        text="The cosine of T5, solved for s_μ",
        equation=(_of - cosine) * (s_mu + (K - 1) * s_perp),
        unknown=s_mu,
        value=r["mean_singular_value"],
    )
    yield Positive(
        text="It is positive for -1/(K-1) < cosine < 1 (here cosine = -1/(K-1) + x, 1 - cosine = y)",
        left=r["mean_singular_value"].subs(cosine, 1 - y),
        given={K: 1 + g, s_perp: ell, y: (1 + g) / g / (1 + x)},
    )
    yield from bias_decay(r)
    yield from smoothing(r)
    yield from weight_decay(r)


def bias_decay(r: Result) -> Iterator[Step]:
    omega = sp.Symbol("omega", positive=True)
    yield Solution(
        text="λ_b: s_μ = |w| - t - t/λ_b, the value of T5 above the transition, solved for λ_b",
        equation=omega - t - t / ell - s_mu,
        unknown=ell,
        value=r["lambda_b"].subs(sp.Abs(w), omega),
    )
    yield Positive(
        text="The cosine rises strictly with λ_b",
        left=sp.Derivative(_cos(omega - t - t / ell, perp), ell),
        given={omega: t + t / ell + x, a: t + y, K: 1 + g},
    )
    yield Limit(
        text="to its value without a bias, which no finite λ_b reaches",
        left=_cos(omega - t - t / ell, y),
        variable=ell,
        to=sp.oo,
        right=r["cosine_no_bias"].subs({sp.Abs(w): omega, sp.Abs(a): y + t}, simultaneous=True),
    )


def smoothing(r: Result) -> Iterator[Step]:
    alpha = sp.Symbol("alpha", nonnegative=True)
    yield Solution(
        text="Label smoothing: w = 1, so s_μ does not depend on α; s_⊥ = 1 - α - t, solved for α",
        equation=(_cos(s_mu, 1 - alpha - t) - cosine) * (s_mu + (K - 1) * (1 - alpha - t)),
        unknown=alpha,
        value=r["alpha"],
    )
    yield Positive(
        text="While the mean direction is alive the cosine rises strictly with α",
        left=sp.Derivative(_cos(x, 1 - alpha - t), alpha),
        given={t: 1 - alpha - y, K: 1 + g},
    )
    yield Limit(
        text="to 1, where the contrasts die", left=_cos(x, y), variable=y, to=sp.S.Zero, right=sp.S.One
    )


def weight_decay(r: Result) -> Iterator[Step]:
    omega, size = sp.symbols("omega A", positive=True)
    sizes = {sp.Abs(w): omega, sp.Abs(a): size, lambda_b: ell}
    curve = _cos(omega - t - t / ell, size - t)
    yield Solution(
        text="Weight decay: t grows in proportion to √(λ_w λ_h); both singular values are linear in t, solved for t",
        equation=(curve - cosine) * (omega - t - t / ell + (K - 1) * (size - t)),
        unknown=t,
        value=r["t"].subs(sizes, simultaneous=True),
    )
    yield Identity(
        text="The derivative by t has one sign, so the cosine is monotone in t (constant if |w| = |a| (1 + 1/λ_b))",
        left=sp.Derivative(curve, t) * (omega - t - t / ell + (K - 1) * (size - t)) ** 2,
        right=K * r["trend"].subs(sizes, simultaneous=True),
    )
    yield Limit(
        text="As the weight decay vanishes the cosine tends to",
        left=curve,
        variable=t,
        to=sp.S.Zero,
        right=r["cosine_small_decay"].subs(sizes, simultaneous=True),
    )
    yield Identity(
        text="At the other end s_μ = 0, a simplex ETF, at",
        left=(omega - t - t / ell).subs(t, r["simplex_t"].subs(sizes, simultaneous=True)),
        right=sp.S.Zero,
    )
    yield Identity(
        text="which is where the regime of T5 changes, λ_b = λ_b*",
        left=FAMILY.result["threshold"].subs(sp.Abs(w), omega).subs(t, r["simplex_t"].subs(sizes, simultaneous=True)),
        right=ell,
    )
    yield Limit(
        text="unless the contrasts die before, at t = |a|, where all class means coincide",
        left=_cos(x, size - t),
        variable=t,
        to=size,
        right=sp.S.One,
        side="-",
    )


_needed = s_perp * (1 + (K - 1) * cosine) / (1 - cosine)

THEOREM = Theorem(
    name="target-cosine",
    label="T11, cosine",
    title="One number for a wanted cosine",
    assumptions=(
        "as in the theorem affine-geometry: balanced counts, E = a I + q J, w = a + K q, K >= 2",
        "-1/(K-1) < cosine < 1 and the contrasts are alive, t < |a|",
    ),
    statement="The cosine of the class means takes each value between its ends once, so that λ_b, the label smoothing "
    "α and the threshold t (weight decay) are given by it. λ_b reaches the cosines from -1/(K-1) to cosine_no_bias; "
    "α those from the cosine of one-hot codes to 1; the weight decay those between cosine_small_decay and, at "
    "simplex_t, -1/(K-1), or 1 where |a| < simplex_t.",
    formulas={
        "mean_singular_value": Formula(expr=_needed, meaning="s_μ that the cosine asks for, unit √n"),
        "lambda_b": Formula(expr=t / (sp.Abs(w) - t - s_mu), meaning="λ_b with this s_μ"),
        "cosine_no_bias": Formula(
            expr=(sp.Abs(w) - sp.Abs(a)) / (sp.Abs(w) - t + (K - 1) * (sp.Abs(a) - t)),
            meaning="cosine at λ_b = ∞, the largest that λ_b reaches (for t < |w|)",
        ),
        "alpha": Formula(
            expr=1 - t - s_mu * (1 - cosine) / (1 + (K - 1) * cosine), meaning="label smoothing with this cosine"
        ),
        "t": Formula(
            expr=(sp.Abs(w) * (1 - cosine) - sp.Abs(a) * (1 + (K - 1) * cosine))
            / ((1 - cosine) / lambda_b - K * cosine),
            meaning="threshold t with this cosine; λ_w and λ_h are scaled by it over the present t",
        ),
        "trend": Formula(
            expr=sp.Abs(w) - sp.Abs(a) * (1 + 1 / lambda_b),
            meaning="positive where the cosine rises with the weight decay",
        ),
        "cosine_small_decay": Formula(
            expr=(sp.Abs(w) - sp.Abs(a)) / (sp.Abs(w) + (K - 1) * sp.Abs(a)), meaning="cosine as t tends to 0"
        ),
        "simplex_t": Formula(
            expr=sp.Abs(w) * lambda_b / (1 + lambda_b), meaning="t from which the class means are a simplex ETF"
        ),
    },
    definitions={t: K * sp.sqrt(n * lambda_w * lambda_h), w: a + K * q, s_perp: sp.Abs(a) - t},
    functions=(
        Function(
            name="target_mean_singular_value",
            arguments=("cosine", "s_perp", "K"),
            result="mean_singular_value",
            doc="s_mu that a cosine below 1 asks for, in units of sqrt(n).",
        ),
        Function(
            name="target_lambda_b",
            arguments=("s_mu", "w", "t"),
            result="lambda_b",
            doc="lambda_b at which the mean direction has the singular value s_mu < |w| - t.",
            form=t / (sp.UnevaluatedExpr(sp.Abs(w) - t) - s_mu),
        ),
        Function(
            name="target_cosine_no_bias",
            arguments=("a", "w", "t", "K"),
            result="cosine_no_bias",
            doc="cosine at lambda_b = inf, for t < |a| and t < |w|.",
        ),
        Function(
            name="target_alpha",
            arguments=("cosine", "s_mu", "t", "K"),
            result="alpha",
            doc="label smoothing with this cosine, above -1/(K-1).",
        ),
        Function(
            name="target_t",
            arguments=("cosine", "a", "w", "lambda_b", "K"),
            result="t",
            doc="threshold t with this cosine; also for lambda_b = inf.",
        ),
        Function(
            name="target_trend",
            arguments=("a", "w", "lambda_b"),
            result="trend",
            doc="positive where the cosine rises with the weight decay; also for lambda_b = inf.",
        ),
        Function(
            name="target_cosine_small_decay",
            arguments=("a", "w", "K"),
            result="cosine_small_decay",
            doc="cosine as the weight decay vanishes.",
        ),
        Function(
            name="target_simplex_t",
            arguments=("w", "lambda_b"),
            result="simplex_t",
            doc="t from which the class means are a simplex ETF; also for lambda_b = inf.",
            form=sp.Abs(w) / (1 + 1 / lambda_b),
        ),
    ),
    letters={"cosine": "wanted cosine between two class means"},
    prove=prove,
    source="New here.",
)

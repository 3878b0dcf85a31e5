"""T14. Which regularization a geometry implies: the gap is convex in the lambdas, and least where the norms are equal.

The objective is linear in (lambda_w, lambda_h, lambda_b), so that its minimum, an infimum of linear functions, is
concave in them, and what a fixed network is above it is convex.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_h, lambda_w
from ncsolve.derivations._registry import get
from ncsolve.derivations._steps import AtLeast, Identity, Positive, Solution, Step
from ncsolve.derivations._words import Words, norm2, tr

__all__ = ["THEOREM"]

space = Words()
W = space.matrix("W", "m", "d")
H = space.matrix("H", "d", "N")
Y = space.matrix("Y", "m", "N")
b = space.matrix("b", "m", "1")
one = space.matrix("𝟏", "N", "1")
v = space.matrix("v", "d", "1")
best = space.matrix("H*", "d", "N")
R = space.matrix("R", "m", "N")
space.rule(space.t(one) * one, N)
residual = W * H + b * space.t(one) - Y

theta = sp.Symbol("θ", nonnegative=True)
first = (lambda_w, lambda_h, lambda_b)
second = sp.symbols("λ_w' λ_h' λ_b'", positive=True)
nuclear_norm = sp.Symbol("nuclear_norm", nonnegative=True)


def objective(lambdas: tuple[sp.Expr, ...]) -> sp.Expr:
    """The objective at W, H, b, for these weight decays of W, H and b."""
    sizes = (norm2(W), norm2(H), norm2(b))
    return norm2(residual) / (2 * N) + sum(x / 2 * size for x, size in zip(lambdas, sizes, strict=True))


def prove(r: Result) -> Iterator[Step]:
    between = tuple(theta * x + (1 - theta) * y for x, y in zip(first, second, strict=True))
    yield Identity(
        text="At one point W, H, b the objective is linear along any line between weight decays, 0 <= θ <= 1. Both "
        "terms on the right are at least their minima, for every point: so the minimum F* between is at least "
        "θ F* + (1 - θ) F*', it is concave, and the gap of the point is convex",
        left=objective(between),
        right=theta * objective(first) + (1 - theta) * objective(second),
        words=space,
    )
    slopes = (r["by_lambda_w"], r["by_lambda_h"], r["by_lambda_b"])
    yield Identity(
        text="At the minimizer W, H, b for λ the objective for λ' bounds F*', so that these slopes bound what F* "
        "grows by, in every direction",
        left=objective(second) - objective(first),
        right=sum((y - x) * slope for x, y, slope in zip(first, second, slopes, strict=True)),
        words=space,
    )
    yield from norms(r)
    yield from least(r)
    yield from stationary_head(r)


def norms(r: Result) -> Iterator[Step]:
    """The slopes are derivatives: the norms of all minimizers are equal, as the core has one minimizer."""
    weight = sp.sqrt(lambda_w * lambda_h)
    scales = {"h": get("factorization").result["feature_gram_scale"],
              "w": get("factorization").result["classifier_gram_scale"]}
    for name, unknown, size, key in (("λ_h", lambda_h, norm2(H), "h"), ("λ_w", lambda_w, norm2(W), "w")):
        yield Identity(
            text=f"In the convex core (T3) {name} is in τ ‖Z‖_* only, whose derivative is ‖Z‖_* times that of τ; all "
            "minimizers share ‖Z‖_* = nuclear_norm, and with T2 this is the slope",
            left=sp.Derivative(weight * nuclear_norm, unknown),
            right=r[f"by_lambda_{key}"].subs(size, scales[key] * nuclear_norm),
        )
    square = sp.Symbol("‖b‖²", nonnegative=True)
    yield Identity(
        text="and λ_b in the penalty of the unique b only",
        left=sp.Derivative(lambda_b * square / 2, lambda_b),
        right=r["by_lambda_b"].subs(norm2(b), square),
    )


def least(r: Result) -> Iterator[Step]:
    """Where the gap of a network is least."""
    other, mine, unknown = sp.symbols("‖H*‖² ‖H‖² λ", positive=True)
    less, more, mean = sp.symbols("δ δ' ‖μ‖²", nonnegative=True)
    minimum = sp.Function("F")(lambda_h)
    yield Identity(
        text="The gap of a network with features H has this slope in λ_h, with F for the minimum and ‖H*‖² = 2 F'",
        left=sp.Derivative(lambda_h / 2 * mine - minimum, lambda_h),
        right=r["gap_slope"].subs({norm2(best): 2 * sp.Derivative(minimum, lambda_h), norm2(H): mine}),
    )
    yield Solution(
        text="As the gap is convex it is least where the slope is 0, at equal norms; likewise in λ_w and in λ_b",
        equation=r["gap_slope"].subs({norm2(best): other, norm2(H): mine}), unknown=other, value=mine,
    )
    yield AtLeast(
        text="A bias longer than the label mean, ‖b‖² = ‖μ‖² + δ', has no equal, as ‖b*‖² = ‖μ‖² - δ for every λ_b "
        "(T3): the slope in λ_b is at least 0 everywhere, and λ_b = 0 is best",
        left=r["gap_slope"].subs({norm2(best): mean - less, norm2(H): mean + more}),
    )
    yield Positive(
        text="‖H*‖² = √(λ_w/λ_h) ‖Z‖_* falls in λ_h, as √(λ_w/λ_h) does and ‖Z‖_* does not grow (F* is concave in τ); "
        "from ∞ to 0 unless the bias alone fits all labels: one λ_h has the norm of given features that are not 0",
        left=-sp.Derivative(get("factorization").result["feature_gram_scale"], lambda_h).doit(),
    )
    sizes = {norm2(W): sp.Symbol("‖W‖²", positive=True), norm2(H): mine}
    yield Solution(
        text="At a minimum the balance λ_w ‖W‖² = λ_h ‖H‖² (T2) gives λ_h",
        equation=lambda_w * sizes[norm2(W)] - unknown * mine, unknown=unknown, value=r["balance"].subs(sizes),
    )
    balanced = space.copy()
    balanced.rule(space.t(W) * W, lambda_h / lambda_w * H * space.t(H))
    yield Identity(
        text="and so does each direction v of the features alone, as λ_w WᵀW = λ_h H Hᵀ",
        left=lambda_w * norm2(W * v),
        right=lambda_h * norm2(space.t(H) * v),
        words=balanced,
    )


def stationary_head(r: Result) -> Iterator[Step]:
    """What the last layer alone implies, whatever the features are."""
    unknown, inner = sp.symbols("λ g", real=True)
    square, size = sp.symbols("G q", positive=True)
    for name, gradient, weights, key in (("W", R * space.t(H), W, "implied_w"), ("b", R * one, b, "implied_b")):
        cross = tr(gradient * space.t(weights))
        yield Identity(
            text=f"With R = W H + b 𝟏ᵀ - Y the slope of the objective in {name}, for a weight decay λ, has the square",
            left=norm2(gradient / N + unknown * weights),
            right=norm2(gradient) / N**2 + 2 * unknown * cross / N + unknown**2 * norm2(weights),
            words=space,
        )
        yield Solution(
            text="which is least, and is 0 for a stationary head, at this λ (g, G and q stand for the inner product "
            "and the two squares)",
            equation=sp.Derivative(square / N**2 + 2 * unknown * inner / N + unknown**2 * size, unknown),
            unknown=unknown, value=r[key].subs({cross: inner, norm2(weights): size}),
        )


THEOREM = Theorem(
    name="implied-decay",
    label="T14",
    title="Which regularization a geometry implies",
    assumptions=(
        "λ_w, λ_h > 0, 0 <= λ_b < ∞; any encoding, any counts",
        "concavity and the bounds on the growth: every model whose objective is linear in its weight decays, also with "
        "features H >= 0 or a deep head",
        "derivatives: one layer, linear features, d at least the rank of the minimizer; at λ_b = 0 from the right",
    ),
    statement="The minimum F* is jointly concave in the weight decays, with the derivatives ‖W*‖²/2, ‖H*‖²/2 and "
    "‖b*‖²/2; the gap of any W, H, b is jointly convex in them. It is least in λ_h where the predicted ‖H*‖² is the "
    "measured one, which one λ_h does unless H = 0 or the bias alone fits all labels; in λ_b where ‖b*‖ = ‖b‖, and at "
    "0 for a bias longer than the label mean. At a minimum λ_h is λ_w ‖W‖²/‖H‖², and λ_w and λ_b follow from the "
    "features and the head alone. That the two λ_h agree says that ‖W‖² and ‖H‖² are those of a minimum, no more.",
    formulas={
        "by_lambda_w": Formula(expr=norm2(W) / 2, meaning="∂F*/∂λ_w, at the minimizer's W"),
        "by_lambda_h": Formula(expr=norm2(H) / 2, meaning="∂F*/∂λ_h, at the minimizer's H"),
        "by_lambda_b": Formula(expr=norm2(b) / 2, meaning="∂F*/∂λ_b, at the minimizer's b"),
        "gap_slope": Formula(
            expr=(norm2(H) - norm2(best)) / 2, meaning="∂/∂λ_h of the gap of a network with features H"
        ),
        "balance": Formula(expr=lambda_w * norm2(W) / norm2(H), meaning="λ_h of a minimum, by balance (T2)"),
        "implied_w": Formula(
            expr=-tr(R * space.t(H) * space.t(W)) / (N * norm2(W)),
            meaning="λ_w of a stationary head, else the λ for which its slope is least",
        ),
        "implied_b": Formula(expr=-tr(R * one * space.t(b)) / (N * norm2(b)), meaning="λ_b of the same"),
    },
    letters={
        "W": "head (m x d)",
        "H": "features (d x N)",
        "b": "bias (m)",
        "H*": "features of the minimum",
        "R": "W H + b 𝟏ᵀ - Y, what the outputs miss",
        "𝟏": "vector of N ones",
    },
    prove=prove,
    source="Envelope theorem (Danskin 1967) on the convex core of T3; the estimates of λ_h here.",
)

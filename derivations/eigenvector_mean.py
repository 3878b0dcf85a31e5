"""T4. When the label mean is an eigenvector of the label scatter, S mu = s mu: b = (1 - gamma) mu in closed form."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import N, T, lambda_b, mean_norm, s, t, w
from ncsolve.derivations._steps import Identity, Limit, Positive, Solution, Step
from ncsolve.derivations._words import Words
from ncsolve.derivations.affine_family import THEOREM as AFFINE

__all__ = ["THEOREM"]

gamma = sp.Symbol("gamma", positive=True)  # c = mu - b = gamma mu
x = sp.Symbol("x", positive=True)  # b/c = (1 - gamma)/gamma
scatter = sp.Symbol("scatter", nonnegative=True)  # s/T^2
mean_square = sp.Symbol("mean_square", positive=True)  # N |mu|^2 / T^2
mean_root = sp.Symbol("mean_root", positive=True)  # its root
ell = sp.Symbol("ell", positive=True)  # 0 < lambda_b < inf
slack = sp.Symbol("y", positive=True)

g = s + N * gamma**2 * mean_norm**2  # eigenvalue of G(c) on mu

space = Words()
S = space.symmetric("S", "m")
mu = space.matrix("μ", "m", "1")
space.rule(S * mu, s * mu)
space.rule(space.t(mu) * mu, mean_norm**2)


def prove(r: Result) -> Iterator[Step]:
    yield Identity(
        text="With c = γ μ the label mean is an eigenvector of G(c) = S + N c cᵀ",
        left=(S + N * gamma**2 * mu * space.t(mu)) * mu,
        right=r["eigenvalue"] * mu,
        words=space,
    )
    # So the bias equation (T3) along mu is lambda_b (1 - gamma) = gamma h, h = min(1, T/sqrt(g)).
    yield Solution(
        text="Complete centring (√g <= T, h = 1): λ_b (1 - γ) = γ",
        equation=ell * (1 - gamma) - gamma,
        unknown=gamma,
        value=r["gamma_centred"],
        given={lambda_b: ell},
    )
    active = ell * (1 - gamma) - gamma * T / sp.sqrt(g)
    yield Identity(
        text="Otherwise λ_b (1 - γ) = γ T/√g; multiplied by its positive conjugate and by g this is the quartic",
        left=active * (ell * (1 - gamma) + gamma * T / sp.sqrt(g)) * g,
        right=r["quartic"],
        given={lambda_b: ell},
    )
    yield Positive(
        text="The side γ h - λ_b (1 - γ) of the equation grows strictly with γ while √g > T",
        left=sp.Derivative(-active, gamma),
    )
    yield Positive(text="and while √g <= T", left=sp.Derivative(gamma - ell * (1 - gamma), gamma))
    yield Positive(text="It is negative at γ = 0", left=ell * (1 - gamma) - gamma, given={gamma: sp.S.Zero})
    yield Positive(
        text="and positive at γ = 1, where it is h: so exactly one γ in (0, 1) solves it",
        left=-active,
        given={gamma: sp.S.One},
    )
    yield Identity(
        text="h is continuous at √g = T",
        left=T / sp.sqrt(g),
        right=sp.S.One,
        given={s: T**2 - N * gamma**2 * mean_norm**2},
    )
    yield from ratio(r)
    yield from zero_scatter(r)


def ratio(r: Result) -> Iterator[Step]:
    units = {scatter: s / T**2, mean_square: N * mean_norm**2 / T**2, lambda_b: ell}
    yield Identity(
        text="The quartic in the ratio x = b/c = (1 - γ)/γ, divided by T² γ²",
        left=r["quartic"] / (T**2 * gamma**2),
        right=r["ratio_equation"],
        given={x: 1 / gamma - 1, **units},
    )
    equation = r["ratio_equation"]
    yield Positive(text="It grows strictly with x: one root", left=sp.Derivative(equation, x), given={lambda_b: ell})
    yield Positive(
        text="It is negative at the lower end of the bracket",
        left=-equation,
        given={x: r["ratio_lower"], lambda_b: ell},
    )
    centred_gamma = ell / (1 + ell)
    yield Positive(
        text="and positive at the upper end, as the centred γ does not meet √g <= T (slack y)",
        left=equation,
        given={x: r["ratio_upper"], lambda_b: ell, scatter: 1 - mean_square * centred_gamma**2 + slack},
    )
    yield Identity(
        text="The upper end is the ratio of complete centring",
        left=r["ratio_upper"],
        right=1 / r["gamma_centred"] - 1,
        given={lambda_b: ell},
    )


def zero_scatter(r: Result) -> Iterator[Step]:
    yield Solution(
        text="s = 0: √g = √N γ ‖μ‖ and the equation is linear",
        equation=ell * (1 - gamma) - T / (sp.sqrt(N) * mean_norm),
        unknown=gamma,
        value=r["gamma_zero_scatter"],
        given={lambda_b: ell},
    )
    yield Identity(
        text="It is a root of the quartic",
        left=r["quartic"],
        right=sp.S.Zero,
        given={gamma: r["gamma_zero_scatter"], s: sp.S.Zero, lambda_b: ell},
    )
    yield Identity(
        text="The fraction b/μ in that case",
        left=1 - r["gamma_zero_scatter"],
        right=r["zero_scatter_fraction"],
        given={mean_root: sp.sqrt(N) * mean_norm / T, lambda_b: ell},
    )
    yield Identity(
        text="It agrees with T5, where s = 0 and √N ‖μ‖/T = |w|/t",
        left=r["zero_scatter_fraction"],
        right=AFFINE.result["beta"].args[1].expr,
        given={mean_root: sp.Abs(w) / t, w: slack, lambda_b: ell},
    )
    yield Limit(text="λ_b = ∞: no bias", left=r["zero_scatter_fraction"], variable=lambda_b, to=sp.oo, right=sp.S.Zero)
    yield Identity(
        text="Loss of the mean direction when centred: fit and bias term",
        left=(g / (2 * N) + ell / 2 * (1 - gamma) ** 2 * mean_norm**2),
        right=r["centred_loss"],
        given={gamma: ell / (1 + ell), lambda_b: ell},
    )


THEOREM = Theorem(
    name="eigenvector",
    label="T4",
    title="The label mean is an eigenvector of the label scatter",
    assumptions=("S μ = s μ, s >= 0, μ not 0", "λ_w, λ_h > 0, 0 < λ_b < ∞; T = N √(λ_w λ_h)"),
    statement="b = (1 - γ) μ. Complete centring, γ = λ_b/(1 + λ_b), iff s + N γ² ‖μ‖² <= T² at that γ. "
    "Otherwise γ is the one "
    "root in (0, 1) of the quartic; for s = 0 it is 1 - T/(λ_b √N ‖μ‖). By T3 this is the global minimizer.",
    formulas={
        "gamma_centred": Formula(expr=lambda_b / (1 + lambda_b), meaning="γ = c/μ under complete centring"),
        "eigenvalue": Formula(expr=g, meaning="eigenvalue of S + N c cᵀ on μ; centring iff it is <= T²"),
        "quartic": Formula(
            expr=lambda_b**2 * (1 - gamma) ** 2 * g - T**2 * gamma**2, meaning="zero at γ outside complete centring"
        ),
        "ratio_equation": Formula(
            expr=lambda_b**2 * x**2 * (scatter + mean_square / (1 + x) ** 2) - 1,
            meaning="zero at x = b/c outside complete centring; scatter = s/T², mean_square = N‖μ‖²/T²",
        ),
        "ratio_lower": Formula(expr=1 / (lambda_b * sp.sqrt(scatter + mean_square)), meaning="below the root x"),
        "ratio_upper": Formula(expr=1 / lambda_b, meaning="above the root x"),
        "gamma_zero_scatter": Formula(
            expr=1 - T / (lambda_b * sp.sqrt(N) * mean_norm), meaning="γ outside complete centring for s = 0"
        ),
        "zero_scatter_fraction": Formula(
            expr=1 / (lambda_b * mean_root), meaning="b/μ outside complete centring for s = 0; mean_root = √N ‖μ‖/T"
        ),
        "centred_loss": Formula(
            expr=s / (2 * N) + lambda_b * mean_norm**2 / (2 * (1 + lambda_b)),
            meaning="what the mean direction adds to the loss under complete centring",
        ),
    },
    functions=(
        Function(
            name="zero_scatter_bias_fraction",
            arguments=("mean_root", "lambda_b"),
            result="zero_scatter_fraction",
            doc="b/mu for s = 0 outside complete centring; mean_root = sqrt(N) |mu| / T.",
        ),
        Function(
            name="eigenvector_ratio_equation",
            arguments=("x", "scatter", "mean_square", "lambda_b"),
            result="ratio_equation",
            # lambda_b x is about 1 where x is near the root, so its square neither overflows nor underflows.
            form=sp.UnevaluatedExpr(lambda_b * x) ** 2 * (scatter + mean_square / (1 + x) ** 2) - 1,
            doc="x = b/c solves this = 0; scatter = s/T^2, mean_square = N |mu|^2 / T^2.",
        ),
        Function(
            name="eigenvector_ratio_lower",
            arguments=("scatter", "mean_square", "lambda_b"),
            result="ratio_lower",
            doc="below the root x of the ratio equation.",
        ),
        Function(
            name="eigenvector_ratio_upper",
            arguments=("lambda_b",),
            result="ratio_upper",
            doc="above the root x of the ratio equation.",
        ),
    ),
    letters={
        "gamma": "(μ - b)/μ, the part of the label mean that the bias leaves in",
        "x": "b/c = (1 - γ)/γ",
        "scatter": "s/T²",
        "mean_square": "N‖μ‖²/T²",
        "mean_root": "√N ‖μ‖/T",
    },
    prove=prove,
    source="New here; s = 0 contains the balanced affine one-hot family (T5).",
)

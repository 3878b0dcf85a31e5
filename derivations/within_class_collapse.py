"""T1. Within-class collapse (NC1), and what of the labels the minimizer depends on.

For fixed W and b the objective is a sum over samples, one strictly convex function of each feature:

    phi(h) = 1/(2N) |W h + b - y|^2 + lambda_h/2 |h|^2.

Samples with the same label y have the same phi, hence the same feature.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, lambda_h
from ncsolve.derivations._steps import Identity, Positive, Step
from ncsolve.derivations._words import Words, norm2

__all__ = ["THEOREM"]

space = Words()
W = space.matrix("W", "m", "d")
h = space.matrix("h", "d", "1")
g = space.matrix("g", "d", "1")
y = space.matrix("y", "m", "1")
b = space.matrix("b", "m", "1")
F = space.symmetric("F", "d")  # F = (W^T W + N lambda_h I)^(-1), which exists because lambda_h > 0
space.rule(space.t(W) * W * F, 1 - N * lambda_h * F)

# Label statistics.  M = E D^(1/2), u = D^(1/2) 1, M u = E n = N mu, u^T u = N.
labels = Words()
M = labels.matrix("M", "m", "K")
u = labels.matrix("u", "K", "1")
mu = labels.matrix("μ", "m", "1")
bias = labels.matrix("b", "m", "1")
labels.rule(labels.t(u) * u, N)
labels.rule(M * u, N * mu)


def phi(feature: sp.Expr) -> sp.Expr:
    """The part of the objective that one sample's feature enters."""
    return norm2(W * feature + b - y) / (2 * N) + lambda_h / 2 * norm2(feature)


def prove(r: Result) -> Iterator[Step]:
    yield Identity(
        text="Two samples of a class with features h, g: replacing both by their mean lowers the objective by",
        left=phi(h) + phi(g) - 2 * phi((h + g) / 2),
        right=r["gain"],
        words=space,
    )
    p, z = sp.Symbol("p", nonnegative=True), sp.Symbol("z", positive=True)
    yield Positive(
        text="which is positive unless h = g, as λ_h > 0 (p and z stand for the two squared norms, z > 0)",
        left=r["gain"].subs({norm2(W * h - W * g): p, norm2(h - g): z}),
    )
    yield Identity(
        text="The one feature of the class: its gradient vanishes",
        left=space.t(W) * (W * r["feature"] + b - y) + N * lambda_h * r["feature"],
        right=sp.S.Zero,
        words=space,
    )
    yield Identity(
        text="Any other feature costs more, by a positive definite form in the difference",
        left=phi(r["feature"] + h) - phi(r["feature"]),
        right=norm2(W * h) / (2 * N) + lambda_h / 2 * norm2(h),
        words=space,
    )
    yield from sufficient_statistics(r)


def sufficient_statistics(r: Result) -> Iterator[Step]:
    deviation = M - bias * labels.t(u)
    scatter = M * labels.t(M) - N * mu * labels.t(mu)  # S
    yield Identity(
        text="The labels enter through (M - b uᵀ)(M - b uᵀ)ᵀ = S + N (μ - b)(μ - b)ᵀ only: left singular vectors and "
        "singular values fix W Wᵀ, b and the loss",
        left=deviation * labels.t(deviation),
        right=scatter + N * (mu - bias) * labels.t(mu - bias),
        words=labels,
    )
    yield Identity(
        text="with S = Σ_k n_k (e_k - μ)(e_k - μ)ᵀ = (M - μ uᵀ)(M - μ uᵀ)ᵀ, the scatter about the mean",
        left=(M - mu * labels.t(u)) * labels.t(M - mu * labels.t(u)),
        right=scatter,
        words=labels,
    )
    for classes in (2, 3):
        counts = sp.symbols(f"n_1:{classes + 1}", positive=True)
        codes = sp.symbols(f"e_1:{classes + 1}", real=True), sp.symbols(f"f_1:{classes + 1}", real=True)
        N_ = sum(counts)
        means = [sum(c * e for c, e in zip(counts, code, strict=True)) / N_ for code in codes]
        yield Identity(
            text=f"One entry of S written out for {classes} classes",
            left=sum(c * (e - means[0]) * (f - means[1]) for c, e, f in zip(counts, codes[0], codes[1], strict=True)),
            right=sum(c * e * f for c, e, f in zip(counts, codes[0], codes[1], strict=True)) - N_ * means[0] * means[1],
        )
    n1, n2, a1, a2, c1, c2, s1, s2 = sp.symbols("N_1 N_2 mu_1 mu_2 nu_1 nu_2 S_1 S_2", positive=True)
    joint = (n1 * a1 + n2 * a2) / (n1 + n2), (n1 * c1 + n2 * c2) / (n1 + n2)
    yield Identity(
        text="Statistics merge: the scatter of two data sets together (one entry)",
        left=(s1 + n1 * a1 * c1) + (s2 + n2 * a2 * c2) - (n1 + n2) * joint[0] * joint[1],
        right=r["merged_scatter"],
    )


_n1, _n2, _a1, _a2, _c1, _c2, _s1, _s2 = sp.symbols("N_1 N_2 mu_1 mu_2 nu_1 nu_2 S_1 S_2", positive=True)

THEOREM = Theorem(
    name="collapse",
    label="T1",
    title="Within-class collapse (NC1) and sufficient statistics",
    assumptions=("λ_w >= 0, λ_h > 0, 0 <= λ_b <= ∞; any encoding, any counts, any feature dimension",),
    statement="At every global minimizer all samples with the same label have the same feature. W Wᵀ, b and the "
    "loss depend "
    "on the labels through (N, μ, S) only: their number, mean and scatter.",
    formulas={
        "gain": Formula(
            expr=norm2(W * h - W * g) / (4 * N) + lambda_h / 4 * norm2(h - g),
            meaning="what averaging two features h, g of one class takes from the objective",
        ),
        "feature": Formula(
            expr=F * space.t(W) * (y - b),
            meaning="the feature of a sample with label y, where F = (WᵀW + N λ_h I)⁻¹",
        ),
        "merged_scatter": Formula(
            expr=_s1 + _s2 + _n1 * _n2 / (_n1 + _n2) * (_a1 - _a2) * (_c1 - _c2),
            meaning="one entry of the scatter of two data sets together; means (μ, ν) in the entry's two coordinates",
        ),
    },
    letters={
        "W": "classifier (m x d)",
        "h": "a feature",
        "g": "another feature of the same class",
        "y": "the code of the class",
        "b": "bias",
        "F": "(WᵀW + N λ_h I)⁻¹",
        "N_1": "number of samples of data set 1",
        "N_2": "number of samples of data set 2",
        "S_1": "scatter of data set 1",
        "S_2": "scatter of data set 2",
        "mu_1": "mean, first coordinate of data set 1",
        "mu_2": "mean, first coordinate of data set 2",
        "nu_1": "mean, second coordinate of data set 1",
        "nu_2": "mean, second coordinate of data set 2",
    },
    prove=prove,
    source="NC1: Papyan, Han & Donoho 2020; Zhou et al. 2022 and Tirer & Bruna 2022 for the UFM. Sufficient "
    "statistics: here.",
)

"""T2. Factorisation: the weights that realise Z = W H at least cost, and their balance.

min over W H = Z of lambda_w/2 |W|^2 + lambda_h/2 |H|^2 is tau times the nuclear norm of Z.  With classes of n_k
equal features H stands for Hbar D^(1/2) (m x K instead of m x N), which has the same norm.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import lambda_h, lambda_w, tau
from ncsolve.derivations._steps import Identity, Step
from ncsolve.derivations._words import Words, norm2, tr

__all__ = ["THEOREM", "root_lambda"]

root_lambda = sp.sqrt(lambda_w * lambda_h)  # tau in the original parameters
nuclear_norm = sp.Symbol("nuclear_norm", nonnegative=True)

# Z = U z V^T, singular values z = p^2 > 0 (r x r), R with orthonormal columns in R^d.
svd = Words()
U = svd.matrix("U", "m", "r")
V = svd.matrix("V", "K", "r")
R = svd.matrix("R", "d", "r")
p = svd.symmetric("p", "r")
for orthonormal in (U, V, R):
    svd.rule(svd.t(orthonormal) * orthonormal, sp.S.One)
Z = U * p * p * svd.t(V)

# Any factors W, H of Z, against the multiplier Lam = tau U V^T, tau = sqrt(lambda_w lambda_h).
any_factors = svd.copy()
W = any_factors.matrix("W", "m", "d")
H = any_factors.matrix("H", "d", "K")
Lam = root_lambda * U * any_factors.t(V)
# The projection orthogonal to the range of Z.
P = 1 - U * any_factors.t(U)
# Equality in both squares of the bound below: H = W^T Lam / lambda_h and P W = 0.
equality = any_factors.copy()
equality.rule(U * equality.t(U) * W, W)


def prove(r: Result) -> Iterator[Step]:
    cost = lambda_w / 2 * norm2(W) + lambda_h / 2 * norm2(H)
    yield Identity(
        text="Lower bound: the cost exceeds ⟨Λ, W H⟩ with Λ = τ U Vᵀ by two squares",
        left=cost - tr(any_factors.t(Lam) * W * H),
        right=lambda_h / 2 * norm2(H - any_factors.t(W) * Lam / lambda_h) + lambda_w / 2 * norm2(P * W),
        words=any_factors,
    )
    yield Identity(
        text="⟨Λ, Z⟩ = τ ‖Z‖_*, the sum of the singular values, twice the weight term",
        left=tr(svd.t(Lam) * Z),
        right=2 * r["penalty_half"].subs({tau: root_lambda, nuclear_norm: tr(p * p)}),
        words=svd,
    )
    classifier = r["weight_scale"] * U * p * svd.t(R)
    features = r["feature_scale"] * R * p * svd.t(V)
    yield Identity(text="The factors multiply to Z", left=classifier * features, right=Z, words=svd)
    for name, factor, weight in (("classifier", classifier, lambda_w), ("features", features, lambda_h)):
        yield Identity(
            text=f"The {name} pay half of τ ‖Z‖_*: the bound is attained",
            left=weight / 2 * norm2(factor),
            right=r["penalty_half"].subs({tau: root_lambda, nuclear_norm: tr(p * p)}),
            words=svd,
        )
    yield Identity(
        text="They are balanced: λ_w WᵀW = λ_h H Hᵀ",
        left=lambda_w * svd.t(classifier) * classifier,
        right=lambda_h * features * svd.t(features),
        words=svd,
    )
    yield Identity(
        text="Any factors that attain it satisfy H = Wᵀ Λ/λ_h and U Uᵀ W = W, so they are balanced too",
        left=lambda_w * equality.t(W) * W,
        right=lambda_h * (equality.t(W) * Lam / lambda_h) * equality.t(equality.t(W) * Lam / lambda_h),
        words=equality,
    )
    product = W * (equality.t(W) * Lam / lambda_h)  # W H = Z, times V: fixes W W^T
    yield Identity(
        text="and W Wᵀ = (λ_h/τ) Z V Uᵀ is fixed by Z: W, then H, are unique up to a rotation of the feature space",
        left=W * equality.t(W),
        right=lambda_h / root_lambda * product * V * equality.t(U),
        words=equality,
    )
    yield Identity(
        text="W Wᵀ of the factors above",
        left=classifier * svd.t(classifier),
        right=r["classifier_gram_scale"] * U * p * p * svd.t(U),
        words=svd,
    )
    yield Identity(
        text="Gram matrix of the features",
        left=svd.t(features) * features,
        right=r["feature_gram_scale"] * V * p * p * svd.t(V),
        words=svd,
    )


THEOREM = Theorem(
    name="factorization",
    label="T2",
    title="Factorisation and balancedness",
    assumptions=("λ_w, λ_h > 0, τ = √(λ_w λ_h)", "d >= rank Z; Z = U z Vᵀ is the reduced singular value decomposition"),
    statement="The least cost λ_w/2 ‖W‖² + λ_h/2 ‖H‖² of factors with W H = Z is τ ‖Z‖_*. It is attained by "
    "W = (weight_scale) U z^(1/2) Rᵀ, H = (feature_scale) R z^(1/2) Vᵀ with any R that has orthonormal columns, "
    "and only by these; "
    "they are balanced, λ_w WᵀW = λ_h H Hᵀ.",
    formulas={
        "weight_scale": Formula(expr=(lambda_h / lambda_w) ** sp.Rational(1, 4), meaning="factor of the classifier"),
        "feature_scale": Formula(expr=(lambda_w / lambda_h) ** sp.Rational(1, 4), meaning="factor of the features"),
        "penalty_half": Formula(
            expr=tau * nuclear_norm / 2, meaning="weight term and feature term, which are equal; nuclear_norm is ‖Z‖_*"
        ),
        "classifier_gram_scale": Formula(expr=sp.sqrt(lambda_h / lambda_w), meaning="W Wᵀ = this times (Z Zᵀ)^(1/2)"),
        "feature_gram_scale": Formula(expr=sp.sqrt(lambda_w / lambda_h), meaning="HᵀH = this times (ZᵀZ)^(1/2)"),
    },
    functions=(
        Function(
            name="weight_scale",
            arguments=("lambda_w", "lambda_h"),
            result="weight_scale",
            doc="the classifier is W = weight_scale U z^(1/2) R^T.",
        ),
        Function(
            name="feature_scale",
            arguments=("lambda_w", "lambda_h"),
            result="feature_scale",
            doc="the class means are feature_scale R z^(1/2) V^T D^(-1/2).",
        ),
        Function(
            name="penalty_loss",
            arguments=("nuclear_norm", "tau"),
            result="penalty_half",
            doc="the weight term, and the feature term, which are equal.",
        ),
    ),
    letters={
        "nuclear_norm": "sum of the singular values of Z",
    },
    prove=prove,
    source="Srebro, Rennie & Jaakkola 2004; Recht, Fazel & Parrilo 2010, Lemma 5.1; balancedness in the UFM: "
    "Zhou et al. 2022.",
)

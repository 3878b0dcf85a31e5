"""The steps of metric_frame that lead from the moments of regular previous features to its singular values."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Result
from ncsolve.derivations._metric_symbols import aligned, f, gain, scatter, singular, size, spread
from ncsolve.derivations._notation import K, N, a, lambda_b, lambda_h, lambda_v, lambda_w, n, s_mu, s_perp, t, tau, w
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import Identity, Step
from ncsolve.derivations._words import tr
from ncsolve.derivations.affine_family import THEOREM as FAMILY
from ncsolve.derivations.affine_family import A, Q, space
from ncsolve.derivations.factorization import THEOREM as FACTORS
from ncsolve.derivations.metric_ufm import THEOREM as METRIC

__all__ = ["CASES", "PERP_LOST", "from_moments", "values"]

x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)
z = sp.Symbol("z", positive=True)
omega = sp.Symbol("omega", nonnegative=True)  # |w|
ell = sp.Symbol("ell", positive=True)  # lambda_b where it is not 0

# tau and t are one number, by t = √K τ/‖z̄‖.
OF_T: Given = {tau: t * size / sp.sqrt(K)}
CENTRED: Given = {t: omega * lambda_b / (1 + lambda_b) + x}
MEAN_KEPT: Given = {omega: t + t / ell + y, lambda_b: ell}
PERP_KEPT: Given = {a: (sp.sqrt(K) * size * t + z) / spread}
PERP_LOST: Given = {a: sp.sqrt(K) * size * t / (1 + z) / spread}
MEAN: dict[str, Given] = {"complete centring": CENTRED, "beyond λ_b*": MEAN_KEPT}
PERP: dict[str, Given] = {"contrasts kept": PERP_KEPT, "contrasts lost": PERP_LOST}
CASES: dict[str, Given] = {
    f"{one}, {other}": {**OF_T, w: omega, **perp, **mean}
    for one, mean in MEAN.items() for other, perp in PERP.items()
}

words = space.copy()
transposed = words.t
one = words.matrix("𝟏", "K", "1")
zbar = words.matrix("z̄", "P", "1")
Delta = words.matrix("Δ", "P", "K")
S_W = words.symmetric("S_W", "P")
for product, value in (
    (transposed(one) * one, K), (one * transposed(one), K * A), (Q * one, 0), (A * one, one), (Delta * one, 0),
    (Delta * Q, Delta), (Delta * A, 0), (transposed(Delta) * Delta, spread**2 * Q), (transposed(zbar) * Delta, 0),
    (transposed(zbar) * zbar, size**2), (S_W * zbar, 0), (S_W * Delta, 0),
):
    words.rule(product, sp.sympify(value))
E = a * Q + w * A
means = zbar * transposed(one) + Delta
B = a / K * transposed(Delta) + f * w / K * one * transposed(zbar)
C = Delta * transposed(Delta) / K + S_W + f * zbar * transposed(zbar)
contrast = (sp.Abs(a) * spread / K, spread**2 / K)
weight = METRIC.result["mean_weight"]
mean = (weight * sp.Abs(w) * size / sp.sqrt(K), weight * size**2)


def at(expr: sp.Expr, moments: tuple[sp.Expr, sp.Expr]) -> sp.Expr:
    """A formula of an aligned direction at its singular value of B and its eigenvalue of C."""
    return expr.subs(dict(zip(aligned, moments, strict=True)))


def from_moments() -> Iterator[Step]:
    """Two aligned directions: the moments have the contrasts and the mean, with these values."""
    yield Identity(
        text="Label mean μ = (w/K) 𝟏", left=E * one / K, right=w / K * one, words=words,
    )
    yield Identity(
        text="Class means Z̄ = z̄ 𝟏ᵀ + Δ: the moment B of metric-ufm",
        left=(E - w / K * one * transposed(one)) * transposed(means - zbar * transposed(one)) / K
        + f * (w / K * one) * transposed(zbar),
        right=B, words=words,
    )
    yield Identity(
        text="B has the singular values |a| spread/K on the contrasts and f |w| ‖z̄‖/√K on the mean,",
        left=B * transposed(B),
        right=contrast[0].subs(sp.Abs(a), a) ** 2 * Q + (f * w * size / sp.sqrt(K)) ** 2 * A, words=words,
    )
    for name, vector, eigenvalue in (("Δ", Delta, contrast[1]), ("z̄", zbar, f * size**2)):
        yield Identity(
            text=f"its right singular vectors, here {name}, being eigenvectors of C: aligned moments",
            left=C * vector, right=eigenvalue * vector, words=words,
        )
    alpha, beta = sp.symbols("α_⊥ α_μ", real=True)
    core = alpha * Delta * transposed(Delta) / spread**2 + beta * zbar * transposed(zbar) / size**2
    best = alpha * transposed(Delta) / spread + beta * one * transposed(zbar) / (sp.sqrt(K) * size)
    yield Identity(
        text="With singular values α_⊥ and α_μ of A (any signs of a, w; here both positive) the right polar factor",
        left=core * core, right=transposed(best) * best, words=words,
    )
    yield Identity(
        text="gives the Gram matrix of the class means of h, by T2 with λ_v for λ_h, up to √(λ_w/λ_v): its eigenvalues "
        "are s_⊥ = spread² α_⊥ and s_μ = K ‖z̄‖² α_μ",
        left=transposed(means) * core * means, right=spread**2 * alpha * Q + K * size**2 * beta * A, words=words,
    )


def values(r: Result) -> Iterator[Step]:
    """The closed form of metric-ufm in these directions."""
    decay = METRIC.result["feature_decay"].subs(sp.Symbol("second_moment", positive=True), size**2)
    yield Identity(
        text="The threshold t is that of T5 for the λ_h that λ_v is along z̄",
        left=r["t"], right=FAMILY.result["t"].subs(lambda_h, decay),
        given={tau: sp.sqrt(lambda_w * lambda_v), N: n * K},
    )
    for name, case in PERP.items():
        yield Identity(
            text=f"The eigenvalue on the contrasts, {name}", left=r["s_perp"], right=spread**2 * at(singular, contrast),
            given={**OF_T, **case},
        )
        yield Identity(
            text=f"and with a variance within the classes along each, which C has there as well, {name}",
            left=r["s_perp_scattered"],
            right=spread**2 * at(singular, (contrast[0], contrast[1] + scatter)), given={**OF_T, **case},
        )
    for name, case in MEAN.items():
        given: Given = {w: omega, **OF_T, **case}
        yield Identity(
            text=f"The eigenvalue on the mean, {name}",
            left=r["s_mu"], right=K * size**2 * at(singular, mean), given=given,
        )
        yield Identity(
            text=f"and with a variance within the classes along z̄, which C has there as well, {name}",
            left=r["s_mu_scattered"], right=K * size**2 * at(singular, (mean[0], mean[1] + scatter)), given=given,
        )
        taken = sp.sqrt(1 / K) * size * at(singular, mean)  # each coordinate of A z̄
        yield Identity(
            text=f"The bias r(A) = (μ - A z̄)/(1 + λ_b) is that of T5 for this t, {name}",
            left=r["beta"] * w / K, right=(w / K - taken) / (1 + lambda_b), given=given,
        )
    for name, case in CASES.items():
        yield Identity(text=f"The gap, {name}", left=r["gap"], right=r["s_mu"] - r["s_perp"], given=case)
        squares = (K - 1) * a**2 / K + weight * w**2 / K
        gains = (K - 1) * at(gain, contrast) + at(gain, mean)
        yield Identity(
            text=f"Minimal loss, with the square (K-1) a²/K + f w²/K of the labels, {name}",
            left=r["loss"], right=squares / 2 - gains, given=case,
        )
    scale = FACTORS.result["feature_gram_scale"].subs(lambda_h, lambda_v)
    gram = scale * (s_perp * Q + s_mu * A)
    yield Identity(
        text="Gram matrix, diagonal: K times it is the trace",
        left=K * r["gram_diagonal"], right=words.evaluate(tr(gram)),
    )
    yield Identity(
        text="Gram matrix, all entries: 𝟏ᵀ(·)𝟏 = K tr(A ·)",
        left=K * r["gram_diagonal"] + K * (K - 1) * r["gram_off_diagonal"], right=words.evaluate(K * tr(A * gram)),
        given={sp.Symbol("gap", real=True): s_mu - s_perp},
    )

"""The steps of metric_relu that hold for any residual: weak duality, what outputs cost, and weights that attain it.

The residual of the minimum is K M = ξ Q + Ξ A, with the projections Q on the contrasts and A on 𝟏.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Result
from ncsolve.derivations._metric_symbols import size, spread
from ncsolve.derivations._notation import K, a, lambda_b, lambda_v, lambda_w, tau, w
from ncsolve.derivations._notation import t as of_mean
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import AtLeast, Identity, Step
from ncsolve.derivations._words import norm2, tr
from ncsolve.derivations.affine_family import A, Q, space

__all__ = [
    "OBTUSE", "OF_T", "POINTED", "attained", "duality", "ell", "free", "omega", "outputs", "phi", "unique", "value",
    "xi", "z",
]

xi, Xi = sp.symbols("ξ Ξ", positive=True)  # of the residual, across the mean of the labels and along it
bias = sp.Symbol("β_Ξ", nonnegative=True)  # Ξ/λ_b, b = (β_Ξ/K) 1
phi_perp, phi_mu = sp.symbols("φ_⊥ φ_μ", nonnegative=True)
x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)
theta = sp.Symbol("θ", nonnegative=True)
m, zeros = sp.symbols("m r", positive=True)  # classes on which a neuron is alive, and the others
hh, uu, S, U = sp.symbols("h² u² S U", nonnegative=True)

phi = sp.Symbol("phi", positive=True)
ell, omega, z = sp.symbols("ell omega z", positive=True)
free = sp.Symbol("free", nonnegative=True)

# Case A, previous class means at no obtuse angle: K size² >= spread². Case B, else.
POINTED: Given = {size: spread * sp.sqrt((1 + x) / K)}
OBTUSE: Given = {size: spread / sp.sqrt(K * (1 + y))}
# Case A by its thresholds: K τ/spread = √(1 + free) t, at least t = √K τ/size.
OF_T: Given = {size: sp.sqrt(K) * tau / of_mean, spread: K * tau / (of_mean * sp.sqrt(1 + free))}
kappa = 1 / (K**2 * size**2) - 1 / (K * spread**2)

words = space.copy()
t = words.t
W, V = words.matrix("W", "K", "d"), words.matrix("Ṽ", "d", "P")
Z = words.matrix("Z̃", "P", "K")
b, one = words.matrix("𝐛", "K", "1"), words.matrix("𝟏", "K", "1")
h, u = words.matrix("h", "K", "1"), words.matrix("u", "K", "1")
v, w_j = words.matrix("v", "P", "1"), words.matrix("w_j", "K", "1")
M, O, R = words.matrix("M", "K", "K"), words.matrix("O", "K", "K"), words.matrix("E", "K", "K")
words.rule(t(one) * one, K)
words.rule(A * one, one)
words.rule(Q * one, sp.S.Zero)
words.rule(one * t(one), K * A)
regular = words.copy()
regular.rule(t(Z) * Z, spread**2 * Q + K * size**2 * A)
inverse = Q / spread**2 + A / (K * size**2)
E = a * Q + w * A


def multiplier_value() -> sp.Expr:
    """What weak duality gives for K M = ξ Q + Ξ A, with β_Ξ for Ξ/λ_b (0 at λ_b = ∞; at λ_b = 0 Ξ is 0)."""
    return ((K - 1) * (a * xi - xi**2 / 2) + w * Xi - Xi**2 / 2 - Xi * bias / 2) / K


def value(perp: sp.Expr, mean: sp.Expr, taken: sp.Expr) -> sp.Expr:
    """The bound of M at ξ, Ξ and β_Ξ."""
    return multiplier_value().subs({bias: taken}).subs({xi: perp, Xi: mean}, simultaneous=True)


def duality() -> Iterator[Step]:
    residual = R - O - b * t(one)
    yield Identity(
        text="Labels E, outputs O = W H of the class means, H = relu(Ṽ Z̃), 0 < λ_b < ∞: for any matrix M the fit and "
        "the bias term are <M, E - O> and a bound of M, and two squares. (λ_b = ∞: without all terms of 𝐛; λ_b = 0: "
        "for M 𝟏 = 0 without those of λ_b)",
        left=norm2(residual) / (2 * K) + lambda_b / 2 * norm2(b),
        right=tr(t(M) * (R - O)) - K / 2 * norm2(M) - norm2(M * one) / (2 * lambda_b)
        + norm2(residual - K * M) / (2 * K) + lambda_b / 2 * norm2(b - M * one / lambda_b),
        words=words,
    )
    yield Identity(
        text="Neuron by neuron, W H = Σ w_j h_jᵀ, h_j = relu(Z̃ᵀ v_j): its decays less its part of <M, O> are a square "
        "and a term >= 0 if ‖M h‖² <= τ² ‖v‖² for every v with h = relu(Z̃ᵀ v). Then the bound of M is below every loss",
        left=lambda_w / 2 * norm2(w_j) + lambda_v / 2 * norm2(v) - tr(t(w_j) * M * h),
        right=lambda_w / 2 * norm2(w_j - M * h / lambda_w)
        + (lambda_w * lambda_v * norm2(v) - norm2(M * h)) / (2 * lambda_w),
        words=words,
    )
    yield Identity(
        text="Signs: S = A - Q turns codes a Q + w A into -a Q + w A, and W, 𝐛, M with them (S Sᵀ = 1 follows from "
        "Q + A = 1), so let a, w > 0", left=(A - Q) * E, right=-a * Q + w * A, words=words,
    )
    multiplier = (xi * Q + Xi * A) / K
    bound = tr(t(multiplier) * E) - K / 2 * norm2(multiplier)
    yield Identity(
        text="The bound of K M = ξ Q + Ξ A, with M 𝟏 = λ_b 𝐛 for β_Ξ = Ξ/λ_b, 𝐛 = (β_Ξ/K) 𝟏",
        left=bound - tr(t(multiplier * one) * (bias / K * one)) / 2, right=multiplier_value(), words=words,
    )
    yield Identity(
        text="It asks of M, with h >= 0 of square h² and sum S, hᵀ A h = S²/K and hᵀ Q h = h² - S²/K, this",
        left=norm2(multiplier * (Q + A) * h), right=xi**2 / K**2 * tr(t(h) * Q * h) + Xi**2 / K**2 * tr(t(h) * A * h),
        words=words,
    )


def outputs(r: Result) -> Iterator[Step]:
    """The least ‖v‖ of a neuron with the outputs h, and what is asked of ξ and Ξ."""
    yield Identity(
        text="Regular previous class means, Z̃ᵀ Z̃ = spread² Q + K size² A: v is never shorter than what its p = Z̃ᵀ v "
        "needs, with (Z̃ᵀ Z̃)⁻¹ = F",
        left=norm2(v), right=norm2(v - Z * inverse * t(Z) * v) + tr(t(v) * Z * inverse * t(Z) * v), words=regular,
    )
    yield Identity(
        text="pᵀ F p: with Q = 1 - A and A = 𝟏 𝟏ᵀ/K it is ‖p‖²/spread² + κ (𝟏ᵀ p)². For p = h - u, u >= 0 where h is "
        "0, ‖p‖² = h² + u², 𝟏ᵀ p = S - U",
        left=(hh + uu - (S - U) ** 2 / K) / spread**2 + (S - U) ** 2 / (K**2 * size**2),
        right=(hh + uu) / spread**2 + kappa * (S - U) ** 2,
    )
    ones, entries = words.matrix("𝟏_r", "r", "1"), words.matrix("u_r", "r", "1")
    words.rule(t(ones) * ones, zeros)
    yield Identity(
        text="u lives on r = K - m classes, 1 <= m = number of outputs that are not 0, so u² >= U²/r:",
        left=norm2(entries) - tr(t(ones) * entries) ** 2 / zeros,
        right=norm2(entries - ones * tr(t(ones) * entries) / zeros), words=words,
    )
    split: Given = {K: m + zeros}
    yield AtLeast(
        text="Case A, √K size >= spread: negative u only cost, ‖v‖² >= h²/spread² + κ S²",
        left=U**2 / (zeros * spread**2) + kappa * ((S - U) ** 2 - S**2), given={**POINTED, **split},
    )
    asked = tau**2 * (hh / spread**2 + kappa * S**2) - (xi**2 * hh + (Xi**2 - xi**2) * S**2 / K) / K**2
    square = (K - 1) * xi**2 + Xi**2
    threshold = r["class_threshold_square"]
    yield Identity(
        text="As S² = h² (1 + (K-1) θ), 0 <= θ <= 1, two conditions are asked: (K-1) ξ² + Ξ² <= K e (of neurons of one "
        "class) and Ξ <= t (of one for all)",
        left=K**2 * asked / hh, right=(1 - theta) * (threshold - square / K) + theta * (r["t"] ** 2 - Xi**2),
        given={S: sp.sqrt(hh * (1 + (K - 1) * theta)), **POINTED},
    )
    least = kappa / (1 + kappa * spread**2 * zeros)
    yield Identity(
        text="Case B, √K size < spread, κ > 0: now u can help, up to",
        left=U**2 / (zeros * spread**2) + kappa * (S - U) ** 2,
        right=least * S**2
        + (1 / (zeros * spread**2) + kappa) * (U - kappa * S / (1 / (zeros * spread**2) + kappa)) ** 2,
    )
    one_class = kappa / (1 + kappa * spread**2 * (K - 1))
    yield AtLeast(
        text="κ_m = κ/(1 + κ spread² (K - m)) is least for m = 1: ‖v‖² >= h²/spread² + κ_1 S² (also for m = K, u = 0)",
        left=least.subs(zeros, K - 1 - theta), right=one_class,
        given={**OBTUSE, K: 1 + theta + sp.Symbol("left", nonnegative=True)},
    )
    more, gap = sp.symbols("c g", nonnegative=True)
    asked = tau**2 * (hh / spread**2 + one_class * S**2) - (xi**2 * hh + (Xi**2 - xi**2) * S**2 / K) / K**2
    yield Identity(
        text="For Ξ <= ξ and S² = h² + c, c >= 0, what is asked follows from (K-1) ξ² + Ξ² <= K e alone, as the factor "
        "of c is not negative",
        left=K**2 * asked,
        right=hh * (threshold - square / K) + more * (K**2 * tau**2 * one_class + (xi**2 - Xi**2) / K),
        given={S: sp.sqrt(hh + more), **OBTUSE},
    )
    yield AtLeast(
        text="The factor of c", left=K**2 * tau**2 * one_class + (xi**2 - Xi**2) / K,
        given={**OBTUSE, xi: Xi + gap, K: 1 + theta},
    )


def attained(r: Result) -> Iterator[Step]:
    """Weights whose loss is the bound of M."""
    root = sp.sqrt(phi_perp) * Q + sp.sqrt(phi_mu) * A
    H = sp.sqrt(K * lambda_w) * root
    head = (xi * Q + Xi * A) / K * H / lambda_w
    codes = xi * (1 + phi_perp) * Q + (Xi * (1 + phi_mu) + bias) * A
    yield Identity(
        text="H = √(K λ_w) (√φ_⊥ Q + √φ_μ A), which has no negative entry for φ_μ >= φ_⊥, W = M Hᵀ/λ_w and "
        "𝐛 = (β_Ξ/K) 𝟏 have the residual K M where a = ξ (1 + φ_⊥), w = Ξ (1 + φ_μ) + β_Ξ",
        left=codes - head * H - bias * A, right=xi * Q + Xi * A, words=words,
    )
    hidden = H * inverse * t(Z)
    yield Identity(text="Case A: Ṽ = H F Z̃ᵀ makes H, of which the ReLU cuts nothing:", left=hidden * Z * (Q + A),
                   right=H * (Q + A), words=regular)
    square = (K - 1) * xi**2 + Xi**2
    decay = lambda_w / 2 * norm2(head)
    fit = square / (2 * K) + Xi * bias / (2 * K)
    over = ((K - 1) * phi_perp * (K**2 * lambda_w * lambda_v / spread**2 - xi**2)
            + phi_mu * (K * lambda_w * lambda_v / size**2 - Xi**2)) / (2 * K)
    value = multiplier_value().subs({a: xi * (1 + phi_perp), w: Xi * (1 + phi_mu) + bias})
    yield Identity(
        text="Its loss is the bound and this, which is 0 where ξ = K τ/spread or φ_⊥ = 0, and Ξ = t or φ_μ = 0; and, "
        "as K e = (K-1) (K τ/spread)² + t², where φ_⊥ = φ_μ and (K-1) ξ² + Ξ² = K e",
        left=fit + decay + lambda_v / 2 * norm2(hidden), right=value + over, words=regular,
    )
    diagonal = size**2 + (K - 1) * spread**2 / K
    yield Identity(
        text="Case B: Ṽ = (h/G_kk) Z̃ᵀ has the pre-activations h on the diagonal (its trace is K h)",
        left=tr(t(Z) * Z), right=K * diagonal, words=regular,
    )
    yield AtLeast(
        text="and negative ones off it, (size² - spread²/K) h/G_kk: the ReLU leaves the frame h 1",
        left=-(size**2 - spread**2 / K), given=OBTUSE,
    )
    frame = {phi_perp: phi_mu}
    length = sp.sqrt(K * lambda_w * phi_mu)
    bound = value.subs(frame) + phi_mu / 2 * (r["class_threshold_square"] - square / K)
    yield Identity(
        text="Its loss, for φ_⊥ = φ_μ and h² = K λ_w φ_μ, is the bound where (K-1) ξ² + Ξ² = K e",
        left=fit + regular.evaluate(decay).subs(frame) + lambda_v / 2 * (length / diagonal) ** 2 * K * diagonal,
        right=bound, given={tau: sp.sqrt(lambda_w * lambda_v), **OBTUSE},
    )


def unique() -> Iterator[Step]:
    """The Gram matrix of every minimizer, of any width."""
    inverse_multiplier = K / xi * Q + K / Xi * A
    outputs_of = xi * phi_perp * Q + Xi * phi_mu * A
    yield Identity(
        text="λ_b > 0. A minimizer leaves none of the squares above: its residual is K M, so O is unique, and w_j = "
        "M h_j/λ_w, so O = W H = M HᵀH/λ_w. As M is invertible, HᵀH = λ_w M⁻¹ O is unique too,",
        left=lambda_w * inverse_multiplier * outputs_of, right=K * lambda_w * (phi_perp * Q + phi_mu * A), words=words,
    )
    yield Identity(
        text="with M⁻¹:", left=inverse_multiplier * (xi * Q + Xi * A) / K, right=Q + A, words=words,
    )

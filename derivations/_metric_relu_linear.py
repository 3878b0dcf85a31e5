"""The steps of metric_relu that lead to other theorems: the linear layer beyond the right angle, T10, and a bound."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Result
from ncsolve.derivations._metric_relu import OF_T, POINTED, ell, free, omega, phi, value, z
from ncsolve.derivations._metric_symbols import size, spread
from ncsolve.derivations._notation import K, a, beta, lambda_b, lambda_h, lambda_v, lambda_w, n, t, tau, w
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import Identity, Positive, Step
from ncsolve.derivations._words import Words, norm2, tr
from ncsolve.derivations.affine_geometry import THEOREM as GEOMETRY
from ncsolve.derivations.metric_frame import THEOREM as FRAME
from ncsolve.derivations.relu_features import THEOREM as RELU

__all__ = ["less_is_no_help", "linear", "special"]


def linear(r: Result) -> Iterator[Step]:
    """Beyond that λ_b, and where no contrast is kept: the linear layer."""
    perp = K * tau / spread
    of_t: Given = {sp.Abs(a): a, sp.Abs(w): w, t: sp.sqrt(K) * tau / size}
    phi_a, phi_w = a / perp - 1, w / t - 1 - 1 / lambda_b
    yield Identity(
        text="The linear layer's right angle", left=r["orthogonal_lambda_b"], right=1 / (w / t - a / perp), given=of_t,
    )
    late: Given = {a: (1 + z) * perp, w: t * (1 + z + omega + 1 / lambda_b), lambda_b: ell}
    yield Positive(
        text="Case A, |a| spread > K τ, beyond it: the mean is alive, f |w| > t; ξ = K τ/spread and Ξ = t meet both "
        "conditions with equality",
        left=w * lambda_b / (1 + lambda_b) - t, given=late,
    )
    yield Positive(
        text="φ_⊥ = |a|/ξ - 1 is positive and φ_μ = |w|/t - 1 - 1/λ_b larger: H >= 0, and acute",
        left=phi_w, right=phi_a, given=late,
    )
    linear_perp, linear_mean = FRAME.result["s_perp"].args[0].expr, FRAME.result["s_mu"].args[1].expr
    scale = sp.sqrt(lambda_w / lambda_v)
    for name, found, expected in (("contrasts", phi_a, linear_perp), ("mean", phi_w, linear_mean)):
        yield Identity(
            text=f"Its Gram matrix K λ_w (φ_⊥ Q + φ_μ A) is that of metric-frame, {name}",
            left=K * lambda_w * found, right=scale * expected, given={**of_t, tau: sp.sqrt(lambda_w * lambda_v)},
        )
    yield Identity(
        text="The cosine", left=r["acute_cosine"], right=(phi_w - phi_a) / (phi_w + (K - 1) * phi_a), given=of_t,
    )
    yield Identity(
        text="The loss is the bound", left=r["acute_loss"], right=value(perp, t, t / lambda_b), given=of_t,
    )
    yield Identity(
        text="Case A, |a| spread <= K τ, f |w| > t: one vector, ξ = |a|, Ξ = t, which are allowed",
        left=K * r["class_threshold_square"] - ((K - 1) * a**2 + r["t"] ** 2), right=(K - 1) * (perp**2 - a**2),
        given=POINTED,
    )
    yield Identity(
        text="The loss is the bound", left=r["one_vector_loss"], right=value(a, t, t / lambda_b), given=of_t,
    )
    yield Identity(
        text="and all class means have the squared length", left=r["one_vector_square"], right=lambda_w * phi_w,
        given=of_t,
    )
    for name, mine, contrasts in (("acute", "acute_loss", 1 + z), ("one vector", "one_vector_loss", 1 / (1 + z))):
        yield Identity(
            text=f"The loss of the linear layer, {name}", left=r[mine], right=FRAME.result["loss"],
            given={a: contrasts * perp, w: t + t / lambda_b + omega, lambda_b: ell, tau: t * size / sp.sqrt(K)},
        )
    star, meet = r["orthogonal_lambda_b"], a * spread / (K * tau) - 1
    at_star: Given = {**OF_T, a: (1 + z) * sp.sqrt(1 + free) * t, w: t * (1 + z + omega)}
    yield Identity(
        text="At the right angle the two meet: the root is |a| spread/(K τ) - 1, so the frame is that of φ_⊥ = φ_μ,",
        left=sp.Subs(r["frame_equation"], (phi, lambda_b), (meet, star)), right=sp.S.Zero, given=at_star,
    )
    yield Identity(
        text="and the losses agree", left=sp.Subs(r["orthogonal_loss"], (phi, lambda_b), (meet, star)),
        right=sp.Subs(r["acute_loss"], lambda_b, star), given=at_star,
    )


def special(r: Result) -> Iterator[Step]:
    """T10: a penalty of the features that sees no direction."""
    spread_10 = (K - 1) * a**2 + (w * (1 - beta)) ** 2
    share = r["orthogonal_beta"]
    isotropic: Given = {size: spread / sp.sqrt(K), spread: sp.sqrt(lambda_v / (n * lambda_h))}
    relu_spread = sp.Symbol("spread", positive=True)
    yield Identity(
        text="T10 is the special case spread² = K size² = λ_v/(n λ_h), whose threshold e is K times T10's t²: its "
        "equation",
        left=r["frame_equation"] * (1 + phi) ** 2,
        right=spread_10.subs(beta, share) - K * (K**2 * n * lambda_w * lambda_h) * (1 + phi) ** 2,
        given={**isotropic, tau: sp.sqrt(lambda_w * lambda_v)},
    )
    yield Identity(
        text="its threshold", left=r["t"], right=K * sp.sqrt(n * lambda_w * lambda_h),
        given={**isotropic, tau: sp.sqrt(lambda_w * lambda_v)},
    )
    root = K * (K**2 * n * lambda_w * lambda_h) * (1 + phi) ** 2
    yield Identity(
        text="its bias", left=RELU.result["bias_equation"].subs({relu_spread: root, beta: share}), right=sp.S.Zero,
    )
    yield Identity(
        text="its squared length, and", left=RELU.result["diagonal"].subs(relu_spread, root) / n,
        right=r["orthogonal_square"],
    )
    yield Identity(
        text="for |w| > |a| the end of its orthogonal frame", left=GEOMETRY.result["orthogonal_lambda_b"],
        right=r["orthogonal_lambda_b"],
        given={**isotropic, t: K * sp.sqrt(n * lambda_w * lambda_h), tau: sp.sqrt(lambda_w * lambda_v), a: z,
               w: z + omega},
    )


def less_is_no_help() -> Step:
    """Any collapsed z, any codes and counts: where (Z̃ᵀZ̃)⁻¹ has no positive entry off the diagonal."""
    words = Words()
    h, u = words.matrix("h", "K", "1"), words.matrix("u", "K", "1")
    root = words.matrix("R", "P", "K")  # R^T R is the inverse Gram matrix
    return Identity(
        text="Any codes and counts, z collapsed, F = (Z̃ᵀ Z̃)⁻¹ = Rᵀ R without a positive entry off the diagonal: for "
        "h, u >= 0 with h_k u_k = 0, -2 hᵀ F u >= 0, so the linear layer makes h of a v that is not longer, and the "
        "minimum of metric-ufm is below every loss of the ReLU",
        left=norm2(root * (h - u)), right=norm2(root * h) + norm2(root * u) - 2 * tr(words.t(root * h) * root * u),
        words=words,
    )

"""T15. A ReLU on the last hidden layer, h = relu(V z + c), and decay on all weights: no obtuse class means.

A minimum over measures of neurons, each of which pays √(λ_w λ_v) times the lengths of its weights: convex, with a dual
that balanced affine codes and regular previous class means solve in closed form.  Up to the λ_b at which the class
means of the linear layer (metric-frame) are orthogonal there is an orthogonal frame, beyond it the linear layer's.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._metric_relu import (
    OBTUSE,
    OF_T,
    POINTED,
    attained,
    duality,
    ell,
    free,
    omega,
    outputs,
    phi,
    unique,
    value,
    xi,
    z,
)
from ncsolve.derivations._metric_relu_linear import less_is_no_help, linear, special
from ncsolve.derivations._metric_symbols import size, spread
from ncsolve.derivations._notation import K, a, lambda_b, lambda_v, lambda_w, q, t, tau, w
from ncsolve.derivations._steps import AtLeast, Identity, Limit, Positive, Step
from ncsolve.derivations.metric_frame import THEOREM as FRAME

__all__ = ["THEOREM"]


def prove(r: Result) -> Iterator[Step]:
    yield from duality()
    yield from outputs(r)
    yield from attained(r)
    yield from zero(r)
    yield from orthogonal(r)
    yield from linear(r)
    yield from unique()
    yield from special(r)
    yield less_is_no_help()


def zero(r: Result) -> Iterator[Step]:
    """Where no neuron is alive."""
    weight = lambda_b / (1 + lambda_b)
    yield Identity(
        text="All weights 0, 𝐛 = μ/(1 + λ_b): the loss is the bound of ξ = |a|, Ξ = f |w|, f = λ_b/(1 + λ_b)",
        left=((K - 1) * a**2 + w**2 * (1 - 1 / (1 + lambda_b)) ** 2 + lambda_b * w**2 / (1 + lambda_b) ** 2) / (2 * K),
        right=r["zero_loss"],
    )
    yield Identity(text="which is", left=r["zero_loss"], right=value(a, weight * w, w / (1 + lambda_b)))
    yield Identity(
        text="allowed in case B for |w| <= |a| iff this is at most 1",
        left=r["alive"] * r["class_threshold_square"] * K, right=(K - 1) * a**2 + (weight * w) ** 2, given=OBTUSE,
    )
    left = r["alive"] * r["class_threshold_square"] * K
    yield Identity(
        text="and in case A iff f |w| <= t too, which for |a| spread <= K τ implies the other, else is implied",
        left=r["class_threshold_square"] * K - left,
        right=(K - 1) * ((K * tau / spread) ** 2 - a**2) + r["t"] ** 2 - (weight * w) ** 2, given=POINTED,
    )


def orthogonal(r: Result) -> Iterator[Step]:
    """The root φ, the orthogonal frame and where it is allowed."""
    equation, threshold = r["frame_equation"], r["class_threshold_square"]
    mean = lambda_b * w / (1 + lambda_b * (1 + phi))
    yield Identity(
        text="Orthogonal frame, φ_⊥ = φ_μ = φ: ξ = |a|/(1 + φ), Ξ = |w|/(1 + 1/λ_b + φ), and (K-1) ξ² + Ξ² = K e is",
        left=(K - 1) * (a / (1 + phi)) ** 2 + (w / (1 + 1 / lambda_b + phi)) ** 2 - K * threshold, right=equation,
        given={**POINTED, w: omega},
    )
    yield Identity(
        text="with the bias Ξ/λ_b, the share β of |w|", left=r["orthogonal_beta"], right=1 - mean * (1 + phi) / w,
    )
    yield Identity(text="λ_b β |w| = Ξ", left=lambda_b * r["orthogonal_beta"] * w, right=w / (1 + 1 / lambda_b + phi))
    yield Identity(
        text="The loss", left=r["orthogonal_loss"],
        right=value(a / (1 + phi), mean, r["orthogonal_beta"] * w),
    )
    yield Identity(
        text="All class means have the squared length", left=r["orthogonal_square"], right=K * lambda_w * (a / xi - 1),
        given={xi: a / (1 + phi)},
    )
    yield Positive(
        text="The left side falls strictly as φ grows", left=-sp.Derivative(equation, phi),
        given={**POINTED, a: z, w: omega, K: 1 + ell},
    )
    yield Identity(
        text="from where it is positive iff they are alive,", left=sp.Subs(equation, phi, 0),
        right=K * threshold * (r["alive"] - 1), given=POINTED,
    )
    yield Limit(
        text="to where it is not: one root", left=equation, variable=phi, to=sp.oo, right=-K * threshold,
        given=POINTED,
    )
    yield AtLeast(
        text="Case B with |w| <= |a|: Ξ <= ξ there (and at φ = 0, where all is 0), so the frame is the minimum",
        left=a / (1 + phi) - mean, given={a: w + free, w: omega},
    )
    up_to = {a: (1 + z) * sp.sqrt(1 + free) * t, w: omega, lambda_b: 1 / (omega / t - 1 - z + ell)}
    yield AtLeast(
        text="Case A, alive, |a| spread > K τ: up to the λ_b of the linear layer's right angle, 1/λ_b >= |w|/t - |a| "
        "spread/(K τ), the root is at most |a| spread/(K τ) - 1,",
        left=-sp.Subs(equation, phi, a * spread / (K * tau) - 1), given={**OF_T, **up_to},
    )
    yield Identity(
        text="ξ is at least K τ/spread, and so Ξ <= t, as the equation says",
        left=t**2 - mean**2 + equation, right=(K - 1) * ((a / (1 + phi)) ** 2 - (K * tau / spread) ** 2),
        given={t: sp.sqrt(K) * tau / size, **POINTED, w: omega},
    )


_a, _w = sp.Abs(a), sp.Abs(w)
_t = sp.sqrt(K) * tau / size
_perp = K * tau / spread
_mean = lambda_b * _w / (1 + lambda_b * (1 + phi))
_threshold = sp.Piecewise(
    ((K - 1) * K * tau**2 / spread**2 + tau**2 / size**2, sp.Ge(K * size**2, spread**2)),
    (K**3 * tau**2 / (K * size**2 + (K - 1) * spread**2), True),
)
_length = sp.sqrt(K) * size
_s_perp = _a * spread - K * tau
_s_mu = _length * (_w - t - t / lambda_b)


def _along(contrasts: sp.Expr) -> sp.Expr:
    return ((K - 1) * contrasts + t * _w - t**2 / 2 - t**2 / (2 * lambda_b)) / K


THEOREM = Theorem(
    name="metric-relu",
    label="T15",
    title="Plain weight decay with a ReLU on the last hidden layer",
    assumptions=(
        "E = a I + q J with K >= 2 balanced classes, a and w = a + K q not 0; λ_w, λ_v > 0, 0 <= λ_b <= ∞; d >= K",
        "all samples of a class have one vector z of previous features; the z̃ = (z; √(λ_v/λ_c)) are linearly "
        "independent, with Gram matrix size² J + spread² (I - J/K), size = ‖z̄‖ > 0",
        "case A: no two z̃ meet at an obtuse angle, √K size >= spread, as for previous features out of a ReLU; or case "
        "B: √K size < spread and |w| <= |a|, as for one-hot codes",
    ),
    statement="Never a simplex ETF, also not for K = 2: up to the λ_b at which the class means of the linear layer "
    "(metric-frame) are orthogonal, those of the ReLU layer are an orthogonal frame; in case A the ReLU does nothing "
    "beyond it: loss, Gram matrix and bias are those of the linear layer, and the class means acute. In case B they "
    "are orthogonal for every λ_b. The frame grows with φ, the one root of frame_equation, and is zero iff alive <= 1 "
    "and, in case A, λ_b (|w| - t) <= t; a frame of one vector is left where |a| spread <= K τ and "
    "λ_b (|w| - t) > t. For λ_b > 0 that is the Gram matrix of every minimizer. Any codes and counts: for collapsed z "
    "whose inverse Gram matrix has no positive entry off its diagonal the minimum of the linear layer is below every "
    "loss of the ReLU. Not claimed: case B with |w| > |a|, where neurons of several classes can be alive; scatter of z "
    "within the classes; d < K; that training ends at the minimum.",
    formulas={
        "t": Formula(expr=_t, meaning="threshold of the mean direction"),
        "class_threshold_square": Formula(
            expr=_threshold, meaning="e, K² τ² times the least ‖v‖² of a neuron that is 1 on one class, 0 on the others"
        ),
        "alive": Formula(
            expr=((K - 1) * a**2 + (lambda_b * w / (1 + lambda_b)) ** 2) / (K * _threshold),
            meaning="at most 1: no neuron of one class is alive (case A: all class means are 0 if "
            "λ_b (|w| - t) <= t too)",
        ),
        "orthogonal_lambda_b": Formula(
            expr=FRAME.result["orthogonal_lambda_b"],
            meaning="λ_b up to which the class means are orthogonal, in case A with |a| spread > K τ (every λ_b, "
            "where √K size |w| <= |a| spread)",
        ),
        "frame_equation": Formula(
            expr=(K - 1) * a**2 / (1 + phi) ** 2 + _mean**2 - K * _threshold,
            meaning="zero at the φ of the orthogonal frame",
        ),
        "orthogonal_square": Formula(
            expr=K * lambda_w * phi, meaning="squared length of each class mean, orthogonal frame"
        ),
        "orthogonal_beta": Formula(
            expr=1 / (1 + lambda_b * (1 + phi)), meaning="share of the label mean in b, orthogonal frame; b = β w/K 𝟏"
        ),
        "orthogonal_loss": Formula(
            expr=(
                (K - 1) * a**2 * (1 + 2 * phi) / (1 + phi) ** 2
                + w**2 * lambda_b * (1 + lambda_b * (1 + 2 * phi)) / (1 + lambda_b * (1 + phi)) ** 2
            ) / (2 * K),
            meaning="loss of the orthogonal frame",
        ),
        "acute_cosine": Formula(
            expr=(_s_mu - _s_perp) / (_s_mu + (K - 1) * _s_perp), meaning="cosine beyond orthogonal_lambda_b, case A"
        ),
        "acute_loss": Formula(
            expr=_along(_a * _perp - _perp**2 / 2),
            meaning="loss beyond orthogonal_lambda_b, case A: that of the linear layer, as is b = (t/λ_b) sign(w)/K 𝟏",
        ),
        "one_vector_loss": Formula(
            expr=_along(a**2 / 2),
            meaning="loss of a frame of one vector, case A with |a| spread <= K τ and λ_b (|w| - t) > t; b as there",
        ),
        "one_vector_square": Formula(
            expr=lambda_w * (_w / t - 1 - 1 / lambda_b), meaning="squared length of its vector"
        ),
        "zero_loss": Formula(
            expr=((K - 1) * a**2 + w**2 * lambda_b / (1 + lambda_b)) / (2 * K),
            meaning="loss where all class means are zero, b = μ/(1 + λ_b)",
        ),
    },
    definitions={
        w: a + K * q,
        t: _t,
        tau: sp.sqrt(lambda_w * lambda_v),
    },
    letters={
        "tau": "√(λ_w λ_v), price of a neuron per length of its weights",
        "t": "√K τ/‖z̄‖, threshold of the mean direction",
        "size": "‖z̄‖, length of the mean of the previous features z̃",
        "spread": "singular value of [δ_k], the previous class means less their mean, K-1 times",
        "phi": "φ, growth of the orthogonal frame: the positive root of frame_equation",
    },
    conditions=(sp.Ne(a, 0), sp.Ne(w, 0)),
    prove=prove,
    source="Here.",
)

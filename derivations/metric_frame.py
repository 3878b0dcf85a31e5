"""T15. The metric UFM, balanced affine codes over regular previous features: the frame of the class means.

The previous features enter by two lengths only: that of their mean, which the mean direction of the labels sees, and
the singular value of what their class means differ by, which the contrasts see.  Each has a threshold of its own, and
so the frame goes from the simplex ETF to a cosine of either sign.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._metric_symbols import scatter, size, spread
from ncsolve.derivations._notation import K, a, gap, lambda_b, lambda_v, lambda_w, q, s_mu, s_perp, t, tau, w
from ncsolve.derivations._steps import Identity, Step
from ncsolve.derivations.affine_family import THEOREM as FAMILY
from ncsolve.derivations.affine_family import centred, regime
from ncsolve.derivations.affine_geometry import THEOREM as GEOMETRY

__all__ = ["THEOREM"]


kept = sp.Gt(sp.Abs(a) * spread, sp.sqrt(K) * size * t)


def prove(r: Result) -> Iterator[Step]:
    yield Identity(text="t", left=r["t"] * size, right=sp.sqrt(K) * tau)


_abs_a, _abs_w = sp.Abs(a), sp.Abs(w)
_length = sp.sqrt(K) * size
_kept_perp = sp.Piecewise((_abs_a * spread - K * tau, sp.Gt(_abs_a * spread, K * tau)), (0, True))
_perp = sp.Piecewise((_abs_a * spread - _length * t, kept), (0, True))
_gap_kept = sp.Piecewise(
    (_length * _abs_w - _abs_a * spread - _length * t / lambda_b, kept), (_length * (_abs_w - t - t / lambda_b), True)
)
_gap_form = sp.Piecewise(
    (sp.UnevaluatedExpr(_length * _abs_w - _abs_a * spread) - _length * t / lambda_b, kept),
    (_length * (sp.UnevaluatedExpr(_abs_w - t) - t / lambda_b), True),
)
_scale = sp.sqrt(lambda_w / lambda_v)

THEOREM = Theorem(
    name="metric-frame",
    label="T15",
    title="The metric UFM with balanced affine codes: from the simplex ETF to acute class means",
    assumptions=(
        "E = a I + q J with K >= 2 balanced classes, a not 0, w = a + K q; λ_w, λ_v > 0, 0 <= λ_b <= ∞; d >= K",
        "previous features z̃ = (z; √(λ_v/λ_c)) with class means z̄ + δ_k, |z̄| > 0: the differences have one singular "
        "value on all contrasts, [δ_k]ᵀ[δ_k] = spread² (I - J/K), and are orthogonal to z̄",
        "their scatter within the classes keeps to itself: S_W z̄ = 0, which a bias c of the hidden layer gives if the "
        "scatter of z is orthogonal to the class means, and S_W δ_k = 0",
    ),
    statement="The class means have equal lengths and one cosine. They are a simplex ETF exactly up to "
    "λ_b* = t/(|w| - t) with a threshold t = √K τ/|z̄| that only the mean of the previous features enters, and b is "
    "that of T5 for this t. Beyond it the cosine rises strictly and continuously. It passes through 0 at a finite λ_b "
    "iff K τ < |a| spread < √K |z̄| |w|: also one-hot class means end acute, where |z̄| is long, and obtuse, where it "
    "is short. With scatter along z̄ (no bias c) λ_b* is the same, not the singular value beyond it.",
    formulas={
        "t": Formula(expr=sp.sqrt(K) * tau / size, meaning="threshold of the mean direction"),
        "threshold": Formula(
            expr=FAMILY.result["threshold"], meaning="λ_b*, up to which the class means are a simplex ETF (for t < |w|)"
        ),
        "beta": Formula(expr=FAMILY.result["beta"], meaning="bias fraction, b = β w/K 𝟏"),
        "s_perp": Formula(
            expr=_kept_perp, meaning="√(λ_v/λ_w) times the Gram matrix's eigenvalue on the contrasts, K-1 times"
        ),
        "s_mu": Formula(
            expr=regime(sp.S.Zero, _length * (_abs_w - t - t / lambda_b)),
            meaning="√(λ_v/λ_w) times its eigenvalue on the mean direction, once",
        ),
        "gap": Formula(expr=regime(-_perp, _gap_kept), meaning="s_mu - s_perp"),
        "gram_diagonal": Formula(
            expr=_scale * (s_mu + (K - 1) * s_perp) / K, meaning="squared length of each class mean"
        ),
        "gram_off_diagonal": Formula(expr=_scale * gap / K, meaning="inner product of two class means"),
        "cosine": Formula(
            expr=GEOMETRY.result["cosine"],
            meaning="cosine between two class means (undefined when all is thresholded)",
        ),
        "orthogonal_lambda_b": Formula(
            expr=K * tau / (_length * _abs_w - _abs_a * spread),
            meaning="λ_b at which the class means are orthogonal (for K τ < |a| spread < √K |z̄| |w|)",
        ),
        "cosine_no_bias": Formula(
            expr=(_length * _abs_w - _abs_a * spread) / (_length * _abs_w + (K - 1) * _abs_a * spread - K**2 * tau),
            meaning="cosine at λ_b = ∞, for |a| spread > K τ and |w| > t",
        ),
        "loss": Formula(
            expr=(
                (K - 1) * sp.Piecewise(
                    (_abs_a * K * tau / spread - (K * tau / spread) ** 2 / 2, sp.Gt(_abs_a * spread, K * tau)),
                    (a**2 / 2, True),
                )
                + regime(w**2 * lambda_b / (2 * (1 + lambda_b)), t * _abs_w - t**2 / 2 - t**2 / (2 * lambda_b))
            )
            / K,
            meaning="minimal loss: T5's, with a threshold K τ/spread of its own on the contrasts",
        ),
        "s_mu_scattered": Formula(
            expr=sp.Piecewise(
                (0, centred),
                (_length * (_abs_w - t - t / lambda_b) / (1 + scatter * (1 + 1 / lambda_b) / size**2), True),
            ),
            meaning="s_mu where the scatter within the classes has the variance `scatter` along z̄, so without c",
        ),
    },
    definitions={
        gap: s_mu - s_perp,
        s_mu: regime(sp.S.Zero, _length * (_abs_w - t - t / lambda_b)),
        s_perp: _kept_perp,
        w: a + K * q,
        t: sp.sqrt(K) * tau / size,
        tau: sp.sqrt(lambda_w * lambda_v),
    },
    functions=(
        Function(name="metric_threshold", arguments=("tau", "K", "size"), result="t",
                 doc="t, threshold of the mean direction; size: length of the mean of the previous features."),
        Function(name="metric_perp_singular_value", arguments=("a", "spread", "K", "tau"), result="s_perp",
                 doc="s_perp, K-1 times; spread: singular value of the differences of previous class means."),
        Function(name="metric_mean_singular_value", arguments=("w", "t", "lambda_b", "K", "size"), result="s_mu",
                 form=regime(sp.S.Zero, _length * (sp.UnevaluatedExpr(_abs_w - t) - t / lambda_b)),
                 doc="s_mu, once; also for lambda_b = inf."),
        Function(name="metric_singular_value_gap", arguments=("a", "w", "t", "lambda_b", "spread", "K", "size"),
                 result="gap", form=regime(-_perp, _gap_form),
                 doc="s_mu - s_perp without cancellation; also for lambda_b = inf."),
        Function(name="metric_gram_diagonal", arguments=("s_perp", "s_mu", "K", "lambda_w", "lambda_v"),
                 result="gram_diagonal", doc="squared length of a class mean."),
        Function(name="metric_gram_off_diagonal", arguments=("gap", "K", "lambda_w", "lambda_v"),
                 result="gram_off_diagonal", doc="inner product of two class means, accurate near a right angle."),
        Function(name="metric_orthogonal_lambda_b", arguments=("a", "w", "spread", "K", "size", "tau"),
                 result="orthogonal_lambda_b",
                 doc="the finite lambda_b at which the class means are orthogonal (K tau < |a| spread < sqrt(K) size |w|)."
                 ),
    ),
    letters={
        "tau": "√(λ_w λ_v), weight of the nuclear norm",
        "t": "√K τ/|z̄|, threshold of the mean direction",
        "size": "|z̄|, length of the mean of the previous features z̃",
        "spread": "singular value of [δ_k], the previous class means less their mean, K-1 times",
        "s_perp": "√(λ_v/λ_w) times the Gram matrix's eigenvalue on the contrasts (K-1 times)",
        "s_mu": "√(λ_v/λ_w) times the Gram matrix's eigenvalue on the mean direction (once)",
        "gap": "s_μ - s_⊥",
        "scatter": "variance of the previous features within the classes, along z̄",
    },
    conditions=(sp.Ne(a, 0),),
    prove=prove,
    source="Here; for one-hot codes and no scatter within the classes it is the frame of a network with decay on all "
    "weights and a linear last hidden layer.",
)

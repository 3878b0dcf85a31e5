"""T16. Cross-entropy, balanced one-hot and smoothed codes: a simplex ETF for every lambda_b, without a transition.

The outputs for a sample of class k are o_k = s (1_k - 1/K), their softmax is p_k.  The bound of T16
(``cross_entropy_dual.py``) at these p_k equals the objective: a global minimum, whatever lambda_b is.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import K, alpha, lambda_b, lambda_h, lambda_w, n, s, t
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import AtLeast, Identity, Positive, Solution, Stationary, Step
from ncsolve.derivations.factorization import THEOREM as FACTORS
from ncsolve.derivations.label_smoothing import THEOREM as SMOOTHING
from ncsolve.derivations.onehot import THEOREM as MSE
from sympy.codegen.cfunctions import log1p

__all__ = ["THEOREM"]

x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)
z = sp.Symbol("z", nonnegative=True)
k = sp.Symbol("k", positive=True)

_CODE: Given = {alpha: x / (1 + x)}
ALIVE: Given = {**_CODE, t: 1 / ((1 + x) * (1 + y)), K: 1 + k}
DEAD: Given = {**_CODE, t: (1 + z) / (1 + x), K: 1 + k}
CASES = {"α + t < 1": ALIVE, "α + t >= 1": DEAD}

alive = sp.Lt(t, 1 - alpha)
weight = sp.sqrt(lambda_w * lambda_h)  # tau
own = {t: K * sp.sqrt(n * lambda_w * lambda_h)}
code, other = 1 - alpha + alpha / K, alpha / K  # entries of e_k


def objective(at: sp.Expr) -> sp.Expr:
    """The objective at o_k = at (1_k - 1/K), with b = 0: logsumexp, <e_k, o_k> and tau times the nuclear norm."""
    above, below = at * (1 - 1 / K), -at / K
    fit = sp.log(sp.exp(above) + (K - 1) * sp.exp(below)) - code * above - (K - 1) * other * below
    return fit + t / K * (K - 1) * at


def softmax(at: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """p_kk and p_kl of these outputs."""
    total = sp.exp(at) + K - 1
    return sp.exp(at) / total, 1 / total


def prove(r: Result) -> Iterator[Step]:
    yield from probabilities(r)
    yield from optimal(r)
    yield from geometry(r)
    yield from contrast(r)


def probabilities(r: Result) -> Iterator[Step]:
    kept, lost = softmax(s)
    at = {s: r["logit"]}
    yield Identity(
        text="α + t < 1: the softmax of o_k = s (1_k - 1/K), its own entry",
        left=kept.subs(at), right=r["own"], given=ALIVE,
    )
    yield Identity(text="and each of the others", left=lost.subs(at), right=r["other"], given=ALIVE)
    yield Identity(
        text="α + t >= 1: s = 0, and all entries are equal", left=kept.subs(at), right=r["own"], given=DEAD
    )
    yield Identity(text="(the others)", left=lost.subs(at), right=r["other"], given=DEAD)
    yield Identity(
        text="The objective at these outputs, logsumexp o - ⟨e, o⟩ and τ ‖Z‖_* = (K-1) t s/K, with b = 0",
        left=objective(s), right=r["loss"],
    )
    yield Stationary(
        text="It is convex in s, and stationary at this s", function=r["loss"], variables=(s,), at={s: r["logit"]},
        given=ALIVE,
    )


def optimal(r: Result) -> Iterator[Step]:
    yield Identity(text="As N = n K, τ = √n t/N", left=weight, right=sp.sqrt(n) * t / (n * K), given=own)
    for name, given in CASES.items():
        own_entry, off_entry = code - r["own"], other - r["other"]
        yield Identity(
            text=f"{name}: E - P is a multiple r of I - J/K, the diagonal",
            left=own_entry, right=r["residual"] * (1 - 1 / K), given=given,
        )
        yield Identity(text="and off it", left=off_entry, right=-r["residual"] / K, given=given)
        yield Identity(
            text="so that the rows of E - P sum to zero, g = 0: b = 0 is stationary and the bound has no term in λ_b",
            left=own_entry + (K - 1) * off_entry, right=sp.S.Zero, given=given,
        )
        yield AtLeast(
            text="The singular values of G = √n (P - E)/N are √n r/N, K-1 times, and 0: at most τ",
            left=t, right=r["residual"], given=given,
        )
        entropy = -r["own"] * sp.log(r["own"]) - (K - 1) * r["other"] * sp.log(r["other"])
        yield Identity(
            text="The bound is the entropy of p_k, and the objective attains it: no W, H, b has less, for any λ_b",
            left=r["loss"].subs(s, r["logit"]), right=entropy, given=given,
        )
    yield Identity(
        text="The minimum is unique, b up to a multiple of 𝟏 for λ_b = 0: the objective is strictly convex in the "
        "outputs but along 𝟏, along which the nuclear norm of Z grows strictly. Its curvature along s",
        left=sp.Derivative(objective(s), (s, 2)), right=(K - 1) * sp.exp(s) / (sp.exp(s) + K - 1) ** 2,
    )
    yield Positive(
        text="is positive", left=(K - 1) * sp.exp(s) / (sp.exp(s) + K - 1) ** 2, given={K: 1 + k},
    )


def geometry(r: Result) -> Iterator[Step]:
    scale = FACTORS.result["feature_gram_scale"]  # of Z = √n s (I - J/K) (T2), with weights √n
    value, parts = sp.sqrt(n) * r["logit"] / n, {s: r["logit"]}
    yield Identity(
        text="Z = √n s (I - J/K) has the singular values √n s, K-1 times; by T2 the squared length of a class mean is",
        left=r["gram_diagonal"].subs(parts), right=scale * value * (1 - 1 / K), given=ALIVE,
    )
    yield Identity(
        text="and that less the inner product of two is",
        left=(r["gram_diagonal"] - r["gram_off_diagonal"]).subs(parts), right=scale * value, given=ALIVE,
    )
    inner, cosine = sp.Symbol("g", real=True), sp.Symbol("c", real=True)
    yield Solution(
        text="The class means sum to zero: the inner product g of two",
        equation=r["gram_diagonal"] + (K - 1) * inner, unknown=inner, value=r["gram_off_diagonal"],
    )
    yield Solution(
        text="K vectors of equal length that sum to zero are a simplex ETF: the cosine c of any two",
        equation=1 + (K - 1) * cosine, unknown=cosine, value=r["cosine"],
    )


def contrast(r: Result) -> Iterator[Step]:
    yield Identity(
        text="MSE has the same threshold: the contrast of its outputs (T5) is that of these probabilities, "
        "p_kk - p_kl, and dies with it at α + t = 1",
        left=r["own"] - r["other"], right=SMOOTHING.result["s_perp"], given=ALIVE,
    )
    later = sp.Symbol("v", positive=True)
    yield Positive(
        text="but under MSE the mean direction lives from λ_b* = t/(1 - t) on, and the simplex ETF opens; here the "
        "class means sum to zero for every λ_b",
        left=MSE.result["s_mu"].args[1].expr,
        given={lambda_b: MSE.result["threshold"] * (1 + later), t: 1 / (1 + y)},
    )
    lived = {alpha: x / (1 + x), t: 1 / ((1 + x) * (1 + y))}
    yield Positive(
        text="Label smoothing and weight decay enter by α + t alone, and both shorten the class means",
        left=-sp.Derivative(r["logit"].args[0].expr, t), given={**lived, K: 1 + k},
    )
    yield Identity(
        text="(as much as each other)",
        left=sp.Derivative(r["logit"].args[0].expr, t), right=sp.Derivative(r["logit"].args[0].expr, alpha),
    )


_floats = sp.UnevaluatedExpr(1 - alpha)
_scale = sp.sqrt(lambda_w) / (sp.sqrt(lambda_h) * sp.sqrt(n))
_logit = sp.Piecewise((sp.log(1 + K * (1 - alpha - t) / (alpha + t)), alive), (sp.S.Zero, True))
_others = sp.Piecewise(((alpha + t) / K, alive), (1 / K, True))
_own = sp.Piecewise((1 - (K - 1) * (alpha + t) / K, alive), (1 / K, True))
_residual = sp.Piecewise((t, alive), (1 - alpha, True))

THEOREM = Theorem(
    name="cross-entropy",
    label="T16",
    title="Cross-entropy: a simplex ETF for every bias decay",
    assumptions=(
        "Cross-entropy; E = (1 - α) I + (α/K) J with 0 <= α < 1 (α = 0: one-hot), K >= 2 classes of n samples each; "
        "λ_w, λ_h > 0, 0 <= λ_b <= ∞; d >= K - 1",
        "t = K √(n λ_w λ_h)",
    ),
    statement="The class means are a simplex ETF and b = 0 for every λ_b: there is no transition, unlike under MSE, "
    "where the simplex ETF opens at λ_b* = t/(1 - t) (T5). The outputs for class k are s (1_k - 1/K), zero exactly for "
    "α + t >= 1, the threshold of MSE. Label smoothing and weight decay enter through α + t alone. The minimum is "
    "unique but for a rotation, and at λ_b = 0 a multiple of 𝟏 in b.",
    formulas={
        "logit": Formula(expr=_logit, meaning="s, by which the output of the own class exceeds the others"),
        "own": Formula(expr=_own, meaning="p_kk, the probability of the own class"),
        "other": Formula(expr=_others, meaning="p_kl, the probability of each other class"),
        "residual": Formula(expr=_residual, meaning="r, where E - P = r (I - J/K)"),
        "gram_diagonal": Formula(expr=_scale * s * (K - 1) / K, meaning="squared length of each class mean"),
        "gram_off_diagonal": Formula(expr=-_scale * s / K, meaning="inner product of two class means"),
        "cosine": Formula(expr=-1 / (K - 1), meaning="cosine between two class means, for α + t < 1"),
        "loss": Formula(
            expr=sp.log(1 + (K - 1) * sp.exp(-s)) + (K - 1) / K * (alpha + t) * s, meaning="minimal loss"
        ),
    },
    functions=(
        Function(
            name="cross_entropy_logit", arguments=("alpha", "t", "K"), result="logit",
            form=sp.Piecewise((log1p(K * (_floats - t) / (alpha + t)), alive), (sp.S.Zero, True)),
            doc="s, the own output less another, balanced; 0 for alpha + t >= 1.",
        ),
        Function(
            name="cross_entropy_loss", arguments=("s", "alpha", "t", "K"), result="loss",
            form=log1p((K - 1) * sp.UnevaluatedExpr(sp.exp(-s))) + (K - 1) / K * (alpha + t) * s,
            doc="the minimal loss, balanced, with s of cross_entropy_logit.",
        ),
        Function(
            name="cross_entropy_gram_diagonal", arguments=("s", "n", "K", "lambda_w", "lambda_h"),
            result="gram_diagonal", doc="squared length of a class mean, balanced.",
        ),
        Function(
            name="cross_entropy_gram_off_diagonal", arguments=("s", "n", "K", "lambda_w", "lambda_h"),
            result="gram_off_diagonal", doc="inner product of two class means, balanced.",
        ),
    ),
    definitions={s: _logit, t: K * sp.sqrt(n * lambda_w * lambda_h)},
    letters={"s": "the own output less another"},
    prove=prove,
    source="One-hot codes: Lu & Steinerberger 2022 (features of fixed length), Zhu et al. 2021 (weight decay, with the "
    "bias); label smoothing: Zhou et al. 2022, arXiv:2210.02192; s as a function of α + t, every λ_b, the loss: here.",
)

"""T16. From the loss of any network to its outputs under cross-entropy: the gap identity of T13, and what it proves.

At the probabilities p_k* of the minimum the bound of ``cross_entropy_dual.py`` is the minimum, so that the parts there
are those of the gap.  The divergence bounds how far the softmax is from p_k*, and how many samples decide otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, alpha, lambda_b, lambda_h, lambda_w, t, tau
from ncsolve.derivations._steps import AtLeast, Identity, Limit, Positive, Solution, Step
from ncsolve.derivations._words import norm2, tr
from ncsolve.derivations.cross_entropy import THEOREM as BALANCED
from ncsolve.derivations.cross_entropy_dual import THEOREM as DUAL
from ncsolve.derivations.cross_entropy_dual import log_sum, objective
from ncsolve.derivations.gap_identity import THEOREM as GAP
from ncsolve.derivations.gap_identity import H, Lam, W, Y, one, space
from ncsolve.derivations.network_certificate import THEOREM as CERTIFICATE

__all__ = ["THEOREM"]

eps = sp.Symbol("ε", nonnegative=True)
log_sum_means = sp.Symbol("log_sum_means", real=True)
own, other = sp.symbols("p_own p_other", positive=True)
q_own, q_other = sp.symbols("q_own q_other", positive=True)
x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)
cost = sp.Symbol("cost", positive=True)

split = space.copy()
means = split.matrix("H̄", "d", "N")
apart = split.matrix("X", "d", "N")
for constant in (means, Y, Lam, space.t(one)):
    split.rule(constant * split.t(apart), sp.S.Zero)


def prove(r: Result) -> Iterator[Step]:
    parts = r["fit"] + GAP.result["bias"] + GAP.result["dual"] + GAP.result["feature"]
    yield Identity(
        text="With the probabilities of the minimum the bound is F*: the gap is the sum of the four parts, of which "
        "the first is a mean divergence and the others are those of MSE (T13)",
        left=objective(H, log_sum) - DUAL.result["bound"], right=parts, words=space,
    )
    yield Identity(
        text="NC1: with H = H̄ + X, X sums to zero over every class; what it adds to the objective,",
        left=objective(means + apart, log_sum) - objective(means, log_sum_means), right=r["within"], words=split,
    )
    P = split.matrix("P̄", "m", "N")
    split.rule(P * split.t(apart), sp.S.Zero)
    yield Identity(
        text="is a mean divergence from the probabilities P̄ at the class means and λ_h/2 ‖X‖², as the linear term of "
        "that divergence sums to zero over every class",
        left=r["within"], words=split,
        right=(log_sum - log_sum_means - tr(split.t(P) * W * apart)) / N + lambda_h / 2 * norm2(apart),
    )
    yield from distances(r)
    yield from pinsker(r)
    yield from decisions(r)


def distances(r: Result) -> Iterator[Step]:
    square = sp.Symbol("r", nonnegative=True)
    for text, part, name in (
        ("All parts are at least 0, and each is at most the gap ε: r = ‖H - H̄‖² is at most", lambda_h / 2, "distance"),
        ("r = ‖b - b*‖², 0 < λ_b < ∞, at most", lambda_b / 2, "bias_distance"),
        ("and r = ‖W - Λ Hᵀ/λ_w‖² at most", lambda_w / 2, "head"),
        ("The mean h of all features has the energy r = ‖h‖² in N samples, and Λ 𝟏 = 0 (balanced, or λ_b = 0) takes "
         "nothing of it from the part of the features", lambda_h * N / 2, "mean_feature"),
    ):
        yield Solution(text=text, equation=part * square - eps, unknown=square, value=r[name] ** 2)
    some, across = sp.Symbol("λ", positive=True), sp.symbols("s_i δ", nonnegative=True)
    s_next = sp.Symbol("s_next", nonnegative=True)
    yield AtLeast(
        text="The part of the features weighs energy across V by τ² - s_i², at least τ² - s² as s = s_i + δ,",
        left=(tau**2 - across[0] ** 2) - (tau**2 - s_next**2), given={s_next: across[0] + across[1]},
    )
    yield Solution(
        text="so that this energy r is at most",
        equation=(tau**2 - s_next**2) * square / (2 * lambda_w) - eps, unknown=square, value=r["energy"],
    )
    for name in ("distance", "bias_distance", "head", "mean_feature"):
        yield AtLeast(text="(the root that is at least 0, λ_b > 0)", left=r[name], given={lambda_b: some})


def pinsker(r: Result) -> Iterator[Step]:
    u = sp.Symbol("u", real=True)
    value = (1 + u) * sp.log(1 + u) - u - u**2 / (2 * (1 + u / 3))
    at = {u: y - 1}
    yield Identity(
        text="Pinsker: with p_i = q_i (1 + u_i) a divergence is the mean under q of (1 + u) log(1 + u) - u. This is at "
        "least u²/(2 (1 + u/3)): the difference and its slope are 0 at u = 0",
        left=sp.Subs(value, u, 0) + sp.Subs(sp.Derivative(value, u), u, 0), right=sp.S.Zero,
    )
    yield Identity(
        text="and its curvature is",
        left=sp.Derivative(value, (u, 2)), right=u**2 * (u + 9) / (27 * (1 + u) * (1 + u / 3) ** 3), given=at,
    )
    yield AtLeast(text="which is at least 0", left=u**2 * (u + 9) / (27 * (1 + u) * (1 + u / 3) ** 3), given=at)
    size, weight = sp.symbols("s_1:4", nonnegative=True), sp.symbols("v_1:4", positive=True)
    qs = sp.symbols("q_1:4", positive=True)
    yield Identity(
        text="By Cauchy and Schwarz (Σ q |u|)² <= Σ q u²/(1 + u/3) Σ q (1 + u/3), and the last sum is 1 as Σ q u = 0; "
        "three entries, s = |u|, v = 1 + u/3",
        left=sum(q * s**2 / v for q, s, v in zip(qs, size, weight, strict=True))
        * sum(q * v for q, v in zip(qs, weight, strict=True))
        - sum(q * s for q, s in zip(qs, size, strict=True)) ** 2,
        right=sum(
            qs[i] * qs[k] * (size[i] * weight[k] - size[k] * weight[i]) ** 2 / (weight[i] * weight[k])
            for i in range(3) for k in range(i)
        ),
    )
    mean = sp.Symbol("mean", nonnegative=True)
    yield Solution(
        text="so that a divergence is at least ‖p - q‖₁²/2, and the mean of these is at most the part of the outputs",
        equation=mean / 2 - eps, unknown=mean, value=r["probabilities"],
    )


def decisions(r: Result) -> Iterator[Step]:
    """A sample whose softmax gives another class at least as much as its own."""
    sum_p, sum_q = own + other, q_own + q_other
    a, c = own / sum_p, q_own / sum_q
    binary = a * sp.log(a / c) + (1 - a) * sp.log((1 - a) / (1 - c))
    yield Identity(
        text="Two classes of a divergence from p, own and another, taken as one (which leaves a divergence, at least "
        "0) and within: p_own log(p_own/q_own) + p_other log(p_other/q_other) is",
        left=own * sp.log(own / q_own) + other * sp.log(other / q_other),
        right=sum_p * sp.log(sum_p / sum_q) + sum_p * binary,
    )
    share, first = sp.symbols("v a", positive=True)
    within = first * sp.log(first / share) + (1 - first) * sp.log((1 - first) / (1 - share))
    yield Identity(
        text="The second falls with the share v = q_own/(q_own + q_other) below a = p_own/(p_own + p_other)",
        left=sp.Derivative(within, share), right=(share - first) / (share * (1 - share)),
    )
    yield Identity(
        text="and where the other class has at least as much, v <= 1/2 <= a, it is at least",
        left=sum_p * sp.Subs(within, (share, first), (sp.Rational(1, 2), a)), right=r["error_cost"],
    )
    yield Positive(
        text="This cost is positive for p_own > p_other: 0 at p_own = p_other, it rises with p_own, its slope the "
        "logarithm of",
        left=2 * own / (own + other), right=sp.S.One, given={own: other * (1 + y)},
    )
    yield Identity(
        text="(its slope)", left=sp.Derivative(r["error_cost"], own), right=sp.log(2 * own / (own + other)),
    )
    errors = sp.Symbol("errors", nonnegative=True)
    yield Solution(
        text="The samples that decide otherwise have a divergence of at least the cost each, and the mean is at most "
        "ε: their share of all samples is at most",
        equation=errors * cost - eps, unknown=errors, value=r["errors"],
    )
    values = {own: BALANCED.result["own"].args[0].expr, other: BALANCED.result["other"].args[0].expr}
    yield Limit(
        text="Balanced one-hot codes (p_own = 1 - (K-1) t/K, p_other = t/K) with little decay: an error costs log 2",
        left=r["error_cost"].subs(values).subs(alpha, 0), variable=t, to=sp.S.Zero, right=sp.log(2),
    )


THEOREM = Theorem(
    name="cross-entropy-gap",
    label="T16",
    title="Cross-entropy: the gap identity, and what a gap proves",
    assumptions=(
        "Cross-entropy; label codes in the simplex, any counts; λ_w, λ_h > 0, 0 <= λ_b <= ∞; any W, H, b of any "
        "feature dimension",
        "p_k* and b* are those of the minimum, Λ = (Y - P*)/N; ε is the gap of W, H, b above the minimum",
        "errors: p_kk* is the largest entry of every p_k*",
    ),
    statement="The gap is the sum of four parts, each at least 0: the mean over the samples of the divergence of their "
    "softmax p_i from p_k*, and the parts of bias, head and features of T13. So it bounds the variation within the "
    "classes, the distance of the bias, that of the head from the dual of the features, the energy of the features "
    "outside the directions of the minimum, the mean of ‖p_i - p_k*‖₁², and the share of the samples that decide for "
    "another class than their own. The distance of the Gram matrices is in the next theorem.",
    formulas={
        "fit": Formula(expr=DUAL.result["fit"], meaning="the part of the outputs, Σ_i KL(p_k* ‖ p_i)/N"),
        "within": Formula(
            expr=(log_sum - log_sum_means) / N + lambda_h / 2 * norm2(sp.Symbol("X", commutative=False)),
            meaning="what the variation within the classes adds, Σ_i KL(P̄ ‖ p_i)/N + λ_h/2 ‖H - H̄‖²",
        ),
        "distance": Formula(expr=sp.sqrt(2 * eps / lambda_h), meaning="bound on ‖H - H̄‖_F"),
        "bias_distance": Formula(expr=sp.sqrt(2 * eps / lambda_b), meaning="bound on ‖b - b*‖, 0 < λ_b < ∞"),
        "head": Formula(expr=sp.sqrt(2 * eps / lambda_w), meaning="bound on ‖W - Λ Hᵀ/λ_w‖_F"),
        "energy": Formula(
            expr=CERTIFICATE.result["y"],
            meaning="bound on ‖H - H V Vᵀ‖², V the right singular vectors of Λ beyond which none exceeds s",
        ),
        "mean_feature": Formula(
            expr=sp.sqrt(2 * eps / (lambda_h * N)), meaning="bound on the length of the mean of all features, Λ 𝟏 = 0"
        ),
        "probabilities": Formula(expr=2 * eps, meaning="bound on the mean over the samples of ‖p_i - p_k*‖₁²"),
        "error_cost": Formula(
            expr=own * sp.log(2 * own / (own + other)) + other * sp.log(2 * other / (own + other)),
            meaning="least divergence of a sample of class k that decides for l, p_own = p_kk*, p_other = p_kl*",
        ),
        "errors": Formula(expr=eps / cost, meaning="bound on the share of such samples, cost the least over k and l"),
    },
    letters={
        "W": "head of the network (m x d)",
        "H": "its features (d x N)",
        "b": "its bias (m)",
        "Y": "labels (m x N), the code of each sample",
        "Λ": "(Y - P*)/N (m x N), P* with the p_k* of each sample",
        "𝟏": "vector of N ones",
        "X": "H - H̄, the variation within the classes",
        "log_sum": "sum over the samples of logsumexp of their outputs",
        "log_sum_means": "the same at the class means",
        "entropy": "sum over the samples of the entropy of p_k*",
        "ε": "the gap",
        "s_next": "s, the largest singular value of Λ across V",
        "p_own": "p_kk*",
        "p_other": "p_kl*",
        "cost": "the least error cost",
    },
    prove=prove,
    source="Here; Pinsker's inequality by its proof with Bernstein's term.",
)

"""T16. Weak duality under cross-entropy: any probabilities give a lower bound, and which classes of equal count merge.

Take one p_k in the simplex for each class (P holds one column a sample) and Lambda = (Y - P)/N.  The objective
is the bound plus four parts; three are squares if |Lambda| <= tau, the first is a divergence of Kullback and Leibler.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import N, T, alpha, lambda_b, lambda_h, lambda_w, n, t, tau
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import AtLeast, Identity, Positive, Stationary, Step
from ncsolve.derivations._words import norm2, tr
from ncsolve.derivations.cross_entropy import ALIVE
from ncsolve.derivations.cross_entropy import THEOREM as BALANCED
from ncsolve.derivations.gap_identity import THEOREM as GAP
from ncsolve.derivations.gap_identity import H, Lam, W, Y, b, one, space

__all__ = ["THEOREM", "entropy", "log_sum", "objective"]

log_sum = sp.Symbol("log_sum", real=True)
entropy = sp.Symbol("entropy", nonnegative=True)
size = sp.Symbol("spectral_norm", positive=True)
p, r, part, kept, missing = sp.symbols("p r part kept missing", nonnegative=True)
x = sp.Symbol("x", nonnegative=True)
y = sp.Symbol("y", positive=True)


def objective(features: sp.Expr, total: sp.Expr) -> sp.Expr:
    """The objective at W, these features and b; ``total`` is the sum of logsumexp over the samples' outputs."""
    fit = (total - tr(space.t(Y) * (W * features + b * space.t(one)))) / N
    return fit + lambda_w / 2 * norm2(W) + lambda_h / 2 * norm2(features) + lambda_b / 2 * norm2(b)


def prove(f: Result) -> Iterator[Step]:
    yield from divergence()
    yield from duality(f)
    yield from feasible(f)
    yield from equal_counts(f)


def divergence() -> Iterator[Step]:
    ps, os = sp.symbols("p_1:4", positive=True), sp.symbols("o_1:4", real=True)
    total = sum(map(sp.exp, os))
    pairs = list(zip(ps, os, strict=True))
    own = sum(a * sp.log(a / (sp.exp(o) / total)) for a, o in pairs)
    yield Identity(
        text="logsumexp o - ⟨p, o⟩ less the entropy of p is the divergence of the softmax of o from p (Fenchel), as "
        "the entries of p sum to 1; written out for three",
        left=sum(ps) * sp.log(total) - sum(a * o for a, o in pairs) + sum(a * sp.log(a) for a in ps),
        right=own,
    )
    qs = sp.symbols("q_1:4", positive=True)
    cost = x * sp.log(x) - x + 1
    yield Identity(
        text="A divergence is a mean of v log v - v + 1, v = p_i/q_i, if both sum to 1",
        left=sum(a * sp.log(a / q) for a, q in zip(ps, qs, strict=True)) - sum(ps) + sum(qs),
        right=sum(q * cost.subs(x, a / q) for a, q in zip(ps, qs, strict=True)),
    )
    yield Stationary(
        text="which is convex in v and least where v = 1", function=cost, variables=(x,), at={x: sp.S.One}
    )
    yield Identity(text="with the value 0: a divergence is at least 0", left=sp.Subs(cost, x, 1), right=sp.S.Zero)
    yield Positive(text="(the curvature)", left=sp.Derivative(y * sp.log(y) - y + 1, (y, 2)))


def duality(f: Result) -> Iterator[Step]:
    parts = f["fit"] + GAP.result["bias"] + GAP.result["dual"] + GAP.result["feature"]
    yield Identity(
        text="The objective is the bound plus the mean divergence and the three other parts of T13, each at least 0 if "
        "λ_w λ_h I - ΛᵀΛ is positive semidefinite, 0 < λ_b < ∞",
        left=objective(H, log_sum) - f["bound"], right=parts, words=space,
    )
    free, none = space.copy(), space.copy()
    free.rule(Lam * one, sp.S.Zero)
    none.rule(b, sp.S.Zero)
    for name, words in (("λ_b = 0: the bound needs Λ 𝟏 = 0, and", free), ("λ_b = ∞, b = 0:", none)):
        yield Identity(
            text=f"{name} there is no part of the bias",
            left=objective(H, log_sum) - lambda_b / 2 * norm2(b) - entropy / N,
            right=f["fit"] + GAP.result["dual"] + GAP.result["feature"], words=words,
        )
    least = space.copy()
    least.rule(space.t(Lam) * W, lambda_h * space.t(H))
    least.rule(Lam * space.t(H), lambda_w * W)
    yield Identity(
        text="A minimum attains it with the softmax of its own outputs: the divergence is 0, and ‖Λ‖ <= τ, as Λ, "
        "weighted by class, is a subgradient of τ‖Z‖_* (T2). It is stationary in b, λ_b b = Λ 𝟏, and in W, "
        "Λ Hᵀ = λ_w W: the parts of bias and head vanish; and in H, λ_h H = WᵀΛ: so does that of the features",
        left=GAP.result["feature"], right=sp.S.Zero, words=least,
    )


def feasible(f: Result) -> Iterator[Step]:
    """Any p made feasible: its distance from the codes shortened, and its mean moved."""
    for name, given in {
        "above τ": {size: tau * (1 + y)}, "equal to τ": {size: tau}, "below it": {size: tau / (1 + y)}
    }.items():
        yield AtLeast(
            text=f"e + θ (p - e) has θ Λ in place of Λ, of length at most τ; ‖Λ‖ {name}",
            left=tau, right=f["theta"] * size, given=given,
        )
    code = sp.Symbol("e", nonnegative=True)
    yield AtLeast(
        text="and stays in the simplex", left=code + f["theta"] * (p - code), given={size: tau * (1 + y)}
    )
    w_1, nu, q = sp.symbols("w_1 ν q", positive=True)
    first, second = sp.symbols("p_1:3", positive=True), sp.symbols("kept_1:3", positive=True)
    weights = (w_1, 1 - w_1)
    yield Identity(
        text="p' has the mean ν over the samples, if r = ν - a q for the mean q of p, and missing = Σ r = 1 - Σ a q; "
        "written out for two classes of weights w_1, 1 - w_1",
        left=sum(w * f["moved"].subs({p: own, kept: k}) for w, own, k in zip(weights, first, second, strict=True)),
        right=nu,
        given={
            r: nu - part * (w_1 * first[0] + (1 - w_1) * first[1]),
            missing: 1 - w_1 * second[0] - (1 - w_1) * second[1],
        },
    )
    entries, rests, parts = sp.symbols("p_1:4"), sp.symbols("r_1:4", nonnegative=True), sp.symbols("a_1:4")
    triples = list(zip(entries, rests, parts, strict=True))
    yield Identity(
        text="With ν = μ this is Λ 𝟏 = 0. Its entries sum to 1; three entries",
        left=sum(f["moved"].subs({p: own, r: rest, part: share}) for own, rest, share in triples),
        right=sp.S.One,
        given={kept: sum(share * own for own, _, share in triples), missing: sum(rests)},
    )
    for name, given in {"q > ν": {q: nu * (1 + y)}, "q = ν": {q: nu}, "q < ν": {q: nu / (1 + y)}}.items():
        yield AtLeast(text=f"{name}: r >= 0,", left=nu, right=f["part"] * q, given=given)
        yield AtLeast(text="a >= 0", left=f["part"], given=given)
        yield AtLeast(text="a <= 1, hence kept <= 1: p' is in the simplex", left=sp.S.One, right=f["part"], given=given)


def equal_counts(f: Result) -> Iterator[Step]:
    """Two classes of n samples each in a one-hot or smoothed code; a third stands for all others."""
    own, off, third, other, last = sp.symbols("p_kk p_kl p_km p_mk p_mm", positive=True)
    P = sp.Matrix([[own, off, third], [off, own, third], [other, other, last]])
    E = (1 - alpha) * sp.eye(3) + alpha / 3 * sp.ones(3, 3)
    pair = sp.ImmutableMatrix([1, -1, 0])
    yield Identity(
        text="Classes k and l of equal count n. The minimum has unique Z, and b but for multiples of 𝟏 at λ_b = 0: "
        "the outputs are unique up to multiples of 𝟏, of which Z has none, as they would raise ‖Z‖_*; and at λ_b = 0 "
        "nothing of b is in Z, as Λ 𝟏 = 0 gives Z u = 0. So Z is the same if k and l are exchanged, and 1_k - 1_l a "
        "singular vector of Z and of P - E, on both sides; written out with one more class",
        left=sp.MatMul(sp.ImmutableMatrix(P - E), pair), right=(own - off - (1 - alpha)) * pair,
    )
    yield Identity(
        text="(on the left)", left=sp.MatMul(sp.ImmutableMatrix((P - E).T), pair),
        right=(own - off - (1 - alpha)) * pair,
    )
    a, c = sp.symbols("o_k o_l", real=True)
    total = sp.Symbol("total", positive=True)
    yield Identity(
        text="The singular value of Z there, signed, has the sign of o_kk - o_kl, which is that of p_kk - p_kl",
        left=sp.exp(a) / total - sp.exp(c) / total, right=sp.exp(c) / total * (sp.exp(a - c) - 1),
    )
    yield Positive(
        text="It is not negative: there √n (1 - α - p_kk + p_kl)/N would be -τ, but with p_kk = p_kl - y it is above 0",
        left=1 - alpha + y, given={alpha: x / (1 + x)},
    )
    lives: Given = {n: (T / (1 - alpha) * (1 + y)) ** 2, alpha: x / (1 + x)}
    yield Identity(
        text="Where it is positive, √n (1 - α - p_kk + p_kl)/N = τ",
        left=sp.sqrt(n) * (1 - alpha - f["group_contrast"]) / N, right=T / N, given=lives,
    )
    yield Positive(text="which needs n above the merging count", left=f["group_contrast"], given=lives)
    for name, given in {
        "at": {n: (T / (1 - alpha)) ** 2, alpha: x / (1 + x)}, "below": {n: (T / (1 - alpha) / (1 + y)) ** 2,
                                                                        alpha: x / (1 + x)}
    }.items():
        yield AtLeast(
            text=f"Where it is zero, √n (1 - α)/N <= τ: n {name} the merging count; the class means coincide",
            left=T, right=sp.sqrt(n) * (1 - alpha - f["group_contrast"]), given=given,
        )
    yield Identity(
        text="The merging count is where 1 - α = T/√n",
        left=sp.Subs(T / sp.sqrt(n), n, f["merging_count"]), right=1 - alpha, given={alpha: x / (1 + x)},
    )
    yield Identity(
        text="Balanced classes are one group, T = t √n",
        left=f["group_contrast"], right=BALANCED.result["own"] - BALANCED.result["other"],
        given={T: t * sp.sqrt(n), **ALIVE},
    )


_bound = entropy / N - norm2(Lam * one) / (2 * lambda_b)
_contrast = sp.Max(0, 1 - alpha - T / sp.sqrt(n))
_nu, _q = sp.symbols("ν q", positive=True)

THEOREM = Theorem(
    name="cross-entropy-dual",
    label="T16",
    title="Cross-entropy: weak duality, and classes of equal count",
    assumptions=(
        "Cross-entropy; label codes in the simplex, any counts, 0 <= λ_b <= ∞, λ_w, λ_h > 0; any W, H, b",
        "p_k in the simplex for every class, Λ = (Y - P)/N, ‖Λ‖ <= τ (largest singular value); for λ_b = 0, Λ 𝟏 = 0",
        "merging: one-hot or smoothed codes E = (1 - α) I + (α/K) J, classes k, l of n samples each; d at least the "
        "rank of the minimizer",
    ),
    statement="The objective at every W, H, b is at least the bound, and a minimum attains it with its own "
    "probabilities. Any p is made feasible by θ, and by p' for λ_b = 0. Classes of equal count n have p_kk - p_kl = "
    "max(0, 1 - α - T/√n) at the minimum, whatever λ_b and the other classes are: their class means coincide iff n is "
    "at most the merging count T²/(1 - α)².",
    formulas={
        "bound": Formula(expr=_bound, meaning="lower bound; without the last term for λ_b = 0 and λ_b = ∞"),
        "fit": Formula(
            expr=(log_sum - tr((space.t(Y) - N * space.t(Lam)) * (W * H + b * space.t(one))) - entropy) / N,
            meaning="mean over the samples of the divergence Σ_j p_kj log(p_kj/p_j) of their softmax p from p_k",
        ),
        "theta": Formula(expr=sp.Min(1, tau / size), meaning="θ: p becomes e + θ (p - e)"),
        "part": Formula(expr=sp.Min(1, _nu / _q), meaning="a, by entries, for a wanted mean ν of a p of mean q"),
        "moved": Formula(
            expr=part * p + (1 - kept) * r / missing, meaning="p', by entries; kept = Σ_j a_j p_j, missing = Σ_j r_j"
        ),
        "group_contrast": Formula(expr=_contrast, meaning="p_kk - p_kl for two classes of n samples each"),
        "merging_count": Formula(
            expr=T**2 / (1 - alpha) ** 2, meaning="largest count of classes whose means coincide"
        ),
    },
    functions=(
        Function(
            name="cross_entropy_group_contrast", arguments=("T", "n", "alpha"), arrays=("n",),
            result="group_contrast",
            doc="p_kk - p_kl of classes k, l of n samples each; 0: their means coincide (arrays).",
        ),
        Function(
            name="cross_entropy_merging_count", arguments=("T", "alpha"), result="merging_count",
            doc="the largest count of classes whose means coincide.",
        ),
    ),
    letters={
        "W": "classifier (m x d)",
        "H": "features (d x N)",
        "b": "bias (m)",
        "Y": "labels (m x N), the code of each sample",
        "Λ": "(Y - P)/N (m x N), where P holds the p_k of each sample",
        "𝟏": "vector of N ones",
        "log_sum": "sum over the samples of logsumexp of their outputs, O = W H + b 𝟏ᵀ",
        "entropy": "sum over the samples of the entropy of p_k, -Σ_j p_kj log p_kj",
        "spectral_norm": "the largest singular value of Λ",
        "p": "an entry of p_k",
        "r": "an entry of ν - a q, by entries",
        "part": "share of that entry that is kept",
        "kept": "Σ_j a_j p_j of the class",
        "missing": "Σ_j r_j",
        "ν": "an entry of the wanted mean: μ for λ_b = 0",
        "q": "that entry of the mean of the p_k over the samples",
        "n": "number of samples of either class",
    },
    prove=prove,
    source="Fenchel 1949 and T12. Merging at T² without label smoothing, λ_b = ∞: Hong & Ling 2023, arXiv:2309.09725; "
    "with label smoothing and for every λ_b: here.",
)

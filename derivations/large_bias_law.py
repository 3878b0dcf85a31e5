"""T5b. The law of large bias regularization: a closed form for any counts and any codes whose affine hull misses 0.

M = E D^(1/2) = P O is the polar decomposition: P = (M M^T)^(1/2), and O = U V^T (m x K) is a partial isometry, so
that O O^T projects on the range of M and O^T O on its row space.  u = D^(1/2) 1, v = O u, tau = T/N.

The hypothesis on the codes is that u lies in the row space of M, that is O^T O u = u.  Linearly independent codes
have O^T O = I.  In general it says that no affine combination of the codes is 0: the columns of a label
distribution sum to one, so they meet it whatever their rank.

The reason for the law: u^T = v^T O, so M - b u^T = (P - (tau/lambda_b) v v^T) O keeps the polar factor O as long as
the bracket stays above T; the residual is then T O, whatever lambda_b is.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_h, lambda_w, tau
from ncsolve.derivations._steps import Identity, Limit, Solution, Step
from ncsolve.derivations._words import Words, norm2, tr
from ncsolve.derivations.factorization import THEOREM as FACTORS
from ncsolve.derivations.factorization import root_lambda

__all__ = ["THEOREM"]

ell = sp.Symbol("ell", positive=True)  # lambda_b
kappa = sp.Symbol("kappa", positive=True)  # v^T (P - T)^+ v
threshold = N * tau  # T

space = Words()
O = space.matrix("O", "m", "K")
P = space.symmetric("P", "m")
B = space.symmetric("B", "m")  # (P - T)^(1/2) on the range of M, as every nonzero singular value of M exceeds T
C = space.symmetric("C", "m")  # its inverse on the range of M; C^2 = (P - T)^+
u = space.matrix("u", "K", "1")
D = space.symmetric("D", "K")  # D^(-1/2)
one = space.matrix("𝟏", "K", "1")
space.rule(O * space.t(O) * O, O)
space.rule(O * space.t(O) * B, B)
space.rule(O * space.t(O) * C, C)
space.rule(C * B, O * space.t(O))
space.rule(space.t(O) * O * u, u)  # the hypothesis: u in the row space of M
space.rule(space.t(u) * u, N)
space.rule(P, B * B + threshold * O * space.t(O))
space.rule(D * u, one)
space.rule(space.t(O) * O * space.t(O), space.t(O))

# Abbreviations, letters that rewrite to what they stand for.
v = space.matrix("v", "m", "1")
M = space.matrix("M", "m", "K")
space.rule(v, O * u)
space.rule(M, P * O)
b = space.matrix("b", "m", "1")
core = space.symmetric("Q", "m")
bare = space.symmetric("Q∞", "m")  # core for lambda_b = inf
Z = space.matrix("Z", "m", "K")
Lam = space.matrix("Λ", "m", "K")
space.rule(bare, P - threshold * O * space.t(O))
space.rule(Z, core * O)
space.rule(Lam, (M - b * space.t(u) - Z) / N)


def prove(r: Result) -> Iterator[Step]:
    words = space.copy()
    words.rule(b, r["bias_scale"] * v)
    words.rule(core, P - threshold * O * space.t(O) - r["bias_scale"] * v * space.t(v))
    yield from conditions(words, r)
    yield from where_it_ends(words, r)
    yield from consequences(words, r)
    yield from hypothesis()
    yield from examples(r)


def conditions(words: Words, r: Result) -> Iterator[Step]:
    t = words.t
    yield Identity(
        text="Let b = (bias_scale) v. As u lies in the row space, uᵀ = vᵀ O: subtracting b uᵀ keeps the polar factor O",
        left=M - b * t(u),
        right=(P - tau / lambda_b * v * t(v)) * O,
        words=words,
    )
    yield Identity(
        text="Let Q = P - T O Oᵀ - (τ/λ_b) v vᵀ and Z = Q O. The residual over N, Λ = (M - b uᵀ - Z)/N, is",
        left=Lam,
        right=tau * O,
        words=words,
    )
    words = words.copy()
    words.rule(Lam, tau * O)  # as just proved
    yield Identity(
        text="so ΛᵀΛ is τ² times a projection, and ‖Λ‖ <= τ",
        left=t(Lam) * Lam * t(Lam) * Lam,
        right=tau**2 * t(Lam) * Lam,
        words=words,
    )
    yield Identity(text="The bias equation of T3 holds", left=lambda_b * b, right=Lam * u, words=words)
    yield Identity(
        text="(Oᵀ Q O)² = ZᵀZ; so where Q >= 0, Oᵀ Q O is (ZᵀZ)^(1/2)",
        left=t(O) * core * O * t(O) * core * O,
        right=t(Z) * Z,
        words=words,
    )
    yield Identity(
        text="and ⟨Λ, Z⟩ = τ tr (ZᵀZ)^(1/2) = τ ‖Z‖_*: all conditions of T3, so (Z, b) is the unique global minimizer",
        left=tr(t(Lam) * Z),
        right=tau * tr(t(O) * core * O),
        words=words,
    )


def where_it_ends(words: Words, r: Result) -> Iterator[Step]:
    t = words.t
    ray = words.copy()
    y = ray.matrix("y", "m", "1")  # any vector
    # kappa = |C v|^2 = v^T (P - T)^+ v.
    ray.rule(t(u) * t(O) * C * C * O * u, kappa)
    inner = ray.t(v) * y
    yield Identity(
        text="B² = P - T O Oᵀ, C its inverse on the range of M, κ = vᵀ C² v. Cauchy and Schwarz as a square, "
        "for every vector y",
        left=kappa * norm2(B * y) - inner * inner,
        right=norm2(kappa * B * y - C * v * inner) / kappa,
        words=ray,
    )
    yield Identity(
        text="so Q is τ/λ_b times a matrix >= 0 plus (1 - κ τ/λ_b) B²: Q >= 0 when λ_b >= τ κ",
        left=ray.t(y) * core * y,
        right=tau / lambda_b * (kappa * norm2(B * y) - inner * inner) + (1 - tau / lambda_b * kappa) * norm2(B * y),
        words=ray,
    )
    yield Identity(
        text="In the direction C² v the form Q is this, which is negative when λ_b < τ κ",
        left=t(v) * C * C * core * C * C * v,
        right=kappa * (1 - tau / lambda_b * kappa),
        words=ray,
    )
    yield Solution(
        text="It is zero at λ_b+",
        equation=kappa * (1 - tau / ell * kappa),
        unknown=ell,
        value=r["threshold"],
    )
    last = ray.copy()
    last.rule(core, P - threshold * O * t(O) - r["bias_scale"].subs(lambda_b, r["threshold"]) * v * t(v))
    yield Identity(
        text="where that direction leaves Z, as Q C² v = 0: one dimension of the geometry dies",
        left=core * C * C * v,
        right=sp.S.Zero,
        words=last,
    )
    # Sharpness.  On an eigenvector x of Q in the range of M with eigenvalue -eta < 0, P - (tau/lambda_b) v v^T is
    # below T, so thresholding leaves a residual below T there, and Lam u = tau v would need v^T x = 0.
    below = words.copy()
    x = below.matrix("x", "m", "1")
    below.rule(below.t(x) * x, sp.S.One)
    below.rule(t(u) * t(O) * x, sp.S.Zero)
    below.rule(O * below.t(O) * x, x)
    yield Identity(
        text="The law is sharp. Below λ_b+ Q has a unit eigenvector x with value -η < 0; there the mean "
        "residual is τ v "
        "only if vᵀ x = 0. But then xᵀ Q x >= 0, a contradiction",
        left=below.t(x) * core * x,
        right=norm2(B * x),
        words=below,
    )


def consequences(words: Words, r: Result) -> Iterator[Step]:
    t = words.t
    scale = FACTORS.result["feature_gram_scale"]
    in_lambdas = words.copy()
    in_lambdas.rule(
        core, (P - threshold * O * t(O)).subs(tau, root_lambda) - r["bias_scale"].subs(tau, root_lambda) * v * t(v)
    )
    in_lambdas.rule(bare, (P - threshold * O * t(O)).subs(tau, root_lambda))
    in_lambdas.rule(b, r["bias_scale"].subs(tau, root_lambda) * v)
    in_lambdas.rule(P, B * B + threshold.subs(tau, root_lambda) * O * t(O))
    yield Identity(
        text="Gram matrix of the class means (T2), with the bias less without (Q∞ is Q for λ_b = ∞): every "
        "inner product falls "
        "by the same amount",
        left=scale * D * t(O) * (core - bare) * O * D,
        right=-r["gram_shift"] * one * t(one),
        words=in_lambdas,
    )
    yield Identity(
        text="Loss: the fit does not change; penalty without bias, less penalty and bias term with it",
        left=root_lambda * tr(t(O) * bare * O) - (root_lambda * tr(t(O) * core * O) + lambda_b / 2 * norm2(b)),
        right=r["loss_drop"],
        words=in_lambdas,
    )
    yield Identity(
        text="It is the largest drop that any encoding allows (no-bias): ‖Λ u‖² attains τ² N",
        left=norm2(Lam * u) / (2 * lambda_b),
        right=r["loss_drop"].subs(lambda_w, tau**2 / lambda_h),
        words=words,
    )
    yield Identity(
        text="Length of the bias", left=norm2(b), right=r["bias_square"].subs(lambda_w, tau**2 / lambda_h), words=words
    )
    yield Limit(text="λ_b = ∞: no shift", left=r["gram_shift"], variable=lambda_b, to=sp.oo, right=sp.S.Zero)


def hypothesis() -> Iterator[Step]:
    # 1 in the row space of E: there is p with E^T p = 1, that is every code lies in the hyperplane <p, e> = 1.
    codes = Words()
    E = codes.matrix("E", "m", "K")
    root = codes.symmetric("D", "K")  # D^(1/2)
    ones = codes.matrix("𝟏", "K", "1")
    p = codes.matrix("p", "m", "1")
    weights = codes.matrix("q", "K", "1")
    codes.rule(codes.t(E) * p, ones)
    yield Identity(
        text="The hypothesis in words: u = D^(1/2) 𝟏 is Mᵀ p for some p iff Eᵀ p = 𝟏, all codes in one "
        "hyperplane ⟨p, e⟩ = 1",
        left=codes.t(E * root) * p,
        right=root * ones,
        words=codes,
    )
    yield Identity(
        text="An affine combination E q of the codes (𝟏ᵀ q = 1) then has ⟨p, E q⟩ = 1, so it is not 0; the "
        "converse is the "
        "separation of 0 from the affine hull",
        left=codes.t(p) * E * weights,
        right=codes.t(ones) * weights,
        words=codes,
    )
    for rows in (2, 3):
        e = sp.Matrix(rows + 1, rows + 1, lambda i, k: sp.Symbol(f"e_{i + 1}{k + 1}"))
        roots = sp.symbols(f"d_1:{rows + 2}", positive=True)
        for k in range(rows + 1):  # label distributions: every column sums to one; the last row is made u^T
            e[rows - 1, k] = 1 - sum(e[i, k] for i in range(rows - 1))
            e[rows, k] = sp.S.One
        yield Identity(
            text=f"Label distributions of length {rows} for {rows + 1} classes are dependent, yet u is in the "
            f"row space of M: "
            "the determinant of M with the row uᵀ added",
            left=sp.Determinant(sp.ImmutableMatrix(e * sp.diag(*roots))),
            right=sp.S.Zero,
        )


def examples(r: Result) -> Iterator[Step]:
    """The law written out, entry by entry, for codes whose polar decomposition is explicit."""
    for size in (2, 3):
        d = sp.symbols(f"d_1:{size + 1}", positive=True)  # sqrt(n_k), all above T: d = T + x
        x = sp.symbols(f"x_1:{size + 1}", positive=True)
        T_ = sp.Symbol("T", positive=True)
        total = sum(y**2 for y in d)
        v_ = sp.Matrix(d)
        core = sp.diag(*d) - T_ * sp.eye(size) - T_ / (total * ell) * v_ * v_.T
        lambda_plus = r["threshold"].subs({tau: T_ / total, kappa: sum(y**2 / (y - T_) for y in d)})
        yield Identity(
            text=f"One-hot codes, {size} classes of any sizes: the core is singular at λ_b+",
            left=sp.Determinant(sp.ImmutableMatrix(core.subs(ell, lambda_plus))),
            right=sp.S.Zero,
            given=dict(zip(d, (T_ + y for y in x), strict=True)),
        )


THEOREM = Theorem(
    name="large-bias",
    label="T5b",
    title="The law of large bias regularization",
    assumptions=(
        "any counts; λ_w, λ_h > 0, τ = √(λ_w λ_h), T = N τ",
        "u = D^(1/2) 𝟏 lies in the row space of M = E D^(1/2): 0 is not an affine combination of the codes. Linearly "
        "independent codes (rank E = K) and label distributions (columns that sum to one) satisfy it",
        "every nonzero singular value of M exceeds T",
        "λ_b >= λ_b+ = τ vᵀ (P - T I)⁺ v, with M = P O the polar decomposition, v = O u, ⁺ the inverse on the "
        "range of M",
    ),
    statement="The unique global minimizer is b = (τ/λ_b) O u and Z = (P - T I - (τ/λ_b) v vᵀ) O. Every inner "
    "product of class means is "
    "λ_w/λ_b below its value without bias, whatever the codes and the imbalance, and the loss is N λ_w λ_h/(2 "
    "λ_b) below. At "
    "λ_b+ the smallest singular value of Z reaches 0; below λ_b+ the law fails.",
    formulas={
        "bias_scale": Formula(expr=tau / lambda_b, meaning="b = this times O u"),
        "threshold": Formula(expr=tau * kappa, meaning="λ_b+; kappa is vᵀ (P - T I)⁺ v"),
        "gram_shift": Formula(
            expr=lambda_w / lambda_b, meaning="what the bias takes from every inner product of class means"
        ),
        "loss_drop": Formula(
            expr=N * lambda_w * lambda_h / (2 * lambda_b), meaning="what the bias takes from the loss"
        ),
        "bias_square": Formula(expr=N * lambda_w * lambda_h / lambda_b**2, meaning="‖b‖²"),
    },
    functions=(
        Function(
            name="large_bias_threshold",
            arguments=("tau", "kappa"),
            result="threshold",
            doc="lambda_b+, from which the law holds; kappa = v^T (P - T I)^+ v.",
        ),
        Function(
            name="large_bias_gram_shift",
            arguments=("lambda_w", "lambda_b"),
            result="gram_shift",
            doc="what the bias takes from every inner product of class means.",
        ),
        Function(
            name="large_bias_loss_drop",
            arguments=("N", "lambda_w", "lambda_h", "lambda_b"),
            result="loss_drop",
            doc="what the bias takes from the loss.",
        ),
    ),
    letters={
        "kappa": "vᵀ (P - T I)⁺ v",
    },
    prove=prove,
    source="New here.",
)

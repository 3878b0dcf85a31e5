"""T11. Inverse design: the label encoding whose global minimizer has a wanted Gram matrix of class means.

The target is any positive semidefinite Q (K x K) of rank r, for any counts.  A = sqrt(lambda_h/lambda_w) D^(1/2) Q
D^(1/2) = V z V^T must be (Z^T Z)^(1/2), so that Z = U z V^T with a free isometry U (m x r).  What remains is to find
codes whose thresholding gives this Z: the residual X0 + T U V^T may hold anything below T outside U and V.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import N, T, lambda_b, lambda_h, lambda_w, tau
from ncsolve.derivations._steps import Identity, Positive, Stationary, Step
from ncsolve.derivations._words import Words, norm2, tr
from ncsolve.derivations.factorization import THEOREM as FACTORS
from ncsolve.derivations.factorization import root_lambda

__all__ = ["THEOREM"]

zeta = sp.Symbol("z", positive=True)
rank = sp.Symbol("r", positive=True)
trace = sp.Symbol("trace", nonnegative=True)
share = sp.Symbol("share", nonnegative=True)
threshold = N * tau

space = Words()
U = space.matrix("U", "m", "r")
V = space.matrix("V", "K", "r")
p = space.symmetric("p", "r")  # z^(1/2)
X0 = space.matrix("X₀", "m", "K")
G = space.matrix("G", "K", "K")
u = space.matrix("u", "K", "1")
for letter in (U, V):
    space.rule(space.t(letter) * letter, sp.S.One)
space.rule(space.t(U) * X0, sp.S.Zero)
space.rule(X0 * V, sp.S.Zero)
space.rule(space.t(u) * u, N)
b = space.matrix("b", "m", "1")
M = space.matrix("M", "m", "K")
Z = space.matrix("Z", "m", "K")
Lam = space.matrix("Λ", "m", "K")
space.rule(Z, U * p * p * space.t(V))
space.rule(Lam, (M - b * space.t(u) - Z) / N)


def prove(r: Result) -> Iterator[Step]:
    words = space.copy()
    t = words.t
    size = r["code_singular_value"].subs(T, threshold)
    # z + T as a matrix: the result is linear in z.
    words.rule(M, U * (size.coeff(zeta) * p * p + size.subs(zeta, 0)) * t(V) + X0 + b * t(u))
    words.rule(b, r["bias_scale"] * U * t(V) * u + X0 * u / (N * lambda_b))
    yield from optimal(words, r)
    yield from geometry(words, r)
    yield from shortest_code(words, r)
    yield from free_bias(r)
    yield from two_classes(r)
    yield from three_classes(r)


def optimal(words: Words, r: Result) -> Iterator[Step]:
    t = words.t
    known = words.copy()
    known.rule(Lam, tau * U * t(V) + X0 / N)  # the first step
    bounded = known.copy()
    bounded.rule(t(X0) * X0, threshold**2 * (1 - V * t(V)) - t(G) * G)  # |X0| <= T, X0 V = 0
    y = bounded.matrix("y", "K", "1")
    yield Identity(
        text="Let E D^(1/2) = M = U (z + T) Vᵀ + X₀ + b uᵀ and Z = U z Vᵀ. Then Λ = (M - b uᵀ - Z)/N is",
        left=Lam,
        right=tau * U * t(V) + X0 / N,
        words=words,
    )
    yield Identity(
        text="‖Λ‖ <= τ, as ‖X₀‖ <= T and X₀ V = 0: T² (I - V Vᵀ) - X₀ᵀ X₀ = Gᵀ G, and for every vector y",
        left=tau**2 * norm2(y) - norm2(Lam * y),
        right=norm2(G * y) / N**2,
        words=bounded,
    )
    yield Identity(text="The bias equation of T3 holds", left=lambda_b * b, right=Lam * u, words=known)
    yield Identity(
        text="V z Vᵀ is (ZᵀZ)^(1/2)", left=V * p * p * t(V) * V * p * p * t(V), right=t(Z) * Z, words=known
    )
    yield Identity(
        text="and ⟨Λ, Z⟩ = τ tr z = τ ‖Z‖_*: all conditions of T3, so (Z, b) is the unique global minimizer",
        left=tr(t(Lam) * Z),
        right=tau * tr(V * p * p * t(V)),
        words=known,
    )
    plain = known.copy()
    plain.rule(X0 * u, sp.S.Zero)
    plain.rule(t(X0) * X0, sp.S.Zero)
    plain.rule(Lam, tau * U * t(V))
    plain.rule(b, r["bias_scale"] * U * t(V) * u)
    plain.trace_value(p * p, trace)
    plain.rule(t(u) * V * t(V) * u, share)
    yield Identity(
        text="The minimum with X₀ = 0: fit N ‖Λ‖²/2, penalty τ tr z and bias term",
        left=N / 2 * norm2(Lam) + tau * tr(p * p) + lambda_b / 2 * norm2(b),
        right=r["loss"].subs(rank, sp.Symbol("dim r", positive=True)),  # the trace of the r x r identity
        words=plain,
    )


def geometry(words: Words, r: Result) -> Iterator[Step]:
    t = words.t
    weight, feature = FACTORS.result["weight_scale"], FACTORS.result["feature_scale"]
    frame = words.copy()
    R = frame.matrix("R", "d", "r")
    D = frame.symmetric("D", "K")  # D^(-1/2)
    S = frame.symmetric("S", "K")  # D^(1/2)
    Q = frame.symmetric("Q", "K")
    frame.rule(frame.t(R) * R, sp.S.One)
    frame.rule(D * S, sp.S.One)
    H = feature * R * p * t(V) * D
    yield Identity(
        text="Factors of T2: W Hbar D^(1/2) = Z", left=weight * U * p * frame.t(R) * H * S, right=Z, words=frame
    )
    frame.rule(V * p * p * t(V), r["core_scale"] * S * Q * S)
    yield Identity(
        text="With V z Vᵀ = core_scale D^(1/2) Q D^(1/2) the class means have the Gram matrix Q, whatever the counts",
        left=frame.t(H) * H,
        right=Q,
        words=frame,
    )


def shortest_code(words: Words, r: Result) -> Iterator[Step]:
    t = words.t
    x = words.matrix("x", "r", "1")
    yield Identity(
        text="Uᵀ M V is positive definite, so rank M >= r = rank Q",
        left=t(x) * t(U) * M * V * x,
        right=norm2(p * x) + threshold * norm2(x) + tau / lambda_b * (t(x) * t(V) * u) * (t(u) * V * x),
        words=words,
    )
    flat = words.copy()
    flat.rule(M, U * (p * p + threshold) * t(V) + b * t(u))
    flat.rule(b, r["bias_scale"] * U * t(V) * u)
    yield Identity(
        text="With X₀ = 0 all codes lie in the span of U, so rank E = r: the shortest codes have length m = rank Q",
        left=U * t(U) * M,
        right=M,
        words=flat,
    )


def free_bias(r: Result) -> Iterator[Step]:
    zero = space.copy()
    t = zero.t
    zero.rule(Lam, tau * U * t(V) + X0 / N)
    yield Identity(
        text="λ_b = 0 asks for Λ u = 0 in place of the bias equation. Its part in the span of U is",
        left=t(U) * Lam * u,
        right=tau * t(V) * u,
        words=zero,
    )
    S = zero.symmetric("S", "K")
    Q = zero.symmetric("Q", "K")
    counts = zero.matrix("n", "K", "1")
    zero.rule(S * u, counts)
    moved = zero.copy()
    moved.rule(V * p * p * t(V), r["core_scale"] * S * Q * S)
    yield Identity(
        text="which vanishes iff nᵀ Q n = 0, that is Q n = 0: a free bias reaches exactly the Gram matrices whose "
        "class means, weighted by their counts, sum to zero",
        left=t(u) * V * p * p * t(V) * u,
        right=r["core_scale"] * t(counts) * Q * counts,
        words=moved,
    )


def two_classes(r: Result) -> Iterator[Step]:
    """The definition itself, sample sizes n1 and n2, a simplex ETF (two opposite class means), any λs."""
    r1, r2, x, y, f = sp.symbols("ρ_1 ρ_2 x y f", positive=True)  # roots of the counts, λ_w = x², λ_h = y², |h| = f
    total = r1**2 + r2**2
    lambdas = {lambda_w: x**2, lambda_h: y**2}
    tau_ = x * y
    core = r["core_scale"].subs(lambdas) * sp.Matrix([r1, -r2]) * sp.Matrix([r1, -r2]).T * f**2
    v = sp.Matrix([r1, -r2]) / sp.sqrt(total)
    z = f**2 * total * y / x
    yield Identity(
        text="Two classes, Q = f² [[1, -1], [-1, 1]]: the eigenvector of A", left=core * v, right=z * v
    )
    given = {tau: tau_, T: total * tau_, zeta: z}
    M_ = r["code_singular_value"].subs(given) * v * v.T
    bias = r["bias_scale"].subs(given) * v * (v.T * sp.Matrix([r1, r2]))[0]
    yield from _stationary(
        text="The objective from its definition, at opposite class means ±f: every derivative vanishes",
        roots=(r1, r2), codes=M_, bias=bias, left=v * sp.sqrt(z), right=v * sp.sqrt(z), x=x, y=y,
    )


def three_classes(r: Result) -> Iterator[Step]:
    """The same for the simplex ETF of three classes with counts in the ratio 4 : 1 : 1."""
    rho, x, y, f = sp.symbols("ρ x y f", positive=True)
    roots = (2 * rho, rho, rho)
    total = 6 * rho**2
    lambdas = {lambda_w: x**2, lambda_h: y**2}
    tau_ = x * y
    gram = f**2 * (sp.eye(3) - sp.ones(3, 3) / 3)
    core = r["core_scale"].subs(lambdas) * sp.diag(*roots) * gram * sp.diag(*roots)
    frame = sp.Matrix([[0, 4 / sp.sqrt(18)], [1 / sp.sqrt(2), -1 / sp.sqrt(18)], [-1 / sp.sqrt(2), -1 / sp.sqrt(18)]])
    z = sp.diag(1, 3) * (f * rho) ** 2 * y / x
    yield Identity(
        text="Three classes of 4 : 1 : 1 samples, Q = f² (I - J/3): the eigenvectors of A",
        left=sp.MatMul(sp.ImmutableMatrix(core), sp.ImmutableMatrix(frame)),
        right=sp.ImmutableMatrix(frame * z),
    )
    given = {tau: tau_, T: total * tau_}
    sizes = sp.diag(*[r["code_singular_value"].subs({**given, zeta: z[i, i]}) for i in range(2)])
    u_ = sp.Matrix(roots)
    bias = r["bias_scale"].subs(given) * frame * frame.T * u_
    half = frame * sp.diag(*[sp.sqrt(z[i, i]) for i in range(2)])
    yield from _stationary(
        text="The objective from its definition at the simplex ETF: every derivative vanishes",
        roots=roots, codes=frame * sizes * frame.T, bias=bias, left=half, right=half, x=x, y=y,
    )
    yield Positive(text="and its class means are not zero", left=z[0, 0])


def _stationary(
    *, text: str, roots: tuple[sp.Expr, ...], codes: sp.Matrix, bias: sp.Matrix, left: sp.Matrix, right: sp.Matrix,
    x: sp.Symbol, y: sp.Symbol,
) -> Iterator[Step]:
    """W = (λ_h/λ_w)^(1/4) left, Hbar D^(1/2) = (λ_w/λ_h)^(1/4) rightᵀ, labels M + b uᵀ; λ_w = x², λ_h = y²."""
    m, rows = left.shape
    k = len(roots)
    scale = sp.diag(*roots)
    labels = (codes + bias * sp.Matrix(roots).T) * scale.inv()
    weights = sp.sqrt(y) / sp.sqrt(x) * left
    means = sp.sqrt(x) / sp.sqrt(y) * right.T * scale.inv()
    ws = sp.Matrix(m, rows, lambda i, j: sp.Symbol(f"w_{i + 1}{j + 1}", real=True))
    hs = sp.Matrix(rows, k, lambda i, j: sp.Symbol(f"h_{i + 1}{j + 1}", real=True))
    bs = sp.Matrix(m, 1, lambda i, j: sp.Symbol(f"b_{i + 1}", real=True))
    total = sum(root**2 for root in roots)
    residual = (ws * hs + bs * sp.ones(1, k) - labels) * scale
    objective = (
        sum(e**2 for e in residual) / (2 * total)
        + x**2 / 2 * sum(e**2 for e in ws)
        + y**2 / 2 * sum(e**2 for e in hs * scale)
        + lambda_b / 2 * sum(e**2 for e in bs)
    )
    at = {
        **dict(zip(ws, weights, strict=True)), **dict(zip(hs, means, strict=True)), **dict(zip(bs, bias, strict=True))
    }
    yield Stationary(
        text=text, function=objective, variables=(*ws, *hs, *bs), at=at,
        given={lambda_b: sp.Symbol("ell", positive=True)},
    )


THEOREM = Theorem(
    name="inverse-design",
    label="T11",
    title="Inverse design: the encoding for a wanted geometry",
    assumptions=(
        "Q: any positive semidefinite K x K matrix, r = rank Q; any counts; λ_w, λ_h > 0, 0 < λ_b <= ∞; d >= r, m >= r",
        "A = core_scale D^(1/2) Q D^(1/2) = V z Vᵀ with Vᵀ V = I and z > 0 (r x r)",
        "U (m x r) any isometry, UᵀU = I; X₀ (m x K) any matrix with Uᵀ X₀ = 0, X₀ V = 0 and ‖X₀‖ <= T",
    ),
    statement="The encoding E = U (z + T) Vᵀ D^(-1/2) + X₀ D^(-1/2) + b 𝟏ᵀ with λ_b b = (τ U Vᵀ + X₀/N) u has a "
    "global minimizer whose class means have the Gram matrix Q, and the bias b. By the uniqueness of (Z, b) in T3 "
    "these are all encodings that do. ncsolve takes X₀ = 0: codes of length m exist iff m >= rank Q. For λ_b = 0 the "
    "same holds with b free and Λ u = 0, exactly for the Q with Q n = 0.",
    formulas={
        "core_scale": Formula(expr=sp.sqrt(lambda_h / lambda_w), meaning="A = this times D^(1/2) Q D^(1/2)"),
        "code_singular_value": Formula(expr=zeta + T, meaning="singular value of M - b uᵀ over an eigenvalue z of A"),
        "bias_scale": Formula(expr=tau / lambda_b, meaning="b = this times U Vᵀ u"),
        "loss": Formula(
            expr=N * tau**2 * rank / 2 + tau * trace + tau**2 * share / (2 * lambda_b),
            meaning="the minimum; r = rank Q, trace = tr A, share = ‖Vᵀ u‖²",
        ),
    },
    functions=(
        Function(
            name="design_core_scale",
            arguments=("lambda_w", "lambda_h"),
            result="core_scale",
            doc="(Z^T Z)^(1/2) is this times D^(1/2) Q D^(1/2) for a target Gram matrix Q.",
            form=sp.sqrt(lambda_h) / sp.sqrt(lambda_w),
        ),
        Function(
            name="design_code_singular_value",
            arguments=("z", "T"),
            result="code_singular_value",
            doc="singular value of M - b u^T over an eigenvalue z of (Z^T Z)^(1/2) (arrays).",
            arrays=("z",),
        ),
        Function(
            name="design_bias_scale",
            arguments=("tau", "lambda_b"),
            result="bias_scale",
            doc="b is this times V V^T u; 0 for lambda_b = inf.",
        ),
        Function(
            name="design_loss",
            arguments=("N", "tau", "r", "trace", "share", "lambda_b"),
            result="loss",
            doc="the minimum of a designed problem; r the rank, trace that of A, share = |V^T u|^2.",
        ),
    ),
    definitions={tau: root_lambda, T: threshold},
    letters={
        "z": "eigenvalue of A",
        "r": "rank of the target Q",
        "trace": "trace of A",
        "share": "‖Vᵀ u‖², the part of u in the row space of Z",
    },
    prove=prove,
    source="New here.",
)

"""T3. The convex core in (Z, b), its optimality conditions, soft thresholding, and the bias equation.

After T1 and T2 the problem is, with M = E D^(1/2), u = D^(1/2) 1, X = M - b u^T,

    f(Z, b) = 1/(2N) |Z + b u^T - M|^2 + tau |Z|_* + lambda_b/2 |b|^2,

which is convex.  Its minimum equals that of the original problem (d >= rank Z), so what is proved optimal here is a
global minimizer there.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import N, T, lambda_b, sigma, tau
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import Identity, Limit, Positive, Step
from ncsolve.derivations._words import Words, norm2, tr
from ncsolve.derivations.certificate import direction_is_optimal

__all__ = ["THEOREM"]

space = Words()
M = space.matrix("M", "m", "K")
Z = space.matrix("Z", "m", "K")
Z1 = space.matrix("Ž", "m", "K")  # any competitor
u = space.matrix("u", "K", "1")
b = space.matrix("b", "m", "1")
b1 = space.matrix("b̌", "m", "1")
Lam = space.matrix("Λ", "m", "K")
space.rule(space.t(u) * u, N)

# At the minimizer M = Z + b u^T + N Lam and lambda_b b = Lam u.
optimum = space.copy()
optimum.rule(M, Z + b * space.t(u) + N * Lam)
optimum.rule(Lam * u, lambda_b * b)

# Lam with ||Lam|| <= tau, and two unit vectors.
feasible = space.copy()
F = feasible.matrix("F", "K", "K")
left_unit = feasible.matrix("x̂", "m", "1")
right_unit = feasible.matrix("ŷ", "K", "1")
feasible.rule(feasible.t(left_unit) * left_unit, sp.S.One)
feasible.rule(feasible.t(right_unit) * right_unit, sp.S.One)
feasible.rule(feasible.t(Lam) * Lam, tau**2 - feasible.t(F) * F)

# X = U s V^T with residual U h s V^T, h = min(1, T/s): the residual is h(G) X with G = X X^T.
svd = Words()
U = svd.matrix("U", "m", "r")
V = svd.matrix("V", "K", "r")
S = svd.symmetric("σ", "r")
g = svd.symmetric("h", "r")
v = svd.matrix("u", "K", "1")
c = svd.matrix("c", "m", "1")
svd.rule(svd.t(U) * U, sp.S.One)
svd.rule(svd.t(V) * V, sp.S.One)
svd.rule(S * svd.t(V) * v, N * svd.t(U) * c)  # X u = N c, where c = mu - b

residual_square, bias_square, b_1, b_2 = sp.symbols("residual_square bias_square b_1 b_2", nonnegative=True)


_x = sp.Symbol("x", positive=True)
# Where a singular value may lie.
POSITIONS: dict[str, Given] = {"σ > T": {sigma: T + _x}, "σ = T": {sigma: T}, "σ < T": {sigma: T / (1 + _x)}}


def f(matrix: sp.Expr, bias: sp.Expr) -> sp.Expr:
    """The convex core without its nuclear norm."""
    return norm2(matrix + bias * space.t(u) - M) / (2 * N) + lambda_b / 2 * norm2(bias)


def prove(r: Result) -> Iterator[Step]:
    yield from optimality(r)
    yield from soft_thresholding(r)
    yield from bias_equation(r)
    yield from dependence_on_lambda_b(r)


def optimality(r: Result) -> Iterator[Step]:
    yield Identity(
        text="Sufficiency: let N Λ = M - b uᵀ - Z and λ_b b = Λ u. For any other (Ž, b̌) the smooth part of f "
        "changes by "
        "two squares and -⟨Λ, Ž - Z⟩",
        left=f(Z1, b1) - f(Z, b),
        right=norm2(Z1 - Z + (b1 - b) * space.t(u)) / (2 * N)
        + lambda_b / 2 * norm2(b1 - b)
        - tr(space.t(Lam) * (Z1 - Z)),
        words=optimum,
    )
    yield Identity(
        text="‖Λ‖ <= τ, that is τ² I - ΛᵀΛ = FᵀF for some F, gives x̂ᵀ Λ ŷ <= τ for unit vectors. Summed over "
        "the singular "
        "vectors of Ž: ⟨Λ, Ž⟩ <= τ ‖Ž‖_*. With ⟨Λ, Z⟩ = τ ‖Z‖_* therefore f(Ž, b̌) >= f(Z, b), and for λ_b > 0 "
        "equality "
        "forces b̌ = b, then Ž = Z",
        left=2 * tau * (tau - feasible.t(left_unit) * Lam * right_unit),
        right=norm2(Lam * right_unit - tau * left_unit) + norm2(F * right_unit),
        words=feasible,
    )


def soft_thresholding(r: Result) -> Iterator[Step]:
    for name, given in POSITIONS.items():
        yield from direction_is_optimal(f"For given b, {name}", sigma, r["soft_threshold"], T, given)
        yield Identity(
            text=f"{name}: singular value of the residual",
            left=r["residual"],
            right=sigma - r["soft_threshold"],
            given=given,
        )
    yield Identity(
        text="The fit term",
        left=norm2(U * g * S * svd.t(V)) / (2 * N),
        right=r["fit"].subs(residual_square, tr(g * S * S * g)),
        words=svd,
    )


def bias_equation(r: Result) -> Iterator[Step]:
    X = U * S * svd.t(V)
    yield Identity(
        text="G = X Xᵀ has the eigenvectors U and eigenvalues σ² (and is S + N c cᵀ with c = μ - b, T1)",
        left=X * svd.t(X),
        right=U * S * S * svd.t(U),
        words=svd,
    )
    residual = U * g * S * svd.t(V)
    yield Identity(
        text="The mean residual Λ u is h(G) c, as X u = M u - N b = N c",
        left=residual * v / N,
        right=U * g * svd.t(U) * c,
        words=svd,
    )
    for name, given in POSITIONS.items():
        yield Identity(
            text=f"{name}: h(σ²) σ is the residual's singular value, so λ_b (μ - c) = h(G(c)) c",
            left=r["h"] * sigma,
            right=r["residual"],
            given=given,
        )


def dependence_on_lambda_b(r: Result) -> Iterator[Step]:
    low, high, g1, g2 = sp.symbols("l_1 l_2 g_1 g_2", nonnegative=True)
    # g_i is the rest of f minimised at b_i; optimality of b_i at l_i against the other, with slacks s_i >= 0.
    excess_1 = g2 + low * b_2**2 / 2 - (g1 + low * b_1**2 / 2)
    excess_2 = g1 + high * b_1**2 / 2 - (g2 + high * b_2**2 / 2)
    yield Identity(
        text="‖b‖ does not grow with λ_b: adding the optimality of b_1 at l_1 and of b_2 at l_2, both excesses "
        ">= 0, gives "
        "(l_2 - l_1)(‖b_1‖² - ‖b_2‖²)/2 >= 0",
        left=excess_1 + excess_2,
        right=(high - low) * (b_1**2 - b_2**2) / 2,
    )
    yield Identity(
        text="‖b‖ <= τ √N / λ_b: with λ_b b = Λ u, the square of this bound exceeds ‖b‖² by a square",
        left=r["bias_bound"] ** 2 - norm2(Lam * u) / lambda_b**2,
        right=norm2(F * u) / lambda_b**2,
        words=feasible,
    )
    yield Positive(text="(it is positive)", left=r["bias_bound"], given={lambda_b: _x})
    yield Limit(text="so b tends to 0 like 1/λ_b", left=r["bias_bound"], variable=lambda_b, to=sp.oo, right=sp.S.Zero)
    bias = sp.Symbol("bias", nonnegative=True)
    yield Identity(
        text="The bias term", left=sp.Integral(lambda_b * bias, (bias, 0, sp.sqrt(bias_square))), right=r["bias_loss"]
    )


THEOREM = Theorem(
    name="bias",
    label="T3",
    title="The convex core and the bias equation",
    assumptions=(
        "λ_w, λ_h > 0, τ = √(λ_w λ_h), T = N τ; any encoding, any counts",
        "0 < λ_b < ∞ here; the two ends are the theorems centring and no-bias",
    ),
    statement="(Z, b) minimizes f, uniquely, iff Λ = (M - b uᵀ - Z)/N satisfies ‖Λ‖ <= τ, ⟨Λ, Z⟩ = τ ‖Z‖_* and "
    "λ_b b = Λ u. "
    "So Z is M - b uᵀ with its singular values lowered by T (not below 0), and c = μ - b solves the bias equation "
    "λ_b (μ - c) = h(S + N c cᵀ) c, where h(g) = min(1, T/√g) acts on eigenvalues. ‖b‖ does not grow with λ_b "
    "and tends to 0 "
    "like 1/λ_b.",
    formulas={
        "soft_threshold": Formula(
            expr=sp.Max(sigma - T, 0), meaning="singular value of Z over a singular value σ of M - b uᵀ"
        ),
        "residual": Formula(expr=sp.Min(sigma, T), meaning="singular value of the residual M - b uᵀ - Z"),
        "h": Formula(
            expr=sp.Piecewise((1, sp.Le(sigma, T)), (T / sigma, True)),
            meaning="h(σ²), the share that stays in the residual",
        ),
        "fit": Formula(expr=residual_square / (2 * N), meaning="fit term; residual_square is ‖M - b uᵀ - Z‖²"),
        "bias_loss": Formula(expr=lambda_b * bias_square / 2, meaning="bias term; bias_square is ‖b‖²"),
        "bias_bound": Formula(expr=tau * sp.sqrt(N) / lambda_b, meaning="upper bound on ‖b‖"),
    },
    functions=(
        Function(
            name="soft_threshold",
            arguments=("sigma", "T"),
            arrays=("sigma",),
            result="soft_threshold",
            doc="singular value of Z over a singular value sigma of M - b u^T (arrays).",
        ),
        Function(
            name="residual_singular_value",
            arguments=("sigma", "T"),
            arrays=("sigma",),
            result="residual",
            doc="singular value of the residual M - b u^T - Z (arrays).",
        ),
        Function(
            name="fit_loss",
            arguments=("residual_square", "N"),
            result="fit",
            doc="the fit term, from the sum of squares of the residual's singular values.",
        ),
        Function(name="bias_loss", arguments=("bias_square", "lambda_b"), result="bias_loss", doc="the bias term."),
    ),
    letters={
        "residual_square": "‖M - b uᵀ - Z‖²",
        "bias_square": "‖b‖²",
    },
    prove=prove,
    source="Soft thresholding: Cai, Candès & Shen 2010; convex form of the UFM: Zhou et al. 2022. The bias "
    "equation: here.",
)

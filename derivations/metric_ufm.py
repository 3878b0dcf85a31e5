"""T15. The metric UFM: a linear last hidden layer and decay on all weights, a convex problem in the moments below it.

With h = V z + c for previous features z, decay on V and c takes the place of the penalty of the features.  The last two
layers have one minimum, which follows from the first two moments of z, and any weights are above it by four parts.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._metric_gap import FORMULAS as PARTS
from ncsolve.derivations._metric_gap import gap_identity
from ncsolve.derivations._metric_symbols import (
    A,
    B,
    C,
    S,
    X,
    Y,
    Yc,
    aligned,
    b,
    f,
    gain,
    label_square,
    mu,
    one,
    second_moment,
    singular,
    space,
    theta,
    zbar,
)
from ncsolve.derivations._notation import N, lambda_b, lambda_v, lambda_w, tau
from ncsolve.derivations._steps import Identity, Solution, Step
from ncsolve.derivations._words import norm2, tr
from ncsolve.derivations.certificate import direction_is_optimal

__all__ = ["THEOREM"]

t = space.t
nuclear = sp.Symbol("nuclear_A", nonnegative=True)  # of any A
other = space.matrix("A'", "m", "P")
lambda_c = sp.Symbol("lambda_c", positive=True)


def prove(r: Result) -> Iterator[Step]:
    yield from one_more_row()
    yield from without_bias(r)
    yield from dual(r)
    yield from directions(r)
    yield from implied(r)
    yield from gap_identity(r)


def one_more_row() -> Iterator[Step]:
    """The bias c of the hidden layer is a column of V for a constant feature."""
    words = space.copy()
    V, c = words.matrix("V", "d", "p"), words.matrix("c", "d", "1")
    root = sp.sqrt(lambda_v / lambda_c)
    yield Identity(
        text="Hidden layer with a bias c of its own decay: Ṽ = (V, c √(λ_c/λ_v)) on Z̃ = (Z; √(λ_v/λ_c) 𝟏ᵀ) is "
        "V Z + c 𝟏ᵀ, and pays one decay λ_v",
        left=lambda_v / 2 * (norm2(V) + norm2(c / root)),
        right=lambda_v / 2 * norm2(V) + lambda_c / 2 * norm2(c),
        words=words,
    )


def smooth(outputs: sp.Expr) -> sp.Expr:
    """Fit and bias term of these outputs without bias."""
    return norm2(outputs + b * t(one) - Y) / (2 * N) + lambda_b / 2 * norm2(b)


def samples(expr: sp.Expr, r: Result) -> sp.Expr:
    """B, C and the square of the labels put in by their definitions."""
    square = norm2(Yc) / N + f * norm2(mu)
    values = {B: r["B"], t(B): t(r["B"]), C: r["C"], S: X * t(X) / N, label_square: square}
    for symbol, value in values.items():
        expr = expr.subs(symbol, value)
    return expr.subs(f, r["mean_weight"])


def without_bias(r: Result) -> Iterator[Step]:
    yield Identity(
        text="By T2 with λ_v for λ_h, λ_w/2 ‖W‖² + λ_v/2 ‖Ṽ‖² is least, for W Ṽ = A, at τ ‖A‖_*. What is left of the "
        "objective is a square in b around r(A), with Z̃ = X + z̄ 𝟏ᵀ, Y = Y_c + μ 𝟏ᵀ, X 𝟏 = 0, Y_c 𝟏 = 0, λ_b < ∞,",
        left=smooth(A * (X + zbar * t(one))).subs(Y, Yc + mu * t(one)),
        right=norm2(A * X - Yc) / (2 * N) + r["mean_weight"] / 2 * norm2(mu - A * zbar)
        + (1 + lambda_b) / 2 * norm2(b - r["bias"]),
        words=space,
    )
    none = space.copy()
    none.rule(b, sp.S.Zero)
    yield Identity(
        text="(λ_b = ∞: f = 1, as b = 0 there)",
        left=norm2(A * (X + zbar * t(one)) + b * t(one) - Yc - mu * t(one)) / (2 * N),
        right=norm2(A * X - Yc) / (2 * N) + norm2(mu - A * zbar) / 2,
        words=none,
    )
    yield Identity(
        text="so that b = r(A), and the rest is quadratic in A with the moments C and B only",
        left=norm2(A * X - Yc) / (2 * N) + r["mean_weight"] / 2 * norm2(mu - A * zbar),
        right=samples(r["reduced"].subs(nuclear, 0), r),
        words=space,
    )


def dual(r: Result) -> Iterator[Step]:
    """F(A') for another A' against the bound that the residual of A gives."""
    def of(point: sp.Expr) -> sp.Expr:
        return r["reduced"].subs({A: point, t(A): t(point)})

    rest = other - theta * A
    yield Identity(
        text="Bound at a point A, by moments, with G = B - A C and any θ: every other A' is above it by a square and "
        "by τ ‖A'‖_* - ⟨A', θ G⟩,",
        left=of(other) - r["bound"],
        right=(1 - theta) ** 2 / 2 * label_square - (1 - theta) * tr(rest * t(B)) + tr(rest * C * t(rest)) / 2
        + tau * nuclear - theta * tr(other * t(r["multiplier"])),
        words=space,
    )
    yield Identity(
        text="the square being over the samples, f >= 0,",
        left=samples((1 - theta) ** 2 * label_square - 2 * (1 - theta) * tr(rest * t(B)) + tr(rest * C * t(rest)), r),
        right=norm2((1 - theta) * Yc - rest * X) / N + r["mean_weight"] * norm2((1 - theta) * mu - rest * zbar),
        words=space,
    )
    words = space.copy()
    W, V, G = words.matrix("W", "m", "d"), words.matrix("Ṽ", "d", "P"), words.matrix("G", "m", "P")
    yield Identity(
        text="the other part being two squares for each A' = W Ṽ: so the bound holds if θ ‖G‖_2 <= τ, τ² = λ_w λ_v",
        left=lambda_w / 2 * norm2(W) + lambda_v / 2 * norm2(V) - tr(words.t(W * V) * G),
        right=lambda_w / 2 * norm2(W - G * words.t(V) / lambda_w)
        + tr(V * (lambda_w * lambda_v - words.t(G) * G) * words.t(V)) / (2 * lambda_w),
        words=words,
    )
    slope, square = sp.Symbol("⟨R, Y⟩", real=True), sp.Symbol("‖R‖²", positive=True)
    yield Solution(
        text="The best θ without that condition, with ⟨R, Y⟩ and ‖R‖² for the two brackets of the bound",
        equation=sp.Derivative(theta * slope - theta**2 / 2 * square, theta), unknown=theta, value=slope / square,
    )
    yield Identity(
        text="Where θ = 1 is feasible and τ ‖A‖_* = ⟨A, G⟩, the bound is the objective at A: A is a global minimizer "
        "(for another A' the square is that of A' - A, so outputs A' C are those of A)",
        left=of(A).subs(nuclear, tr(A * t(r["multiplier"])) / tau),
        right=r["bound"].subs(theta, 1),
        words=space,
    )


def directions(r: Result) -> Iterator[Step]:
    """The closed form where the right singular vectors of B are eigenvectors of C."""
    words = space.copy()
    U, R = words.matrix("U", "m", "r"), words.matrix("R", "P", "r")
    bs, cs, values = (words.symmetric(name, "r") for name in ("β", "γ", "α"))
    words.rule(C * R, R * cs)
    yield Identity(
        text="Aligned moments: B = U β Rᵀ, C R = R γ, diagonal β and γ. For A = U α Rᵀ the directions separate",
        left=U * bs * words.t(R) - U * values * words.t(R) * C,
        right=U * (bs - values * cs) * words.t(R),
        words=words,
    )
    more, less = sp.Symbol("y", positive=True), sp.Symbol("x", nonnegative=True)
    singular_b, c = aligned
    for name, case in (("b > τ", {singular_b: tau + more}), ("b <= τ", {singular_b: tau / (1 + less)})):
        yield from direction_is_optimal(
            f"A direction with {name}", singular_b, c * r["singular_value"], tau, case
        )
        size = r["singular_value"]
        yield Identity(
            text=f"What it lowers the objective by, {name}", left=size * singular_b - c * size**2 / 2 - tau * size,
            right=r["gain"], given=case,
        )


def implied(r: Result) -> Iterator[Step]:
    """What the decay of the hidden layer is to the features, by direction."""
    words = space.copy()
    g, v, x = words.matrix("g", "d", "1"), words.matrix("v", "P", "1"), words.matrix("x", "N", "1")
    words.rule(words.t(v) * v, sp.S.One)
    words.rule(words.t(x) * x, N * second_moment)
    yield Identity(
        text="A direction g vᵀ of Ṽ, ‖v‖ = 1, makes features g xᵀ with x = Z̃ᵀ v, ‖x‖² = N second_moment: its decay is "
        "a decay of these features",
        left=lambda_v / 2 * norm2(g * words.t(v)),
        right=r["feature_decay"] / 2 * norm2(g * words.t(x)),
        words=words,
    )


_quadratic = label_square - 2 * tr(A * t(B)) + tr(A * C * t(A))

THEOREM = Theorem(
    name="metric-ufm",
    label="T15",
    title="The metric UFM: decay on all weights and a linear last hidden layer",
    assumptions=(
        "features h = V z + c of fixed previous features z; decay λ_w on W, λ_v on V, λ_c on c, λ_b on b",
        "λ_w, λ_v > 0, 0 < λ_c <= ∞ (no c at λ_c = ∞, Z̃ = Z), 0 <= λ_b <= ∞; any encoding, any counts",
        "d at least the rank of A: min(m, p + 1) suffices; else the minimum is a lower bound",
    ),
    statement="With Ṽ = (V, c √(λ_c/λ_v)) and Z̃ = (z; √(λ_v/λ_c)) the last two layers solve a convex problem in "
    "A = W Ṽ, which has first and second moments of z̃ and y only. Its minimizer has W = (λ_v/λ_w)^(1/4) U σ^(1/2), "
    "Ṽ = (λ_w/λ_v)^(1/4) σ^(1/2) Rᵀ for A = U σ Rᵀ (T2, up to a rotation). Any A and θ <= τ/‖B - A C‖_2 bound the "
    "minimum from below. Where the right singular vectors of B are eigenvectors of C, A has the same singular vectors, "
    "and its values are a closed form. The objective at any W, V, c, b is the minimum plus four parts, each at least "
    "0, as in T13, none of them for variation within the classes.",
    formulas={
        "mean_weight": Formula(
            expr=lambda_b / (1 + lambda_b), meaning="f, the weight of the mean direction; 1 at λ_b = ∞"
        ),
        "C": Formula(expr=X * t(X) / N + f * zbar * t(zbar), meaning="moments of z̃"),
        "B": Formula(expr=Yc * t(X) / N + f * mu * t(zbar), meaning="moments of y and z̃"),
        "bias": Formula(expr=(mu - A * zbar) / (1 + lambda_b), meaning="r(A), the bias for A; 0 at λ_b = ∞"),
        "reduced": Formula(
            expr=_quadratic / 2 + tau * nuclear, meaning="the objective at A, with the best b and the best factors"
        ),
        "multiplier": Formula(expr=B - A * C, meaning="G, with ‖G‖_2 <= τ at the minimum"),
        "bound": Formula(
            expr=theta * (label_square - tr(A * t(B))) - theta**2 / 2 * _quadratic,
            meaning="lower bound of the minimum, for θ ‖G‖_2 <= τ",
        ),
        "singular_value": Formula(
            expr=singular, meaning="singular value of A, where the right singular vectors of B are eigenvectors of C"
        ),
        "gain": Formula(expr=gain, meaning="there: the minimum is label_square/2 less this, summed"),
        "feature_decay": Formula(
            expr=lambda_v / (N * second_moment), meaning="λ_h that the decay of the hidden layer is in a direction"
        ),
        **PARTS,
    },
    definitions={f: lambda_b / (1 + lambda_b)},
    functions=(
        Function(name="metric_mean_weight", arguments=("lambda_b",), result="mean_weight",
                 # lambda_b/(1 + lambda_b) is inf/inf at lambda_b = inf; 1/(1 + 1/lambda_b) is 0/0 at 0.
                 form=sp.Piecewise((lambda_b / (1 + lambda_b), sp.Le(lambda_b, 1)), (1 / (1 + 1 / lambda_b), True)),
                 doc="f, the weight of the mean direction; also for lambda_b = inf."),
        Function(name="metric_singular_value", arguments=("b", "c", "tau"), arrays=("b", "c"), result="singular_value",
                 doc="A's on aligned directions: b a singular value of B, c the eigenvalue of C there (arrays)."),
        Function(name="metric_feature_decay", arguments=("lambda_v", "N", "second_moment"), result="feature_decay",
                 doc="lambda_h in a direction of the previous features with this second moment."),
    ),
    letters={
        "tau": "√(λ_w λ_v), weight of the nuclear norm",
        "b": "singular value of B",
        "c": "eigenvalue of C on the same direction",
        "f": "weight of the mean direction",
        "second_moment": "‖Z̃ᵀ v‖²/N, of the previous features along the unit vector v",
        "label_square": "‖Y_c‖²/N + f ‖μ‖²",
        "nuclear_A": "sum of the singular values of A",
        "A": "W Ṽ (m x P, P = p + 1)",
        "X": "previous features z̃ less their mean (P x N)",
        "Y_c": "labels less their mean μ (m x N)",
        "z̄": "mean of the previous features z̃ (P)",
        "μ": "label mean (m)",
        "θ": "any number >= 0",
        "W": "head (m x d)", "Ṽ": "hidden layer (d x P)", "Z̃": "previous features (P x N)", "Y": "labels (m x N)",
        "𝐛": "bias of the head (m)",
        "Λ": "residual of the minimum over N (m x N)",
        "𝟏": "vector of N ones",
        "B": "moments of y and z̃",
        "C": "moments of z̃",
    },
    prove=prove,
    source="Here; factors as in T2, the bound as in T12, the parts as in T13.",
)

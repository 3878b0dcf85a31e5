"""T12. Weak duality: a lower bound on the objective, and when a minimizer attains it.

The problem is min over W (m x d), H (d x N), b (m) of

    1/(2N) |W H + b 1^T - Y|^2 + lambda_w/2 |W|^2 + lambda_h/2 |H|^2 + lambda_b/2 |b|^2,

where Y (m x N) holds the code of each sample.  It is not convex; the bound below holds for every W, H, b and
every d, and a point that attains it is therefore a global minimizer.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_h, lambda_w
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import AtLeast, Identity, Step
from ncsolve.derivations._words import Words, norm2, tr

__all__ = ["THEOREM", "direction_is_optimal"]

space = Words()
W = space.matrix("W", "m", "d")
H = space.matrix("H", "d", "N")
Y = space.matrix("Y", "m", "N")
b = space.matrix("b", "m", "1")
one = space.matrix("𝟏", "N", "1")
Lam = space.matrix("Λ", "m", "N")  # the multiplier: column l_k for every sample of class k
F = space.matrix("F", "m", "m")
space.rule(space.t(one) * one, N)

# With the PSD condition written as lambda_w lambda_h I - Lam Lam^T = F F^T.
feasible = space.copy()
feasible.rule(Lam * space.t(Lam), lambda_w * lambda_h - F * space.t(F))

residual = W * H + b * space.t(one) - Y
objective = norm2(residual) / (2 * N) + lambda_w / 2 * norm2(W) + lambda_h / 2 * norm2(H) + lambda_b / 2 * norm2(b)
weights = lambda_w / 2 * norm2(W) + lambda_h / 2 * norm2(H) - tr(space.t(Lam) * W * H)


def prove(r: Result) -> Iterator[Step]:
    bound = r["bound"]
    yield Identity(
        text="For every multiplier Λ the objective is the bound, plus two squares, plus a term in the weights alone",
        left=objective - bound,
        right=norm2(residual + N * Lam) / (2 * N) + weights + lambda_b / 2 * norm2(b - Lam * one / lambda_b),
        words=space,
    )
    yield Identity(
        text="Completing the square in H, the term in the weights is a square plus a quadratic form in W",
        left=weights,
        right=lambda_h / 2 * norm2(H - space.t(W) * Lam / lambda_h)
        + tr(space.t(W) * (lambda_w * lambda_h - Lam * space.t(Lam)) * W) / (2 * lambda_h),
        words=space,
    )
    yield Identity(
        text="If λ_w λ_h I - Λ Λᵀ is positive semidefinite, say F Fᵀ, the quadratic form is a square as well; "
        "so the objective is at least the bound",
        left=tr(space.t(W) * (lambda_w * lambda_h - Lam * space.t(Lam)) * W),
        right=norm2(space.t(F) * W),
        words=feasible,
    )
    i, square = sp.Symbol("i", integer=True), sp.Symbol("‖l_k‖²", nonnegative=True)
    count = sp.Symbol("n_k", integer=True, positive=True)
    yield Identity(
        text="The n_k samples of class k share the column l_k, so Σ_k n_k l_k l_kᵀ is Λ Λᵀ and sums over samples "
        "are sums over classes weighted by n_k",
        left=sp.Sum(square, (i, 1, count)),
        right=count * square,
    )

    # A point with these properties attains the bound; H, b and Y are then written with W and Lam.
    tight = feasible.copy()
    tight.rule(space.t(F) * W, sp.S.Zero)
    tight.rule(H, space.t(W) * Lam / lambda_h)
    tight.rule(b, Lam * one / lambda_b)
    tight.rule(Y, W * H + b * space.t(one) + N * Lam)
    yield Identity(
        text="At a point with N Λ = Y - W H - b 𝟏ᵀ, λ_h H = Wᵀ Λ, Fᵀ W = 0 and λ_b b = Λ 𝟏 the bound is attained, "
        "so that point is a global minimizer",
        left=objective,
        right=bound,
        words=tight,
    )
    free = space.copy()
    free.rule(Lam * one, sp.S.Zero)
    yield Identity(
        text="λ_b = 0: with Λ 𝟏 = 0 the last term of the bound is absent",
        left=(objective - lambda_b / 2 * norm2(b)) - r["bound_free"],
        right=norm2(residual + N * Lam) / (2 * N) + weights,
        words=free,
    )
    none = space.copy()
    none.rule(b, sp.S.Zero)
    yield Identity(
        text="λ_b = ∞: b = 0 and the last term is absent for every Λ",
        left=(objective - lambda_b / 2 * norm2(b)) - r["bound_free"],
        right=norm2(residual + N * Lam) / (2 * N) + weights,
        words=none,
    )


def direction_is_optimal(what: str, x: sp.Expr, z: sp.Expr, threshold: sp.Expr, given: Given) -> Iterator[Step]:
    """The two obligations of one singular direction: target x, minimizer's value z, residual x - z.

    Together with the bias equation they make the multiplier Λ = residual/N feasible and tight (bias_equation).
    """
    yield AtLeast(
        text=f"{what}: the residual is at most the threshold, so Λ is feasible",
        left=threshold**2 - (x - z) ** 2,
        given=given,
    )
    if sp.sympify(z) != 0:
        yield Identity(
            text=f"{what}: residual times value is threshold times |value|, so ⟨Λ, Z⟩ = τ ‖Z‖_*",
            left=(x - z) * z,
            right=threshold * sp.Abs(z),
            given=given,
        )


THEOREM = Theorem(
    name="certificate",
    label="T12",
    title="Weak duality and the certificate of global optimality",
    assumptions=(
        "λ_w, λ_h > 0, 0 <= λ_b <= ∞; any encoding, any counts, any feature dimension d",
        "Λ has the column l_k for each sample of class k, and λ_w λ_h I - Λ Λᵀ is positive semidefinite",
        "λ_b = 0: Λ 𝟏 = 0",
    ),
    statement="The objective at every W, H, b is at least the bound. A point whose residual gives such a Λ with "
    "N Λ = Y - W H - b 𝟏ᵀ and which is stationary attains it and is a global minimizer.",
    formulas={
        "bound": Formula(
            expr=tr(space.t(Lam) * Y) - N / 2 * norm2(Lam) - norm2(Lam * one) / (2 * lambda_b),
            meaning="lower bound on the objective, 0 < λ_b < ∞",
        ),
        "bound_free": Formula(
            expr=tr(space.t(Lam) * Y) - N / 2 * norm2(Lam),
            meaning="lower bound for λ_b = 0 (with Λ 𝟏 = 0) and for λ_b = ∞",
        ),
    },
    letters={
        "Y": "labels (m x N), the code of each sample",
        "Λ": "multiplier (m x N), the column l_k for each sample of class k",
        "𝟏": "vector of N ones",
    },
    prove=prove,
    source="Lagrangian duality for the variational form of the nuclear norm: Srebro, Rennie & Jaakkola 2004; "
    "Recht, Fazel & Parrilo 2010, Lemma 5.1; here with a bias and weighted classes.",
)

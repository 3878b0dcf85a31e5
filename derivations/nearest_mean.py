"""T7, NC4. Nearest class mean and nearest code: when the two rules take the same decision for every feature."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import K, T, a, beta, lambda_h, lambda_w, q, w
from ncsolve.derivations._steps import Identity, Positive, Step
from ncsolve.derivations._words import Words, norm2
from ncsolve.derivations.imbalanced_onehot import THEOREM as IMBALANCED
from ncsolve.derivations.self_duality import THEOREM as DUALITY

__all__ = ["THEOREM"]

kappa = sp.Symbol("kappa", positive=True)  # sqrt(lambda_h/lambda_w)
value = sp.Symbol("value", positive=True)  # eigenvalue of Sigma on h_k - h_l
n_k, n_l = sp.symbols("n_k n_l", positive=True)

space = Words()
W = space.matrix("W", "m", "d")
h = space.matrix("h", "d", "1")  # the feature to be classified, in the span of the class means
h_k = space.matrix("h_k", "d", "1")
h_l = space.matrix("h_l", "d", "1")
x_k = space.matrix("x_k", "m", "1")  # e_k - b
x_l = space.matrix("x_l", "m", "1")
Sigma = space.symmetric("Σ", "d")
space.rule(space.t(W) * x_k, kappa * Sigma * h_k)  # NC3, column by column
space.rule(space.t(W) * x_l, kappa * Sigma * h_l)

eigen = space.copy()  # Sigma (h_k - h_l) = value (h_k - h_l), written for the letter h_k
eigen.rule(Sigma * h_k, Sigma * h_l + value * (h_k - h_l))


def prove(r: Result) -> Iterator[Step]:
    codes = norm2(W * h - x_k) - norm2(W * h - x_l)
    means = norm2(h - h_k) - norm2(h - h_l)
    yield Identity(
        text="Squared distances of W h + b to the codes e_k, e_l: the boundary of the nearest code",
        left=codes,
        right=r["code_boundary"],
        words=space,
    )
    yield Identity(
        text="Squared distances of h to the class means: the boundary of the nearest mean",
        left=means,
        right=r["mean_boundary"],
        words=space,
    )
    yield Identity(
        text="If h_k - h_l is an eigenvector of Σ, the first is κ times the eigenvalue times the second, plus a "
        "constant: the rules "
        "agree for every h iff that constant is 0",
        left=codes - kappa * value * means,
        right=r["mismatch"],
        words=eigen,
    )
    yield from affine_codes()
    yield from imbalanced_codes(r)


def affine_codes() -> Iterator[Step]:
    # Coordinates of e_k - b: a + q - beta w/K once and q - beta w/K elsewhere, whatever k is.
    i = sp.Symbol("i", integer=True)
    common = q - beta * w / K
    for k in (sp.Integer(1), K):
        entries = sp.Sum((common + a * sp.KroneckerDelta(i, k)) ** 2, (i, 1, K))
        yield Identity(
            text=f"Balanced affine one-hot: ‖e_k - b‖² does not depend on k (k = {k})",
            left=entries.expand().doit().simplify(),
            right=K * common**2 + 2 * a * common + a**2,
        )
    plane = Words()
    Q, A = plane.symmetric("Q", "K"), plane.symmetric("A", "K")
    contrast = plane.matrix("c", "K", "1")  # sums to zero: A c = (J/K) c = 0, Q c = c
    plane.rule(Q * contrast, contrast)
    plane.rule(A * contrast, sp.S.Zero)
    s1, s2 = sp.symbols("s_1 s_2", positive=True)
    yield Identity(
        text="and h_k - h_l, a contrast, is an eigenvector of Σ = s_1 Q + s_2 A; class means and codes less b "
        "have equal "
        "lengths, so the mismatch is 0: NC4 is exact in every regime",
        left=(s1 * Q + s2 * A) * contrast,
        right=s1 * contrast,
        words=plane,
    )


def imbalanced_codes(r: Result) -> Iterator[Step]:
    # One-hot, lambda_b = inf: Sigma h_k = sqrt(n_k) h_k, and the means are orthogonal.
    length = IMBALANCED.result["squared_length"]
    x, y = sp.symbols("x y", positive=True)
    alive = {n_k: (T + x) ** 2, n_l: (T + x + y) ** 2}
    count = sp.Symbol("n", positive=True)
    terms = [sp.sqrt(c) * length.subs(count, c) for c in (n_k, n_l)]
    yield Identity(
        text="Imbalanced one-hot without bias: at the midpoint of two class means, a tie of the means, the "
        "codes differ by",
        left=DUALITY.result["kappa"] * (terms[1] - terms[0]),
        right=r["midpoint_margin"],
        given=alive,
    )
    yield Positive(
        text="which is positive for n_l > n_k: code l is nearer, so NC4 fails whenever two counts differ",
        left=r["midpoint_margin"],
        given=alive,
    )


_t = space.t

THEOREM = Theorem(
    name="nearest-mean",
    label="T7, NC4",
    title="Nearest class mean and nearest code",
    assumptions=(
        "the minimizer of T3; features h in the span of the class means, x_k = e_k - b, κ = √(λ_h/λ_w), Σ as in NC3",
        "midpoint: one-hot, λ_b = ∞, both counts above T²",
    ),
    statement="For classes k, l the code rule takes the sign of code_boundary, the mean rule that of "
    "mean_boundary. They coincide for "
    "every h iff h_k - h_l is an eigenvector of Σ and the mismatch is 0. This holds for balanced affine one-hot "
    "codes in every "
    "regime; it fails for one-hot codes without bias whenever two surviving classes have different counts.",
    formulas={
        "code_boundary": Formula(
            expr=-2 * kappa * _t(h) * Sigma * (h_k - h_l) + norm2(x_k) - norm2(x_l),
            meaning="squared distance to code k minus that to code l",
        ),
        "mean_boundary": Formula(
            expr=-2 * _t(h) * (h_k - h_l) + norm2(h_k) - norm2(h_l),
            meaning="squared distance to mean k minus that to mean l",
        ),
        "mismatch": Formula(
            expr=norm2(x_k) - norm2(x_l) - kappa * value * (norm2(h_k) - norm2(h_l)),
            meaning="what separates the two boundaries when Σ (h_k - h_l) = value (h_k - h_l)",
        ),
        "midpoint_margin": Formula(
            expr=T * (1 / sp.sqrt(n_k) - 1 / sp.sqrt(n_l)),
            meaning="squared distance to code k minus that to code l at the midpoint of two means",
        ),
    },
    definitions={kappa: sp.sqrt(lambda_h / lambda_w)},
    letters={
        "kappa": "√(λ_h/λ_w)",
        "value": "eigenvalue of Σ on h_k - h_l",
        "n_k": "count of class k",
        "n_l": "count of class l",
        "h": "the feature to be classified",
        "h_k": "mean of class k",
        "h_l": "mean of class l",
        "x_k": "e_k - b",
        "x_l": "e_l - b",
        "Σ": "R σ Rᵀ, the active singular values of M - b uᵀ on the span of the class means",
    },
    prove=prove,
    source="NC4: Papyan, Han & Donoho 2020. Under an encoding: here.",
)

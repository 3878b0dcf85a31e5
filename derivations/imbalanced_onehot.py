"""T6. One-hot codes with any counts: orthogonal class means without bias, minority collapse, and what a bias changes.

M = D^(1/2) is diagonal: each class is a singular direction of its own, with sigma = sqrt(n_k).
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import K, T, a, lambda_b, lambda_h, lambda_w, n, q, t, tau
from ncsolve.derivations._steps import Identity, Stationary, Step
from ncsolve.derivations.affine_family import THEOREM as AFFINE
from ncsolve.derivations.certificate import direction_is_optimal
from ncsolve.derivations.factorization import THEOREM as FACTORS
from ncsolve.derivations.large_bias_law import THEOREM as LAW
from ncsolve.derivations.large_bias_law import kappa

__all__ = ["THEOREM"]

eigenvalue = sp.Symbol("lambda", positive=True)
_x = sp.Symbol("x", positive=True)
SIZES = {"n > T²": {n: (T + _x) ** 2}, "n = T²": {n: T**2}, "n < T²": {n: T**2 / (1 + _x) ** 2}}


def prove(r: Result) -> Iterator[Step]:
    yield from without_bias(r)
    yield from law(r)
    yield from scatter(r)
    yield from equal_counts()


def without_bias(r: Result) -> Iterator[Step]:
    length = r["squared_length"]
    value = length * n / FACTORS.result["feature_gram_scale"]  # of Z, from the squared length (T2)
    for name, given in SIZES.items():
        yield from direction_is_optimal(f"λ_b = ∞, a class with {name}", sp.sqrt(n), value, T, given)
    yield Identity(
        text="Minority collapse exactly when n <= T²: √n - T has the sign of n - T²",
        left=sp.sqrt(n) - T,
        right=(n - r["collapse_count"]) / (sp.sqrt(n) + T),
    )
    alive = (sp.sqrt(n) - T) / n
    yield Identity(
        text="For a class that has not collapsed the squared length is √(λ_w/λ_h) times (√n - T)/n",
        left=length,
        right=sp.sqrt(lambda_w / lambda_h) * alive,
        given=SIZES["n > T²"],
    )
    yield Stationary(
        text="which is stationary in n at the longest mean", function=alive, variables=(n,), at={n: r["longest_count"]}
    )
    yield Identity(
        text="and rises before it, falls after it: the derivative has the sign of 2 T - √n",
        left=sp.Derivative(alive, n),
        right=(2 * T - sp.sqrt(n)) / (2 * n**2),
    )
    yield Identity(
        text="Balanced classes: T5 at λ_b = ∞",
        left=length,
        right=sp.sqrt(lambda_w / lambda_h) * (1 - t) / sp.sqrt(n),
        given={T: t * sp.sqrt(n), t: 1 / (1 + _x)},
    )


def law(r: Result) -> Iterator[Step]:
    for classes in (2, 3):
        x = sp.symbols(f"x_1:{classes + 1}", positive=True)
        roots = [T + y for y in x]  # sqrt(n_k) > T
        P = sp.diag(*roots)
        v = sp.Matrix(roots)
        inverse = (P - T * sp.eye(classes)).inv()
        yield Identity(
            text="T5b with P = D^(1/2), O = I, v = u. P - T I is diagonal, so λ_b+ is a sum over classes for any K; "
            f"written out for {classes} classes",
            left=LAW.result["threshold"].subs(kappa, (v.T * inverse * v)[0]),
            right=sum(r["threshold_term"].subs(n, root**2) for root in roots),
        )
        yield Identity(
            text=f"and the bias of each of {classes} classes",
            left=sp.MatMul(LAW.result["bias_scale"], sp.ImmutableMatrix(v)),
            right=sp.ImmutableMatrix([r["bias"].subs(n, root**2) for root in roots]),
        )
        # The same from scratch: Z = D^(1/2) - T I - b u^T, Lam = tau I, lambda_b b = Lam u, N = sum of n_k.
        b = sp.Matrix([r["bias"].subs(n, root**2) for root in roots])
        total = sum(root**2 for root in roots)
        Z = P - T * sp.eye(classes) - b * v.T
        yield Identity(
            text=f"From scratch, {classes} classes: λ_b b is the mean residual of the samples",
            left=sp.ImmutableMatrix(lambda_b * b).subs(tau, T / total),
            right=sp.MatMul(1 / total, sp.ImmutableMatrix(P - b * v.T - Z), sp.ImmutableMatrix(v)),
        )
    yield Identity(
        text="Balanced classes: K equal terms give λ_b* = t/(1 - t) of T5",
        left=K * r["threshold_term"],
        right=AFFINE.result["threshold"].subs(sp.Symbol("w", real=True), 1),
        given={tau: T / (n * K), T: t * sp.sqrt(n)},
    )


def scatter(r: Result) -> Iterator[Step]:
    for classes in (2, 3):
        counts = sp.symbols(f"n_1:{classes + 1}", positive=True)
        total = sum(counts)
        D, column = sp.diag(*counts), sp.Matrix(counts)
        root = sp.diag(*[sp.sqrt(c) for c in counts])
        u = root * sp.ones(classes, 1)
        centred = root - column / total * u.T
        yield Identity(
            text="λ_b = 0 (b = μ): the spectrum is that of D - N μ μᵀ, for any K by T1 with M Mᵀ = D; "
            f"written out for {classes} classes",
            left=sp.MatMul(sp.ImmutableMatrix(centred), sp.ImmutableMatrix(centred.T)),
            right=sp.ImmutableMatrix(D - column * column.T / total),
        )
        secular = sum(r["secular_term"].subs(n, c) for c in counts)
        yield Identity(
            text="Its nonzero eigenvalues other than counts are the roots of Σ n_k/(n_k - λ) = 0, for any K by the "
            f"determinant of a diagonal matrix plus rank one; written out for {classes} classes",
            left=sp.Determinant(sp.ImmutableMatrix(D - column * column.T / total - eigenvalue * sp.eye(classes))),
            right=-eigenvalue / total * secular * sp.prod([c - eigenvalue for c in counts]),
        )


def equal_counts() -> Iterator[Step]:
    # Two classes with the same count, any affine one-hot code, any number of other classes.
    other = sp.symbols("n_3 n_4", positive=True)
    for rest in (other[:1], other):
        counts = (n, n, *rest)
        size, total = len(counts), 2 * n + sum(rest)
        E = a * sp.eye(size) + q * sp.ones(size, size)
        mean = E * sp.Matrix(counts) / total
        S = sum((c * (E[:, k] - mean) * (E[:, k] - mean).T for k, c in enumerate(counts)), sp.zeros(size, size))
        contrast = sp.Matrix([1, -1, *([0] * (size - 2))])
        yield Identity(
            text="Equal counts: e_1 - e_2 is an eigenvector of S with value a² n, for any K as S = a² (D - N p "
            "pᵀ) with "
            f"the class frequencies p and pᵀ (e_1 - e_2) = 0; written out for {size} classes",
            left=sp.MatMul(sp.ImmutableMatrix(S), sp.ImmutableMatrix(contrast)),
            right=sp.MatMul(a**2 * n, sp.ImmutableMatrix(contrast)),
        )
        yield Identity(
            text="and the label mean has no part along it: by T3 neither has the bias, so equal counts share "
            "b_k and G distinct "
            "counts make a G-dimensional problem",
            left=sp.MatMul(sp.ImmutableMatrix(mean).T, sp.ImmutableMatrix(contrast)),
            right=sp.ImmutableMatrix([[0]]),
        )


THEOREM = Theorem(
    name="imbalanced",
    label="T6",
    title="Imbalanced one-hot codes and minority collapse",
    assumptions=(
        "E = I, any counts n_k, N = Σ n_k; λ_w, λ_h > 0, τ = √(λ_w λ_h), T = N τ",
        "class means: λ_b = ∞; bias: n_k > T² for every k and λ_b >= λ_b+ (T5b)",
    ),
    statement="Without bias the class means are orthogonal, and class k vanishes (minority collapse) iff n_k <= "
    "T². The mean of a "
    "class is longest at n_k = 4 T². With λ_b >= λ_b+, the sum of the threshold terms, b_k = τ √n_k/λ_b. With a "
    "free bias the "
    "singular values are roots of eigenvalues of D - N μ μᵀ. Classes of equal count share b_k for every λ_b and "
    "every affine "
    "one-hot code.",
    formulas={
        "squared_length": Formula(
            expr=sp.sqrt(lambda_w / lambda_h) * sp.Max(sp.sqrt(n) - T, 0) / n,
            meaning="‖h_k‖² for a class of n samples, λ_b = ∞",
        ),
        "collapse_count": Formula(expr=T**2, meaning="largest count of a class that vanishes, λ_b = ∞"),
        "longest_count": Formula(expr=4 * T**2, meaning="count of the class with the longest mean, λ_b = ∞"),
        "bias": Formula(expr=tau * sp.sqrt(n) / lambda_b, meaning="b_k for a class of n samples, λ_b >= λ_b+"),
        "threshold_term": Formula(expr=tau * n / (sp.sqrt(n) - T), meaning="what a class of n samples adds to λ_b+"),
        "secular_term": Formula(
            expr=n / (n - eigenvalue),
            meaning="term of the secular equation Σ_k n_k/(n_k - λ) = 0 of the scatter, λ_b = 0",
        ),
    },
    functions=(
        Function(
            name="imbalanced_bias",
            arguments=("n", "tau", "lambda_b"),
            arrays=("n",),
            result="bias",
            doc="the bias of a class of n samples, lambda_b >= lambda_b+ (arrays).",
        ),
        Function(
            name="imbalanced_threshold_term",
            arguments=("n", "T", "tau"),
            arrays=("n",),
            result="threshold_term",
            doc="a class's share of lambda_b+ (arrays).",
        ),
    ),
    letters={
        "lambda": "an eigenvalue of the label scatter",
    },
    prove=prove,
    source="Minority collapse: Fang et al. 2021; imbalanced UFM with MSE, no bias: Dang et al. 2023. With a "
    "bias: here.",
)

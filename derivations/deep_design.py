"""T11 for deep heads and ReLU features: the encoding for a wanted geometry.

A deep head's class means have the singular values (C/(N lambda_h))^(1/2) z^(1/P) (T9), so that the target gives z, and
the scalar problem's stationarity the singular value g of the codes; z must be above the hard threshold's jump.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._deep_symbols import C, P, g, s, z
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import N, T, lambda_h, lambda_w
from ncsolve.derivations._steps import Identity, Step
from ncsolve.derivations._words import Words
from ncsolve.derivations.deep_head import THEOREM as DEEP_HEAD

__all__ = ["THEOREM"]

square = sp.Symbol("square", positive=True)
penalty = DEEP_HEAD.result["penalty"]
objective = (z - g) ** 2 / (2 * N) + penalty


def prove(f: Result) -> Iterator[Step]:
    yield from values(f)
    yield from alive(f)
    yield from unbiased()
    yield from relu()


def values(f: Result) -> Iterator[Step]:
    yield Identity(
        text="Balanced layers (T9): the weighted class means H D^(1/2) have the squared singular value (C/(N λ_h)) "
        "z^(2/P), which is the eigenvalue of D^(1/2) Q D^(1/2) for this z",
        left=(DEEP_HEAD.result["layer_scale"].subs(sp.Symbol("lambda_l", positive=True), lambda_h) * z ** (1 / P)) ** 2,
        right=square,
        given={z: f["value"]},
    )
    yield Identity(
        text="and the codes' singular value g at which the scalar problem is stationary there",
        left=sp.Subs(sp.diff(objective, z), g, f["code_singular_value"]),
        right=sp.S.Zero,
    )
    yield Identity(
        text="One layer: T11", left=f["code_singular_value"].subs(P, 2), right=z + T, given={C: T}
    )
    yield Identity(
        text="One layer: the eigenvalue of A in T11",
        left=f["value"].subs(P, 2),
        right=sp.sqrt(lambda_h / lambda_w) * square,
        given={C: N * sp.sqrt(lambda_w * lambda_h)},
    )


def alive(f: Result) -> Iterator[Step]:
    yield Identity(
        text="There z gains this over z = 0. The smaller branch is a maximum and gains nothing (T9), so where the gain "
        "is positive z is the larger branch and the global minimizer of the scalar problem",
        left=g**2 / (2 * N) - objective,
        right=(z**2 - (P - 2) * C * z ** (2 / P)) / (2 * N),
        given={g: f["code_singular_value"]},
    )
    for factors in (3, 4, 7):
        yield Identity(
            text=f"which is zero at this z and positive above, here for P = {factors}",
            left=(z**2 - (P - 2) * C * z ** (2 / P)).subs(P, factors),
            right=sp.S.Zero,
            given={z: f["least"].subs(P, factors)},
        )
        yield Identity(
            text=f"where g is the hard threshold of T9, here for P = {factors}",
            left=f["code_singular_value"].subs(P, factors),
            right=DEEP_HEAD.result["threshold"].subs(P, factors),
            given={z: f["least"].subs(P, factors)},
        )
    yield Identity(
        text="A target s times as large has z times s^(P/2): the smallest scale brings the smallest z to the jump",
        left=f["value"].subs(square, s * square),
        right=s ** (P / 2) * f["value"],
    )


def unbiased() -> Iterator[Step]:
    words = Words()
    U, V, G = words.matrix("U", "m", "r"), words.matrix("V", "K", "r"), words.symmetric("G", "r")
    u = words.matrix("u", "K", "1")
    words.rule(words.t(V) * u, sp.S.Zero)
    yield Identity(
        text="E D^(1/2) = U g Vᵀ. Where Q n = 0, that is Vᵀ u = 0, the labels have the mean zero, E n = U g Vᵀ u, and "
        "T9 gives b = 0 for every λ_b; at λ_b = ∞ the bias is zero for every target",
        left=U * G * words.t(V) * u,
        right=sp.S.Zero,
        words=words,
    )


def relu() -> Iterator[Step]:
    words = Words()
    W, R, H = words.matrix("W", "m", "d"), words.matrix("R", "p", "d"), words.matrix("H", "d", "K")
    words.rule(words.t(R) * R, sp.S.One)
    yield Identity(
        text="ReLU features, one layer. If Q = Fᵀ F with F >= 0, F = R H with an isometry R for the class means H of "
        "T11: with W Rᵀ outputs and norms are the same, and no H >= 0 is below the minimum for linear features",
        left=W * words.t(R) * R * H,
        right=W * H,
        words=words,
    )


THEOREM = Theorem(
    name="deep-design",
    label="T11, deep",
    title="Inverse design for deep heads and ReLU features",
    assumptions=(
        "Q: positive semidefinite, D^(1/2) Q D^(1/2) = V square Vᵀ with Vᵀ V = I and square > 0; any counts; P = L + 1",
        "deep head: λ_b = ∞, or Q n = 0 and any λ_b; U (m x r) any isometry",
        "ReLU features: L = 1, 0 < λ_b <= ∞, and Q = Fᵀ F with F >= 0 and at most d rows (Q is completely positive)",
    ),
    statement="Deep head: if every z exceeds the least one, the encoding E = U g Vᵀ D^(-1/2) has a global minimizer "
    "whose class means have the Gram matrix Q. ReLU features: the encoding of T11 has, and a Q with a negative entry "
    "is not the Gram matrix of nonnegative features. Which encoding a deep head needs where 0 < λ_b < ∞ and Q n is not "
    "0 is open.",
    formulas={
        "value": Formula(
            expr=(square * N * lambda_h / C) ** (P / 2), meaning="z over an eigenvalue of D^(1/2) Q D^(1/2)"
        ),
        "code_singular_value": Formula(expr=z + C * z ** (2 / P - 1), meaning="singular value g of E D^(1/2) over z"),
        "least": Formula(
            expr=((P - 2) * C) ** (P / (2 * P - 2)), meaning="z at the hard threshold, which z must exceed"
        ),
    },
    functions=(
        Function(name="deep_design_value", arguments=("square", "C", "N", "lambda_h", "P"), arrays=("square",),
                 result="value", doc="z over an eigenvalue of D^(1/2) Q D^(1/2) (arrays)."),
        Function(name="deep_design_code_singular_value", arguments=("z", "C", "P"), arrays=("z",),
                 result="code_singular_value", doc="singular value of the codes E D^(1/2) over z (arrays)."),
        Function(name="deep_design_least", arguments=("C", "P"), result="least",
                 doc="z that every direction of a designed geometry must exceed."),
    ),
    letters={**DEEP_HEAD.letters, "square": "eigenvalue of D^(1/2) Q D^(1/2)"},
    prove=prove,
    source="New here.",
)

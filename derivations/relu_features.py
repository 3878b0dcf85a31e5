"""T10. ReLU features, H >= 0: a convex problem over completely positive Gram matrices, and where its solution is known.

With Q the Gram matrix of the weighted features sqrt(n_k) h_k and B = M - b u^T, minimising over W leaves

    J(Q, b) = lambda_w/2 tr B (Q + N lambda_w I)^-1 B^T + lambda_h/2 tr Q + lambda_b/2 ||b||^2,

jointly convex in (Q, b) (the matrix fractional function), over completely positive Q if d is large enough.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import K, N, a, beta, lambda_b, lambda_h, lambda_w, n, t, w
from ncsolve.derivations._steps import AtLeast, Identity, Positive, Stationary, Step
from ncsolve.derivations._words import Words, norm2, tr
from ncsolve.derivations.affine_geometry import THEOREM as GEOMETRY

__all__ = ["THEOREM"]

x, y, T = sp.symbols("x y T", positive=True)
length, spread = sp.symbols("length spread", positive=True)
_u, _v, _z, gamma = sp.symbols("u v z gamma", positive=True)
threshold = N * sp.sqrt(lambda_w * lambda_h)
# |w| (1 - beta) at which the class means of balanced codes begin to live
hidden = sp.sqrt(K * t**2 - (K - 1) * a**2)


def ridge(code: sp.Expr, value: sp.Expr) -> sp.Expr:
    """What an eigenvector of Q with eigenvalue ``value`` costs, along which B has the length ``code``."""
    return lambda_w / 2 * code**2 / (value + N * lambda_w) + lambda_h / 2 * value


def balanced(along: sp.Expr) -> sp.Expr:
    """J for Q = x I + y J and b = beta w/K 1, N = n K; ``along`` is (w (1 - beta))^2."""
    contrasts = (K - 1) * lambda_w / 2 * n * a**2 / (x + n * K * lambda_w)
    mean = lambda_w / 2 * n * along / (x + K * y + n * K * lambda_w)
    return contrasts + mean + lambda_h / 2 * K * (x + y)


def prove(f: Result) -> Iterator[Step]:
    yield from programme(f)
    yield from orthogonal(f)
    yield from symmetric(f)
    yield from certificate()


def programme(f: Result) -> Iterator[Step]:
    weight, code, value = sp.symbols("weight code value", positive=True)
    cost = (weight * sp.sqrt(value) - code) ** 2 / (2 * N) + lambda_w / 2 * weight**2 + lambda_h / 2 * value
    best = code * sp.sqrt(value) / (value + N * lambda_w)
    yield Stationary(
        text="In the eigenbasis of Q the classifier that fits best is that of ridge regression",
        function=cost, variables=(weight,), at={weight: best},
    )
    yield Identity(text="and leaves J", left=cost.subs(weight, best), right=ridge(code, value))
    yield jointly_convex()


def jointly_convex() -> Step:
    """The matrix fractional function tr B P^-1 B^T at two points and between them, for matrices of any size."""
    space, share = Words(), sp.Symbol("share", positive=True)
    B_1, B_2 = space.matrix("B_1", "m", "K"), space.matrix("B_2", "m", "K")
    F_1, F_2 = space.matrix("F_1", "K", "K"), space.matrix("F_2", "K", "K")  # P_i = F_i F_i^T
    G_1, G_2 = space.matrix("G_1", "K", "K"), space.matrix("G_2", "K", "K")  # their inverses
    X, one = space.matrix("X", "m", "K"), sp.S.One
    for F, G in ((F_1, G_1), (F_2, G_2)):
        space.rule(F * G, one)
        space.rule(G * F, one)
    between = share * B_1 + (1 - share) * B_2
    space.rule(X * F_2 * space.t(F_2), (between - share * X * F_1 * space.t(F_1)) / (1 - share))  # X P = B
    return Identity(
        text="J is jointly convex. With Q + N λ_w I = P the first term is λ_w/2 times tr B P⁻¹ Bᵀ; P_i = F_i F_iᵀ, "
        "G_i = F_i⁻¹, and X = B P⁻¹ at the point between, B = share B_1 + (1 - share) B_2, 0 < share < 1, and P "
        "likewise: the chord less the value tr X Bᵀ there is a sum of squares. (P and B are affine in Q and b, the "
        "other terms convex)",
        left=share * norm2(B_1 * space.t(G_1)) + (1 - share) * norm2(B_2 * space.t(G_2)) - tr(X * space.t(between)),
        right=share * norm2(X * F_1 - B_1 * space.t(G_1)) + (1 - share) * norm2(X * F_2 - B_2 * space.t(G_2)),
        words=space,
    )


def orthogonal(f: Result) -> Iterator[Step]:
    """Diagonal Q: classes that do not interact but through the bias."""
    alive = {length: (threshold + _u)}
    yield Stationary(
        text="Diagonal Q. A class with B_k of length ℓ = √n_k ‖e_k - b‖ > T has this entry",
        function=ridge(length, x), variables=(x,), at={x: f["orthogonal_value"]}, given=alive,
    )
    yield Identity(
        text="and costs what Huber's function of ℓ does",
        left=ridge(length, f["orthogonal_value"]),
        right=f["orthogonal_cost"], given={T: threshold, **alive},
    )
    dead = {length: threshold / (1 + _u)}
    yield Identity(
        text="Otherwise it is zero",
        left=ridge(length, sp.S.Zero), right=f["orthogonal_cost"], given={T: threshold, **dead},
    )
    yield AtLeast(
        text="which is best, as the cost rises with x",
        left=sp.Derivative(ridge(length, x), x), given=dead,
    )
    p_k, p_l, inner = sp.symbols("p_k p_l inner", real=True)
    s_k, s_l = sp.symbols("s_k s_l", positive=True)
    Q = sp.Matrix([[s_k, _z], [_z, s_l]])  # Q + N lambda_w I with an off-diagonal entry
    B = sp.Matrix([[p_k**2, inner], [inner, p_l**2]])  # B^T B
    yield Identity(
        text="Off the diagonal the slope of J is -λ_w ⟨B_k, B_l⟩/(s_k s_l), s = value + N λ_w: where the shifted codes "
        "of different classes meet at no acute angle, ⟨e_k - b, e_l - b⟩ <= 0, no entry >= 0 there lowers J. As J is "
        "convex, the orthogonal frame is the global minimum",
        left=sp.Subs(sp.diff(lambda_w / 2 * (B * Q.inv()).trace(), _z), _z, 0),
        right=-lambda_w * inner / (s_k * s_l),
    )


def symmetric(f: Result) -> Iterator[Step]:
    q_hat = (K - 1) * a**2 + (w * (1 - beta)) ** 2
    along = (w * (1 - beta)) ** 2
    value = f["diagonal"]
    yield Stationary(
        text="Balanced affine one-hot codes: by convexity Q = x I + y J with x, y >= 0 and b is a multiple of 1. "
        "On y = 0",
        function=balanced(along).subs(y, 0), variables=(x,), at={x: value.subs(spread, q_hat)},
        given={K: 1 + _v, beta: 1 - gamma, w: _u, a: _z},
    )
    yield Identity(
        text="There y does not want to grow where |w| (1 - β) <= |a|: its slope has this sign",
        left=sp.Subs(sp.diff(balanced(along), y), y, 0),
        right=lambda_h * K * (a**2 - along) * (K - 1) / (2 * spread),
        given={x: value, spread: (K - 1) * a**2 + along},
    )
    yield Identity(
        text="The loss for given β",
        left=f["loss"],
        right=balanced(along).subs({y: 0}).subs(x, value) + lambda_b / 2 * beta**2 * w**2 / K,
        given={spread: q_hat, K: 1 + _v, beta: 1 - gamma, w: _u, a: _z},
    )
    cost = f["loss"].subs(spread, q_hat)
    yield Identity(
        text="Its slope in β",
        left=sp.Derivative(cost, beta),
        right=w**2 / (K * sp.sqrt(q_hat)) * f["bias_equation"].subs(spread, q_hat),
    )
    yield Positive(
        text="which rises with β: there is one root in [0, 1]",
        left=sp.Derivative(f["bias_equation"] / sp.sqrt(spread), beta).subs(spread, q_hat).doit(),
        given={beta: 1 / (1 + gamma), K: 1 + _v, w: _u, a: _z, lambda_b: sp.Symbol("ell", positive=True)},
    )
    yield Identity(
        text="It is alive where this exceeds 1",
        left=f["alive"] - 1,
        right=value / (n * K * lambda_w),
        given={t: K * sp.sqrt(n * lambda_w * lambda_h), K: 1 + _v},
    )
    omega = sp.Symbol("omega", positive=True)
    yield Identity(
        text="While all class means are zero the bias is μ/(1 + λ_b), and |w| (1 - β) = |w| λ_b/(1 + λ_b) grows with "
        "λ_b: they begin to live at this λ_b, if at any",
        left=sp.Subs(
            f["alive"].subs(spread, (K - 1) * a**2 + (w * lambda_b / (1 + lambda_b)) ** 2), lambda_b, f["alive_from"]
        ),
        right=sp.S.One,
        given={t: sp.sqrt((_v * _z**2 + gamma**2) / (1 + _v)), a: _z, w: gamma + omega, K: 1 + _v},
    )
    over = {a: y, w: y + omega, t: y / (1 + _u)}
    yield Identity(
        text="|w| > |a|: beyond the λ_b at which the class means of the linear problem (T5) are orthogonal those are "
        "acute, so nonnegative features can have them and H >= 0 costs nothing; there |w| (1 - β) = |a|",
        left=sp.Subs(sp.Abs(w) - t / lambda_b, lambda_b, GEOMETRY.result["orthogonal_lambda_b"]),
        right=sp.Abs(a), given=over,
    )
    yield Identity(
        text="At that λ_b the bias equation holds with the bias of T5: the two regimes meet",
        left=sp.Subs(f["bias_equation"].subs(spread, q_hat), beta, t / (lambda_b * w)),
        right=sp.S.Zero,
        given={lambda_b: t / (w - a), t: K * sp.sqrt(n * lambda_w * lambda_h), w: a + omega, a: y,
               lambda_w: (y / (1 + _u) / K) ** 2 / n / lambda_h},
    )


def certificate() -> Iterator[Step]:
    """The condition on the multipliers, λ_w λ_h D - D L^T L D copositive, at orthogonal class means; two classes."""
    n_k, n_l, p_k, p_l = sp.symbols("n_k n_l p_k p_l", positive=True)  # counts, and |e - b| of both
    h, g = sp.symbols("h_k h_l", nonnegative=True)
    inner = sp.Symbol("inner", real=True)  # <e_k - b, e_l - b>
    scale_k, scale_l = (sp.sqrt(lambda_w * lambda_h) / (sp.sqrt(c) * p) for c, p in ((n_k, p_k), (n_l, p_l)))
    diagonal = lambda_w * lambda_h * (n_k * h**2 + n_l * g**2)
    # |n_k h l_k + n_l g l_l|^2 for l = scale (e - b)
    square = (n_k * h * scale_k * p_k) ** 2 + (n_l * g * scale_l * p_l) ** 2
    square += 2 * n_k * n_l * h * g * scale_k * scale_l * inner
    entry = -n_k * n_l * scale_k * scale_l * inner
    yield Identity(
        text="T12 for H >= 0. A class that lives has l_k = T/(N ℓ_k) (e_k - b). The quadratic form of λ_w λ_h D - "
        "D Lᵀ L D is then R alone, R_kl = -n_k n_l ⟨l_k, l_l⟩ off the diagonal; written out for two classes, with p = "
        "‖e - b‖ and inner = ⟨e_k - b, e_l - b⟩",
        left=diagonal - square,
        right=2 * entry * h * g,
    )
    yield AtLeast(
        text="which is not negative on h >= 0 where the shifted codes meet at no acute angle: the multipliers of the "
        "orthogonal frame are a certificate, its loss is the minimum",
        left=diagonal - square, given={inner: -sp.Symbol("obtuse", nonnegative=True)},
    )
    short = sp.Symbol("short", nonnegative=True)
    yield AtLeast(
        text="A class that is zero has l_k = (e_k - b)/N with ℓ_k <= T, which leaves this on the diagonal",
        left=lambda_w * lambda_h * n_k - n_k**2 * (p_k / N) ** 2, given={p_k: threshold / sp.sqrt(n_k) / (1 + short)},
    )


THEOREM = Theorem(
    name="relu",
    label="T10",
    title="ReLU features",
    assumptions=(
        "H >= 0 entrywise; λ_w, λ_h > 0, 0 <= λ_b <= ∞; d at least the completely positive rank of the Gram matrix (K "
        "for an orthogonal frame)",
        "closed form: E = a I + q J with K classes of n samples each, w = a + K q; "
        "orthogonal: any codes with ⟨e_k - b, e_l - b⟩ <= 0 at the bias b below",
    ),
    statement="The problem is convex in the Gram matrix and the bias. Any codes and counts: if b minimises "
    "Σ_k huber(√n_k ‖e_k - b‖)/N + λ_b/2 ‖b‖² and no two of the e_k - b meet at an acute angle, the class means are "
    "orthogonal. Balanced affine one-hot codes: an orthogonal frame while |w| (1 - β) <= |a|, hence for one-hot codes "
    "for every λ_b at which they are not zero: the transition disappears. For |w| > |a| (label smoothing, signed codes "
    "with K >= 5) it ends at λ_b = t/(|w| - |a|), and beyond it H >= 0 costs nothing.",
    formulas={
        "orthogonal_value": Formula(
            expr=sp.sqrt(lambda_w / lambda_h) * length - N * lambda_w, meaning="n_k ‖h_k‖² for a class with ℓ > T"
        ),
        "orthogonal_cost": Formula(
            expr=sp.Piecewise((length**2 / (2 * N), sp.Le(length, T)), ((T * length - T**2 / 2) / N, True)),
            meaning="cost of a class at distance ℓ = √n_k ‖e_k - b‖",
        ),
        "diagonal": Formula(
            expr=sp.sqrt(lambda_w * n * spread / (lambda_h * K)) - n * K * lambda_w,
            meaning="n ‖h_k‖² of the orthogonal frame; spread = (K-1) a² + (w (1-β))²",
        ),
        "alive": Formula(
            expr=sp.sqrt(spread / K) / t, meaning="below 1 all class means are zero and b = μ/(1 + λ_b)"
        ),
        "alive_from": Formula(
            expr=hidden / (sp.Abs(w) - hidden),
            meaning="λ_b up to which all class means are zero, where (K-1) a² < K t² < (K-1) a² + w²",
        ),
        "bias_equation": Formula(
            expr=lambda_b * beta * sp.sqrt(spread) - K * sp.sqrt(lambda_w * lambda_h * n * K) * (1 - beta),
            meaning="zero at the bias b = β μ of the orthogonal frame",
        ),
        "loss": Formula(
            expr=sp.sqrt(lambda_w * lambda_h * n * K * spread) - lambda_h * K * n * K * lambda_w / 2
            + lambda_b * beta**2 * w**2 / (2 * K),
            meaning="loss of the orthogonal frame",
        ),
    },
    functions=(
        Function(name="relu_class_value", arguments=("length", "N", "lambda_w", "lambda_h"), arrays=("length",),
                 result="orthogonal_value", doc="n_k |h_k|^2 of an orthogonal frame, length above T (arrays)."),
        Function(name="relu_spread_alive", arguments=("spread", "K", "t"), result="alive",
                 doc="above 1 where the class means are not zero."),
        Function(name="relu_alive_lambda_b", arguments=("a", "w", "K", "t"), result="alive_from",
                 doc="the lambda_b up to which all class means are zero, for (K-1) a^2 < K t^2 < (K-1) a^2 + w^2."),
        Function(name="relu_bias_equation", arguments=("beta", "spread", "n", "K", "lambda_w", "lambda_h", "lambda_b"),
                 result="bias_equation", doc="zero at b = beta mu of the balanced orthogonal frame."),
    ),
    definitions={t: K * sp.sqrt(n * lambda_w * lambda_h)},
    letters={
        "length": "√n_k ‖e_k - b‖",
        "spread": "(K-1) a² + (w (1-β))², so that the shifted codes have the squared norm n times it",
        "beta": "share of the label mean that the bias takes, b = β μ",
    },
    prove=prove,
    source="Here, for MSE; with cross-entropy: Dang et al. 2024. Completely positive matrices: Berman & "
    "Shaked-Monderer 2003 (K <= 4: the doubly nonnegative ones).",
)

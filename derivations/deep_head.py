"""T9. A deep linear head W = W_L ... W_1: hard thresholds, and a first-order transition.

With P = L + 1 factors the penalty of Z is a Schatten quasi-norm, kappa sum_i z_i^(2/P).  Each singular value g of
M - b u^T is shrunk on its own, by the scalar problem  min over z >= 0 of (z - g)^2/(2N) + kappa z^(2/P), in which
z = g r^P.  Every stationary branch is compared with z = 0 and with the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._deep_bias import bias
from ncsolve.derivations._deep_bottleneck import bottleneck
from ncsolve.derivations._deep_symbols import DEEP, TIE, TURN, C, P, above, c, cut, g, lam, r, s, s_mu, z
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_h, lambda_w, n, w
from ncsolve.derivations._steps import Identity, Positive, Stationary, Step

__all__ = ["THEOREM"]

def level(power: sp.Expr) -> sp.Expr:
    """c = r^(P-2) (1 - r^P) at r^P = ``power``."""
    return power ** ((P - 2) / P) * (1 - power)


def least(power: sp.Expr) -> sp.Expr:
    """The g at which the branch has r^P = ``power``."""
    return (C / level(power)) ** (P / (2 * P - 2))


def cost(ratio: sp.Expr) -> sp.Expr:
    """The scalar problem's objective at z = g r^P, times 2N/g^2."""
    return (ratio**P - 1) ** 2 + P * c * ratio**2


def prove(result: Result) -> Iterator[Step]:
    yield from layers(result)
    yield from branches(result)
    yield from thresholds(result)
    yield from bias(result)
    yield from bottleneck(result)


def layers(f: Result) -> Iterator[Step]:
    yield Identity(
        text="Layers with λ_l s_l² = (C/N) z^(2/P) have the product z: λ_w, the geometric mean of the P - 1 layers, "
        "and λ_h are all that enters",
        left=sp.powdenest((f["layer_scale"].subs(lam, lambda_w)) ** (P - 1), force=True)
        * f["layer_scale"].subs(lam, lambda_h),
        right=sp.S.One,
        given={C: N * s, s: lambda_w ** ((P - 1) / P) * lambda_h ** (1 / P), **{P: 2 + sp.Symbol("p", positive=True)}},
    )
    for factors in (2, 3, 4):
        free = sp.symbols(f"s_1:{factors}", positive=True)
        decay = sp.symbols(f"lambda_1:{factors + 1}", positive=True)
        last = z / sp.prod(free)
        total = sum(d * v**2 / 2 for d, v in zip(decay, (*free, last), strict=True))
        omega = z ** sp.Rational(2, factors) * sp.prod(decay) ** sp.Rational(1, factors)
        yield Stationary(
            text=f"{factors} factors of product z: the cost is stationary where they are balanced",
            function=total,
            variables=free,
            at={v: sp.sqrt(omega / d) for v, d in zip(free, decay, strict=False)},
        )
        yield Identity(
            text=f"and there, by the inequality of the means the least, it is the penalty; {factors} factors",
            left=total.subs({v: sp.sqrt(omega / d) for v, d in zip(free, decay, strict=False)}, simultaneous=True),
            right=f["penalty"].subs(P, factors),
            given={C: N * sp.prod(decay) ** sp.Rational(1, factors)},
        )
    yield Identity(
        text="One layer: C is the threshold T = N τ",
        left=sp.Subs(f["constant"], P, 2),
        right=N * sp.sqrt(lambda_w * lambda_h),
    )


def branches(f: Result) -> Iterator[Step]:
    equation = f["branch_equation"]
    yield Identity(
        text="The objective's slope in r has the sign of minus the branch equation",
        left=sp.Derivative(cost(r), r),
        right=-2 * P * r * equation,
    )
    yield Identity(
        text="with c from C and g",
        left=2 * N / g**2 * ((g * r**P - g) ** 2 / (2 * N) + f["penalty"].subs(z, g * r**P)),
        right=cost(r).subs(c, f["relative_penalty"]),
    )
    yield Identity(
        text="Its left side rises up to r^P = (P - 2)/(2P - 2) and falls behind it, so there are two branches or none: "
        "the smaller is a maximum, the larger a minimum",
        left=sp.Derivative(equation, r),
        right=f["branch_slope"],
    )
    yield Identity(
        text="The slope in the form that shows its sign",
        left=f["branch_slope"],
        right=r ** (P - 3) * (2 * P - 2) * (TURN - r**P),
    )
    yield Positive(
        text="On the larger branch (r^P between there and 1) the equation is strictly concave, so that Newton's method "
        "started at r = 1 falls monotonically to the root",
        left=-((P - 2) * (P - 3) - (2 * P - 2) * (2 * P - 3) * s),
        given={**DEEP, s: (1 + above / (1 + above)) * TURN.subs(P, 3 + sp.Symbol("p", integer=True, nonnegative=True))},
    )
    at_branch = level(r**P)
    yield Identity(
        text="On a branch the objective differs from that of z = 0 by a term with the sign of (P - 2)/(P - 1) - r^P: "
        "it must reach that height to be better",
        left=sp.powsimp(cost(r).subs(c, r ** (P - 2) - r ** (2 * P - 2)), force=True) - 1,
        right=r**P * ((P - 2) - (P - 1) * r**P),
    )
    yield Identity(
        text="(c on a branch, as a function of its height)",
        left=sp.powdenest(at_branch, force=True),
        right=r ** (P - 2) - r ** (2 * P - 2),
    )
    yield Positive(
        text="The maximum that separates zero from the larger branch is lower than the height at which they tie",
        left=TIE,
        right=TURN,
        given=DEEP,
    )


def thresholds(f: Result) -> Iterator[Step]:
    for text, key, power in (
        ("A singular value is kept from this one on: it ties with zero", "threshold", TIE),
        ("A branch exists from this one on", "existence", TURN),
    ):
        yield Identity(
            text=text,
            left=sp.powdenest(sp.expand_power_base(f[key], force=True) ** ((2 * P - 2) / P), force=True)
            * level(power),
            right=C,
            given={**DEEP},
        )
    for factors in (3, 4, 7):
        yield Identity(
            text=f"At the threshold z jumps from 0 to a stationary branch, here for P = {factors}",
            left=sp.Subs(
                f["branch_equation"].subs(r, (f["jump"] / cut) ** (1 / P)).subs(c, f["relative_penalty"]), P, factors
            ),
            right=sp.S.Zero,
            given={g: f["threshold"].subs(P, factors)},
        )
        yield Identity(
            text=f"and where the branch begins the slope of the equation vanishes, here for P = {factors}",
            left=sp.Subs(f["branch_equation"].subs(r, TURN ** (1 / P)).subs(c, f["relative_penalty"]), P, factors),
            right=sp.S.Zero,
            given={g: f["existence"].subs(P, factors)},
        )
    yield Identity(text="One layer: no jump", left=sp.Subs(f["jump"], P, 2), right=sp.S.Zero)
    yield Identity(text="and the threshold is T", left=sp.Subs(f["threshold"], P, 2), right=C)


_ratio = sp.Abs(w) * sp.sqrt(n) / cut

THEOREM = Theorem(
    name="deep",
    label="T9",
    title="Deep linear heads",
    assumptions=(
        "W = W_L ... W_1 with λ_l/2 ‖W_l‖² each; P = L + 1; λ_w is the geometric mean of the λ_l; no layer is narrower "
        "than d",
        "any encoding for λ_b = 0, λ_b = ∞ or μ = 0; for any λ_b balanced affine one-hot codes E = a I + q J, "
        "w = a + K q, and one code for all classes",
    ),
    statement="The penalty of Z is (C P/(2N)) Σ z_i^(2/P). A singular value g of M - b uᵀ is dropped if g is below "
    "the threshold, else "
    "shrunk to z = g r^P with the largest root r of the branch equation; at the threshold itself both are minimizers "
    "and z jumps. Without a bias M has the singular value √n_k for class k of one-hot codes: classes of fewer samples "
    "than the square of the threshold vanish, although their branch exists down to the square of a smaller number. For "
    "λ_b = 0 the bias is the label mean. For balanced affine one-hot codes b = β μ, the contrasts "
    "have g = |a| √n, and the label mean g = |w| √n with the constant of a weaker fit: it enters by a jump, the "
    "transition is of first order for L >= 2. With d below the number of living directions the d that gain most over "
    "z = 0 are kept: given b the d largest g, and of balanced affine one-hot codes with |w| <= |a| d contrasts.",
    formulas={
        "constant": Formula(
            expr=N * lambda_w ** ((P - 1) / P) * lambda_h ** (1 / P), meaning="C, for one layer the threshold T"
        ),
        "penalty": Formula(expr=C * P / (2 * N) * z ** (2 / P), meaning="least cost of layers with a product of z"),
        "layer_scale": Formula(
            expr=sp.sqrt(C / (N * lam)), meaning="a layer with weight decay λ_l has singular values z^(1/P) times this"
        ),
        "relative_penalty": Formula(expr=C * g ** (-(2 * P - 2) / P), meaning="c of the branch equation"),
        "branch_equation": Formula(
            expr=r ** (P - 2) - r ** (2 * P - 2) - c, meaning="zero on every stationary branch z = g r^P > 0"
        ),
        "branch_slope": Formula(
            expr=(P - 2) * r ** (P - 3) - (2 * P - 2) * r ** (2 * P - 3), meaning="its derivative by r"
        ),
        "threshold": Formula(expr=least(TIE), meaning="g below which z = 0"),
        "existence": Formula(expr=least(TURN), meaning="g below which there is no stationary branch (L >= 2)"),
        "jump": Formula(expr=TIE * cut, meaning="z at the threshold g_cut"),
        "mean_constant": Formula(expr=C * (1 + lambda_b) / lambda_b, meaning="C for the direction of the label mean"),
        "beta": Formula(
            expr=(1 - s_mu / sp.Abs(w)) / (1 + lambda_b), meaning="bias fraction, b = β μ; s_mu = z/√n of the mean"
        ),
        "transition": Formula(
            expr=1 / (_ratio ** ((2 * P - 2) / P) - 1),
            meaning="λ_b at which the label mean enters; with the existence for g_cut, where its branch begins",
        ),
    },
    functions=(
        Function(
            name="deep_constant",
            arguments=("N", "lambda_w", "lambda_h", "P"),
            result="constant",
            doc="C = 2 N kappa/P; T for one layer (P = 2).",
        ),
        Function(name="deep_penalty", arguments=("z", "C", "N", "P"), arrays=("z",), result="penalty",
                 doc="cost of a singular value z of the product (arrays)."),
        Function(name="deep_layer_scale", arguments=("C", "N", "lambda_l"), result="layer_scale",
                 doc="singular values of a layer over z^(1/P)."),
        Function(name="deep_relative_penalty", arguments=("C", "g", "P"), arrays=("g",), result="relative_penalty",
                 doc="c of the branch equation (arrays)."),
        Function(name="deep_branch_equation", arguments=("r", "c", "P"), arrays=("r", "c"), result="branch_equation",
                 doc="zero on a stationary branch z = g r^P (arrays)."),
        Function(name="deep_branch_slope", arguments=("r", "P"), arrays=("r",), result="branch_slope",
                 doc="derivative of the branch equation by r (arrays)."),
        Function(name="deep_threshold", arguments=("C", "P"), result="threshold",
                 doc="singular value below which a direction vanishes."),
        Function(name="deep_existence", arguments=("C", "P"), result="existence",
                 doc="singular value below which no stationary branch exists."),
        Function(name="deep_jump", arguments=("g_cut", "P"), result="jump", doc="z at the threshold."),
        Function(name="deep_mean_constant", arguments=("C", "lambda_b"), result="mean_constant",
                 doc="C for the label mean; 0 < lambda_b < inf."),
        Function(name="deep_bias_fraction", arguments=("w", "s_mu", "lambda_b"), result="beta",
                 doc="beta of b = beta mu; s_mu is z/sqrt(n) of the label mean."),
        Function(name="deep_transition", arguments=("w", "n", "g_cut", "P"), result="transition",
                 doc="lambda_b at which the label mean enters, for |w| sqrt(n) > g_cut."),
    ),
    letters={
        "P": "number of factors, layers and features: L + 1",
        "C": "2 N κ/P with the penalty κ Σ z^(2/P); T for one layer",
        "g": "singular value of M - b uᵀ",
        "c": "penalty relative to the fit",
        "r": "(z/g)^(1/P)",
        "z": "singular value of the product W H D^(1/2)",
        "lambda_l": "weight decay of one layer",
        "g_cut": "the threshold (or the existence) of the constant C",
        "s_mu": "z/√n of the label mean",
    },
    prove=prove,
    source="Penalty: Shang, Liu & Cheng 2016. Without a bias, thresholds: Dang et al. 2023. With a bias, the tie and "
    "the jump: here.",
)

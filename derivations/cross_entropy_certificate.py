"""T16, certificate.  What a gap under cross-entropy proves of the class means: the Gram bound of T13.

A divergence is at least the variance of the logits' error over 2 + R, where R is the range of that error.  With it the
gap bounds the outputs, up to a constant for each sample, which the left singular vectors of the residual do not see.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Function, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_h, lambda_w, tau
from ncsolve.derivations._steps import AtLeast, Identity, Positive, Solution, Step
from ncsolve.derivations._words import Words
from ncsolve.derivations.network_certificate import THEOREM as MSE
from ncsolve.derivations.network_certificate import blocks

__all__ = ["THEOREM"]

eps, x, nu = sp.symbols("ε x ν", nonnegative=True)
s_j, z, least = sp.symbols("s_j z p_min", positive=True)
R = sp.Symbol("R", positive=True)
size = sp.Symbol("ω", positive=True)
kappa = sp.Symbol("kappa", positive=True)
e_fit, e_bias, e_dual = sp.symbols("ε_1 ε_2 ε_3", nonnegative=True)


def prove(r: Result) -> Iterator[Step]:
    yield from divergence(r)
    yield from spread(r)
    yield from outputs(r)
    yield from along(r)
    yield from free_bias(r)


def divergence(r: Result) -> Iterator[Step]:
    """A divergence from p against the variance of the logits' error under p."""
    ps, ds = sp.symbols("p_1:4", positive=True), sp.symbols("d_1:4", real=True)
    v, m = sp.Symbol("v", nonnegative=True), sp.Symbol("m", real=True)
    total = sp.log(sum(p * sp.exp(v * d) for p, d in zip(ps, ds, strict=True)))
    mean = sum(p * d for p, d in zip(ps, ds, strict=True)) / sum(ps)

    def moment(power: int) -> sp.Expr:
        return sum(p * (d - mean) ** power for p, d in zip(ps, ds, strict=True)) / sum(ps)

    for power, text in (
        (2, "Along o* + v d, 0 <= v <= 1, the second derivative of logsumexp is the variance of d under the softmax "
            "there; three outputs, at v = 0"),
        (3, "The third derivative is the third central moment"),
    ):
        yield Identity(
            text=text,
            left=sp.Subs(sp.Derivative(total, (v, power)), v, 0), right=moment(power),
        )
    yield Identity(
        text="With R the range of d, no d_i is further than R from its mean m: the third derivative is at least -R "
        "times the second, as no term of this sum is negative",
        left=sum(p * (d - m) ** 3 for p, d in zip(ps, ds, strict=True))
        + R * sum(p * (d - m) ** 2 for p, d in zip(ps, ds, strict=True)),
        right=sum(p * (R + d - m) * (d - m) ** 2 for p, d in zip(ps, ds, strict=True)),
    )
    curve = sp.Function("f")(v)
    yield Identity(
        text="so that the variance f at v is at least f(0) exp(-R v): f exp(R v) does not fall",
        left=sp.Derivative(curve * sp.exp(R * v), v), right=(sp.Derivative(curve, v) + R * curve) * sp.exp(R * v),
    )
    yield Identity(
        text="The divergence is the integral of (1 - v) f over [0, 1] (Taylor), hence at least f(0) times",
        left=sp.Integral((1 - v) * sp.exp(-R * v), (v, 0, 1)), right=(sp.exp(-R) + R - 1) / R**2,
    )
    excess = sp.exp(-R) * (R + 2) + R - 2
    yield Identity(
        text="This exceeds 1/(2 + R) by a multiple of", left=(sp.exp(-R) + R - 1) / R**2 - 1 / (2 + R),
        right=excess / (R**2 * (2 + R)),
    )
    yield Identity(
        text="which is 0 at R = 0 and does not fall: its slope is 0 there, and that of the slope is",
        left=sp.Subs(sp.exp(-R) * (R + 2) + R - 2, R, 0) + sp.Subs(sp.Derivative(excess, R), R, 0), right=sp.S.Zero,
    )
    yield Positive(text="positive", left=sp.Derivative(excess, (R, 2)))
    more, shift = sp.symbols("δ_1:4", nonnegative=True), sp.Symbol("c", real=True)
    yield Identity(
        text="The variance is at least p_min, the least entry of p, times the squared length of d without its part "
        "along 𝟏: p = p_min + δ, and a sum of squares about m is least about the plain mean",
        left=sum((least + e) * (d - m) ** 2 for e, d in zip(more, ds, strict=True))
        - least * sum((d - sum(ds) / 3) ** 2 for d in ds),
        right=sum(e * (d - m) ** 2 for e, d in zip(more, ds, strict=True)) + 3 * least * (sum(ds) / 3 - m) ** 2,
    )
    high, low = sp.symbols("d_1 d_2", real=True)
    yield Identity(
        text="and that squared length at least R²/2, already of the largest and the least entry of d",
        left=(high - shift) ** 2 + (low - shift) ** 2,
        right=(high - low) ** 2 / 2 + 2 * (shift - (high + low) / 2) ** 2,
    )


def spread(r: Result) -> Iterator[Step]:
    yield Identity(
        text="So R²/2 p_min/(2 + R) is at most the divergence of a class, which is at most N ε/n_k: R is at most the "
        "root of",
        left=sp.Subs(R**2 / (2 * (2 + R)), R, r["spread"]), right=z,
    )
    yield Positive(
        text="the left side of which rises with R", left=sp.Derivative(R**2 / (2 * (2 + R)), R),
    )
    yield AtLeast(text="(the root that is at least 0)", left=r["spread"])


def outputs(r: Result) -> Iterator[Step]:
    square = sp.Symbol("r", nonnegative=True)
    yield Solution(
        text="Over the classes, r = Σ n_k ‖d_k‖² without the parts along 𝟏 is at most N/κ times the part of the "
        "outputs, κ the least p_min/(2 + R)",
        equation=square * kappa / N - eps, unknown=square, value=r["outputs"] ** 2,
    )
    yield AtLeast(text="(the root that is at least 0)", left=r["outputs"])
    space = Words()
    U, L, V = space.matrix("U", "m", "j"), space.matrix("L", "m", "K"), space.matrix("V", "K", "j")
    inverse, error = space.symmetric("S⁻¹", "j"), space.matrix("X", "m", "K")
    one = space.matrix("𝟏", "m", "1")
    space.rule(space.t(one) * L, sp.S.Zero)
    yield Identity(
        text="Codes and probabilities sum to 1, hence 𝟏ᵀL = 0, and the left singular vectors U = L V S⁻¹ have nothing "
        "along 𝟏",
        left=space.t(one) * (L * V * inverse), right=sp.S.Zero, words=space,
    )
    space.rule(space.t(one) * U, sp.S.Zero)
    m = sp.Symbol("m", positive=True)
    yield Identity(
        text="so that Uᵀ sees of the outputs' error X only what it is without its parts along 𝟏",
        left=space.t(U) * error, right=space.t(U) * (1 - one * space.t(one) / m) * error, words=space,
    )


def along(r: Result) -> Iterator[Step]:
    roots = [sp.sqrt(e_fit), sp.sqrt(e_bias), sp.sqrt(e_dual)]
    sizes = [sp.sqrt(N / kappa), nu * sp.sqrt(2 / lambda_b), x * sp.sqrt(2 / lambda_w)]
    yield Identity(
        text="The rest is the certificate of T13, as the minimum has the same conditions in W, H and b: "
        "‖Vᵀ(AᵀA - A*ᵀA*)V‖ is at most λ_w/s_j times √(N ε_1/κ) + ν √(2 ε_2/λ_b) + x √(2 ε_3/λ_w), and "
        "p² exceeds its square by squares",
        left=(r["p"] ** 2).subs(eps, e_fit + e_bias + e_dual)
        - (lambda_w / s_j) ** 2 * sum(root * length for root, length in zip(roots, sizes, strict=True)) ** 2,
        right=(lambda_w / s_j) ** 2 * sum(
            (roots[i] * sizes[k] - roots[k] * sizes[i]) ** 2 for i in range(3) for k in range(i)
        ),
    )
    some = sp.Symbol("λ", positive=True)
    yield AtLeast(text="(the root that is at least 0, λ_b > 0)", left=r["p"], given={lambda_b: some})
    yield Identity(
        text="With 1/κ = 2 it is the bound of T13",
        left=r["p"], right=MSE.result["p"], given={kappa: sp.Rational(1, 2)},
    )
    energy, s_next = sp.symbols("r s_next", nonnegative=True)
    yield Solution(
        text="The energy r across V is largest where the part of the features is all of the gap",
        equation=(tau**2 - s_next**2) * energy / (2 * lambda_w) - eps, unknown=energy, value=r["y"],
    )
    yield from blocks(r)
    yield AtLeast(text="(the root that is at least 0)", left=r["gram"])


def free_bias(r: Result) -> Iterator[Step]:
    """λ_b = 0, where no part of the gap holds the bias."""
    free = Words()
    W, h, X = free.matrix("W", "m", "d"), free.matrix("h", "d", "1"), free.matrix("X", "d", "N")
    one, target = free.matrix("𝟏", "N", "1"), free.matrix("O*", "m", "N")
    bias, wanted = free.matrix("b", "m", "1"), free.matrix("b*", "m", "1")
    free.rule(free.t(one) * one, N)
    free.rule(X * one, sp.S.Zero)
    free.rule(target * one, N * wanted)
    yield Identity(
        text="λ_b = 0: as Λ 𝟏 = 0 the mean of the outputs of the minimum is b*. With H = h 𝟏ᵀ + X the mean of the "
        "outputs' error is W h + b - b*, of length at most √(ε/κ) without its part along 𝟏",
        left=(W * (h * free.t(one) + X) + bias * free.t(one) - target) * one / N,
        right=W * h + bias - wanted,
        words=free,
    )
    square = sp.Symbol("‖h‖²", nonnegative=True)
    yield Solution(
        text="and the part of the features holds all of h: in this bound ‖h‖ is where it holds all of the gap, ω = ‖W‖",
        equation=lambda_h * N * square / 2 - eps, unknown=square,
        value=((r["bias_free"] - sp.sqrt(eps / kappa)) / size) ** 2,
    )
    yield AtLeast(text="(the root that is at least 0)", left=r["bias_free"])


THEOREM = Theorem(
    name="cross-entropy-certificate",
    label="T16",
    title="Cross-entropy: the certificate of a trained network",
    assumptions=(
        "Cross-entropy and linear features; label codes in the simplex, any counts; λ_w, λ_h > 0, 0 <= λ_b <= ∞; any "
        "feature dimension",
        "ε is the gap of W, H̄, b above the minimum, without the variation within the classes; p_min the least "
        "probability that the minimum gives to samples of a class",
        "the letters of T13's certificate: L = Λ D^(1/2) with singular values s_1 >= s_2 >= ..., V its first j "
        "right singular vectors, j at least the number of directions that the minimum keeps, s_j > 0 or j = 0",
    ),
    statement="The bound of T13 on the Gram matrices holds with the p below: ‖D^(1/2)(G - G*)D^(1/2)‖_F is at most "
    "√(p² + 2 x² y + y²) for every such j. The outputs of the class means, up to a constant for each sample, are "
    "within √(N ε/κ) of those of the minimum, where κ is the least p_min/(2 + R) of the classes; R bounds the range "
    "of the error of the logits of a class.",
    formulas={
        "spread": Formula(expr=z + sp.sqrt(z**2 + 4 * z), meaning="R of a class of n_k samples, z = N ε/(n_k p_min)"),
        "outputs": Formula(
            expr=sp.sqrt(N * eps / kappa), meaning="bound on ‖O - O*‖_F of the class means over all samples, without "
            "the parts along 𝟏"
        ),
        "p": Formula(
            expr=lambda_w / s_j * sp.sqrt(eps) * sp.sqrt(N / kappa + 2 * nu**2 / lambda_b + 2 * x**2 / lambda_w),
            meaning="bound along V; 0 for j = 0, and without the term in λ_b at λ_b = 0 and λ_b = ∞",
        ),
        "bias_free": Formula(
            expr=sp.sqrt(eps / kappa) + size * sp.sqrt(2 * eps / (lambda_h * N)),
            meaning="bound on ‖b - b*‖ at λ_b = 0, without the part along 𝟏",
        ),
        "y": Formula(expr=MSE.result["y"], meaning="bound on the energy across V; 0 for j = K"),
        "gram": Formula(expr=MSE.result["gram"], meaning="bound on ‖D^(1/2)(G - G*)D^(1/2)‖_F"),
    },
    functions=(
        Function(
            name="cross_entropy_spread", arguments=("z",), arrays=("z",), result="spread",
            form=z + sp.sqrt(z * (z + 4)),
            doc="the range of the error of a class's logits at most, z = N gap/(n_k p_min) (arrays).",
        ),
    ),
    letters={
        "ε": "the gap",
        "z": "N ε/(n_k p_min)",
        "kappa": "κ, the least p_min/(2 + R) of the classes",
        "s_j": "the least singular value of L along V",
        "s_next": "the largest across V, 0 for those that L has not",
        "x": "‖A‖, the largest singular value of A = H̄ D^(1/2)",
        "ν": "‖Vᵀu‖, u = D^(1/2) 𝟏",
        "p": "the bound along V",
        "y": "the bound across V",
        "ω": "‖W‖, the largest singular value of the head",
    },
    prove=prove,
    source="Here; the variance of a divergence by self-concordance as in Bach 2010.",
)

"""T13, certificate. What the gap of a network proves of its class means, outputs, bias and variation within classes.

Class-weighted: A = H̄ D^(1/2), u = D^(1/2) 1, L = Lambda D^(1/2) with the singular values s_1 >= s_2 >= ...; V holds
the first j right singular vectors, U the left ones, and j is at least the number of directions that the minimum keeps,
whose class means A* therefore have nothing outside V.  The class means alone are a network too, with a smaller gap.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._framework import Formula, Result, Theorem
from ncsolve.derivations._notation import N, lambda_b, lambda_h, lambda_w, tau
from ncsolve.derivations._steps import AtLeast, Identity, Solution, Step
from ncsolve.derivations._words import Words, norm2, tr

__all__ = ["THEOREM"]

eps = sp.Symbol("ε", nonnegative=True)
s_j = sp.Symbol("s_j", positive=True)
s_next = sp.Symbol("s_next", nonnegative=True)
x = sp.Symbol("x", nonnegative=True)
nu = sp.Symbol("ν", nonnegative=True)
size = sp.Symbol("ω", positive=True)
e_fit, e_bias, e_dual = sp.symbols("ε_1 ε_2 ε_3", nonnegative=True)

space = Words()
L = space.matrix("L", "m", "K")
A = space.matrix("A", "d", "K")
B = space.matrix("A*", "p", "K")
E = space.matrix("E", "m", "d")
O = space.matrix("O*", "m", "K")
R = space.matrix("R", "m", "K")
U = space.matrix("U", "m", "j")
V = space.matrix("V", "K", "j")
b = space.matrix("b", "m", "1")
c = space.matrix("b*", "m", "1")
u = space.matrix("u", "K", "1")
space.rule(space.t(V) * V, sp.S.One)
# W = L Aᵀ/λ_w + E and W A + b uᵀ = O* + R at the network; W* = L A*ᵀ/λ_w and W* A* + b* uᵀ = O* at the minimum.
network = space.copy()
network.rule(L * space.t(A) * A, lambda_w * (O + R - b * space.t(u) - E * A))
network.rule(L * space.t(B) * B, lambda_w * (O - c * space.t(u)))


def prove(r: Result) -> Iterator[Step]:
    yield from of_the_means(r)
    kept = space.copy()
    S, S2 = kept.symmetric("S", "j"), kept.symmetric("S'", "q")
    U2, V2 = kept.matrix("U'", "m", "q"), kept.matrix("V'", "K", "q")
    kept.rule(kept.t(U) * U, sp.S.One)
    kept.rule(kept.t(U) * U2, sp.S.Zero)
    yield Identity(
        text="Along V, where L = U S Vᵀ + U' S' V'ᵀ,",
        left=kept.t(U) * (U * S * kept.t(V) + U2 * S2 * kept.t(V2)),
        right=S * kept.t(V),
        words=kept,
    )
    yield Identity(
        text="With R what the outputs miss and E = W - L Aᵀ/λ_w, the Gram matrices of network and minimum differ there "
        "by S Vᵀ(AᵀA - A*ᵀA*)V = Uᵀ L (AᵀA - A*ᵀA*) V",
        left=network.t(U) * L * (network.t(A) * A - network.t(B) * B) * V,
        right=lambda_w * network.t(U) * (R - (b - c) * network.t(u) - E * A) * V,
        words=network,
    )
    kept.rule(kept.t(U) * L, S * kept.t(V))
    kept.rule(c, L * u / lambda_b)
    yield Identity(
        text="As L u = λ_b b*, the mean direction is in V by ν = ‖Vᵀu‖ <= λ_b ‖b*‖/s_j: not at all for λ_b = 0",
        left=lambda_b * kept.t(U) * c,
        right=S * kept.t(V) * u,
        words=kept,
    )
    roots = [sp.sqrt(e_fit), sp.sqrt(e_bias), sp.sqrt(e_dual)]
    sizes = [sp.sqrt(2 * N), nu * sp.sqrt(2 / lambda_b), x * sp.sqrt(2 / lambda_w)]
    yield Identity(
        text="The parts of the gap bound ‖R‖ by √(2N ε_1), ‖b - b*‖ by √(2 ε_2/λ_b) and ‖E‖ by √(2 ε_3/λ_w), so that "
        "‖Vᵀ(AᵀA - A*ᵀA*)V‖ is at most λ_w/s_j times √(2N ε_1) + ν √(2 ε_2/λ_b) + x √(2 ε_3/λ_w), as s_j is the least "
        "entry of S. For ε = ε_1 + ε_2 + ε_3 the square p² exceeds the square of that by squares (Lagrange), and it "
        "grows with ε",
        left=(r["p"] ** 2).subs(eps, e_fit + e_bias + e_dual)
        - (lambda_w / s_j) ** 2 * sum(root * length for root, length in zip(roots, sizes, strict=True)) ** 2,
        right=(lambda_w / s_j) ** 2 * sum(
            (roots[i] * sizes[k] - roots[k] * sizes[i]) ** 2 for i in range(3) for k in range(i)
        ),
    )
    lower = sp.Symbol("s_i", nonnegative=True)
    more = sp.Symbol("δ", nonnegative=True)
    yield AtLeast(
        text="Outside V the part of the features weighs the energy of A by τ² - s_i², at least τ² - s_{j+1}² as "
        "s_{j+1} = s_i + δ, so that this energy is at most y",
        left=(tau**2 - lower**2) - (tau**2 - s_next**2),
        given={s_next: lower + more},
    )
    energy = sp.Symbol("y", nonnegative=True)
    yield Solution(
        text="which is what that part would be if it were all of the gap",
        equation=(tau**2 - s_next**2) * energy / (2 * lambda_w) - eps, unknown=energy, value=r["y"],
    )
    yield from blocks(r)
    yield from single_parts(r)
    yield from mean_feature(r)
    some = sp.Symbol("λ", positive=True)
    for name in ("p", "gram", "outputs", "within", "bias"):
        yield AtLeast(text="Each bound is the root that is at least 0, λ_b > 0", left=r[name], given={lambda_b: some})


def of_the_means(r: Result) -> Iterator[Step]:
    """The Gram matrix of the class means is that of a network whose features are its class means."""
    split = Words()
    head, bias, one = split.matrix("W", "m", "d"), split.matrix("b", "m", "1"), split.matrix("𝟏", "N", "1")
    labels, means, apart = split.matrix("Y", "m", "N"), split.matrix("H̄", "d", "N"), split.matrix("X", "d", "N")
    for constant in (means, labels, split.t(one)):
        split.rule(constant * split.t(apart), sp.S.Zero)

    def part(features: sp.Expr) -> sp.Expr:
        fit = norm2(head * features + bias * split.t(one) - labels) / (2 * N)
        return fit + lambda_h / 2 * norm2(features)

    yield Identity(
        text="W, H̄ and b are a network too, whose class means are the same. It has no variation X within the classes, "
        "which the gap counts by two squares alone; what holds of its gap ε (below) holds of the class means",
        left=part(means) - part(means + apart),
        right=r["means"] - _whole,
        words=split,
    )


def blocks(r: Result) -> Iterator[Step]:
    """The two Gram matrices by blocks along V and across it."""
    G = space.symmetric("G", "K")
    across = 1 - V * space.t(V)
    yield Identity(
        text="A symmetric G, here AᵀA - A*ᵀA*, by blocks along V and across it; as A* has nothing across, the mixed "
        "block is that of AᵀA, at most x √y, and the last at most y",
        left=norm2(G),
        right=norm2(space.t(V) * G * V) + 2 * norm2(space.t(V) * G * across) + norm2(across * G * across),
        words=space,
    )
    p, y = sp.symbols("p y", nonnegative=True)
    square = sp.Symbol("‖G‖²", nonnegative=True)
    yield Solution(
        text="so that ‖G‖² is at most p² + 2 (x √y)² + y²",
        equation=square - p**2 - 2 * (x * sp.sqrt(y)) ** 2 - y**2, unknown=square, value=r["gram"] ** 2,
    )


def single_parts(r: Result) -> Iterator[Step]:
    """What the parts of outputs, of the bias and of the variation within the classes prove, each alone."""
    square = sp.Symbol("r", nonnegative=True)
    for text, part, name in (
        ("The part of the outputs is at most ε, which bounds r = ‖O - O*‖²,", square / (2 * N), "outputs"),
        ("the variation within the classes alone adds λ_h/2 ‖H - H̄‖² to that of the features, r = ‖H - H̄‖²,",
         lambda_h / 2 * square, "within"),
        ("and the part of the bias bounds r = ‖b - b*‖²", lambda_b / 2 * square, "bias"),
    ):
        yield Solution(text=text, equation=part - eps, unknown=square, value=r[name] ** 2)


def mean_feature(r: Result) -> Iterator[Step]:
    """λ_b = 0, where no part of the gap holds the bias."""
    free = Words()
    W, h, X = free.matrix("W", "m", "d"), free.matrix("h", "d", "1"), free.matrix("X", "d", "N")
    one, Lam = free.matrix("𝟏", "N", "1"), free.matrix("Λ", "m", "N")
    bias, mu = free.matrix("b", "m", "1"), free.matrix("μ", "m", "1")
    free.rule(free.t(one) * one, N)
    free.rule(X * one, sp.S.Zero)
    free.rule(Lam * one, sp.S.Zero)
    features = h * free.t(one) + X
    weighted = tr(features * (lambda_w * lambda_h - free.t(Lam) * Lam) * free.t(features))
    yield Identity(
        text="λ_b = 0: as Λ 𝟏 = 0, the part of the features holds all of the mean feature h, H = h 𝟏ᵀ + X with "
        "X 𝟏 = 0, so that ‖h‖² <= 2ε/(λ_h N)",
        left=weighted - tr(X * (lambda_w * lambda_h - free.t(Lam) * Lam) * free.t(X)),
        right=lambda_w * lambda_h * N * norm2(h),
        words=free,
    )
    target = free.matrix("O*", "m", "N")
    free.rule(target * one, N * mu)
    yield Identity(
        text="and the mean of the outputs' error is W h + b - μ, of length at most √(2ε), so that b is within √(2ε) + "
        "ω ‖h‖ of μ, ω = ‖W‖",
        left=(W * features + bias * free.t(one) - target) * one / N,
        right=W * h + bias - mu,
        words=free,
    )
    square = sp.Symbol("‖h‖²", nonnegative=True)
    yield Solution(
        text="In this bound ‖h‖ is where the part of the features holds all of the gap",
        equation=lambda_h * N * square / 2 - eps, unknown=square,
        value=((r["bias_free"] - sp.sqrt(2 * eps)) / size) ** 2,
    )


_p, _y = sp.symbols("p y", nonnegative=True)
_whole = sp.Symbol("ε_0", real=True)
_head, _apart = sp.Symbol("W", commutative=False), sp.Symbol("X", commutative=False)

THEOREM = Theorem(
    name="network-certificate",
    label="T13",
    title="The certificate of a trained network",
    assumptions=(
        "λ_w, λ_h > 0, 0 <= λ_b <= ∞; MSE and linear features; any encoding, any counts, any feature dimension",
        "ε is the gap of W, H, b above the minimum, for the Gram matrices that of W, H̄, b; ε_1 + ε_2 + ε_3 its parts "
        "of outputs, bias and head",
        "j is at least the number of directions that the minimum keeps; s_j > 0, or j = 0",
    ),
    statement="The Gram matrices of the class means of network and minimum, weighted by the counts, differ by at most "
    "the bound in Frobenius norm, for every such j; the outputs by at most √(2N ε), the features from their class "
    "means by at most √(2ε/λ_h), and the bias by at most √(2ε/λ_b).",
    formulas={
        "means": Formula(
            expr=_whole - norm2(_head * _apart) / (2 * N) - lambda_h / 2 * norm2(_apart),
            meaning="ε for the Gram matrices: the gap without the variation within the classes",
        ),
        "p": Formula(
            expr=lambda_w / s_j * sp.sqrt(eps) * sp.sqrt(2 * N + 2 * nu**2 / lambda_b + 2 * x**2 / lambda_w),
            meaning="bound along V; 0 for j = 0, and without the term in λ_b at λ_b = 0 and λ_b = ∞",
        ),
        "y": Formula(
            expr=2 * eps * lambda_w / (tau**2 - s_next**2), meaning="bound on the energy across V; 0 for j = K"
        ),
        "gram": Formula(
            expr=sp.sqrt(_p**2 + 2 * x**2 * _y + _y**2),
            meaning="bound on ‖D^(1/2)(G - G*)D^(1/2)‖_F",
        ),
        "outputs": Formula(expr=sp.sqrt(2 * N * eps), meaning="bound on ‖O - O*‖_F over all samples"),
        "within": Formula(expr=sp.sqrt(2 * eps / lambda_h), meaning="bound on ‖H - H̄‖_F"),
        "bias": Formula(expr=sp.sqrt(2 * eps / lambda_b), meaning="bound on ‖b - b*‖, 0 < λ_b < ∞"),
        "bias_free": Formula(
            expr=sp.sqrt(2 * eps) + size * sp.sqrt(2 * eps / (lambda_h * N)), meaning="bound on ‖b - μ‖ at λ_b = 0"
        ),
    },
    letters={
        "A": "H̄ D^(1/2), the class-weighted class means; x = ‖A‖ is their largest singular value",
        "A*": "those of the minimum",
        "L": "Λ D^(1/2), with singular values s_1 >= s_2 >= ...",
        "U": "its first j left singular vectors",
        "V": "its first j right singular vectors; ν = ‖Vᵀu‖",
        "E": "W - L Aᵀ/λ_w",
        "R": "W A + b uᵀ - O*",
        "ε": "the gap",
        "ε_0": "the gap of W, H, b",
        "W": "head of the network",
        "X": "H - H̄, the variation within the classes",
        "s_j": "the least singular value of L along V",
        "s_next": "the largest across V, 0 for those that L has not",
        "x": "‖A‖",
        "ν": "‖Vᵀu‖",
        "ω": "‖W‖, the largest singular value of the head",
        "p": "the bound along V",
        "y": "the bound across V",
    },
    prove=prove,
    source="Here.",
)

"""T9, the bias of balanced affine one-hot codes under a deep head: a multiple of 1, and where the mean enters."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._deep_symbols import DEEP, C, P, above, c, cut, g, s, s_mu, share, z
from ncsolve.derivations._framework import Result
from ncsolve.derivations._notation import K, N, lambda_b, n, t, w
from ncsolve.derivations._steps import Identity, Positive, Stationary, Step
from ncsolve.derivations.affine_family import THEOREM as AFFINE
from ncsolve.derivations.bottleneck import two_values

__all__ = ["bias"]


def bias(f: Result) -> Iterator[Step]:
    yield from two_values()
    yield from centred_bias()
    v, length = sp.symbols("v length", positive=True)
    joint = lambda_b / (2 * K) * (length - share) ** 2 + (share - v) ** 2 / (2 * K)
    best = (lambda_b * length + v) / (1 + lambda_b)
    yield Stationary(
        text="Balanced affine one-hot codes. The shifted length y = |w| (1 - β) of the label mean, for given z/√n = v",
        function=joint,
        variables=(share,),
        at={share: best},
    )
    yield Identity(
        text="so this is the bias", left=f["beta"], right=1 - best / length, given={w: length, s_mu: v}
    )
    yield Identity(
        text="and what is left is the same scalar problem for g = |w| √n, with N (1 + λ_b)/λ_b in place of N",
        left=joint.subs(share, best),
        right=lambda_b / (1 + lambda_b) * (length - v) ** 2 / (2 * K),
    )
    yield Identity(
        text="that is, with this constant",
        left=f["mean_constant"],
        right=sp.Subs(f["constant"], N, N * (1 + lambda_b) / lambda_b),
        given={C: f["constant"]},
    )
    for factors in (3, 4, 7):
        for text, key in (("enters", "threshold"), ("gets a branch", "existence")):
            least_g = sp.powdenest(f[key].subs(P, factors), force=True)
            yield Identity(
                text=f"The label mean {text} where |w| √n is the {key} of that problem, here for P = {factors}",
                left=least_g.subs(C, f["mean_constant"]).subs(lambda_b, f["transition"].subs(P, factors)),
                right=length * sp.sqrt(n),
                given={w: length, cut: least_g, length: least_g * (1 + above) / sp.sqrt(n)},
            )
    yield Identity(
        text="One layer: the transition of T5",
        left=f["transition"].subs(P, 2),
        right=AFFINE.result["threshold"],
        given={w: t + above, cut: t * sp.sqrt(n)},
    )
    yield Identity(
        text="Before the transition the bias is that of complete centring",
        left=f["beta"],
        right=AFFINE.result["beta"].args[0].expr,
        given={w: length, s_mu: 0},
    )


def centred_bias() -> Iterator[Step]:
    """b is a multiple of 1: the cost of x >= 1 >= y is least where x = 1 or y = 1."""
    x, y, omega, p, f = sp.symbols("x y omega p f", positive=True)
    square = x**2 + y**2 - 2 * omega * x * y + omega**2 - 1  # K ||b||^2
    weight = lambda_b / (2 * K) * square
    pull = z + C / N * N * z ** (2 / P - 1)  # the g whose branch has this z
    yield Identity(
        text="A kept singular value: g as a function of z, from the stationarity of the scalar objective",
        left=sp.Derivative((z - g) ** 2 / (2 * N) + C * P / (2 * N) * z ** (2 / P), z),
        right=(pull - g) / N,
    )
    yield Positive(
        text="so dg/dz < 1, and the scalar minimum, whose slope in g is (g - z)/N, is concave there",
        left=sp.S.One,
        right=sp.Derivative(pull, z),
        given=DEEP,
    )
    yield Positive(
        text="|w| <= |a|: the cost of the bias does not fall with x, and the scalar minimum f rises: x = 1",
        left=sp.Derivative(weight, x) + f,
        given={x: 1 + above, y: 1 / (1 + share), omega: 1 / (1 + s), lambda_b: c},
    )
    yield Positive(
        text="|w| > |a|, x and y both kept (curvatures -p, -q): the Hessian has a negative determinant or a negative "
        "entry, so an inner point is no minimum",
        left=-((lambda_b / K) ** 2 - (lambda_b / K * omega) ** 2),
        given={omega: 1 + above, lambda_b: c},
    )
    yield Identity(
        text="|w| > |a|, x kept with slope f and y not: an inner stationary point has this x",
        left=sp.Subs(
            sp.diff(weight, x) + f, y, sp.solve(sp.diff(weight, y) + y / K, y)[0]
        ),
        right=f + lambda_b * x * (1 + lambda_b - lambda_b * omega**2) / (K * (1 + lambda_b)),
    )
    yield Identity(
        text="so that λ_b w² > 1 + λ_b, where the determinant is negative (curvature -p <= 0 in x)",
        left=sp.Determinant(
            sp.ImmutableMatrix([[lambda_b - p, -lambda_b * omega], [-lambda_b * omega, lambda_b + 1]])
        ),
        right=lambda_b * (1 + lambda_b - lambda_b * omega**2) - p * (1 + lambda_b),
    )

"""T9 with fewer dimensions than living directions: which singular values a deep head keeps."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from ncsolve.derivations._deep_symbols import C, P, above, c, g, r, s, z
from ncsolve.derivations._framework import Result
from ncsolve.derivations._notation import K, N
from ncsolve.derivations._steps import AtLeast, Identity, Step

__all__ = ["bottleneck"]


def bottleneck(f: Result) -> Iterator[Step]:
    value, other, g_2, y, v, omega = sp.symbols("z_1 z_2 g_2 y v omega", positive=True)
    yield AtLeast(
        text="Fewer dimensions than singular values, b given. The penalty depends on the singular values of Z alone, "
        "so by von Neumann's trace inequality Z takes the singular vectors of M - b uᵀ, larger values to larger g: the "
        "fit of two values the other way round less that of this order, g = g_2 + u, z_1 = z_2 + c",
        left=(other - g) ** 2 + (value - g_2) ** 2 - (value - g) ** 2 - (other - g_2) ** 2,
        given={g: g_2 + above, value: other + c},
    )
    yield Identity(
        text="What a kept z gains over z = 0 has this slope in g, so that the largest gain over z rises with g: the d "
        "largest g are kept, each shrunk on its own",
        left=sp.Derivative(g**2 / (2 * N) - (z - g) ** 2 / (2 * N) - C * P / (2 * N) * z ** (2 / P), g),
        right=z / N,
    )
    yield Identity(
        text="Balanced affine one-hot codes, d <= K - 1. The smallest length y is dropped, for want of room or as it "
        "is below the threshold; its cost has the slope that the last two steps on |w| > |a| use, and those on "
        "|w| <= |a| use f >= 0 only: b is a multiple of 1 here too",
        left=sp.Derivative(y**2 / (2 * K), y),
        right=y / K,
    )
    yield AtLeast(
        text="|w| <= |a|: for every z = v √n > 0 a contrast gains at least what the label mean does, whose fit the "
        "bias weakens to the share s = λ_b/(1 + λ_b) (v <= 2 |w|, as beyond it the mean gains nothing): the contrasts "
        "are kept first. Here |w| = ω, |a| = ω + u",
        left=(2 * (omega + above) * v - v**2) - s * (2 * omega * v - v**2),
        given={s: 1 / (1 + r), v: 2 * omega / (1 + c)},
    )
    size, cosine = sp.symbols("size cosine", positive=True)
    yield AtLeast(
        text="All classes with one code e: M - b uᵀ = (e - b) uᵀ has the one singular value √N ‖e - b‖, least for a "
        "given ‖b‖ where b is a multiple of e: the problem of the label mean, with √N ‖e‖ for its g (here ‖e‖ = g)",
        left=g**2 + size**2 - 2 * g * size * cosine,
        right=(g - size) ** 2,
        given={cosine: 1 / (1 + r)},
    )

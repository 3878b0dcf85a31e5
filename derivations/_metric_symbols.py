"""Letters and symbols of the metric UFM (metric_ufm, metric_frame) that no other theorem has."""

from __future__ import annotations

import sympy as sp
from ncsolve.derivations._notation import N, tau
from ncsolve.derivations._words import Words

__all__ = [
    "A", "B", "C", "S", "X", "Y", "Yc", "aligned", "b", "f", "gain", "label_square", "mu", "one", "scatter",
    "second_moment", "singular", "size", "space", "spread", "theta", "zbar",
]

space = Words()
A = space.matrix("A", "m", "P")
B = space.matrix("B", "m", "P")
C = space.symmetric("C", "P")
S = space.symmetric("S", "P")
X = space.matrix("X", "P", "N")
Y = space.matrix("Y", "m", "N")
Yc = space.matrix("Y_c", "m", "N")
b = space.matrix("𝐛", "m", "1")  # bold: b is a singular value of B
mu = space.matrix("μ", "m", "1")
zbar = space.matrix("z̄", "P", "1")
one = space.matrix("𝟏", "N", "1")
space.rule(space.t(one) * one, N)
space.rule(X * one, sp.S.Zero)
space.rule(Yc * one, sp.S.Zero)

f = sp.Symbol("f", nonnegative=True)
theta = sp.Symbol("θ", nonnegative=True)
label_square = sp.Symbol("label_square", positive=True)
second_moment = sp.Symbol("second_moment", positive=True)

# One aligned direction: a singular value of B and the eigenvalue of C there; the singular value of A, and its gain.
aligned = sp.Symbol("b", nonnegative=True), sp.Symbol("c", positive=True)
singular = sp.Max(aligned[0] - tau, 0) / aligned[1]
gain = sp.Max(aligned[0] - tau, 0) ** 2 / (2 * aligned[1])

size = sp.Symbol("size", positive=True)
spread = sp.Symbol("spread", positive=True)
scatter = sp.Symbol("scatter", nonnegative=True)

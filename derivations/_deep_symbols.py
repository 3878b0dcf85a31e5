"""The symbols of T9, shared by the files that prove it."""

from __future__ import annotations

import sympy as sp

__all__ = ["DEEP", "TIE", "TURN", "C", "P", "above", "c", "cut", "g", "lam", "r", "s", "s_mu", "share", "z"]

P = sp.Symbol("P", integer=True, positive=True)
C, g, r, z, lam, cut, s = sp.symbols("C g r z lambda_l g_cut s", positive=True)
c = sp.Symbol("c", positive=True)
above, share = sp.symbols("u y", positive=True)
s_mu = sp.Symbol("s_mu", nonnegative=True)

TIE = (P - 2) / (P - 1)  # r^P where a branch costs as much as z = 0
TURN = (P - 2) / (2 * P - 2)  # r^P where the two branches meet
DEEP = {P: 3 + sp.Symbol("p", integer=True, nonnegative=True)}

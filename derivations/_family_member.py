"""What the files of one-hot, label smoothing, signed and simplex codes share: reading results off the family (T5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp
from ncsolve.derivations._framework import Result
from ncsolve.derivations._notation import gap, s_mu, s_perp
from ncsolve.derivations._prove import Given
from ncsolve.derivations._steps import Identity, Step
from ncsolve.derivations.affine_family import THEOREM as FAMILY
from ncsolve.derivations.affine_geometry import THEOREM as GEOMETRY

__all__ = ["read_off"]


def read_off(
    r: Result, keys: tuple[str, ...], code: Mapping[sp.Symbol, sp.Expr], cases: Mapping[str, Given]
) -> Iterator[Step]:
    """For each case and key: the result of this code is that of the family."""
    for name, case in cases.items():
        for key in keys:
            family = (FAMILY.result | GEOMETRY.result)[key]
            # The family's abbreviations that occur, in the order in which they are put in; then code and case.
            used = {x: GEOMETRY.definitions[x] for x in (gap, s_mu, s_perp) if _occurs(x, family)}
            yield Identity(
                text=f"{name}: {key.replace('_', ' ')}, from the family",
                left=family,
                right=r[key],
                given={**used, **code, **case},
            )


def _occurs(symbol: sp.Symbol, expr: sp.Expr) -> bool:
    return symbol in expr.free_symbols or (gap in expr.free_symbols and symbol in (s_mu, s_perp))

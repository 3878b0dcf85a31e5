"""Evidence that a rational matrix is positive semidefinite: A = F diag(s) F^T + something diagonally dominant."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import fmpq

from ncsolve._numbers.exact import Table, on_grid
from ncsolve.certificates.checker import gram

__all__ = ["Evidence", "evidence_for", "exact_factors"]

_BITS = 40  # of a factor for a matrix that is well inside the cone
_ROOM = 1e-6
_MAX_BITS = 4000  # of a pivot: longer exact factors are no use in a file


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """``factor`` F (m, q) and ``scales`` s >= 0 (q)."""

    factor: Table
    scales: list[Fraction]


def evidence_for(a: Table) -> Evidence | None:
    """Evidence for an exact matrix, or None if it is not positive semidefinite, or its factors are too long.

    None is needed for a diagonally dominant matrix; a rounded factor is short where the matrix is well inside the
    cone; else the exact factors L diag(d) L^T prove even a singular matrix.

    >>> evidence_for([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(1)]]).scales
    []
    >>> evidence_for([[Fraction(1), Fraction(2)], [Fraction(2), Fraction(4)]]).scales
    [Fraction(1, 1)]
    """
    if _dominant(a):
        return Evidence(factor=[[] for _ in a], scales=[])
    return _rounded(a) or exact_factors(a)


def _dominant(a: Table) -> bool:
    return all(2 * row[i] >= sum(map(abs, row)) for i, row in enumerate(a))


def _rounded(a: Table) -> Evidence | None:
    """V (w - r)^(1/2) with eigenvalues w >= 2 r, rounded: the remainder is r I up to rounding."""
    unit = max(abs(x) for row in a for x in row)
    values, vectors = np.linalg.eigh(np.array([[float(x / unit) for x in row] for row in a]))
    if values[0] < _ROOM * len(a):
        return None
    rough = vectors * np.sqrt(values - values[0] / 2)
    factor = [[on_grid(*_parts(x), _BITS) for x in row] for row in rough.tolist()]
    scales = [unit] * len(a)
    lower, den = gram(factor, scales, len(a))
    rest = [[a[i][j] - Fraction(lower[max(i, j)][min(i, j)], den) for j in range(len(a))] for i in range(len(a))]
    return Evidence(factor=factor, scales=scales) if _dominant(rest) else None


def _parts(x: float) -> tuple[int, int]:
    top, bottom = x.as_integer_ratio()
    return top, 1 - bottom.bit_length()


def exact_factors(a: Table) -> Evidence | None:
    """Exact L (a column for each pivot that is not zero) and d > 0 with A = L diag(d) L^T.

    None if A is not positive semidefinite, or the pivots are longer than a file should hold.
    """
    n = len(a)
    rest = [[fmpq(x.numerator, x.denominator) for x in row] for row in a]
    columns: list[list[fmpq]] = []
    scales: list[Fraction] = []
    for i in range(n):
        pivot = rest[i][i]
        if pivot < 0 or (pivot == 0 and any(x != 0 for x in rest[i][i:])):
            return None
        if pivot == 0:
            continue
        if max(int(pivot.p).bit_length(), int(pivot.q).bit_length()) > _MAX_BITS:
            return None
        column = [fmpq(0)] * i + [rest[j][i] / pivot for j in range(i, n)]
        for j in range(i, n):
            if column[j] != 0:
                for k in range(j, n):
                    rest[j][k] = rest[k][j] = rest[j][k] - column[j] * pivot * column[k]
        columns.append(column)
        scales.append(_fraction(pivot))
    return Evidence(factor=[[_fraction(column[i]) for column in columns] for i in range(n)], scales=scales)


def _fraction(x: fmpq) -> Fraction:
    return Fraction(int(x.p), int(x.q))

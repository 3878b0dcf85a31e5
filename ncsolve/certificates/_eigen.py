"""Symmetric eigenvalues to any number of digits: numpy's eigenvectors, refined by python-flint's matrix products.

Rotations by first-order perturbation theory square the error of all pairs with distinct eigenvalues.  A cluster that
double precision cannot tell apart is diagonalised by itself, with its mean taken out and its spread scaled to one,
down to the tolerance: equal eigenvalues stay equal, however close others are.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from flint import arb, arb_mat, ctx

from ncsolve.errors import ConvergenceError

__all__ = ["diagonalise", "orthonormal"]

_APART = 2.0**-16  # relative to the spread: closer eigenvalues are one cluster
_MAX_STEPS = 60


def diagonalise(a: arb_mat, tolerance: arb, start: arb_mat | None = None) -> tuple[list[arb], arb_mat]:
    """Eigenvalues and orthonormal eigenvectors (columns) of a symmetric matrix, to an absolute tolerance.

    Works in the precision of flint's context; ``start`` are eigenvectors of a nearby matrix.
    Raises ConvergenceError if the refinement stalls.
    """
    n = a.nrows()
    mean = (a.trace() / n).mid()
    b = _shifted(a, mean)
    spread = _largest(b)
    q = _identity(n) if start is None else start
    if spread <= tolerance:
        return [(mean + b[i, i]).mid() for i in range(n)], q
    if start is None:
        rough = np.array([[float((b[i, j] / spread).mid()) for j in range(n)] for i in range(n)])
        vectors = np.linalg.eigh((rough + rough.T) / 2)[1]
        q = arb_mat(n, n, [arb(x) for x in vectors.ravel().tolist()])
    for _ in range(_MAX_STEPS):
        q = orthonormal(q)
        rotated = (q.transpose() * b * q).mid()
        clusters = _clusters(rotated, spread)
        turn, worst = _rotation(rotated, clusters)
        if worst <= tolerance:
            break
        q = (q + q * turn).mid()
    else:
        raise ConvergenceError(
            f"the eigenvectors must converge; the largest rest is {float(worst):.1e} after {_MAX_STEPS} steps (please "
            "report this problem)"
        )
    blocks = arb_mat(n, n)
    values = [mean] * n
    for members in clusters:
        part = arb_mat(len(members), len(members), [rotated[i, j] for i in members for j in members])
        inner, vectors_of = diagonalise(part, tolerance) if len(members) > 1 else ([part[0, 0]], _identity(1))
        for column, j in enumerate(members):
            values[j] = (mean + inner[column]).mid()
            for row, i in enumerate(members):
                blocks[i, j] = vectors_of[row, column]
    return values, orthonormal((q * blocks).mid())


def orthonormal(q: arb_mat) -> arb_mat:
    """The nearest orthonormal columns, by Newton and Schulz's iteration."""
    tiny = arb(2) ** (8 - ctx.prec)
    for _ in range(_MAX_STEPS):
        rest = _shifted((q.transpose() * q).mid(), arb(1))
        size = _largest(rest)
        if size <= tiny * q.ncols():
            return q
        q = (q - q * rest / 2).mid()
    raise ConvergenceError(f"columns must become orthonormal; they stay {float(size):.1e} away (please report this)")


def _rotation(b: arb_mat, clusters: list[list[int]]) -> tuple[arb_mat, arb]:
    """The antisymmetric X with [diag b, X] = rest of b outside the clusters, and the largest entry of that rest."""
    n = b.nrows()
    cluster = {i: number for number, members in enumerate(clusters) for i in members}
    turn, worst = arb_mat(n, n), arb(0)
    for i in range(n):
        for j in range(i):
            if cluster[i] != cluster[j]:
                rest = (b[i, j] + b[j, i]) / 2
                worst = worst.max(abs(rest))
                angle = (rest / (b[j, j] - b[i, i])).mid()
                turn[i, j], turn[j, i] = angle, -angle
    return turn, worst


def _clusters(b: arb_mat, spread: arb) -> list[list[int]]:
    """Indices in order of their diagonal entries, split at the gaps."""
    size = [float((b[i, i] / spread).mid()) for i in range(b.nrows())]
    order = sorted(range(len(size)), key=size.__getitem__)
    found = [[order[0]]]
    for before, i in pairwise(order):
        if size[i] - size[before] > _APART:
            found.append([])
        found[-1].append(i)
    return found


def _shifted(a: arb_mat, mean: arb) -> arb_mat:
    n = a.nrows()
    return (a - arb_mat(n, n, [mean if i == j else 0 for i in range(n) for j in range(n)])).mid()


def _identity(n: int) -> arb_mat:
    return arb_mat(n, n, [int(i == j) for i in range(n) for j in range(n)])


def _largest(a: arb_mat) -> arb:
    size = arb(0)
    for x in a.entries():
        size = size.max(abs(x))
    return size

"""The nonnegative part R of a copositive matrix: lambda_w lambda_h I - G - R positive semidefinite, R >= 0.

Everything is in units of lambda_w lambda_h: the largest eigenvalue of G + R is to be at most one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np

from ncsolve._arrays import Array

__all__ = ["nonnegative_part", "top"]

_MOST_CLASSES = 40  # beyond, the programme over matrices takes minutes
_FEASIBLE = 1e-13  # what rounding leaves above one


def nonnegative_part(gram: Array, rows: Array | None = None) -> Array:
    """The R (K, K) that makes the largest eigenvalue of G + R smallest; ``rows`` (d, K) of a minimizer's features."""
    return min(_candidates(gram, rows), key=lambda slack: top(gram + slack))


def top(matrix: Array) -> float:
    """The largest eigenvalue."""
    return float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1])


def _candidates(gram: Array, rows: Array | None) -> Iterator[Array]:
    """The later ones cost more and are for those that need them."""
    yield np.zeros_like(gram)
    away = np.maximum(-gram, 0.0)  # enough where the frame is orthogonal
    np.fill_diagonal(away, 0.0)
    yield away
    if min(top(gram), top(gram + away)) <= 1.0 + _FEASIBLE or gram.shape[0] > _MOST_CLASSES:
        return
    found = _programme(gram)
    yield found
    if rows is not None:
        yield _sharpened(gram, found, rows)


def _programme(gram: Array) -> Array:
    cp: Any = import_module("cvxpy")  # which has no types

    size = gram.shape[0]
    slack = cp.Variable((size, size), symmetric=True)
    constraints = [slack >= 0, cp.diag(slack) == 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            cp.Problem(cp.Minimize(cp.lambda_max(gram + slack)), constraints).solve(
                solver=cp.CLARABEL, tol_gap_abs=1e-13, tol_gap_rel=1e-13, tol_feas=1e-13
            )
        except cp.error.SolverError:
            return np.zeros_like(gram)
    if slack.value is None:
        return np.zeros_like(gram)
    found = np.maximum((slack.value + slack.value.T) / 2, 0.0)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def _sharpened(gram: Array, slack: Array, rows: Array) -> Array:
    """The nearest R with R x = (I - G) x for the rows x of a minimizer's features, where that holds to rounding.

    R is zero for two classes that share a feature.  The programme's solver leaves about nine digits of all that.
    """
    largest = float(np.max(rows, initial=0.0))
    rows = rows[np.max(rows, axis=1, initial=0.0) > 1e-8 * largest]
    first, second = np.nonzero(np.triu(rows.T @ rows <= 1e-12 * largest**2, 1))
    if first.size == 0 or rows.shape[0] == 0:
        return np.zeros_like(gram)
    unit = rows / np.linalg.norm(rows, axis=1)[:, None]
    wanted = (unit - unit @ gram).ravel()
    places, pairs = np.arange(rows.shape[0])[:, None] * gram.shape[0], np.arange(first.size)[None, :]
    system = np.zeros((wanted.size, first.size))
    system[places + first, pairs] += unit[:, second]
    system[places + second, pairs] += unit[:, first]
    start = slack[first, second]
    entries = start + np.linalg.lstsq(system, wanted - system @ start, rcond=1e-10)[0]
    found = np.zeros_like(gram)
    found[first, second] = np.maximum(entries, 0.0)
    return found + found.T

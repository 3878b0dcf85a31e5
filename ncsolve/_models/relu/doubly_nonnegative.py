"""The convex programme of T10 over doubly nonnegative Gram matrices: positive semidefinite and entrywise nonnegative.

For K <= 4 these are the completely positive ones, the Gram matrices of nonnegative features; for larger K there are
more of them, and the optimum is a lower bound.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from ncsolve._arrays import Array
from ncsolve._problem.ufm import UFM, weighted_codes

__all__ = ["Relaxed", "relax"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Relaxed:
    """The programme's solution: Gram matrix of the weighted features (K, K), bias (m,), and multipliers l_k (m, K)."""

    gram: Array
    bias: Array
    dual: Array


def relax(problem: UFM) -> Relaxed | None:
    """min over (Q, b) of lw/2 tr B (Q + N lw I)^-1 B^T + lh/2 tr Q + lb/2 ||b||^2, B = M - b u^T; None if it fails."""
    cp: Any = import_module("cvxpy")  # which has no types

    codes, root = weighted_codes(problem)
    n, lw, lh, lb = problem.samples, problem.lambda_w, problem.lambda_h, problem.lambda_b
    # The bias lies in the span of the codes: nothing else about their length matters.
    basis, sizes, _ = np.linalg.svd(problem.encoding.matrix, full_matrices=False)
    basis = basis[:, sizes > 1e-12 * max(float(sizes[0]), 1e-300)]
    if basis.shape[1] == 0:
        return None
    k, m = problem.classes, basis.shape[1]
    # Units in which Q and the cost are of size one.
    unit, size = n * lw, lh * n * lw / 2
    gram, bias = cp.Variable((k, k), PSD=True), cp.Variable(m)
    reduced = (basis.T @ codes) / math.sqrt(2 * n * size)
    free = math.isfinite(lb)
    shifted = reduced - (cp.reshape(bias, (m, 1), order="C") @ root[None] / math.sqrt(2 * n * size) if free else 0.0)
    cost = cp.matrix_frac(shifted.T, gram + np.eye(k)) + cp.trace(gram)
    if free:
        cost = cost + lb / (2 * size) * cp.sum_squares(bias)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            cp.Problem(cp.Minimize(cost), [gram >= 0]).solve(
                solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11
            )
        except cp.error.SolverError:
            return None
    if gram.value is None or (free and bias.value is None):
        return None
    found = unit * np.asarray(gram.value)
    offset = basis @ np.asarray(bias.value) if free else np.zeros(problem.code_length)
    rest = codes - np.outer(offset, root)
    dual = lw * np.linalg.solve(found + n * lw * np.eye(k), rest.T).T / root
    return Relaxed(gram=found, bias=offset, dual=np.asarray(dual))

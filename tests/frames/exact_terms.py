"""The four terms of the loss in 170 digits, from T0 to T3 alone: nothing here imports the solver's formulas.

So many digits because squares of singular values of 1 and of 1e-50 stand side by side in one matrix.
"""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np

import ncsolve

_DIGITS = 170


def exact_terms(problem: ncsolve.UFM) -> tuple[mp.mpf, mp.mpf, mp.mpf]:
    """(fit, weights, bias) of the minimum; features costs as much as weights."""
    with mp.workdps(_DIGITS):
        n, codes, mean = _labels(problem)
        total, m = mp.fsum(n), len(mean)
        tau = mp.sqrt(mp.mpf(problem.lambda_w) * mp.mpf(problem.lambda_h))
        scatter = mp.matrix(m, m)
        for i in range(m):
            for j in range(m):
                scatter[i, j] = mp.fsum(n[k] * (codes[i, k] - mean[i]) * (codes[j, k] - mean[j]) for k in range(len(n)))
        c = _left_in(scatter, mean, total, total * tau, problem.lambda_b)
        values = mp.eigsy(scatter + total * c * c.T, eigvals_only=True)
        zero = max(values) * mp.mpf(10) ** (20 - _DIGITS)
        sigma = [mp.sqrt(value) if value > zero else mp.mpf(0) for value in values]
        decay = mp.mpf(problem.lambda_b) if 0 < problem.lambda_b < math.inf else mp.mpf(0)
        return (
            mp.fsum(min(s, total * tau) ** 2 for s in sigma) / (2 * total),
            tau * mp.fsum(max(s - total * tau, 0) for s in sigma) / 2,
            decay * mp.fsum(x**2 for x in mean - c) / 2,
        )


def _labels(problem: ncsolve.UFM) -> tuple[list[mp.mpf], mp.matrix, mp.matrix]:
    codes = np.asarray(problem.encoding.matrix)
    n = [mp.mpf(int(value)) for value in problem.counts]
    matrix = mp.matrix([[mp.mpf(float(x)) for x in row] for row in codes])
    mean = [mp.fsum(matrix[i, k] * n[k] for k in range(len(n))) / mp.fsum(n) for i in range(codes.shape[0])]
    return n, matrix, mp.matrix(mean)


def _left_in(scatter: mp.matrix, mean: mp.matrix, total: mp.mpf, threshold: mp.mpf, lambda_b: float) -> mp.matrix:
    """c = mu - b by damped Newton steps on lb (mu - c) = h(G(c)) c, from complete centring."""
    if lambda_b == 0:
        return mean * 0
    if lambda_b == math.inf:
        return mean.copy()
    lb = mp.mpf(lambda_b)
    c, m = lb * mean / (1 + lb), len(mean)
    for _ in range(300):
        force, values, roots, h, w, vectors = _force(scatter, mean, total, threshold, lb, c)
        jacobian = mp.matrix(m, m)
        slope = [[_divided(i, j, values, roots, h, threshold) for j in range(m)] for i in range(m)]
        for i in range(m):
            for j in range(m):
                jacobian[i, j] = total * slope[i][j] * w[i] * w[j]
            jacobian[i, i] += h[i] + lb + total * mp.fsum(slope[i][j] * w[j] ** 2 for j in range(m))
        step, share = vectors * mp.lu_solve(jacobian, vectors.T * force), mp.mpf(1)
        while share > mp.mpf(2) ** -40 and (
            mp.norm(_force(scatter, mean, total, threshold, lb, c + share * step)[0]) > mp.norm(force)
        ):
            share /= 2
        c = c + share * step
        if mp.norm(step) <= mp.mpf(10) ** (30 - _DIGITS) * mp.norm(c):
            return c
    raise AssertionError("the reference did not converge")


def _force(scatter, mean, total, threshold, lb, c):  # type: ignore[no-untyped-def]
    values, vectors = mp.eigsy(scatter + total * c * c.T)
    roots = [mp.sqrt(max(value, 0)) for value in values]
    h = [mp.mpf(1) if root <= threshold else threshold / root for root in roots]
    w = vectors.T * c
    return lb * (mean - c) - vectors * mp.matrix([h[i] * w[i] for i in range(len(h))]), values, roots, h, w, vectors


def _divided(i, j, values, roots, h, threshold):  # type: ignore[no-untyped-def]
    if abs(values[i] - values[j]) > mp.mpf(10) ** (-_DIGITS // 2) * (abs(values[i]) + abs(values[j])):
        return (h[i] - h[j]) / (values[i] - values[j])
    return mp.mpf(0) if roots[i] <= threshold else -threshold / (2 * roots[i] ** 3)

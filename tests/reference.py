"""Independent references: nothing here imports the solver's formulas.

``certified_gap`` bounds how far a point is from the global minimum by weak duality (T12); ``descend`` runs a
general optimiser on the full non-convex objective; ``exact_bias`` solves the stationarity condition of the convex
problem in 50-digit arithmetic on the full m x m matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import mpmath as mp
import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.special import logsumexp, softmax

import ncsolve

DIGITS = 50
Value = Callable[[np.ndarray], tuple[float, np.ndarray]]


def certified_gap(problem: ncsolve.UFM, w: np.ndarray, h: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """(objective, lower bound on the global minimum) of a point with class means h (d, K).

    The dual vectors l_k = (e_k - b - W h_k)/N are scaled into the feasible set sum n_k l_k l_k^T <= lw lh I, and for
    lambda_b = 0 projected on sum n_k l_k = 0.
    """
    codes = np.asarray(problem.encoding.matrix)
    n = np.asarray(problem.counts, dtype=float)
    total = float(n.sum())
    dual = (codes - b[:, None] - w @ h) / total
    if problem.lambda_b == 0:
        dual = dual - (dual @ n / total)[:, None]
    top = float(np.linalg.eigvalsh((dual * n) @ dual.T)[-1])
    allowed = problem.lambda_w * problem.lambda_h
    if top > allowed:
        dual = dual * math.sqrt(allowed / top)
    bound = float(np.sum(n * np.sum(dual * codes, axis=0))) - total / 2 * float(np.sum(n * np.sum(dual**2, axis=0)))
    if 0 < problem.lambda_b < math.inf:
        pull = dual @ n
        bound -= float(pull @ pull) / (2 * problem.lambda_b)
    return ncsolve.objective(problem, w, h, b), bound


def loss_of(found: ncsolve.Minimizer) -> float:
    """The loss of a minimizer's arrays, from the definition."""
    layers = found.layers if found.problem.depth > 1 else found.W
    return ncsolve.objective(found.problem, layers, found.class_means, found.bias)


def exact_bias(problem: ncsolve.UFM, start: np.ndarray) -> np.ndarray:
    """b to double precision from 50-digit Newton steps on lb b = h(G(c)) c, c = mu - b, 0 < lambda_b < inf."""
    with mp.workdps(DIGITS):
        codes = np.asarray(problem.encoding.matrix)
        m, k = codes.shape
        n = [mp.mpf(int(v)) for v in problem.counts]
        total = mp.fsum(n)
        threshold = total * mp.sqrt(mp.mpf(problem.lambda_w) * mp.mpf(problem.lambda_h))
        lb = mp.mpf(problem.lambda_b)
        e = mp.matrix([[mp.mpf(float(codes[i, j])) for j in range(k)] for i in range(m)])
        mu = mp.matrix([mp.fsum(e[i, j] * n[j] for j in range(k)) / total for i in range(m)])
        scatter = mp.matrix(m, m)
        for i in range(m):
            for j in range(m):
                scatter[i, j] = mp.fsum(n[c] * (e[i, c] - mu[i]) * (e[j, c] - mu[j]) for c in range(k))
        b = mp.matrix([mp.mpf(float(v)) for v in start])
        for _ in range(12):
            c = mu - b
            values, vectors = mp.eigsy(scatter + total * c * c.T)
            roots = [mp.sqrt(max(v, mp.mpf(0))) for v in values]
            h = [mp.mpf(1) if r <= threshold else threshold / r for r in roots]
            w = vectors.T * c
            force = vectors * mp.matrix([h[i] * w[i] for i in range(m)]) - lb * b

            def divided(i: int, j: int, h: list = h, roots: list = roots, values: mp.matrix = values) -> mp.mpf:
                if abs(values[i] - values[j]) > mp.mpf(10) ** -30 * (abs(values[i]) + abs(values[j])):
                    return (h[i] - h[j]) / (values[i] - values[j])
                return mp.mpf(0) if roots[i] <= threshold else -threshold / (2 * roots[i] ** 3)

            jacobian = mp.matrix(m, m)
            for i in range(m):
                for j in range(m):
                    jacobian[i, j] = total * divided(i, j) * w[i] * w[j]
                jacobian[i, i] += h[i] + lb + total * mp.fsum(divided(i, j) * w[j] ** 2 for j in range(m))
            step = vectors * mp.lu_solve(jacobian, vectors.T * force)
            b = b + step
            if mp.norm(step) <= mp.mpf(10) ** -(DIGITS - 15) * (mp.norm(b) + mp.norm(mu)):
                break
        else:
            raise AssertionError("the reference did not converge")
        return np.array([float(v) for v in b])


def descend(problem: ncsolve.UFM, seed: int, dim: int) -> float:
    """The loss that L-BFGS reaches on W, the class means and b of a plain problem from a random start."""
    value, parts, size = _from_definition(problem, dim)
    x = 0.5 * np.random.default_rng(seed).standard_normal(size)
    h, w, b = parts(x)
    loss, slope = value(x)
    np.testing.assert_allclose(ncsolve.objective(problem, w, h, b), loss, rtol=1e-12)
    of_w, of_h, of_b = ncsolve.gradient(problem, w, h, b)
    own = np.concatenate([of_h.ravel(), of_w.ravel(), bias_unit(problem) * of_b])[:size]
    np.testing.assert_allclose(own, slope, rtol=1e-9, atol=1e-12 * float(np.abs(slope).max()))
    return float(_lbfgs(value, x, gtol=1e-11, maxiter=20000, maxfun=40000).fun)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """Where a descent ended: what can be unique of it."""

    loss: float
    bias: np.ndarray
    outputs: np.ndarray  # W H
    gram: np.ndarray


def descend_freely(problem: ncsolve.UFM, seed: int, dim: int) -> float:
    """The loss that L-BFGS reaches from a random start on every layer, the features and b, from the definition."""
    return endpoint(problem, seed, dim).loss


def endpoint(problem: ncsolve.UFM, seed: int, dim: int) -> Reached:
    """Where ``descend_freely`` ends.  Nonnegative features are squares of free numbers."""
    value, parts, size = _from_definition(problem, dim)
    x = 0.7 * np.random.default_rng(seed).standard_normal(size)
    found = _lbfgs(value, x, gtol=1e-10, maxiter=5000, maxfun=8000)
    raw, *layers, bias = parts(found.x)
    features = raw**2 if problem.features == "relu" else raw
    outputs = features
    for layer in layers:
        outputs = layer @ outputs
    return Reached(loss=float(found.fun), bias=bias, outputs=outputs, gram=features.T @ features)


def bias_unit(problem: ncsolve.UFM) -> float:
    """The unit of b in which the curvature is that of the rest: L-BFGS stalls under a large lambda_b without."""
    return 1 / math.sqrt(1 + problem.lambda_b) if math.isfinite(problem.lambda_b) else 1.0


def _lbfgs(value: Value, start: np.ndarray, **options: float) -> OptimizeResult:
    return minimize(value, start, jac=True, method="L-BFGS-B", options={"ftol": 0.0, "maxcor": 30, **options})


def _from_definition(
    problem: ncsolve.UFM, dim: int
) -> tuple[Value, Callable[[np.ndarray], list[np.ndarray]], int]:
    """The objective and its gradient as a function of one vector; its parts: features, layers, b; and its size."""
    m, k, depth = problem.code_length, problem.classes, problem.depth
    free, relu = math.isfinite(problem.lambda_b), problem.features == "relu"
    n = np.asarray(problem.counts, dtype=float)
    share, decay_h, codes = n / n.sum(), problem.lambda_h * n, np.asarray(problem.encoding.matrix)
    shapes = [(dim, k)] + [(dim, dim)] * (depth - 1) + [(m, dim)]
    ends = [0, *np.cumsum([rows * columns for rows, columns in shapes])]
    places = [(slice(*at), shape) for at, shape in zip(pairwise(ends), shapes, strict=True)]
    decays, no_bias = problem.lambda_w_layers, np.zeros(m)
    unit = bias_unit(problem)

    def parts(x: np.ndarray) -> list[np.ndarray]:
        return [*(x[at].reshape(shape) for at, shape in places), unit * x[ends[-1] :] if free else no_bias]

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        raw, *layers, b = parts(x)
        inputs = [raw**2 if relu else raw]
        for layer in layers:
            inputs.append(layer @ inputs[-1])
        outputs = inputs.pop() + b[:, None]
        if problem.loss == "mse":
            residual = outputs - codes
            fit = float(np.vdot(residual, residual * share))
        else:
            fit = 2 * float(share @ (logsumexp(outputs, axis=0) - np.sum(codes * outputs, axis=0)))
            residual = softmax(outputs, axis=0) - codes
        back, decayed = residual * share, inputs[0] * decay_h
        loss = fit + float(np.vdot(inputs[0], decayed))
        slopes = []
        if free:
            loss += problem.lambda_b * float(b @ b)
            slopes.append(unit * (back.sum(axis=1) + problem.lambda_b * b))
        for decay, layer, entering in zip(reversed(decays), reversed(layers), reversed(inputs), strict=True):
            loss += decay * float(np.vdot(layer, layer))
            slopes.append(back @ entering.T + decay * layer)
            back = layer.T @ back
        back = back + decayed
        slopes.append(2 * raw * back if relu else back)
        return loss / 2, np.concatenate([slope.ravel() for slope in reversed(slopes)])

    return value, parts, int(ends[-1]) + (m if free else 0)

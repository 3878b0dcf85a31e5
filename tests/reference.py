"""Independent references: nothing here imports the solver's formulas.

``certified_gap`` bounds how far a point is from the global minimum by weak duality (T12); ``descend`` runs a
general optimiser on the full non-convex objective; ``exact_bias`` solves the stationarity condition of the convex
problem in 50-digit arithmetic on the full m x m matrix.
"""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
from scipy.optimize import minimize

import ncsolve

DIGITS = 50


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


def descend(problem: ncsolve.UFM, seed: int, dim: int) -> float:
    """The loss that L-BFGS reaches on W, the class means and b from a random start."""
    rng = np.random.default_rng(seed)
    m, k = problem.code_length, problem.classes
    free = math.isfinite(problem.lambda_b)
    split = [m * dim, m * dim + dim * k]
    unit = 1 / math.sqrt(1 + problem.lambda_b)  # of b, or L-BFGS stalls under a large lambda_b

    def unpack(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        w, h, b = np.split(x, split)
        return w.reshape(m, dim), h.reshape(dim, k), unit * b if free else np.zeros(m)

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        w, h, b = unpack(x)
        parts = ncsolve.gradient(problem, w, h, b)
        slopes = [parts[0].ravel(), parts[1].ravel(), unit * parts[2]]
        return ncsolve.objective(problem, w, h, b), np.concatenate(slopes[: 2 + free])

    x = 0.5 * rng.standard_normal(split[1] + (m if free else 0))
    found = minimize(value, x, jac=True, method="L-BFGS-B", options={"maxiter": 20000, "maxfun": 40000, "ftol": 0.0,
                                                                     "gtol": 1e-11, "maxcor": 30})
    return float(found.fun)


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


def descend_freely(problem: ncsolve.UFM, seed: int, dim: int) -> float:
    """The loss that L-BFGS reaches from a random start on every layer, the features and b, from the definition.

    Nonnegative features are squares of free numbers.
    """
    rng = np.random.default_rng(seed)
    m, k, depth = problem.code_length, problem.classes, problem.depth
    free, relu = math.isfinite(problem.lambda_b), problem.features == "relu"
    n = np.asarray(problem.counts, dtype=float)
    total, codes = n.sum(), np.asarray(problem.encoding.matrix)
    shapes = [(dim, k)] + [(dim, dim)] * (depth - 1) + [(m, dim)]
    ends = np.cumsum([rows * columns for rows, columns in shapes])

    def value(x: np.ndarray) -> tuple[float, np.ndarray]:
        *parts, b = np.split(x, ends)
        raw, *layers = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        if not free:
            b = np.zeros(m)
        inputs = [raw**2 if relu else raw]
        for layer in layers:
            inputs.append(layer @ inputs[-1])
        residual = inputs.pop() + b[:, None] - codes
        loss = float(np.sum(n * residual**2)) / (2 * total) + problem.lambda_h * float(np.sum(n * inputs[0] ** 2)) / 2
        loss += sum(d * float(np.sum(w * w)) for d, w in zip(problem.lambda_w_layers, layers, strict=True)) / 2
        back = residual * n / total
        slopes = []
        if free:
            loss += problem.lambda_b * float(b @ b) / 2
            slopes.append(back.sum(axis=1) + problem.lambda_b * b)
        for decay, layer, entering in zip(reversed(problem.lambda_w_layers), reversed(layers), reversed(inputs),
                                          strict=True):
            slopes.append(back @ entering.T + decay * layer)
            back = layer.T @ back
        back = back + problem.lambda_h * n * inputs[0]
        slopes.append(2 * raw * back if relu else back)
        return loss, np.concatenate([slope.ravel() for slope in reversed(slopes)])

    x = 0.7 * rng.standard_normal(int(ends[-1]) + (m if free else 0))
    found = minimize(value, x, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "maxfun": 8000, "ftol": 0.0,
                                                                     "gtol": 1e-10, "maxcor": 30})
    return float(found.fun)

"""Points under cross-entropy in python-flint's ball arithmetic (midpoints serve): their outputs, probabilities and
levels, and Newton's method towards the minimizer (T16).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb, arb_mat

from ncsolve._arrays import Array
from ncsolve.certificates._exact_problem import ExactProblem
from ncsolve.certificates._refine import as_arb, norm

__all__ = ["MOST_UNKNOWNS", "SoftmaxPoint", "matrix_of", "newton", "simplex_point", "unknowns"]

MOST_UNKNOWNS = 2000  # of Newton's method, which takes the eigenvectors of its Hessian matrix
_MAX_STEPS = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class SoftmaxPoint:
    """W (m, r), the class means (K, r) and b (m, 1)."""

    weights: arb_mat
    class_means: arb_mat
    bias: arb_mat

    def logarithms(self) -> tuple[list[arb], arb_mat]:
        """log sum_j exp(o_kj) for each class, and the log p_k (K, m)."""
        classes, m = self.class_means.nrows(), self.weights.nrows()
        ones = arb_mat(classes, 1, [1] * classes)
        outputs = (self.class_means * self.weights.transpose() + ones * self.bias.transpose()).mid()
        levels = []
        for k in range(classes):
            row = [outputs[k, j] for j in range(m)]
            top = max(row)
            levels.append((top + sum(((x - top).exp() for x in row), arb(0)).log()).mid())
        logs = arb_mat(classes, m, [outputs[k, j] - levels[k] for k in range(classes) for j in range(m)])
        return levels, logs.mid()

    def duals(self, problem: ExactProblem) -> tuple[arb_mat, arb_mat]:
        """l_k = (e_k - p_k)/N and p_k, one row a class (K, m)."""
        logs = self.logarithms()[1]
        p = arb_mat(logs.nrows(), logs.ncols(), [x.exp() for x in logs.entries()]).mid()
        codes = arb_mat(logs.nrows(), logs.ncols(), [as_arb(x) for code in problem.codes for x in code])
        return ((codes - p) / problem.samples).mid(), p


def simplex_point(problem: ExactProblem) -> SoftmaxPoint | None:
    """The minimizer for balanced classes and codes (1 - alpha) I + (alpha/K) J, a simplex ETF, and for a single output;
    None for all others.

    The outputs are s (I - J/K) with s = log(1 + K (1 - alpha - t)/(alpha + t)), t = K sqrt(n lambda_w lambda_h).
    """
    k, n = problem.classes, problem.counts[0]
    alpha = k * problem.codes[0][-1]
    if problem.outputs == 1:  # whose probability is one
        return SoftmaxPoint(weights=arb_mat(1, 0), class_means=arb_mat(k, 0), bias=arb_mat(1, 1))
    regular = tuple(tuple(alpha / k + (1 - alpha) * (i == j) for j in range(k)) for i in range(k))
    if alpha > 1 or set(problem.counts) != {n} or problem.codes != regular:
        return None
    zero = arb_mat(k, 1)
    t = (k * (n * as_arb(problem.lambda_w * problem.lambda_h)).sqrt()).mid()
    left = as_arb(1 - alpha) - t
    if not left > 0:
        return SoftmaxPoint(weights=arb_mat(k, 0), class_means=arb_mat(k, 0), bias=zero)
    s = (1 + k * left / (as_arb(alpha) + t)).log()
    # Orthonormal columns (1, ..., 1, -j, 0, ..., 0)/sqrt(j (j + 1)).
    rows = [[0 if i > j else -j if i == j else 1 for j in range(1, k)] for i in range(k)]
    basis = arb_mat(k, k - 1, [x / arb(j * (j + 1)).sqrt() for row in rows for j, x in enumerate(row, 1)])
    ratio = (as_arb(problem.lambda_h / problem.lambda_w) * n).root(4)
    return SoftmaxPoint(
        weights=(basis * (ratio * s.sqrt())).mid(), class_means=(basis * (s.sqrt() / ratio)).mid(), bias=zero
    )


def unknowns(problem: ExactProblem, rank: int) -> int:
    """Of Newton's method."""
    return (problem.outputs + problem.classes) * rank + problem.outputs * (problem.lambda_b is not None)


def newton(problem: ExactProblem, start: SoftmaxPoint, bits: int) -> SoftmaxPoint:
    """The minimizer to 2^-bits, relatively, from a nearby point; where it stalls earlier, as near as it came.

    The Hessian matrix stays that of the start, in doubles: each step gains the digits that it has.  Its null
    directions, rotations of the features and for lambda_b = 0 a common bias of all outputs, are left out.
    """
    step_of = _Steps(problem, start)
    point, last = start, arb(1)
    for _ in range(_MAX_STEPS):
        parts, size = step_of(point)
        if not size < last / 4:
            return point
        point, last = SoftmaxPoint(
            weights=(point.weights - parts[0]).mid(), class_means=(point.class_means - parts[1]).mid(),
            bias=(point.bias - parts[2]).mid(),
        ), size
        if size < arb(2) ** -bits:
            break
    return point


class _Steps:
    """Newton steps with one Hessian matrix, for F as a function of A = W (lw/lh)^(1/4), X = H D^(1/2) (lh/lw)^(1/4), b:
    fit(A X D^(-1/2) + b 1^T) + tau/2 (|A|^2 + |X|^2) + lb/2 |b|^2.
    """

    def __init__(self, problem: ExactProblem, start: SoftmaxPoint) -> None:
        self.problem = problem
        self.m, self.r, self.classes = problem.outputs, start.weights.ncols(), problem.classes
        self.tau = as_arb(problem.lambda_w * problem.lambda_h).sqrt().mid()
        self.ratio = as_arb(problem.lambda_w / problem.lambda_h).root(4).mid()
        self.roots = [arb(n).sqrt().mid() for n in problem.counts]
        self.free = problem.lambda_b is not None
        self.lambda_b = as_arb(problem.lambda_b or Fraction(0))
        values, vectors = np.linalg.eigh(self.hessian(start))
        null = self.r * (self.r - 1) // 2 + (problem.lambda_b == 0)
        kept = np.sort(np.argsort(np.abs(values))[null:])
        self.vectors, self.values = vectors[:, kept], values[kept]

    def scaled(self, point: SoftmaxPoint) -> tuple[arb_mat, arb_mat]:
        """A (m, r) and the rows of X (K, r)."""
        rows = [root * point.class_means[k, a] / self.ratio for k, root in enumerate(self.roots) for a in range(self.r)]
        return (point.weights * self.ratio).mid(), arb_mat(self.classes, self.r, rows).mid()

    def weighted(self, duals: arb_mat) -> arb_mat:
        """G, minus the rows sqrt(n_k) l_k (K, m)."""
        rows = [-root * duals[k, j] for k, root in enumerate(self.roots) for j in range(self.m)]
        return arb_mat(self.classes, self.m, rows).mid()

    def __call__(self, point: SoftmaxPoint) -> tuple[tuple[arb_mat, arb_mat, arb_mat], arb]:
        """What to subtract from W, class means and b, and how large it is beside the point."""
        a, x = self.scaled(point)
        g = self.weighted(point.duals(self.problem)[0])
        gradient = [*(g.transpose() * x + a * self.tau).entries(), *(g * a + x * self.tau).entries()]
        if self.free:
            root = arb_mat(self.classes, 1, self.roots)
            gradient += (g.transpose() * root + point.bias * self.lambda_b).entries()
        size = max((abs(value.mid()) for value in gradient), default=arb(0))
        if not size > 0:
            return (arb_mat(self.m, self.r), arb_mat(self.classes, self.r), arb_mat(self.m, 1)), arb(0)
        unit = np.array([float((value / size).mid()) for value in gradient])
        found = (self.vectors @ ((self.vectors.T @ unit) / self.values)).tolist()
        step = [size * value for value in found]
        cut = self.m * self.r, (self.m + self.classes) * self.r
        bias = step[cut[1] :] if self.free else [0] * self.m
        means = [value * self.ratio / self.roots[i // self.r] for i, value in enumerate(step[cut[0] : cut[1]])]
        parts = (
            arb_mat(self.m, self.r, step[: cut[0]]) / self.ratio, arb_mat(self.classes, self.r, means),
            arb_mat(self.m, 1, bias),
        )
        whole = norm(a) + norm(x) + norm(point.bias) + 1
        return parts, (sum((value * value for value in step), arb(0)).sqrt() / whole).mid()

    def hessian(self, point: SoftmaxPoint) -> Array:
        """In doubles, of (A row by row, X class by class, b)."""
        m, r, classes = self.m, self.r, self.classes
        duals, probabilities = point.duals(self.problem)
        a, x = map(_floats, self.scaled(point))
        g, p = _floats(self.weighted(duals)), _floats(probabilities)
        root, cut = np.sqrt(np.array(self.problem.counts, dtype=np.float64)), (m * r, (m + classes) * r)
        size = unknowns(self.problem, r)
        found = np.zeros((size, size))
        for k in range(classes):
            jacobian = np.zeros((m, size))
            own = slice(cut[0] + k * r, cut[0] + (k + 1) * r)
            for i in range(m):
                jacobian[i, i * r : (i + 1) * r] = x[k] / root[k]
                found[i * r : (i + 1) * r, own] += g[k, i] * np.eye(r)
                found[own, i * r : (i + 1) * r] += g[k, i] * np.eye(r)
            jacobian[:, own] = a / root[k]
            if self.free:
                jacobian[:, cut[1] :] = np.eye(m)
            centred = jacobian - p[k] @ jacobian
            found += centred.T @ (centred * (p[k] * root[k] ** 2 / self.problem.samples)[:, None])
        decay = np.full(size, float(self.tau))
        decay[cut[1] :] = float(self.lambda_b)
        return found + np.diag(decay)


def matrix_of(array: Array) -> arb_mat:
    """A table of doubles, exactly."""
    rows, columns = array.shape
    return arb_mat(rows, columns, [arb(x) for x in array.ravel().tolist()])


def _floats(a: arb_mat) -> Array:
    return np.array([float(x) for x in a.entries()]).reshape(a.nrows(), a.ncols())



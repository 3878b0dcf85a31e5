"""Losses of balanced codes a I + q J under a bottleneck or a deep head, by brute force from scalar problems (T8, T9).

Nothing here knows a closed form, a threshold or the solver: every branch is minimized on a grid and then polished.
"""

import itertools
import math

import numpy as np
from scipy.optimize import brentq, minimize_scalar


def penalty(problem):
    """kappa of kappa z^(2/P)."""
    factors = problem.depth + 1
    product = math.prod(problem.lambda_w_layers) * problem.lambda_h
    return factors / 2 * product ** (1 / factors), factors


def least(function, low, high, points=200):
    """The least value on an interval, and where."""
    grid = np.linspace(low, high, points)
    best = int(np.argmin([function(x) for x in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, points - 1)]
    found = minimize_scalar(function, bounds=ends, method="bounded", options={"xatol": 1e-13 * max(high, 1e-300)})
    return min((float(found.fun), float(found.x)), *((function(x), x) for x in (low, high)))


def contrast(problem):
    """(loss without, loss with) of one contrast direction; with: the best z in the upper part, zero left aside."""
    a, n = abs(problem.encoding.affine.a), problem.counts.values[0]
    kappa, factors = penalty(problem)
    g = a * math.sqrt(n)
    cost = lambda z: (z - g) ** 2 / (2 * problem.samples) + kappa * z ** (2 / factors)  # noqa: E731
    return cost(0.0), least(cost, 0.2 * g if factors > 2 else 0.0, g)[0]


def mean(problem):
    """(loss without, loss with) of the label mean and the bias: b = beta mu."""
    w, n, k, lb = abs(problem.encoding.affine.row_sum), problem.counts.values[0], problem.classes, problem.lambda_b
    kappa, factors = penalty(problem)
    g = w * math.sqrt(n)

    def cost(z):
        # the best beta for given z, of a quadratic
        if lb == math.inf:
            beta = 0.0
        else:
            fit, decay = g * g / problem.samples, lb * w * w / k
            beta = fit * (1 - z / g) / (fit + decay) if fit + decay > 0 else 0.0
        part = 0.0 if lb == math.inf else lb * beta**2 * w * w / (2 * k)
        return (z - g * (1 - beta)) ** 2 / (2 * problem.samples) + kappa * z ** (2 / factors) + part

    if g == 0:
        return 0.0, 0.0
    return cost(0.0), least(cost, 0.2 * g if factors > 2 else 0.0, g)[0]


def loss(problem, *, mean_in=None):
    """The least loss over all choices of directions that dim has room for; ``mean_in`` fixes that of the label mean."""
    (out, inside), (mean_out, mean_inside) = contrast(problem), mean(problem)
    k, room = problem.classes, problem.feature_dim
    found = []
    for kept, with_mean in itertools.product(range(k), (False, True)):
        if kept + with_mean <= room and mean_in in (None, with_mean):
            label_mean = mean_inside if with_mean else mean_out
            found.append(kept * min(inside, out) + (k - 1 - kept) * out + label_mean)
    return min(found)


def tie(problem, low, high):
    """The lambda_b at which the best with the label mean and the best without it cost the same."""
    def gap(x):
        at = problem.replace(lambda_b=math.exp(x))
        return loss(at, mean_in=True) - loss(at, mean_in=False)

    return math.exp(brentq(gap, math.log(low), math.log(high), xtol=1e-12))

"""Any encoding with a bottleneck (T8), a deep head (T9) or both.

Given b, the best Z shrinks the singular values of M - b u^T one by one and keeps the d largest.  For lambda_b = 0, for
lambda_b = inf and for labels of zero mean the best b is known (T3: a free bias centres the labels, whatever unitarily
invariant penalty and rank Z has, as centring lowers its singular values), so that this is the global minimum.
Otherwise the problem in b is not convex: the best of many descents, with a lower bound.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from ncsolve._arrays import EPS, Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.protocol import GLOBAL, Guarantee
from ncsolve._models.layered.head import frame_from_directions, shrinkage_of
from ncsolve._problem.ufm import UFM, weighted_codes
from ncsolve.processes.threads import single_threaded

__all__ = ["best_of_starts", "fixed_bias_frame", "known_bias"]

_STARTS = 24
_SEED = 0
# Gains of two singular values that differ by less are a tie.
_TIE = 1e-13
# A class mean that is shorter than this, over the longest, is what descent left of zero: it has no angle.
_ZERO = 1e-9


def known_bias(problem: UFM) -> Array | None:
    """The best bias where a theorem gives it for every rank and depth: mu for lambda_b = 0, zero for inf or mu = 0."""
    mean = problem.label_mean
    if problem.lambda_b == 0.0:
        return np.array(mean)
    return np.zeros(problem.code_length) if problem.lambda_b == math.inf or not mean.any() else None


def _singular(codes: Array, u: Array, bias: Array) -> tuple[Array, Array, Array]:
    """The singular value decomposition of M - b u^T, with zero for what is rounding of the difference: a tiny threshold
    must not make directions of it."""
    shifted = codes - np.outer(bias, u)
    left, sigma, right = np.linalg.svd(shifted, full_matrices=False)
    noise = EPS * (8 * float(np.linalg.norm(codes)) + max(codes.shape) * float(sigma[0]))
    return left, np.where(sigma > noise, sigma, 0.0), right


def fixed_bias_frame(
    problem: UFM, choice: MethodChoice, bias: Array, *, guarantee: Guarantee = GLOBAL
) -> FactoredFrame:
    """The best Z for a given b: the d directions that gain most, each shrunk."""
    codes, u = weighted_codes(problem)
    left, sigma, right = _singular(codes, u, bias)
    scalar = shrinkage_of(problem)
    z = scalar.minimize(sigma)
    room, ties = problem.feature_dim, ""
    alive, even = int(np.count_nonzero(z)), int(np.count_nonzero(scalar.ties(sigma)))
    if even and alive < room:
        ties = (
            f"{even} singular value{'s are' if even > 1 else ' is'} at the hard threshold: kept or dropped, the loss "
            "is the same"
        )
    if alive > room:
        if sigma[room - 1] - sigma[room] <= _TIE * sigma[0]:
            ties = "equal singular values tie at the bottleneck: any choice of d of them is a minimizer"
        z[room:] = 0.0
    return frame_from_directions(
        problem, choice, bias=bias, left=left, right=right.T, z=z, sigma=sigma, guarantee=guarantee, ties=ties
    )


def best_of_starts(problem: UFM, choice: MethodChoice, *, bounds: tuple[tuple[float, str], ...]) -> FactoredFrame:
    """The best local minimum over b from many starts; ``bounds`` are lower bounds, each with its reason."""
    with single_threaded():
        return _best_of_starts(problem, choice, bounds)


def _best_of_starts(problem: UFM, choice: MethodChoice, bounds: tuple[tuple[float, str], ...]) -> FactoredFrame:
    from scipy.optimize import minimize

    codes, u = weighted_codes(problem)
    scalar, room, n, lb = shrinkage_of(problem), problem.feature_dim, problem.samples, problem.lambda_b

    def value(bias: Array) -> tuple[float, Array]:
        left, sigma, right = _singular(codes, u, bias)
        z = scalar.minimize(sigma)
        z[room:] = 0.0
        rest = scalar.rest(z, sigma)
        cost = float(np.sum(scalar.price(z, rest))) + lb * float(bias @ bias) / 2
        return cost / unit, (lb * bias - left @ (rest * (right @ u)) / n) / unit

    unit = 1.0
    unit = min(value(start)[0] for start in _starts(problem)) or 1.0  # a tiny loss has as many digits as another
    best, lowest = np.zeros(problem.code_length), math.inf
    for start in _starts(problem):
        found = minimize(value, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "gtol": 1e-13,
                                                                              "ftol": 1e-16, "maxcor": 20})
        if found.fun < lowest:
            best, lowest = found.x, float(found.fun)
    best = _polish(best, value)
    bound, reason = max(bounds)
    frame = fixed_bias_frame(
        problem, choice, best, guarantee=Guarantee(kind="best found", lower_bound=bound, reason=reason)
    )
    lengths = np.linalg.norm(frame.means, axis=0)
    return dataclasses.replace(frame, means=np.where(lengths > _ZERO * lengths.max(initial=0.0), frame.means, 0.0))


def _starts(problem: UFM) -> list[Array]:
    """Between no bias and complete centring, then around them along the codes."""
    rng = np.random.default_rng(_SEED)
    mean = problem.label_mean
    known = [np.zeros_like(mean), mean / (1.0 + problem.lambda_b), np.array(mean), mean / 2]
    codes = problem.encoding.matrix
    spread = codes @ (rng.standard_normal((problem.classes, _STARTS - len(known))) / math.sqrt(problem.classes))
    return known + [mean * rng.uniform(0, 1) + column for column in spread.T]


def _polish(bias: Array, value: object) -> Array:
    """Newton's method with a Jacobian of finite differences: descent on the objective stops at half the digits."""
    assert callable(value)
    best, size = bias, float(np.linalg.norm(value(bias)[1]))
    for _ in range(6):
        slope = value(best)[1]
        step = 1e-6 * max(float(np.linalg.norm(best)), 1e-3)
        columns = [(value(best + step * e)[1] - value(best - step * e)[1]) / (2 * step) for e in np.eye(best.size)]
        try:
            new = best - np.linalg.solve(np.array(columns).T, slope)
        except np.linalg.LinAlgError:
            break
        new_size = float(np.linalg.norm(value(new)[1]))
        if not new_size < size:
            break
        best, size = new, new_size
    return best

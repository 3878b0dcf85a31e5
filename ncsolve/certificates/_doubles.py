"""The evidence in double precision: one singular value decomposition at the known bias."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from ncsolve._arrays import Array
from ncsolve._numbers.exact import Table, on_grid
from ncsolve.certificates._approximation import Approximation, Precision
from ncsolve.certificates._exact_problem import ExactProblem

__all__ = ["from_doubles", "grid_bias", "grid_of_doubles", "table_of_doubles"]


def from_doubles(problem: ExactProblem, bias: list[Fraction], precision: Precision) -> Approximation:
    """W, class means, dual vectors and factor from the singular vectors of (E - b 1^T) D^(1/2).

    The dual vectors are the singular vectors with singular values cut off at T, not the difference of labels and
    outputs, in which digits cancel.
    """
    shifted = np.array([[float(x - b) for x, b in zip(code, bias, strict=True)] for code in problem.codes])
    root_n = np.sqrt(np.array(problem.counts, dtype=np.float64))
    left, sigma, right = np.linalg.svd(shifted.T * root_n)
    tau = math.sqrt(float(problem.lambda_w)) * math.sqrt(float(problem.lambda_h))
    ratio = math.sqrt(math.sqrt(float(problem.lambda_h)) / math.sqrt(float(problem.lambda_w)))
    threshold = problem.samples * tau
    rank = sigma.size
    active = sigma > threshold
    z = sigma[active] - threshold
    dual = left[:, :rank] * np.minimum(sigma, threshold) @ right[:rank] / root_n / problem.samples
    weights = left[:, :rank][:, active] * (ratio * np.sqrt(z))
    means = (right[:rank][active].T / root_n[:, None]) * (np.sqrt(z) / ratio)
    below = np.ones(problem.outputs)
    below[:rank] = 1.0 - (np.minimum(sigma, threshold) / threshold) ** 2
    kept = below > 2.0**-precision.claim
    bits = precision.point(max(0, math.frexp(float(sigma[0]))[1] - math.frexp(threshold)[1] + 1))
    return Approximation(
        bias=bias,
        weights=table_of_doubles(weights, grid_of_doubles(weights, bits)),
        class_means=table_of_doubles(means, grid_of_doubles(means, bits)),
        dual=table_of_doubles(dual.T * float(precision.factor), precision.dual),
        factor=table_of_doubles(left[:, kept] * np.sqrt(below[kept]), precision.claim),
    )


def grid_bias(bias: Array, precision: Precision) -> list[Fraction]:
    """A bias on the grid that it needs."""
    return table_of_doubles(bias[None, :], grid_of_doubles(bias, precision.shrink + 24))[0]


def grid_of_doubles(a: Array, significant: int) -> int:
    """Bits of the grid on which the largest entry has so many."""
    largest = float(np.abs(a).max(initial=0.0))
    return significant - (math.frexp(largest)[1] if largest > 0 else 0)


def table_of_doubles(a: Array, bits: int) -> Table:
    """The entries on a grid of so many bits."""
    mantissas, exponents = np.frexp(a)
    whole = np.ldexp(mantissas, 53).astype(np.int64)
    return [
        [on_grid(m, e - 53, bits) for m, e in zip(row, shifts, strict=True)]
        for row, shifts in zip(whole.tolist(), exponents.tolist(), strict=True)
    ]

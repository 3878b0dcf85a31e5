"""From the singular vectors of Z to the layers of a balanced head and the class means (T2; T9 for several layers)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ncsolve import _formulas
from ncsolve._bias_methods import MethodChoice
from ncsolve._factored import FactoredFrame
from ncsolve._guarantee import GLOBAL, Guarantee
from ncsolve._problem import UFM
from ncsolve.deep._shrinkage import Shrinkage

__all__ = ["frame_from_directions", "shrinkage_of"]

Array = NDArray[np.float64]


def shrinkage_of(problem: UFM) -> Shrinkage:
    """The scalar problem of the head of a problem, with its constant C (T for one layer)."""
    factors = problem.depth + 1
    constant = _formulas.deep_constant(problem.samples, problem.lambda_w, problem.lambda_h, factors)
    return Shrinkage(constant=float(constant), factors=factors, samples=problem.samples)


def frame_from_directions(
    problem: UFM, choice: MethodChoice, *, bias: Array, left: Array, right: Array, z: Array,
    guarantee: Guarantee = GLOBAL, ties: str = "",
) -> FactoredFrame:
    """The frame with Z = left diag(z) right^T, left (m, p) and right (K, p) orthonormal columns, z (p,)."""
    kept = np.flatnonzero(z > 0)
    kept = kept[np.argsort(-z[kept], kind="stable")]
    left, right, z = left[:, kept], right[:, kept], z[kept]
    constant = shrinkage_of(problem).constant
    root = z ** (1.0 / (problem.depth + 1))

    def values(decay: float) -> Array:
        return np.asarray(root * _formulas.deep_layer_scale(constant, problem.samples, decay))

    *inner, outer = problem.lambda_w_layers
    stack = (*(np.diag(values(decay)) for decay in inner), left * values(outer))
    spectrum = np.zeros(min(problem.code_length, problem.classes))
    spectrum[: z.size] = z
    means = (right * values(problem.lambda_h)).T / np.sqrt(problem.counts.array)
    return FactoredFrame(
        problem=problem, choice=choice, stack=stack, means=means, bias=bias, values=spectrum, guarantee=guarantee,
        ties=ties,
    )


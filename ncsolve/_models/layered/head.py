"""From the singular vectors of Z to the layers of a balanced head and the class means (T2; T9 for several layers)."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.guarantee import GLOBAL, Guarantee
from ncsolve._frames.layered import FactoredFrame
from ncsolve._models.layered.shrinkage import Shrinkage
from ncsolve._problem.ufm import UFM, check_problem

__all__ = ["MEAN_TIES", "equal_codes_frame", "frame_from_directions", "shrinkage_of"]

MEAN_TIES = (
    "the label mean is at its hard threshold: in the class means or out of them, with the bias that belongs to it, it "
    "costs the same"
)


def shrinkage_of(problem: UFM) -> Shrinkage:
    """The scalar problem of the head of a problem, with its constant C (T for one layer)."""
    check_problem(problem)
    factors = problem.depth + 1
    constant = _formulas.deep_constant(problem.samples, problem.lambda_w, problem.lambda_h, factors)
    return Shrinkage(constant=float(constant), factors=factors, samples=problem.samples)


def frame_from_directions(
    problem: UFM, choice: MethodChoice, *, bias: Array, left: Array, right: Array, z: Array, sigma: Array,
    guarantee: Guarantee = GLOBAL, ties: str = "",
) -> FactoredFrame:
    """The frame with Z = left diag(z) right^T, left (m, p) and right (K, p) orthonormal columns, z (p,).

    ``sigma`` are the singular values of M - b u^T: of these directions, then of the others.
    """
    rest = shrinkage_of(problem).rest(np.pad(z, (0, sigma.size - z.size)), sigma)
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
        ties=ties, fit=float(_formulas.fit_loss(float(rest @ rest), problem.samples)),
    )


def equal_codes_frame(problem: UFM, choice: MethodChoice) -> FactoredFrame:
    """The frame where all classes have one code e, 0 < lambda_b < inf: M - b u^T = (e - b) u^T has the one singular
    value sqrt(N) ||e - b||, which is least for a given ||b|| if b is a multiple of e: the problem of the label mean."""
    code = problem.encoding.matrix[:, 0]
    u = np.sqrt(problem.counts.array)
    length, root = float(np.linalg.norm(code)), math.sqrt(problem.samples)
    scalar = shrinkage_of(problem).with_bias(problem.lambda_b)
    z = scalar.minimize([root * length])
    beta = _formulas.deep_bias_fraction(length, float(z[0]) / root, problem.lambda_b)
    return frame_from_directions(
        problem, choice, bias=beta * code, left=code[:, None] / length, right=u[:, None] / root, z=z,
        sigma=np.array([root * length * (1.0 - beta)]),
        ties=MEAN_TIES if scalar.ties([root * length]).any() else "",
    )


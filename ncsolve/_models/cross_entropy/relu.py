"""ReLU features under cross-entropy: orthogonal class means in closed form (T16; Dang et al. 2024)."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.pairs import check_size
from ncsolve._models.cross_entropy.room import check_room
from ncsolve._problem.ufm import UFM
from ncsolve.errors import OpenProblemError

__all__ = ["ORTHOGONAL", "orthogonal_frame"]

ORTHOGONAL = MethodChoice(
    method="closed-form", theorem="T16",
    reason="cross-entropy, ReLU features, one-hot or smoothed codes: orthogonal class means, one problem per class",
)
# Of two classes with a free bias.
_TIES = (
    "the bias may lie anywhere between the outputs of the two classes, and what one class mean loses the other gains"
)


def orthogonal_frame(problem: UFM) -> FactoredFrame:
    """Every class mean in a dimension of its own, as long as its own count says.  Raises OpenProblemError where the
    minimizer is not known."""
    affine = problem.encoding.affine
    if affine is None or affine.a < 0.0:
        raise OpenProblemError(
            "ReLU features under cross-entropy are solved for one-hot and smoothed codes in the order of the classes; "
            f"got the encoding {problem.encoding.name}, use one of these or features = 'linear'"
        )
    if not problem.counts.balanced and problem.lambda_b != math.inf:
        raise OpenProblemError(
            "ReLU features under cross-entropy with imbalanced counts and a bias are an open problem; got lambda_b = "
            f"{problem.lambda_b:g}, set lambda_b = inf (no bias), or balance the counts"
        )
    k = problem.classes
    check_size(k, k, "the class means")
    n = problem.counts.array.astype(np.float64)
    logit = np.zeros(k)
    if k > 1:
        force = np.asarray(_formulas.cross_entropy_relu_force(problem.threshold, n, 1.0 - affine.a, k))
        logit = np.asarray(_formulas.cross_entropy_relu_logit(force, 1.0 - affine.a, k))
    alive = np.flatnonzero(logit > 0.0)
    check_room(problem, alive.size)
    lengths = np.sqrt(_formulas.cross_entropy_relu_squared_length(
        logit[alive], n[alive], k, problem.lambda_w, problem.lambda_h
    ))
    contrasts = -np.full((k, alive.size), 1.0 / k)
    contrasts[alive, np.arange(alive.size)] += 1.0
    means, weights = np.zeros((alive.size, k)), contrasts * (logit[alive] / lengths)
    means[np.arange(alive.size), alive] = lengths
    values = np.zeros(k)
    values[: alive.size] = np.sort(np.linalg.svd(weights @ means * np.sqrt(n), compute_uv=False))[::-1][: alive.size]
    if alive.size == k:  # the outputs sum to zero
        values[-1] = 0.0
    free = problem.lambda_b == 0.0 and k == alive.size == 2  # what one class mean gives up the other takes over
    return FactoredFrame(
        problem=problem, choice=ORTHOGONAL, stack=(weights,), means=means, bias=np.zeros(k), values=values,
        ties=_TIES if free else "",
    )

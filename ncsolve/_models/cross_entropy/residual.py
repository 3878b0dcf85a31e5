"""The residual of a minimum under cross-entropy, from probabilities that the dual admits (T13, T16)."""

from __future__ import annotations

import math

import numpy as np

from ncsolve._frames.columns import dense_columns
from ncsolve._frames.protocol import Frame
from ncsolve._frames.softmax_fit import fit, logarithms
from ncsolve._models.cross_entropy.dual_bound import best_bound
from ncsolve._models.residual import Residual
from ncsolve._problem.ufm import UFM

__all__ = ["softmax_residual"]


def softmax_residual(problem: UFM, frame: Frame, *, dual: bool) -> Residual:
    """Of a frame, from its outputs.

    For linear features (``dual``) its probabilities are moved until the dual admits them, by what the solver left of
    its gap: with these the identity is exact, counted from their bound, and no part of it is negative.  Those of ReLU
    features come from a closed form and stay as they are.
    """
    codes, counts = problem.encoding.matrix, problem.counts.array.astype(np.float64)
    dim, columns = problem.feature_dim, dense_columns(codes, counts)
    outputs = frame.weights(dim) @ frame.class_means(dim) + frame.bias[:, None]
    residual, minimum = fit(columns, outputs).residual, None
    if dual:
        admitted = best_bound(columns, residual, problem.tau, problem.lambda_b, frame.bias)
        residual, minimum = admitted.residual, admitted.bound
        outputs = logarithms(columns, residual)
        outputs -= outputs.mean(axis=0)
    bias = frame.bias
    if 0.0 < problem.lambda_b < math.inf:
        bias = -(residual @ counts) / (problem.samples * problem.lambda_b)
    left, values, right = np.linalg.svd(-residual * np.sqrt(counts) / problem.samples, full_matrices=False)
    return Residual(
        problem=problem, outputs=outputs, bias=bias, left=left,
        values=np.minimum(values, problem.tau) if dual else values, right=right.T, active=frame.rank, minimum=minimum,
    )

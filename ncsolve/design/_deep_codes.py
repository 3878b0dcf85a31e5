"""T11 for a deep head: codes whose global minimizer has the class-mean Gram matrix Q."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._problem.ufm import UFM
from ncsolve.design._codes import DesignedCodes, centred_error, check_centred, check_length, factor, lengthen
from ncsolve.errors import OpenProblemError, ProblemError

__all__ = ["deep_codes"]

# Q n below this share of |Q| n is rounding.
_CENTRED = 1e-12


def deep_codes(target: Array, problem: UFM, code_length: int | None) -> DesignedCodes:
    """E = U g V^T D^(-1/2) for a symmetric target (K, K); of the problem the codes are not used.

    Raises ProblemError as ``designed_codes`` does, and where a direction is below the hard threshold;
    OpenProblemError where no theorem gives the bias of the forward problem.
    """
    k, counts, lambda_h, lambda_b = target.shape[0], problem.counts, problem.lambda_h, problem.lambda_b
    n, factors = float(counts.total), problem.depth + 1
    root_n = np.sqrt(counts.array)
    half = factor(target)
    rank = half.shape[0]
    length = k if code_length is None else check_length(code_length, rank, k)
    if lambda_b == 0.0:
        check_centred(target, counts)
    elif math.isfinite(lambda_b) and centred_error(target, counts) > _CENTRED:
        raise OpenProblemError(
            "which encoding gives a deep head class means whose mean, weighted by the counts, is not zero is an open "
            f"problem for a finite lambda_b, because T9 gives no bias for such codes; got lambda_b = {lambda_b:g}, use "
            "lambda_b = inf, or take the weighted mean out of the target with --centre (design.centred_gram)"
        )
    constant = _formulas.deep_constant(n, problem.lambda_w, lambda_h, factors)
    _, root_square, right = np.linalg.svd(half * root_n, full_matrices=False)
    z = _formulas.deep_design_value(root_square * root_square, constant, n, lambda_h, factors)
    _check_alive(z, constant, factors, float(np.trace(target)) / k)
    sigma = _formulas.deep_design_code_singular_value(z, constant, factors)
    compact = sigma[:, None] * right / root_n
    codes = right.T @ compact if length == k else lengthen(compact, length)
    if math.isfinite(lambda_b):  # rounding would leave a label mean, and T9 asks for none
        codes = codes - (codes @ counts.array / n)[:, None]
    fit = _formulas.fit_loss(float(np.sum((sigma - z) ** 2)), n)
    loss = fit + float(np.sum(_formulas.deep_penalty(z, constant, n, factors)))
    return DesignedCodes(codes=codes, rank=rank, loss=loss)


def _check_alive(z: Array, constant: float, factors: int, scale: float) -> None:
    """That every direction of the target is above the hard threshold, where it is the better branch."""
    least, smallest = _formulas.deep_design_least(constant, factors), float(z.min())
    if smallest > least * (1 + 1e-12):  # at the threshold itself zero is a minimizer too
        return
    wanted = scale * (least / smallest) ** (2 / factors)
    raise ProblemError(
        "a deep head drops directions below its hard threshold, so that small class means cannot be reached; the "
        f"target's smallest direction has z = {smallest:.6g} and must exceed {least:.6g}, use a scale (mean squared "
        f"length, --scale) above {wanted:.7g} in place of {scale:.7g}, or a smaller lambda_w or lambda_h"
    )

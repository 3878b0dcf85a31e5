"""T11 itself: codes whose global minimizer has the class-mean Gram matrix Q, with linear or nonnegative features."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._arrays import Array
from ncsolve._models.open_problems import check_known
from ncsolve._models.relu.nonnegative_factor import nonnegative_turn
from ncsolve._problem.counts import ClassCounts
from ncsolve._problem.ufm import UFM
from ncsolve.checks.arguments import is_whole
from ncsolve.encodings._base import check_size
from ncsolve.errors import OpenProblemError, ProblemError, shown

__all__ = [
    "DesignedCodes", "centred_error", "check_centred", "check_length", "designed_codes", "factor", "lengthen",
    "nonnegative_codes",
]

# Eigenvalues of the target within this much of the largest are zero, and so are its entries below this share of the
# largest: they are floats of that size.
_NOISE = 1e-13
# Beyond this the solver refuses codes, because their squares leave the range of floats.
_LARGEST = 1e50


@dataclass(frozen=True, kw_only=True, eq=False)
class DesignedCodes:
    """``codes`` (m, K), the ``rank`` of the target, and the ``loss`` that T11 predicts."""

    codes: Array
    rank: int
    loss: float


def designed_codes(target: Array, problem: UFM, code_length: int | None) -> DesignedCodes:
    """E = U (z + T) V^T D^(-1/2) + b 1^T for a symmetric target (K, K); of the problem the codes are not used.

    Raises ProblemError where the target is not positive semidefinite, is zero, asks for longer codes, or cannot be
    reached with a free bias.
    """
    k, counts = target.shape[0], problem.counts
    lambda_w, lambda_h, lambda_b, tau = problem.lambda_w, problem.lambda_h, problem.lambda_b, problem.tau
    root_n = np.sqrt(counts.array)
    half = factor(target)
    rank = half.shape[0]
    length = k if code_length is None else check_length(code_length, rank, k)
    # From a factor of Q rather than from A itself: small eigenvalues keep their digits.
    root_core = math.sqrt(_formulas.design_core_scale(lambda_w, lambda_h))
    _, root_z, right = np.linalg.svd(half * (root_core * root_n), full_matrices=False)
    z = root_z * root_z
    pull = right @ root_n
    if lambda_b == 0.0:
        check_centred(target, counts)
        offset = np.zeros(rank)
    else:
        offset = _formulas.design_bias_scale(tau, lambda_b) * pull
    sigma = _formulas.design_code_singular_value(z, counts.total * tau)
    compact = sigma[:, None] * right / root_n + offset[:, None]
    codes = right.T @ compact if length == k else lengthen(compact, length)
    if not np.abs(codes).max() <= _LARGEST:
        raise ProblemError(
            f"the designed codes must not exceed 1e50; they reach {np.abs(codes).max():.1g}, use a smaller scale or a "
            f"larger lambda_b (it is {lambda_b:g})"
        )
    share = 0.0 if lambda_b == 0.0 else float(pull @ pull)
    loss = _formulas.design_loss(
        float(counts.total), tau, float(rank), float(z.sum()), share, 1.0 if lambda_b == 0.0 else lambda_b
    )
    return DesignedCodes(codes=codes, rank=rank, loss=loss)


def nonnegative_codes(target: Array, problem: UFM, code_length: int | None) -> DesignedCodes:
    """Those of ``designed_codes``, where nonnegative features can have the target's Gram matrix (K, K)."""
    check_known(problem)
    k = target.shape[0]
    _check_nonnegative(target, problem.lambda_b, problem.spec.default_dim(k, k, regular=False))
    return designed_codes(target, problem, code_length)


def _check_nonnegative(target: Array, lambda_b: float, rows: int) -> None:
    """That nonnegative features of ``rows`` dimensions can have it, as far as is known."""
    i, k = np.unravel_index(int(np.argmin(target)), target.shape)
    if target[i, k] < -_NOISE * float(target.max()):
        raise ProblemError(
            "class means of ReLU features have no negative inner product, because the features are nonnegative; the "
            f"target has {target[i, k]:.6g} between class {i} and class {k}, use a Gram matrix with entries >= 0 "
            "(orthogonal, a hierarchy) or features = 'linear'"
        )
    if lambda_b == 0.0:
        raise OpenProblemError(
            "which ReLU class means a free bias (lambda_b = 0) can reach is an open problem: T11 needs Q n = 0, which "
            "no nonzero Gram matrix of nonnegative features has; use lambda_b > 0"
        )
    if nonnegative_turn(factor(target), rows) is None:
        raise OpenProblemError(
            f"ReLU class means need a factor of the target with entries >= 0 and at most {rows} rows, and none was "
            "found (from 5 classes on there may be none, and to tell is a hard problem); raise the diagonal, or use "
            "features = 'linear'"
        )


def factor(target: Array) -> Array:
    """F (r, K) with F^T F = Q and r = rank Q."""
    values, vectors = np.linalg.eigh(target)
    largest = float(np.abs(values).max())
    noise = _NOISE * largest
    if float(values[0]) < -noise:
        raise ProblemError(
            "a target Gram matrix must be positive semidefinite, else no vectors have these inner products; its "
            f"smallest eigenvalue is {values[0]:.6g} and its largest {values[-1]:.6g}, add {-values[0]:.6g} or more to "
            "the diagonal"
        )
    kept = values > noise
    if not kept.any():
        raise ProblemError("a target Gram matrix must not be zero; without class means there is nothing to design")
    return np.asarray(np.sqrt(values[kept])[:, None] * vectors[:, kept].T)


def check_length(code_length: int, rank: int, classes: int) -> int:
    """A code length that holds the target, or ProblemError."""
    if not is_whole(code_length, 1):
        raise ProblemError(f"the code length must be a positive integer; got {shown(code_length)}")
    if code_length < rank:
        raise ProblemError(
            f"the code length must be at least the rank of the target Gram matrix, {rank}; got {code_length}, use "
            f"{rank} or more"
        )
    check_size(int(code_length), classes)
    return int(code_length)


def centred_error(target: Array, counts: ClassCounts) -> float:
    """|Q n| over |Q| n: how far the class means' sum, weighted by the counts, is from zero."""
    n = counts.array.astype(np.float64)
    return float(np.linalg.norm(target @ n)) / float(np.linalg.norm(np.abs(target) @ n))


def check_centred(target: Array, counts: ClassCounts) -> None:
    """That a free bias can reach the target, or ProblemError."""
    off = centred_error(target, counts)
    if off > 1e-12:  # rounding of the target's entries; a file with fewer digits is meant to be centred but is not
        raise ProblemError(
            "a free bias (lambda_b = 0) centres the labels, so that only class means whose sum weighted by the counts "
            f"is zero can be reached, Gram matrices with Q n = 0; here |Q n| is {off:.2g} of |Q| n: use lambda_b > 0, "
            "or take the weighted mean out of the target with --centre (design.centred_gram)"
        )


def lengthen(compact: Array, length: int) -> Array:
    """Codes of another length: an isometry of R^r into R^length.

    The r x K codes are turned to upper triangular form first, which is the same on every machine (singular vectors
    are not); the cosine transform then spreads them over all outputs, so that none is idle.
    """
    rank = compact.shape[0]
    triangular = np.asarray(np.linalg.qr(compact, mode="r"))
    sign = np.sign(np.diag(triangular[:, :rank]))
    triangular = np.where(sign == 0.0, 1.0, sign)[:, None] * triangular
    if length == rank:
        return np.asarray(triangular)
    from scipy.fft import dct

    spread = np.asarray(dct(np.eye(length), axis=0, norm="ortho", orthogonalize=True))[:, :rank]
    return np.asarray(spread @ triangular)

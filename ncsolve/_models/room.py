"""Whether there may be fewer dimensions than a minimizer needs, as far as the codes alone tell."""

from __future__ import annotations

import math

import numpy as np

from ncsolve._models.layered.head import shrinkage_of
from ncsolve._problem.ufm import UFM
from ncsolve.encodings import Encoding

__all__ = ["code_rank", "is_narrow", "may_bind"]


def code_rank(encoding: Encoding) -> int:
    """The number of dimensions that the codes span: no minimizer needs more, as b lies in their span."""
    affine = encoding.affine
    if affine is None:
        return int(np.linalg.matrix_rank(encoding.matrix))
    return (affine.classes - 1) * (affine.a != 0.0) + (affine.row_sum != 0.0)


def may_bind(problem: UFM) -> bool:
    """Whether dim may be a bottleneck: below the rank of the codes, or, where H >= 0, below min(m, K)."""
    if problem.dim is None or problem.dim >= min(problem.code_length, problem.classes):
        return False
    return problem.features == "relu" or problem.dim < code_rank(problem.encoding)


def is_narrow(problem: UFM) -> bool:
    """Whether balanced codes a I + q J have fewer dimensions than their minimizer needs at some lambda_b.

    Without a bias the label mean is longest, and no more directions are above the threshold with one.
    """
    affine = problem.encoding.affine
    if affine is None or not problem.counts.balanced or problem.feature_dim >= problem.classes:
        return False
    if problem.features == "relu":
        return True
    cut, root = shrinkage_of(problem).threshold, math.sqrt(problem.counts.values[0])
    contrasts = problem.classes - 1 if abs(affine.a) * root > cut else 0
    return problem.feature_dim < contrasts + (abs(affine.row_sum) * root > cut)

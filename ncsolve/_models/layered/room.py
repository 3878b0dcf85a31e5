"""Fewer dimensions than a regular problem needs at some lambda_b."""

from __future__ import annotations

import math

from ncsolve._models.layered.head import shrinkage_of
from ncsolve._problem.ufm import UFM

__all__ = ["is_narrow"]


def is_narrow(problem: UFM) -> bool:
    """Whether balanced codes a I + q J have fewer dimensions than their minimizer needs at some lambda_b.

    Without a bias the label mean is longest, and no more directions are above the threshold with one.
    """
    regular = problem.regular
    if regular is None or problem.feature_dim >= problem.classes:
        return False
    cut, root = shrinkage_of(problem).threshold, math.sqrt(regular.n)
    contrasts = problem.classes - 1 if abs(regular.a) * root > cut else 0
    return problem.feature_dim < contrasts + (abs(regular.w) * root > cut)

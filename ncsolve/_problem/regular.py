"""Balanced counts with affine one-hot codes a I + q J: the problems that five numbers describe (T5)."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["RegularProblem"]


class RegularProblem(NamedTuple):
    """``a`` and ``w`` = a + K q, the codes' singular values with their signs across the mean direction and along it,
    ``t`` = T/sqrt(n), ``n`` samples in each of the ``classes``."""

    a: float
    w: float
    t: float
    n: int
    classes: int

"""Combinations of model parts that nobody can solve, and parts that one kind of answer is not known for."""

from __future__ import annotations

from ncsolve._problem.ufm import UFM
from ncsolve.errors import OpenProblemError

__all__ = ["check_known", "check_one_layer"]


def check_known(problem: UFM) -> None:
    """OpenProblemError for ReLU features under a deep head."""
    if problem.spec.nonnegative and not problem.spec.one_layer:
        raise OpenProblemError(
            f"ReLU features under a deep head are an open problem; got features = 'relu' with depth = "
            f"{problem.depth}, set depth = 1 or features = 'linear'"
        )


def check_one_layer(problem: UFM, what: str) -> None:
    """OpenProblemError for a deep head."""
    if not problem.spec.one_layer:
        raise OpenProblemError(
            f"{what} is for heads of one layer, as the penalty of more is not convex and T12 bounds nothing; got depth "
            f"= {problem.depth}, set depth = 1"
        )

"""Combinations of model parts that nobody can solve, and parts that one kind of answer is not known for."""

from __future__ import annotations

from ncsolve._problem.ufm import UFM
from ncsolve.errors import OpenProblemError

__all__ = ["check_known", "check_one_layer", "check_plain"]


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


def check_plain(problem: UFM, what: str) -> None:
    """OpenProblemError unless the model is that of the paper."""
    if not problem.plain:
        raise OpenProblemError(
            f"{what} is for linear features and one layer; got features = {problem.features!r} and depth = "
            f"{problem.depth}; ncsolve minimizer (ncsolve.solve) takes them, one problem at a time"
        )

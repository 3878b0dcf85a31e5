"""That features have room for the minimizer: bottlenecks under cross-entropy are an open problem."""

from __future__ import annotations

from ncsolve._problem.ufm import UFM
from ncsolve.errors import OpenProblemError

__all__ = ["check_room"]


def check_room(problem: UFM, needed: int) -> None:
    """OpenProblemError for fewer dimensions than the class means of the minimizer take."""
    if needed > problem.feature_dim:
        raise OpenProblemError(
            f"under cross-entropy a bottleneck is an open problem; got dim = {problem.dim} where the class means take "
            f"{needed} dimensions, leave dim out or set dim >= {needed}"
        )

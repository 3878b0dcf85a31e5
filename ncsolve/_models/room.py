"""Whether there may be fewer dimensions than a minimizer needs, as far as the codes alone tell."""

from __future__ import annotations

import numpy as np

from ncsolve._problem.ufm import UFM
from ncsolve.encodings import Encoding

__all__ = ["code_rank", "dimensions_words", "may_bind", "room_words"]


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
    return problem.spec.nonnegative or problem.dim < code_rank(problem.encoding)


def dimensions_words(problem: UFM) -> str:
    """The dimensions of the features, counted."""
    return f"{problem.dim} dimension{'s' if problem.dim != 1 else ''}"


def room_words(problem: UFM) -> str:
    """A bottleneck, in words."""
    short = problem.code_length < problem.classes
    length = f" with codes of length {problem.code_length}" if short else ""
    return f"bottleneck: {dimensions_words(problem)} for {problem.classes} classes{length}"

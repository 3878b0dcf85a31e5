"""Where the label mean enters under a deep head (T9), its branches, and the class sizes at which classes vanish."""

from __future__ import annotations

import math

from ncsolve import _formulas
from ncsolve._models.layered.head import shrinkage_of
from ncsolve._models.layered.shrinkage import Branch
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve.errors import ProblemError

__all__ = ["class_thresholds", "mean_branches", "mean_threshold"]


def mean_threshold(problem: UFM, cut: float) -> float | None:
    """The lambda_b at which the label mean's singular value is ``cut`` of its scalar problem; None if never."""
    assert problem.regular is not None
    n, w = problem.regular.n, problem.regular.w
    if abs(w) * math.sqrt(n) <= cut:
        return None
    return float(_formulas.deep_transition(w, n, cut, problem.depth + 1))


def mean_branches(problem: UFM) -> tuple[Branch, ...]:
    """All stationary branches of the label mean of a balanced affine one-hot problem, 0 < lambda_b <= inf."""
    assert problem.regular is not None
    scalar = shrinkage_of(problem)
    if problem.lambda_b < math.inf:
        scalar = scalar.with_bias(problem.lambda_b)
    return scalar.branches(abs(problem.regular.w) * math.sqrt(problem.regular.n))


def class_thresholds(problem: UFM) -> tuple[float, float]:
    """Without a bias, the counts up to which a class of one-hot codes vanishes, and up to which it has no branch.

    Between the two a stationary point with a living class exists, and descent from a good start stays there, but
    the class costs more than it gains: taking the largest root is a known mistake.  For one layer both are T^2.

    Raises ProblemError for codes other than multiples of one-hot ones: their singular values are not those of classes.

    Source: Dang et al. 2023; T9 of docs/theory.md.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(4), counts=[200, 100, 50, 50], depth=3,
    ...                       lambda_w=5e-4, lambda_h=5e-4, lambda_b=float("inf"))
    >>> [round(x, 3) for x in class_thresholds(problem)]
    [0.663, 0.418]
    """
    check_problem(problem)
    encoding = problem.encoding.affine
    if encoding is None or encoding.a == 0.0 or encoding.q != 0.0:
        raise ProblemError(
            f"class thresholds are known for one-hot codes, or a multiple of them; got {problem.encoding.name}, solve "
            "the problem and see which class means are zero"
        )
    scalar = shrinkage_of(problem)
    unit = abs(encoding.a)
    return (scalar.threshold / unit) ** 2, (scalar.existence / unit) ** 2

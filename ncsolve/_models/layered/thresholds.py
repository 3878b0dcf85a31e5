"""The first-order transition of deep heads (T9), and the class sizes at which classes vanish."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ncsolve import _formulas
from ncsolve._models.layered.head import shrinkage_of
from ncsolve._models.layered.shrinkage import Branch
from ncsolve._models.room import is_narrow
from ncsolve._problem.ufm import UFM, check_problem
from ncsolve.errors import ProblemError

if TYPE_CHECKING:
    from ncsolve._minimizer.minimizer import Minimizer

__all__ = ["FirstOrderTransition", "class_thresholds", "first_order_transition", "mean_branches", "shrinkage_of"]


@dataclass(frozen=True, kw_only=True)
class FirstOrderTransition:
    """Where two global minimizers tie and the label mean jumps into the class means.

    ``lambda_b``; ``before`` and ``after`` are both global minimizers of the problem at that lambda_b, the second with
    the singular value ``jump`` (in units of sqrt(n)) along the label mean, the first with 0; ``latent_from`` is the
    lambda_b from which on the second exists as a local minimum.
    """

    lambda_b: float
    jump: float
    latent_from: float
    before: Minimizer
    after: Minimizer


def mean_threshold(problem: UFM, cut: float) -> float | None:
    """The lambda_b at which the label mean's singular value is ``cut`` of its scalar problem; None if never."""
    encoding = problem.encoding.affine
    assert encoding is not None
    n, w = problem.counts.values[0], encoding.row_sum
    if abs(w) * math.sqrt(n) <= cut:
        return None
    return float(_formulas.deep_transition(w, n, cut, problem.depth + 1))


def first_order_transition(problem: UFM) -> FirstOrderTransition | None:
    """The first-order transition along lambda_b of balanced affine one-hot codes under a deep head, or None.

    None for a single layer (its transition is continuous), for other codes or counts, where the label mean is
    too short to enter for any lambda_b, and where a bottleneck has no room for it.

    Source: T9 of docs/theory.md.

    >>> import ncsolve
    >>> problem = ncsolve.UFM(encoding=ncsolve.encodings.onehot(3), counts=10, depth=2,
    ...                       lambda_w=5e-3, lambda_h=5e-4, lambda_b=0.02)
    >>> tie = first_order_transition(problem)
    >>> round(tie.lambda_b, 9), round(tie.jump, 6), abs(tie.before.loss - tie.after.loss) < 1e-15
    (0.039282414, 0.5, True)
    """
    from ncsolve._minimizer.solve import verified
    from ncsolve._models.layered.bottleneck import balanced_frame
    from ncsolve._models.layered.model import DEEP

    check_problem(problem)
    encoding = problem.encoding.affine
    if problem.depth == 1 or encoding is None or not problem.counts.balanced or problem.features != "linear":
        return None
    if is_narrow(problem):
        return None
    scalar = shrinkage_of(problem)
    at, latent = mean_threshold(problem, scalar.threshold), mean_threshold(problem, scalar.existence)
    if at is None or latent is None:
        return None
    tied = problem.replace(lambda_b=at)
    jump = scalar.with_bias(at).jump / math.sqrt(problem.counts.values[0])
    before, after = (verified(tied, balanced_frame(tied, DEEP, mean=mean)) for mean in (False, True))
    return FirstOrderTransition(lambda_b=at, jump=jump, latent_from=latent, before=before, after=after)


def mean_branches(problem: UFM) -> tuple[Branch, ...]:
    """All stationary branches of the label mean of a balanced affine one-hot problem, 0 < lambda_b <= inf."""
    encoding = problem.encoding.affine
    assert encoding is not None
    scalar = shrinkage_of(problem)
    if problem.lambda_b < math.inf:
        scalar = scalar.with_bias(problem.lambda_b)
    return scalar.branches(abs(encoding.row_sum) * math.sqrt(problem.counts.values[0]))


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

"""The first-order transition of deep heads (T9): two global minimizers of one problem."""

from __future__ import annotations

from dataclasses import dataclass

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._minimizer.solve import verified
from ncsolve._models.layered.choices import choices_of
from ncsolve._models.layered.kept_directions import kept_frame
from ncsolve._models.registry import model_of
from ncsolve._problem.ufm import UFM, check_problem

__all__ = ["FirstOrderTransition", "first_order_transition"]


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
    check_problem(problem)
    found = model_of(problem).transition(problem)
    if found is None or found.jump is None or found.latent_from is None:
        return None
    tied = problem.replace(lambda_b=found.lambda_b)
    choice = choices_of(problem).regular
    before, after = (verified(tied, kept_frame(tied, choice, mean=mean)) for mean in (False, True))
    return FirstOrderTransition(
        lambda_b=found.lambda_b, jump=found.jump, latent_from=found.latent_from, before=before, after=after
    )

"""Regular problems with a bottleneck or a deep head: what is in the class means, from scalars alone."""

from __future__ import annotations

from ncsolve._models.layered.kept_directions import keep
from ncsolve._models.protocol import State
from ncsolve._problem.ufm import UFM

__all__ = ["regular_gap", "regular_state"]

# At lambda_b = inf a frame is orthogonal, and on the way there rounding has either sign.
_EQUAL = 1e-12


def regular_state(problem: UFM) -> State:
    """Regime and rank of the minimizer, with the contrasts that it keeps, and whether the label mean is in."""
    kept = keep(problem)
    mean, whole = kept.along_z > 0, kept.contrasts == problem.classes - 1
    acute = mean and whole and kept.along_z > kept.across_z * (1 + _EQUAL)
    rank = kept.contrasts + mean
    if rank == 0:
        regime = "collapsed"
    elif problem.classes == 1 or 0 < kept.contrasts < problem.classes - 1:
        regime = "general"
    elif not mean:
        regime = "simplex"
    else:
        regime = "acute" if acute or kept.contrasts == 0 else "intermediate"
    return State(regime, rank, kept.contrasts, mean)


def regular_gap(problem: UFM) -> float:
    """Singular value of the label mean over that of the contrasts, minus 1; its sign tells acute from obtuse."""
    kept = keep(problem)
    return kept.along_z / kept.across_z - 1.0

"""T8 and T9 for balanced affine one-hot codes: which directions are kept, and their singular values.

The bias is a multiple of the label mean, so that each direction is on its own: K - 1 contrasts with g = |a| sqrt(n),
and the label mean with g = |w| sqrt(n) and the weaker fit that the bias leaves it.  Of what each would gain over
z = 0 the d largest are taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ncsolve import _formulas
from ncsolve._bias.theorems import MethodChoice
from ncsolve._frames.layered import FactoredFrame
from ncsolve._frames.pairs import check_size
from ncsolve._models.layered.head import MEAN_TIES, frame_from_directions, shrinkage_of
from ncsolve._models.layered.shrinkage import Shrinkage
from ncsolve._problem.ufm import UFM

__all__ = ["KeptDirections", "frame_of_kept", "keep", "kept_frame"]

_TIE = 1e-14


@dataclass(frozen=True, kw_only=True)
class KeptDirections:
    """How many ``contrasts`` are kept and with which ``across_z``; ``along_z`` of the label mean (0: not kept).

    ``dropped`` if a direction above its threshold had no room; ``tied`` if the label mean and a contrast gain the same.
    ``mean_at_threshold`` and ``contrasts_at_threshold`` if a direction for which there is room gains nothing, kept or
    not (a deep head).
    """

    contrasts: int
    across_z: float
    along_z: float
    dropped: bool
    tied: bool
    mean_at_threshold: bool = False
    contrasts_at_threshold: bool = False


def keep(problem: UFM, *, mean: bool | None = None) -> KeptDirections:
    """The directions of the minimizer.  ``mean`` asks for the label mean to be in or out where both are minimizers."""
    regular, k = problem.regular, problem.classes
    assert regular is not None
    root, scalar = math.sqrt(regular.n), shrinkage_of(problem)
    across_g, along_g = abs(regular.a) * root, abs(regular.w) * root
    across_gain, across = float(scalar.gain(across_g)), float(scalar.minimize(across_g))
    along_gain, along = _mean(problem, along_g, tie=mean is True)
    if mean is False:
        along_gain, along = 0.0, 0.0
    room, contrasts = problem.feature_dim, (k - 1) * (across > 0)
    alive = contrasts + (along > 0)
    if alive <= room:
        mean_scalar = _mean_scalar(problem)
        return KeptDirections(
            contrasts=contrasts, across_z=across, along_z=along, dropped=False, tied=False,
            mean_at_threshold=contrasts < room and mean_scalar is not None and bool(mean_scalar.ties(along_g)),
            contrasts_at_threshold=k > 1 and (along > 0) < room and bool(scalar.ties(across_g)),
        )
    scale = max(along_gain, across_gain)
    tied = along > 0 and abs(along_gain - across_gain) <= _TIE * scale
    first = along > 0 and (along_gain > across_gain + _TIE * scale or (tied and mean is True))
    return KeptDirections(
        contrasts=room - first, across_z=across, along_z=along if first else 0.0, dropped=True, tied=tied
    )


def _mean_scalar(problem: UFM) -> Shrinkage | None:
    """The scalar problem of the label mean, which the bias shortens; None if the bias takes all of it."""
    if problem.lambda_b == 0.0:
        return None
    scalar = shrinkage_of(problem)
    return scalar.with_bias(problem.lambda_b) if problem.lambda_b < math.inf else scalar


def _mean(problem: UFM, g: float, *, tie: bool = False) -> tuple[float, float]:
    """(gain, z) of the label mean."""
    scalar = _mean_scalar(problem)
    if scalar is None or g == 0.0:
        return 0.0, 0.0
    z = float(scalar.minimize(g, tie=tie))
    return float(scalar.cost(0.0, g) - scalar.cost(z, g)), z


def kept_frame(problem: UFM, choice: MethodChoice, *, mean: bool | None = None) -> FactoredFrame:
    """The frame of a regular problem with any dim and depth."""
    return frame_of_kept(problem, choice, keep(problem, mean=mean))


def frame_of_kept(problem: UFM, choice: MethodChoice, kept: KeptDirections) -> FactoredFrame:
    """The frame with these directions, each a stationary branch: the minimizer if they are its own."""
    from scipy.linalg import helmert

    assert problem.regular is not None
    a, w, _, n, k = problem.regular
    check_size(k, max(kept.contrasts + 1, 1), "this matrix")
    beta = 0.0
    if w != 0.0 and problem.lambda_b < math.inf:
        beta = float(_formulas.deep_bias_fraction(w, kept.along_z / math.sqrt(n), problem.lambda_b))
    bias = np.full(k, beta * w / k)
    contrasts = helmert(k).T[:, : kept.contrasts] if k > 1 else np.zeros((k, 0))
    along = np.full((k, 1), 1.0 / math.sqrt(k))
    right = np.concatenate((along, contrasts), axis=1)
    left = np.concatenate((math.copysign(1.0, w) * along, math.copysign(1.0, a) * contrasts), axis=1)
    z = np.concatenate(([kept.along_z], np.full(kept.contrasts, kept.across_z)))
    # What the bias leaves of the label mean: where that is out of the class means nothing cancels.
    left_in = 1.0 - beta if kept.along_z > 0 else float(problem.lambda_b / (1.0 + problem.lambda_b)) if beta else 1.0
    sigma = math.sqrt(n) * np.concatenate(([abs(w) * left_in], np.full(k - 1, abs(a))))
    return frame_from_directions(
        problem, choice, bias=bias, left=left, right=right, z=z, sigma=sigma, ties=_ties(kept, k)
    )


def _ties(kept: KeptDirections, classes: int) -> str:
    if kept.tied:
        return "the label mean and the contrasts tie: any d directions are a global minimizer"
    if kept.dropped and 0 < kept.contrasts < classes - 1:
        return f"any {kept.contrasts} of the {classes - 1} contrast directions are a global minimizer"
    parts = [MEAN_TIES] if kept.mean_at_threshold else []
    if kept.contrasts_at_threshold:
        parts.append("the contrasts are at the hard threshold: each may be in the class means or out of them")
    return "; ".join(parts)

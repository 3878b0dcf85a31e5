"""In which regime a minimizer is."""

from __future__ import annotations

import math

import numpy as np

from ncsolve._arrays import EPS
from ncsolve._frames.balanced import BalancedFrame
from ncsolve._frames.protocol import Frame
from ncsolve._problem.ufm import UFM

__all__ = ["regime_of"]

# One singular value of a regular frame is zero, or both are equal, to a few roundings of numbers of size one
# (times K where they come from a Gram matrix), exactly where the frame is a simplex ETF or orthogonal.
_EQUAL = 1e-13
# What a numerical minimizer leaves of it.
_FOUND = 1e-7


def regime_of(problem: UFM, frame: Frame) -> str:
    """The regime's name: "collapsed" (all class means are zero), "simplex" (ETF), "intermediate", "orthogonal" (frame)
    or "acute"; "general" where none of these is defined."""
    if frame.rank == 0:
        return "collapsed"
    if problem.regular is None or problem.classes == 1:
        return "general"
    exact = isinstance(frame, BalancedFrame)
    if isinstance(frame, BalancedFrame):
        across, along, ahead, noise = frame.across_z, frame.along_z, frame.gap, _rounding(problem)
    else:  # the spectral solver was asked for, the frame is given by its factors, or it is found by numbers:
        # the eigenvalues of the Gram matrix d I + o (J - I)
        found = frame.choice.method in ("convex", "descent")
        pairs = frame.pairs()
        spread = max(float(np.ptp(pairs.diagonal)), float(np.ptp(pairs.inner)))
        if spread > (_FOUND if found else 1e-9) * float(pairs.diagonal.max()):  # a bottleneck breaks the symmetry
            return "general"
        across = float(pairs.diagonal[0] - pairs.inner[0])
        along = float(pairs.diagonal[0] + (problem.classes - 1) * pairs.inner[0])
        ahead, noise = along - across, (_FOUND if found else _EQUAL) * max(along, across)
    if abs(along) <= (0.0 if exact else noise):
        return "simplex"
    if across > (0.0 if exact else noise) and (decided := _decided(problem)):
        return decided
    if abs(ahead) <= noise:
        return "orthogonal"
    return "intermediate" if ahead < 0.0 else "acute"


def _decided(problem: UFM) -> str:
    """What codes and lambda_b alone say of a frame with the label mean in it, or "" where its size has to tell.

    Near lambda_b = inf both singular values are equal up to rounding, but only there, and only for |a + K q| = |a|, are
    they equal: a finite lambda_b takes something out of the label mean alone.  (Not so for H >= 0.)
    """
    encoding = problem.encoding.affine
    if encoding is None or problem.spec.nonnegative:
        return ""
    a, w = abs(encoding.a), abs(encoding.row_sum)
    if abs(w - a) <= _rounding(problem):
        return "orthogonal" if problem.lambda_b == math.inf else "intermediate"
    if w < a:
        return "intermediate"
    return "acute" if problem.lambda_b == math.inf else ""


def _rounding(problem: UFM) -> float:
    """A few roundings of the codes' singular values |a| and |a + K q|."""
    encoding = problem.encoding.affine
    return 0.0 if encoding is None else 4 * EPS * (abs(encoding.a) + encoding.classes * abs(encoding.q))

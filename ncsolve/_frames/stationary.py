"""The check that every point passes before it is returned: the gradient of the full objective vanishes."""

from __future__ import annotations

import math

from ncsolve._frames.protocol import Frame
from ncsolve.errors import ConvergenceError

__all__ = ["check_gradient"]

# The gradient is measured against the terms that cancel in it; what is left is rounding, which grows like the square
# root of the size.  A wrong minimizer misses this by many orders of magnitude.
_TOLERANCE = 1e-10
# The end of a descent, whose loss and lower bound hold whatever the gradient is; on a plateau of hundreds of classes
# nothing flattens it further.  The residual says so.
_DESCENT_TOLERANCE = 1e-6


def check_gradient(frame: Frame, *, bounded: bool = False) -> float:
    """The relative norm of the gradient, or ConvergenceError; none of a point that is ``bounded`` by a lower bound of
    its own and not called global."""
    slope = frame.gradient()
    residual = math.sqrt(slope.square / slope.scale_square) if slope.scale_square > 0 else math.sqrt(slope.square)
    if bounded and frame.guarantee.kind != "global":
        return residual
    tolerance = _DESCENT_TOLERANCE if frame.choice.method in ("convex", "descent") else _TOLERANCE
    if not residual <= max(tolerance, _TOLERANCE):
        raise ConvergenceError(
            f"the gradient of the objective must vanish; its relative norm is {residual:.1e}, above {tolerance:.0e} "
            "(please report this problem)"
        )
    return residual

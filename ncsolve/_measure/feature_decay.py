"""Which lambda_h a trained network has: given, balanced, or that at which the predicted features are as long (T14)."""

from __future__ import annotations

import math

from scipy.optimize import brentq

from ncsolve._measure.head import MeasuredHead
from ncsolve._minimizer.solve import solve
from ncsolve.errors import ProblemError

__all__ = ["ESTIMATORS", "balanced", "of_equal_norm"]

ESTIMATORS = ("balance", "norm")
# The search spans this factor on both sides of where it begins: beyond it the features are no minimum's.
_FACTOR = 1e6


def balanced(head: MeasuredHead) -> float:
    """lambda_w ||W||^2 / ||H||^2, which is lambda_h at every minimum (T2).  Raises ProblemError where it is not one."""
    found = head.balance
    if found is None or found <= 0.0:
        raise ProblemError(
            "lambda_h = 'balance' is lambda_w |W|^2 / |H|^2; got a head or features that are zero, give lambda_h"
        )
    return found


def of_equal_norm(head: MeasuredHead) -> float:
    """The lambda_h for which the predicted ||H||^2 is the measured one: there the gap is least (T14).

    Raises ProblemError where there is none within a factor of a million of the balanced one.
    """
    start, energy = balanced(head), head.feature_energy

    def excess(exponent: float) -> float:
        found = solve(head.problem.replace(lambda_h=start * math.exp(exponent)))
        size = 2 * found.loss_terms.features / found.problem.lambda_h  # ||H||^2
        return size / energy - 1.0

    edge = math.log(_FACTOR)
    if not excess(-edge) > 0.0 > excess(edge):
        raise ProblemError(
            "lambda_h = 'norm' is where the predicted features are as long as the measured; got features that no "
            f"lambda_h within a factor {_FACTOR:g} of {start:.3g} has, give lambda_h"
        )
    return start * math.exp(float(brentq(excess, -edge, edge, xtol=1e-12)))

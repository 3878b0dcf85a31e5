"""ReLU features, H >= 0 (T10): closed forms, the convex programme over Gram matrices, and bounds."""

from __future__ import annotations

from ncsolve._frames.guarantee import Guarantee
from ncsolve._frames.layered import FactoredFrame
from ncsolve._models.relu.orthogonal_frame import alive_from, linear_is_nonnegative, orthogonal_frame
from ncsolve._problem.ufm import UFM

__all__ = ["alive_from", "linear_is_nonnegative", "orthogonal_frame", "relu_frame"]


def relu_frame(problem: UFM) -> FactoredFrame:
    """The minimizer with H >= 0: by a theorem where one applies and d is large enough, else the best found."""
    exact = linear_is_nonnegative(problem)
    if exact is None:
        exact = orthogonal_frame(problem)
    if exact is not None and exact.means.shape[0] <= problem.feature_dim:
        return exact
    from ncsolve._models.relu.best_found import best_found

    bound = None
    if exact is not None:
        bound = Guarantee(
            kind="best found", lower_bound=exact.loss_terms().total,
            reason=f"the minimum for dim = {exact.means.shape[0]} or more",
        )
    return best_found(problem, bound)

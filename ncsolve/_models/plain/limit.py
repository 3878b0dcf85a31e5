"""Linear features: up to which threshold class means differ."""

from __future__ import annotations

import math

import numpy as np

from ncsolve._frames.protocol import Frame
from ncsolve._models.protocol import Limit
from ncsolve._problem.ufm import UFM

__all__ = ["linear_limit"]


def linear_limit(problem: UFM, frame: Frame, threshold: float) -> Limit | None:
    """What the ``threshold`` has to be below, where no two class means of the frame differ."""
    regular = problem.regular
    if regular is not None and regular.a != 0.0 and problem.classes > 1:
        size = abs(regular.a) * math.sqrt(regular.n)
        if frame.rank > 1 or (frame.rank == 1 and threshold < size):
            return None
        scale = "1" if abs(regular.a) == 1.0 else "|a|"
        return Limit(size, "|a| sqrt(n)", f"{scale}/(K sqrt(n))", mean_only=frame.rank > 0)
    # A bias alone is b = mu/(1 + lambda_b) for every weight decay of W and H: this is the size at which that ends.
    size = 0.0 if frame.rank else float(np.max(frame.shifted_singular_values(), initial=0.0))
    if size == 0.0:  # there is a class mean, or no label to learn
        return None
    return Limit(size, "the largest singular value s_1 of the labels minus bias", "s_1/N")

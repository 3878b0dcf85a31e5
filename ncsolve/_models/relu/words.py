"""ReLU features: where the frame changes along lambda_b, in words."""

from __future__ import annotations

import math
from collections.abc import Callable

from ncsolve._models.protocol import Transition
from ncsolve._models.relu.orthogonal_frame import alive_from, orthogonal_frame
from ncsolve._problem.ufm import UFM

__all__ = ["transition_words"]


def transition_words(problem: UFM, found: Transition | None, own: Callable[[float], str]) -> str:
    """Where class means come to live and where they stop being orthogonal; "" where nothing is known."""
    regular = problem.regular
    if regular is None or not problem.feature_dim >= problem.classes > 1:
        return ""
    if found is None:
        zero = orthogonal_frame(problem.replace(lambda_b=math.inf))  # which has the longest class means
        return "none: all class means are zero for every lambda_b" if zero is None or not zero.means.any() else (
            "none: with ReLU features and balanced counts the frame is orthogonal for every lambda_b"
            + (" > 0" if problem.classes == 2 else "")  # at 0 the bias lies anywhere between the two codes
        )
    at, alive = own(found.lambda_b), alive_from(problem)
    if found.birth:
        return f"lambda_b = {at}: all class means are zero up to it, and an orthogonal frame beyond it"
    if abs(regular.a) <= regular.t:
        return f"lambda_b = {at}: all class means are zero up to it, and one and the same vector beyond it"
    dead = "" if alive is None else f", though all are zero up to {own(alive)}"
    return f"lambda_b = {at}: orthogonal class means up to it{dead}, acute beyond it, where H >= 0 costs nothing"

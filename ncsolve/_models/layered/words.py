"""Bottlenecks and deep heads in words."""

from __future__ import annotations

import math
from collections.abc import Callable

from ncsolve._models.layered.room import is_narrow
from ncsolve._models.layered.thresholds import class_thresholds
from ncsolve._models.protocol import Transition
from ncsolve._models.room import dimensions_words
from ncsolve._numbers.printed import number
from ncsolve._problem.ufm import UFM

__all__ = ["head_words", "transition_words", "vanishing_words"]

# Weight decays of more layers than this are not listed one by one where they are equal.
_LISTED = 6


def head_words(problem: UFM, scale: float | None) -> str:
    """The head, and the weight decays of its layers over ``scale``."""
    text = f"deep linear head of {problem.depth} layers"
    return text if scale is None else f"{text} with weight decay {_decays(problem, scale)}"


def _decays(problem: UFM, scale: float) -> str:
    """The weight decay of each layer as typed: over ``scale``, its factor of the convention."""
    layers = [f"{value / scale:g}" for value in problem.lambda_w_layers]
    return f"{layers[0]} each" if len(layers) > _LISTED and len(set(layers)) == 1 else ", ".join(layers)


def vanishing_words(problem: UFM) -> tuple[str, ...]:
    """Which classes a deep head drops without a bias, where each class is a direction of its own."""
    affine = problem.encoding.affine
    if affine is None or affine.a == 0.0 or affine.q != 0.0 or problem.lambda_b != math.inf:
        return ()
    gone, latent = class_thresholds(problem)
    return (
        f"classes of at most {number(gone)} samples vanish, though above {number(latent)} a stationary point keeps "
        "them",
    )


def transition_words(problem: UFM, found: Transition | None, own: Callable[[float], str]) -> str:
    """Where the label mean enters the class means, by a jump or not at all; "" where nothing is known."""
    regular, lambda_b = problem.regular, problem.lambda_b
    if regular is None:
        return ""
    if is_narrow(problem):
        if found is not None:
            takes = "the only dimension" if problem.dim == 1 else f"one of the {dimensions_words(problem)}"
            return f"lambda_b = {own(found.lambda_b)}, first order: from there on the label mean takes {takes}"
        if not problem.spec.one_layer or abs(regular.w) > abs(regular.a):
            return ""
        what = ": the simplex ETF holds for every finite lambda_b" if problem.feature_dim == problem.classes - 1 else ""
        return f"none: there is no dimension left for the label mean{what}"
    if found is None or found.jump is None or found.latent_from is None:
        return "none: the label mean stays out of the class means for every lambda_b"
    side = "above: the label mean is in the class means" if lambda_b > found.lambda_b else (
        "at it: two minimizers tie" if lambda_b == found.lambda_b else "below: the label mean is out"
    )
    latent = ""
    if found.latent_from < lambda_b < found.lambda_b:
        latent = ", though a local minimum has it in"
    elif lambda_b > found.lambda_b:
        latent = ", though the minimum without it stays a local one"
    return (
        f"lambda_b = {own(found.lambda_b)}, first order: the label mean's singular value jumps from 0 to "
        f"{number(found.jump)} sqrt(n)\nlambda_b is {side}{latent} (the second minimum exists from lambda_b = "
        f"{own(found.latent_from)} on)"
    )

"""What a description says of the lambda_b at which the frame changes, in the paper's model and in the others."""

from __future__ import annotations

import math

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.room import code_rank, may_bind
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._words.model import is_extended, transition

__all__ = ["transition_sentence", "transition_words"]


def transition_words(minimizer: Minimizer, convention: Convention) -> str:
    """Where the frame changes along lambda_b, and on which side this problem is; "" where nothing is known."""
    problem, at = minimizer.problem, minimizer.transition
    if is_extended(minimizer):
        return transition(minimizer, convention)
    one_hot = problem.regular is not None
    if at is None and not problem.label_mean.any():
        return "none: the label mean is zero"
    if at is None and one_hot:
        return "none: the label mean stays thresholded for every lambda_b"
    if at is None and may_bind(problem):
        return f"none: the law of large bias regularization needs {code_rank(problem.encoding)} dimensions"
    if at is None:
        return "none: some direction of the codes is below the threshold, or 0 is in the affine hull of the codes"
    if one_hot and problem.lambda_b <= at:
        side = "complete centring, the label mean stays out of the class means"
    elif one_hot:
        side = "the label mean enters the class means"
    elif problem.lambda_b < at:
        side = "the bias has taken dimensions out of the class means' frame"
    else:
        side = "the law of large bias regularization holds"
    return f"{_name(minimizer)} = {number(_own(minimizer, convention))}; {_place(minimizer, convention)}: {side}"


def transition_sentence(minimizer: Minimizer, convention: Convention) -> str:
    """The same as one sentence; "" where there is no transition to speak of."""
    problem, at = minimizer.problem, minimizer.transition
    if is_extended(minimizer):
        text = transition(minimizer, convention).split("\n")[0]
        _, none, reason = text.partition("none: ")
        if none or not text:
            known = not problem.label_mean.any() and "label mean" in reason  # which is zero, as the bias says
            return "" if known else reason
        return f"transition at {text}" + ("" if at is None else f" ({_place(minimizer, convention)})")
    regular = problem.regular
    if regular is not None and at is None:
        return "" if not problem.label_mean.any() else "the label mean stays out of the class means for every lambda_b"
    if at is None:
        return ""
    value, place = f"{_name(minimizer)} = {number(_own(minimizer, convention))}", _place(minimizer, convention)
    if regular is None:
        return f"the law of large bias regularization holds from {value} on ({place})"
    what = "the simplex ETF ends" if regular.t < abs(regular.a) else "class means cease to be zero"
    if problem.classes == 1:
        what = "the class mean ceases to be zero"
    return f"{what} at {value} ({place})"


def _name(minimizer: Minimizer) -> str:
    return "lambda_b+" if minimizer.problem.regular is None else "lambda_b*"


def _own(minimizer: Minimizer, convention: Convention) -> float:
    """The transition in the user's convention."""
    problem, at = minimizer.problem, minimizer.transition
    assert at is not None
    return convention.lambda_b_from_paper(problem.samples, problem.code_length, at)


def _place(minimizer: Minimizer, convention: Convention) -> str:
    """Where lambda_b is, seen from the transition."""
    problem, at = minimizer.problem, minimizer.transition
    assert at is not None
    lambda_b = convention.lambda_b_from_paper(problem.samples, problem.code_length, problem.lambda_b)
    side = "below" if problem.lambda_b < at else "above"
    if problem.lambda_b == at:
        place = "at it"
    elif lambda_b in (0.0, math.inf):
        place = f"{side} it"
    else:
        ratio = problem.lambda_b / at
        factor = 1 / ratio if side == "below" else ratio
        text = f"{factor:.0f}" if 1e3 <= factor < 1e6 else number(factor, 3)
        place = f"just {side} it" if abs(ratio - 1) < 5e-3 else f"a factor {text} {side} it"
    return f"lambda_b = {lambda_b:g} is {place}"

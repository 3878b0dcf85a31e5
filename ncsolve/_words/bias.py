"""What a description says of the bias."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._words.model import is_extended

__all__ = ["bias_share", "bias_words", "law_words"]

# A free bias further from the label mean, relatively, is another: b of ReLU features is found to half the digits.
_SAME = 1e-6


def bias_words(minimizer: Minimizer) -> str:
    """The sizes of bias and label mean, and how much of that the bias takes out."""
    mean, bias = (float(np.linalg.norm(vector)) for vector in (minimizer.problem.label_mean, minimizer.bias))
    share = bias_share(minimizer)
    if not minimizer.problem.spec.squared:
        return share if share.startswith("the bias is zero") else f"|b| = {number(bias)}: {share}"
    if mean == 0.0 or minimizer.centring is None:
        return share if _is_zero(minimizer) else f"|b| = {number(bias)}: {share}"
    return f"|b| = {number(bias)}, |label mean| = {number(mean)}: {share}"


def bias_share(minimizer: Minimizer) -> str:
    """How much of the label mean the bias takes out (under H >= 0, T10, it need not even lie on that line), or how far
    it shifts the logits."""
    if not minimizer.problem.spec.squared:
        return _shift(minimizer)
    problem, share = minimizer.problem, minimizer.centring
    mean = float(np.linalg.norm(problem.label_mean))
    if problem.lambda_b == math.inf:
        return "there is no bias"
    if mean == 0.0 or share is None:
        zero = _is_zero(minimizer)
        return "the label mean is zero, and so is the bias" if zero else (
            "the label mean is zero, and with H >= 0 the bias is not"
        )
    if problem.lambda_b == 0.0:
        apart = float(np.linalg.norm(minimizer.bias - problem.label_mean)) / mean
        if apart <= _SAME:
            return "the free bias takes out all of the label mean"
        return f"with H >= 0 the free bias is not the label mean but {number(apart * mean, 4)} away from it"
    if share > 1.0 + _SAME:
        return f"the bias goes beyond the label mean: along it, it is {_percent(share)} of that"
    return f"the bias takes out {_percent(share)} of the label mean"


def _shift(minimizer: Minimizer) -> str:
    """What the bias does to the logits, of which softmax does not see a common part."""
    if minimizer.problem.lambda_b == math.inf:
        return "there is no bias"
    bias = minimizer.bias
    free = ", up to a constant, which softmax does not see" if minimizer.problem.lambda_b == 0.0 else ""
    if minimizer.problem.regular is not None or not bias.any():  # of balanced classes there is rounding at most
        return f"the bias is zero{free}"
    return f"the bias shifts the logits by {number(float(bias.min()), 4)} to {number(float(bias.max()), 4)}{free}"


def _is_zero(minimizer: Minimizer) -> bool:
    bias = float(np.linalg.norm(minimizer.bias))
    return bias == 0.0 or bias <= _SAME * float(np.abs(minimizer.problem.encoding.matrix).max())


def _percent(share: float) -> str:
    """Not rounded to all where it is less."""
    text = number(100 * share, 4)
    return "more than 99.99 %" if text == "100" and share < 1.0 else f"{text} %"


def law_words(minimizer: Minimizer, convention: Convention) -> str:
    """What the law of large bias regularization (T5b) says, where it holds; else nothing."""
    problem = minimizer.problem
    threshold = minimizer.transition
    if threshold is None or is_extended(minimizer) or not threshold <= problem.lambda_b < math.inf:
        return ""
    shift = _formulas.large_bias_gram_shift(problem.lambda_w, problem.lambda_b)
    drop = _formulas.large_bias_loss_drop(problem.samples, problem.lambda_w, problem.lambda_h, problem.lambda_b)
    drop *= convention.loss_factor(problem.samples, problem.code_length)
    return (
        "large bias regularization: against no bias, every inner product of class means is lower by "
        f"lambda_W/lambda_b = {number(shift)}, the loss by {number(drop)}, and the bias falls like 1/lambda_b"
    )

"""What a description says of the bias."""

from __future__ import annotations

import math

import numpy as np

from ncsolve import _formulas
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._words.model import is_extended

__all__ = ["bias_words", "law_words"]

# A free bias further from the label mean, relatively, is another: b of ReLU features is found to half the digits.
_SAME = 1e-6


def bias_words(minimizer: Minimizer) -> str:
    """How much of the label mean the bias takes out.  Under H >= 0 (T10) it need not even lie on that line."""
    problem = minimizer.problem
    mean, bias = float(np.linalg.norm(problem.label_mean)), float(np.linalg.norm(minimizer.bias))
    share = minimizer.centring
    if mean == 0.0 or share is None:
        zero = bias == 0.0 or bias <= _SAME * float(np.abs(problem.encoding.matrix).max())
        return "the label mean is zero, and so is the bias" if zero else (
            f"|b| = {number(bias)}: the label mean is zero, and with H >= 0 the bias is not"
        )
    text = f"|b| = {number(bias)}, |label mean| = {number(mean)}: "
    if problem.lambda_b == 0.0:
        apart = float(np.linalg.norm(minimizer.bias - problem.label_mean)) / mean
        if apart <= _SAME:
            return text + "the free bias is the label mean: the labels are centred exactly"
        return text + f"with H >= 0 the free bias is not the label mean but {number(apart * mean, 4)} away from it"
    if problem.lambda_b == math.inf:
        return text + "there is no bias, the label mean stays in"
    return text + f"the bias takes out {number(100 * share, 4)} % of the label mean"


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

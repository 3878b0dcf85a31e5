"""What a description of a bottleneck (T8), a deep head (T9) or ReLU features (T10) says that others do not."""

from __future__ import annotations

import math
from collections.abc import Callable

from ncsolve import deep
from ncsolve._frames.layered import FactoredFrame
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.registry import threshold_of
from ncsolve._models.relu.model import alive_from, orthogonal_frame
from ncsolve._models.room import is_narrow
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.bottleneck import binds

__all__ = ["decays", "guarantee", "is_extended", "model", "room", "threshold", "transition"]

# Weight decays of more layers than this are not listed one by one where they are equal.
_LISTED = 6


def is_extended(minimizer: Minimizer) -> bool:
    """Whether the model goes beyond the paper's, or its one-hot problem is too narrow for the transition."""
    problem = minimizer.problem
    return isinstance(minimizer.frame, FactoredFrame) or is_narrow(problem)


def model(minimizer: Minimizer, convention: Convention) -> str:
    """What is different from the paper's model, one line each."""
    if not is_extended(minimizer):
        return ""
    problem = minimizer.problem
    lines = []
    if problem.features == "relu":
        lines.append("ReLU features, H >= 0")
    if problem.depth > 1:
        scale = convention.factors(problem.samples, problem.code_length)[0]
        lines.append(
            f"deep linear head W = W_{problem.depth} ... W_1 with weight decay {decays(problem, scale)}: "
            "directions vanish by a hard threshold"
        )
        lines += _vanishing(minimizer)
    if binds(problem, minimizer.frame):
        short = problem.code_length < problem.classes
        length = f" with codes of length {problem.code_length}" if short else ""
        lines.append(f"bottleneck: {room(problem)} for {problem.classes} classes{length}")
    if minimizer.ties:
        lines.append(f"not unique: {minimizer.ties}")
    return "\n".join(lines)


def room(problem: UFM) -> str:
    """The dimensions of the features, counted."""
    return f"{problem.dim} dimension{'s' if problem.dim != 1 else ''}"


def decays(problem: UFM, scale: float) -> str:
    """The weight decay of each layer as typed: over ``scale``, its factor of the convention."""
    layers = [f"{value / scale:g}" for value in problem.lambda_w_layers]
    return f"{layers[0]} each" if len(layers) > _LISTED and len(set(layers)) == 1 else ", ".join(layers)


def _vanishing(minimizer: Minimizer) -> list[str]:
    problem = minimizer.problem
    affine = problem.encoding.affine
    if affine is None or affine.a == 0.0 or affine.q != 0.0 or problem.lambda_b != math.inf:
        return []
    gone, latent = deep.class_thresholds(problem)
    return [
        f"classes of at most {number(gone)} samples vanish, though above {number(latent)} a stationary point keeps them"
    ]


def guarantee(minimizer: Minimizer, convention: Convention) -> str:
    """What is known of the loss."""
    if not isinstance(minimizer.frame, FactoredFrame):
        return ""
    factor = convention.loss_factor(minimizer.problem.samples, minimizer.problem.code_length)
    if minimizer.guarantee == "global":
        if minimizer.bound_reason:
            return (
                f"global minimum, to within {max(minimizer.gap * factor, 0.0):.1e}: a lower bound, "
                f"{minimizer.bound_reason}, meets it"
            )
        return f"global minimum ({minimizer.choice.theorem})"
    share = minimizer.gap / minimizer.loss if minimizer.loss > 0 else 0.0
    return (
        f"best found, not known to be the global minimum: no point has a loss below "
        f"{minimizer.lower_bound * factor:.10g}, so that at most {number(100 * share, 3)} % of the loss is open\n"
        f"lower bound: {minimizer.bound_reason}"
    )


def threshold(minimizer: Minimizer) -> str:
    """The threshold of the singular values."""
    value = threshold_of(minimizer.problem)
    return f"threshold T = {number(value)}" if minimizer.problem.depth == 1 else f"hard threshold {number(value)}"


def _relu_transition(problem: UFM, at: float | None, own: Callable[[float], str]) -> str:
    if problem.classes == 1:
        return ""
    affine, alive = problem.encoding.affine, alive_from(problem)
    assert affine is not None
    t = problem.threshold / math.sqrt(problem.counts.values[0])
    if at is None:
        zero = orthogonal_frame(problem.replace(lambda_b=math.inf))  # which has the longest class means
        return "none: all class means are zero for every lambda_b" if zero is None or not zero.means.any() else (
            "none: with ReLU features and balanced counts the frame is orthogonal for every lambda_b"
            + (" > 0" if problem.classes == 2 else "")  # at 0 the bias lies anywhere between the two codes
        )
    if abs(affine.row_sum) <= max(abs(affine.a), t):
        return f"lambda_b = {own(at)}: all class means are zero up to it, and an orthogonal frame beyond it"
    if abs(affine.a) <= t:
        return f"lambda_b = {own(at)}: all class means are zero up to it, and one and the same vector beyond it"
    dead = "" if alive is None else f", though all are zero up to {own(alive)}"
    return f"lambda_b = {own(at)}: orthogonal class means up to it{dead}, acute beyond it, where H >= 0 costs nothing"


def transition(minimizer: Minimizer, convention: Convention) -> str:
    """Where the frame changes along lambda_b."""
    problem = minimizer.problem
    affine = problem.encoding.affine
    if affine is None or not problem.counts.balanced:
        return ""
    size = (problem.samples, problem.code_length)
    at = minimizer.transition

    def own(value: float) -> str:
        return number(convention.lambda_b_from_paper(*size, value))

    if problem.features == "relu":
        if problem.feature_dim < problem.classes:
            return ""  # no room for an orthogonal frame: nothing is known
        return _relu_transition(problem, at, own)
    if is_narrow(problem):
        if at is not None:
            takes = "the only dimension" if problem.dim == 1 else f"one of the {problem.dim} dimensions"
            return f"lambda_b = {own(at)}, first order: from there on the label mean takes {takes}"
        if problem.depth > 1 or abs(affine.row_sum) > abs(affine.a):
            return ""
        what = ": the simplex ETF holds for every finite lambda_b" if problem.feature_dim == problem.classes - 1 else ""
        return f"none: there is no dimension left for the label mean{what}"
    found = deep.first_order_transition(problem)
    if found is None:
        return "none: the label mean stays out of the class means for every lambda_b"
    side = "above: the label mean is in the class means" if problem.lambda_b > found.lambda_b else (
        "at it: two minimizers tie" if problem.lambda_b == found.lambda_b else "below: the label mean is out"
    )
    latent = ""
    if found.latent_from < problem.lambda_b < found.lambda_b:
        latent = ", though a local minimum has it in"
    elif problem.lambda_b > found.lambda_b:
        latent = ", though the minimum without it stays a local one"
    return (
        f"lambda_b = {own(found.lambda_b)}, first order: the label mean's singular value jumps from 0 to "
        f"{number(found.jump)} sqrt(n)\nlambda_b is {side}{latent} (the second minimum exists from lambda_b = "
        f"{own(found.latent_from)} on)"
    )

"""What a description says of the model: what is different from the paper's, what is known, and what changes."""

from __future__ import annotations

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.layered.room import is_narrow
from ncsolve._models.registry import model_of
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention

__all__ = ["best_found", "guarantee", "is_extended", "model", "open_share", "open_words", "threshold", "transition"]


# Loss and bound are sums of many numbers, right to so much of the loss.
_ROUNDING = 1e-13


def is_extended(minimizer: Minimizer) -> bool:
    """Whether the model goes beyond the paper's, or its one-hot problem is too narrow for the transition."""
    return not minimizer.frame.convex or is_narrow(minimizer.problem)


def model(minimizer: Minimizer, convention: Convention) -> str:
    """What is different from the paper's model, one line each."""
    if not is_extended(minimizer):
        return ""
    problem, frame = minimizer.problem, minimizer.frame
    found = model_of(problem)
    scale = convention.factors(problem.samples, problem.code_length)[0]
    lines = [*found.words(problem, narrow=found.binds(problem, frame), scale=scale), *found.notes(problem)]
    if minimizer.ties:
        lines.append(f"not unique: {minimizer.ties}")
    return "\n".join(lines)


def best_found(where: str = "") -> str:
    """What is said of points that no theorem calls global, with ``where`` they are."""
    return f"best found, not known to be the global minimum{where}"


def open_share(minimizer: Minimizer) -> float:
    """The part of the loss that lies above the lower bound."""
    return minimizer.gap / minimizer.loss if minimizer.loss > 0 else 0.0


def open_words(share: float) -> str:
    """How much of a loss its lower bound leaves open."""
    return f"at most {number(100 * share, 3)} % of the loss is open"


def guarantee(minimizer: Minimizer, convention: Convention) -> str:
    """What is known of the loss, where it is not that of the convex problem."""
    if minimizer.frame.convex:
        return ""
    factor = convention.loss_factor(minimizer.problem.samples, minimizer.problem.code_length)
    if minimizer.guarantee == "global":
        if minimizer.bound_reason:
            near = f"to within {minimizer.gap * factor:.1e}" if minimizer.gap > _ROUNDING * minimizer.loss else (
                "to rounding"  # of loss and bound themselves
            )
            return f"global minimum, {near}: a lower bound, {minimizer.bound_reason}, meets it"
        return f"global minimum ({minimizer.choice.theorem})"
    return (
        f"{best_found()}: no point has a loss below {minimizer.lower_bound * factor:.10g}, so that "
        f"{open_words(open_share(minimizer))}\nlower bound: {minimizer.bound_reason}"
    )


def threshold(minimizer: Minimizer) -> str:
    """The threshold of the singular values."""
    problem, found = minimizer.problem, model_of(minimizer.problem)
    return f"{found.threshold_name(problem)} {number(found.threshold(problem))}"


def transition(minimizer: Minimizer, convention: Convention) -> str:
    """Where the frame changes along lambda_b."""
    problem = minimizer.problem
    size = (problem.samples, problem.code_length)
    return model_of(problem).transition_words(
        problem, lambda value: number(convention.lambda_b_from_paper(*size, value))
    )

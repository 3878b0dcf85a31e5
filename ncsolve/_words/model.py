"""What a description says of the model: what is different from the paper's, what is known, and what changes."""

from __future__ import annotations

from ncsolve._comparison import Comparison
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._models.layered.room import is_narrow
from ncsolve._models.registry import model_of
from ncsolve._models.words import model_words
from ncsolve._numbers.printed import number
from ncsolve._problem.convention import Convention

__all__ = ["comparison_model", "guarantee", "is_extended", "model", "threshold", "transition"]


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


def comparison_model(comparison: Comparison) -> str:
    """What is different from the paper's model in a comparison."""
    minimizers = [row.minimizer for row in comparison.rows]
    narrow = any(model_of(found.problem).binds(found.problem, found.frame) for found in minimizers)
    return model_words(minimizers[0].problem, narrow=narrow) if comparison.beyond else ""


def guarantee(minimizer: Minimizer, convention: Convention) -> str:
    """What is known of the loss, where it is not that of the convex problem."""
    if minimizer.frame.convex:
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
    problem, found = minimizer.problem, model_of(minimizer.problem)
    return f"{found.threshold_name(problem)} {number(found.threshold(problem))}"


def transition(minimizer: Minimizer, convention: Convention) -> str:
    """Where the frame changes along lambda_b."""
    problem = minimizer.problem
    size = (problem.samples, problem.code_length)
    return model_of(problem).transition_words(
        problem, lambda value: number(convention.lambda_b_from_paper(*size, value))
    )

"""What is different from the paper's model, in one text for the command line, reports, pictures and the explorer."""

from __future__ import annotations

from ncsolve._frames.protocol import Frame
from ncsolve._models.registry import model_of
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve._problem.ufm import UFM

__all__ = ["model_words"]


def model_words(
    problem: UFM | MetricProblem, *, frame: Frame | None = None, narrow: bool | None = None, scale: float | None = None
) -> str:
    """The phrases of the model, "" for the paper's; ``narrow`` says whether dim is a bottleneck, where that is known
    better than from the problem and its ``frame``."""
    if isinstance(problem, MetricProblem):
        return "; ".join(model_of(problem).words(problem))
    model = model_of(problem)
    binds = model.binds(problem, frame) if narrow is None else narrow
    return "; ".join(model.words(problem, narrow=binds, scale=scale))

"""The models, in the order in which they are asked."""

from __future__ import annotations

from typing import overload

from ncsolve._frames.protocol import Frame
from ncsolve._models.cross_entropy.model import CROSS_ENTROPY, CROSS_ENTROPY_RELU
from ncsolve._models.layered.model import LAYERED
from ncsolve._models.metric.model import METRIC, Metric
from ncsolve._models.plain.model import PLAIN
from ncsolve._models.protocol import Model
from ncsolve._models.relu.model import RELU
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve._problem.ufm import UFM
from ncsolve.errors import OpenProblemError

__all__ = ["MODELS", "model_of"]

MODELS: list[Model] = [PLAIN, LAYERED, RELU, CROSS_ENTROPY, CROSS_ENTROPY_RELU]


@overload
def model_of(problem: UFM, frame: Frame | None = None) -> Model: ...
@overload
def model_of(problem: MetricProblem) -> Metric: ...
def model_of(problem: UFM | MetricProblem, frame: Frame | None = None) -> Model | Metric:
    """The model that answers for a problem: that of its type, or of a UFM the first that owns it.

    A ``frame`` says more than the fields of the problem: where dim is no bottleneck after all, the paper's model.
    """
    if isinstance(problem, MetricProblem):
        return METRIC
    if frame is not None and frame.convex:
        return PLAIN
    for model in MODELS:
        if model.owns(problem):
            return model
    raise OpenProblemError(f"no model is known for {problem!r}; ncsolve solves {', '.join(m.name for m in MODELS)}")

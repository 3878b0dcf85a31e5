"""The parts of documents that say which model a problem is of, and what is known of its minimizer."""

from __future__ import annotations

from collections.abc import Sequence

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._problem.convention import Convention
from ncsolve._problem.ufm import UFM

__all__ = ["known_part", "model_part", "typed_layers"]


def model_part(problem: UFM, layers: Sequence[float] | None) -> dict[str, object]:
    """Features and depth, with the weight decay of each layer as it was given; None where that varies."""
    return {
        "features": problem.features, "depth": problem.depth,
        "lambda_w_layers": None if layers is None else list(layers),
    }


def typed_layers(problem: UFM, convention: Convention) -> list[float]:
    """The weight decay of each layer in a convention."""
    factor = convention.factors(problem.samples, problem.code_length)[0]
    return [value / factor for value in problem.lambda_w_layers]


def known_part(minimizer: Minimizer, convention: Convention) -> dict[str, object]:
    """What is known of the loss, in a convention."""
    factor = convention.loss_factor(minimizer.problem.samples, minimizer.problem.code_length)
    return {
        "guarantee": minimizer.guarantee, "lower_bound": minimizer.lower_bound * factor, "gap": minimizer.gap * factor,
    }

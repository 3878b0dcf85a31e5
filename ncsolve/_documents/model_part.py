"""The parts that documents share: which model a problem is of, what is known of its minimizer, what changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._problem.convention import Convention
from ncsolve._problem.ufm import UFM

if TYPE_CHECKING:
    from ncsolve._sweeps.phase import Boundary
    from ncsolve._sweeps.threshold_crossings import RegimeChange

__all__ = ["change_part", "cosines_part", "known_part", "model_part", "typed_lambdas", "typed_layers"]

_CHANGE = ("kind", "regime_before", "regime_after", "rank_before", "rank_after")


def model_part(problem: UFM, layers: Sequence[float] | None) -> dict[str, object]:
    """Loss, features and depth, with the weight decay of each layer as it was given; None where that varies."""
    return {
        "loss_function": problem.loss, "features": problem.features, "depth": problem.depth,
        "lambda_w_layers": None if layers is None else list(layers),
    }


def typed_lambdas(problem: UFM, convention: Convention) -> tuple[float, float, float]:
    """The weight decays (w, h, b) in a convention."""
    w, h, b, _ = convention.factors(problem.samples, problem.code_length)
    return problem.lambda_w / w, problem.lambda_h / h, problem.lambda_b / b


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


def cosines_part(minimizer: Minimizer) -> dict[str, object] | None:
    """The range and the mean of the cosines, None without a pair of class means."""
    return None if minimizer.cosines is None else asdict(minimizer.cosines)


def change_part(change: RegimeChange | Boundary) -> dict[str, object]:
    """What changes, and by which theorem."""
    return {name: getattr(change, name) for name in _CHANGE} | {"theorem": change.theorem or None}

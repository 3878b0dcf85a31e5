"""The parts of a model, one table: what options are called, what a problem file may say, what documents hold.

It needs no numpy, so that the help of a command starts at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

__all__ = ["SPEC_FIELDS", "SpecFields"]

_WHOLE = "a whole number of at least 1"


def _part(metavar: str, help: str, rule: str = _WHOLE) -> Any:
    return field(default=None, metadata={"metavar": metavar, "help": help, "rule": rule})


@dataclass(frozen=True, kw_only=True)
class SpecFields:
    """The parts of a model as somebody wrote them; None where nothing was."""

    loss: str | None = _part(
        "NAME", "mse, or cross-entropy (ce) for softmax outputs and codes that are probabilities.  [default: mse]",
        '"mse" or "cross-entropy"',
    )
    dim: int | None = _part(
        "D", "Feature dimension; below the rank of the minimizer a bottleneck.  [default: min(outputs, classes)]"
    )
    features: str | None = _part(
        "KIND", "linear, or relu for features H >= 0.  [default: linear]", '"linear" or "relu"'
    )
    depth: int | None = _part("L", "Linear layers of the head.  [default: 1]")


SPEC_FIELDS = tuple(part.name for part in fields(SpecFields))

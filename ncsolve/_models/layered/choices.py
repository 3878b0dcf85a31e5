"""By which theorem, and why, a bottleneck or a deep head is solved."""

from __future__ import annotations

from typing import NamedTuple

from ncsolve._bias.theorems import MethodChoice
from ncsolve._problem.ufm import UFM

__all__ = ["EQUAL_CODES", "choices_of"]


class _Choices(NamedTuple):
    """For ``regular`` problems, where the bias is known, and where there are only ``starts``."""

    regular: MethodChoice
    known_bias: MethodChoice
    starts: MethodChoice


def choices_of(problem: UFM) -> _Choices:
    """Those of a bottleneck, or of a deep head with one or without."""
    return _BOTTLENECK if problem.spec.one_layer else _DEEP


_BOTTLENECK = _Choices(
    regular=MethodChoice(
        method="closed-form", theorem="T8",
        reason="a bottleneck under balanced counts and an affine one-hot encoding keeps the d directions that gain "
        "most",
    ),
    known_bias=MethodChoice(
        method="closed-form", theorem="T8",
        reason="lambda_b = 0, inf or a zero label mean: the bias is known and the d largest singular values are kept",
    ),
    starts=MethodChoice(
        method="descent", theorem="T8",
        reason="no theorem gives the bias under this bottleneck: the best of 24 descents",
    ),
)
_DEEP = _Choices(
    regular=MethodChoice(
        method="closed-form", theorem="T9",
        reason="a deep head under balanced counts and an affine one-hot encoding: one scalar problem per direction",
    ),
    known_bias=MethodChoice(
        method="closed-form", theorem="T9",
        reason="lambda_b = 0, inf or a zero label mean: the bias is known, one scalar problem per singular value",
    ),
    starts=MethodChoice(
        method="descent", theorem="T9", reason="no theorem gives the bias of this deep head: the best of 24 descents"
    ),
)
# All codes are one: a deep head, as one layer needs one dimension only.
EQUAL_CODES = MethodChoice(
    method="closed-form", theorem="T9",
    reason="all classes have one code: a deep head has one scalar problem, that of the label mean",
)

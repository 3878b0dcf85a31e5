"""By which theorem, and why, a bottleneck or a deep head is solved."""

from __future__ import annotations

from ncsolve._bias.theorems import MethodChoice

__all__ = [
    "BOTTLENECK", "BOTTLENECK_KNOWN", "BOTTLENECK_STARTS", "DEEP", "DEEP_EQUAL", "DEEP_KNOWN", "DEEP_STARTS",
]

BOTTLENECK = MethodChoice(
    method="closed-form", theorem="T8",
    reason="a bottleneck under balanced counts and an affine one-hot encoding keeps the d directions that gain most",
)
BOTTLENECK_KNOWN = MethodChoice(
    method="closed-form", theorem="T8",
    reason="lambda_b = 0, inf or a zero label mean: the bias is known and the d largest singular values are kept",
)
BOTTLENECK_STARTS = MethodChoice(
    method="descent", theorem="T8", reason="no theorem gives the bias under this bottleneck: the best of 24 descents"
)
DEEP = MethodChoice(
    method="closed-form", theorem="T9",
    reason="a deep head under balanced counts and an affine one-hot encoding: one scalar problem per direction",
)
DEEP_KNOWN = MethodChoice(
    method="closed-form", theorem="T9",
    reason="lambda_b = 0, inf or a zero label mean: the bias is known, one scalar problem per singular value",
)
DEEP_EQUAL = MethodChoice(
    method="closed-form", theorem="T9",
    reason="all classes have one code: a deep head has one scalar problem, that of the label mean",
)
DEEP_STARTS = MethodChoice(
    method="descent", theorem="T9", reason="no theorem gives the bias of this deep head: the best of 24 descents"
)

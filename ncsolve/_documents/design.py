"""The JSON documents of designs (schemas ncsolve.design/1 and ncsolve.inverse/1)."""

from __future__ import annotations

import numpy as np

from ncsolve._documents.minimizer import document, json_number
from ncsolve._problem.convention import CONVENTIONS, Convention
from ncsolve.design._design import Design
from ncsolve.design._inverse import Inverse

__all__ = ["DESIGN_SCHEMA", "INVERSE_SCHEMA", "design_document", "inverse_document"]

DESIGN_SCHEMA = "ncsolve.design/1"
INVERSE_SCHEMA = "ncsolve.inverse/1"
_PAPER = CONVENTIONS["paper"]
# As in the minimizer's document: larger arrays are left to the file of --out.
_WHOLE = 200


def design_document(
    design: Design, *, geometry: str = "array", convention: Convention = _PAPER,
    lambdas: tuple[float, float, float] | None = None,
) -> dict[str, object]:
    """The target, the designed encoding, how well the forward problem gives it back, and its minimizer."""
    k = design.target.shape[0]
    whole = max(design.encoding.shape) <= _WHOLE
    return {
        "schema": DESIGN_SCHEMA,
        "target": {
            "geometry": geometry, "classes": k, "rank": design.rank, "scale": float(np.trace(design.target)) / k,
            "gram": design.target.tolist() if whole else None,
        },
        "code_length": design.encoding.shape[0],
        "encoding": design.encoding.tolist() if whole else None,
        "error": design.error,
        "minimizer": document(design.minimizer, convention=convention, lambdas=lambdas),
    }


def inverse_document(
    inverse: Inverse, *, convention: Convention = _PAPER, lambdas: tuple[float, float, float] | None = None
) -> dict[str, object]:
    """The varied quantity, its value in the convention, and the minimizer there; ``lambdas`` as changed."""
    problem = inverse.problem
    value = inverse.value
    if inverse.vary == "lambda_b":
        value = convention.lambda_b_from_paper(problem.samples, problem.code_length, value)
    return {
        "schema": INVERSE_SCHEMA, "vary": inverse.vary, "value": json_number(value), "target_cosine": inverse.target,
        "achieved_cosine": inverse.achieved, "method": inverse.method, "note": inverse.note,
        "minimizer": document(inverse.minimizer, convention=convention, lambdas=lambdas),
    }

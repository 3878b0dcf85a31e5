"""The JSON document of a phase diagram (schema ncsolve.phase/1, in ncsolve/schemas)."""

from __future__ import annotations

import math

from ncsolve._documents.minimizer import problem_part
from ncsolve._documents.model_part import change_part, model_part
from ncsolve._problem.convention import CONVENTIONS
from ncsolve._sweeps.phase import Phase

__all__ = ["PHASE_SCHEMA", "phase_document"]

PHASE_SCHEMA = "ncsolve.phase/1"
# What the second parameter sets in the problem.
_SETS = {"t": ("lambda_w", "lambda_h"), "weight_decay": ("lambda_w", "lambda_h"), "classes": (), "imbalance": ()}


def phase_document(phase: Phase) -> dict[str, object]:
    """The diagram as plain JSON types, in the convention of the paper."""
    problem = problem_part(phase.problem, CONVENTIONS["paper"], None)
    for name in ("lambda_b", *_SETS[phase.against]):
        problem[name] = None
    result: dict[str, object] = {
        "schema": PHASE_SCHEMA,
        "problem": problem,
        "against": phase.against,
        "values": phase.values.tolist(),
        "lambda_b": phase.lambda_b.tolist(),
        "cos_mean": [[None if math.isnan(x) else x for x in row] for row in phase.cosine.tolist()],
        "rank": phase.rank.tolist(),
        "regime": [list(row) for row in phase.regimes],
        "boundaries": [
            change_part(boundary)
            | {"values": boundary.values.tolist(), "lambda_b": boundary.lambda_b.tolist()}
            | ({"jump": boundary.jump} if phase.beyond else {})
            for boundary in phase.boundaries
        ],
        "collapse": list(phase.collapse),
    }
    if phase.beyond:
        layers = None if "lambda_w" in _SETS[phase.against] else phase.problem.lambda_w_layers
        result["model"] = model_part(phase.problem, layers)
        result["best_found"] = phase.best_found.tolist()
    return result

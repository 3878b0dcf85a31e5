"""The JSON document of a measurement (schema ncsolve.measurement/1)."""

from __future__ import annotations

import math
from dataclasses import asdict

from ncsolve._documents.minimizer import document, json_number
from ncsolve._frames.nc_metrics import NC_NAMES
from ncsolve._measure.certificate import Distances
from ncsolve._measure.cosines import spread_of
from ncsolve._measure.measurement import Measurement
from ncsolve._problem.convention import CONVENTIONS, Convention

__all__ = ["MEASUREMENT_SCHEMA", "measurement_document"]

MEASUREMENT_SCHEMA = "ncsolve.measurement/1"
# As in the minimizer's document: larger arrays are left out.
_WHOLE = 200


def measurement_document(
    found: Measurement, *, convention: Convention = CONVENTIONS["paper"],
    lambdas: tuple[float, float, float] | None = None,
) -> dict[str, object]:
    """Verdict, loss, gap with its parts, distances and bounds on them, and the prediction's own document.

    Losses and lambdas are those of ``convention``; ``lambdas`` are the user's (w, h, b) as typed.
    """
    problem, statistics = found.problem, found.head.statistics
    loss = convention.loss_factor(problem.samples, problem.code_length)
    decay = convention.factors(problem.samples, problem.code_length)[1]
    along, across = found.head.by_direction or (None, None)
    whole = problem.classes <= _WHOLE
    return {
        "schema": MEASUREMENT_SCHEMA,
        "verdict": {
            "kind": found.verdict.kind, "text": str(found.verdict), "reasons": list(found.verdict.reasons),
            "remedies": list(found.verdict.remedies), "gap_tolerance": found.tolerances[0],
            "stationarity_tolerance": found.tolerances[1],
        },
        "loss": found.loss * loss,
        "minimum": found.minimum * loss,
        "gap": found.gap * loss,
        "relative_gap": json_number(found.relative_gap),
        "parts": None if found.parts is None else {name: part * loss for name, part in asdict(found.parts).items()},
        "guarantee": found.guarantee,
        "certificate": None if found.certificate is None else _distances(found.certificate),
        "distance": _distances(found.distance),
        "stationarity": json_number(found.stationarity),
        "lambda_h": {
            "used": found.lambda_h / decay, "estimator": found.estimator,
            "balance": _scaled(found.head.balance, decay), "along_mean": _scaled(along, decay),
            "across_mean": _scaled(across, decay),
        },
        "samples": statistics.samples,
        "absent_classes": [k for k, n in enumerate(statistics.counts.tolist()) if n == 0],
        "accuracy": statistics.accuracy,
        "nc": {name: getattr(found.nc, name) for name in NC_NAMES},
        "gram": found.gram.tolist() if whole else None,
        "cosines": spread_of(found.cosines),
        "predicted": document(found.predicted, convention=convention, lambdas=lambdas),
    }


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value / factor


def _distances(found: Distances) -> dict[str, float | None]:
    """A bound that says nothing (inf) is null."""
    return {name: value if math.isfinite(value) else None for name, value in asdict(found).items()}

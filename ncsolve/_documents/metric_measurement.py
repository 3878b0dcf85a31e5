"""The JSON document of a measurement of the last two layers (schema ncsolve.last-layers-measurement/1)."""

from __future__ import annotations

from dataclasses import asdict

from ncsolve._documents.metric_minimizer import directions_part, metric_document
from ncsolve._documents.minimizer import json_number
from ncsolve._frames.nc_metrics import NC_NAMES
from ncsolve._measure.cosines import spread_of
from ncsolve._measure.metric_measurement import MetricMeasurement
from ncsolve._measure.metric_verdict import metric_verdict
from ncsolve._problem.convention import CONVENTIONS, Convention

__all__ = ["METRIC_MEASUREMENT_SCHEMA", "metric_measurement_document"]

METRIC_MEASUREMENT_SCHEMA = "ncsolve.last-layers-measurement/1"
_WHOLE = 200


def metric_measurement_document(
    found: MetricMeasurement, *, convention: Convention = CONVENTIONS["paper"],
) -> dict[str, object]:
    """Verdict, loss, gap with its parts, distances, and the prediction's own document.

    Losses and lambdas are those of ``convention``.
    """
    problem, layers = found.problem, found.layers
    size = (problem.samples, problem.code_length)
    loss, (w, h, b) = convention.loss_factor(*size), convention.factors(*size)[:3]
    verdict = metric_verdict(found, decays=(w, b))
    implied = {
        "lambda_w": layers.implied_lambda_w, "lambda_v": layers.implied_lambda_v, "lambda_c": layers.implied_lambda_c,
    }
    result: dict[str, object] = {
        "schema": METRIC_MEASUREMENT_SCHEMA,
        "verdict": {
            "kind": verdict.kind, "text": str(verdict), "reasons": list(verdict.reasons),
            "remedies": list(verdict.remedies), "exceptions": list(verdict.exceptions),
            "gap_tolerance": found.tolerances[0], "stationarity_tolerance": found.tolerances[1],
        },
        "loss": found.loss * loss,
        "minimum": found.minimum * loss,
        "gap": found.gap * loss,
        "relative_gap": json_number(found.relative_gap),
        "parts": {name: part * loss for name, part in asdict(found.parts).items()},
        "certificate": asdict(found.certificate),
        "distance": asdict(found.distance),
        "stationarity": json_number(found.stationarity),
        "hidden_stationarity": json_number(found.hidden_stationarity),
        "bias_stationarity": json_number(found.bias_stationarity),
        "implied": {name: None if value is None else value / w for name, value in implied.items()}
        | {"lambda_b": None if layers.implied_lambda_b is None else layers.implied_lambda_b / b},
        "lambda_h": directions_part(found.lambda_h_by_direction, h),
        "samples": problem.samples,
        "dim": layers.dim,
        "accuracy": layers.accuracy,
        "nc": {name: getattr(found.nc, name) for name in NC_NAMES},
        "gram": found.gram.tolist() if problem.classes <= _WHOLE else None,
        "cosines": spread_of(found.cosines),
        "predicted": metric_document(found.predicted, convention=convention),
    }
    if problem.class_names is not None:
        result["class_names"] = list(problem.class_names)
    return result

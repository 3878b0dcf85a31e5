"""The JSON document of a measurement (schema ncsolve.measurement/1)."""

from __future__ import annotations

import math
from dataclasses import asdict

from ncsolve._documents.minimizer import document, json_number
from ncsolve._frames.nc_metrics import NC_NAMES
from ncsolve._measure.certificate import Distances
from ncsolve._measure.cosines import spread_of
from ncsolve._measure.feature_geometry import WHY_NOT, FeatureGeometry
from ncsolve._measure.implied import Implied, implied_by
from ncsolve._measure.measurement import Measurement
from ncsolve._measure.metrics import cdnv_of, energy_share
from ncsolve._measure.statistics import FeatureStatistics
from ncsolve._measure.verdict import verdict_of
from ncsolve._problem.convention import CONVENTIONS, Convention

__all__ = ["MEASUREMENT_SCHEMA", "geometry_document", "measurement_document"]

MEASUREMENT_SCHEMA = "ncsolve.measurement/1"
# As in the minimizer's document: larger arrays are left out.
_WHOLE = 200


def measurement_document(
    found: Measurement, *, convention: Convention = CONVENTIONS["paper"],
    lambdas: tuple[float, float, float] | None = None, nc4_samples: float | None = None,
) -> dict[str, object]:
    """Verdict, loss, gap with its parts, distances and bounds on them, and the prediction's own document.

    Losses and lambdas are those of ``convention``; ``lambdas`` are the user's (w, h, b) as typed.  ``nc4_samples`` is
    the share of a second pass.
    """
    problem, statistics = found.problem, found.head.statistics
    loss = convention.loss_factor(problem.samples, problem.code_length)
    weights, decay = convention.factors(problem.samples, problem.code_length)[:2]
    verdict = verdict_of(found, decays=(weights, decay))
    along, across = found.head.by_direction or (None, None)
    return {
        "schema": MEASUREMENT_SCHEMA,
        "verdict": {
            "kind": verdict.kind, "text": str(verdict), "reasons": list(verdict.reasons),
            "remedies": list(verdict.remedies),
            "exceptions": list(verdict.exceptions), "gap_tolerance": found.tolerances[0],
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
        "implied": _implied(implied_by(found.head), convention, problem.samples, problem.code_length),
        **_measured(found, statistics, nc4_samples),
        "predicted": document(found.predicted, convention=convention, lambdas=lambdas),
    }


def geometry_document(
    found: FeatureGeometry, *, convention: Convention = CONVENTIONS["paper"], nc4_samples: float | None = None,
) -> dict[str, object]:
    """The same document where there is no loss to compare: what needs it is null, and the verdict says why."""
    statistics, implied = found.statistics, None
    if found.implied is not None and found.head is not None:
        implied = _implied(found.implied, convention, statistics.samples, found.head.problem.code_length)
    nothing = ("loss", "minimum", "gap", "relative_gap", "parts", "guarantee", "certificate", "distance",
               "stationarity", "lambda_h")
    reason = WHY_NOT[found.why]
    return {
        "schema": MEASUREMENT_SCHEMA,
        "verdict": {
            "kind": "geometry only", "text": f"Geometry only: {reason}.", "reasons": [reason], "remedies": [],
            "exceptions": [], "gap_tolerance": None, "stationarity_tolerance": None,
        },
        **dict.fromkeys(nothing),
        "implied": implied,
        **_measured(found, statistics, nc4_samples),
        "predicted": None,
    }


def _measured(
    found: Measurement | FeatureGeometry, statistics: FeatureStatistics, nc4_samples: float | None
) -> dict[str, object]:
    """What is known of any features."""
    return {
        "samples": statistics.samples,
        "dim": statistics.dim,
        "absent_classes": [k for k, n in enumerate(statistics.counts.tolist()) if n == 0],
        "accuracy": statistics.accuracy if found.head is None else found.head.accuracy,
        "nc": {name: getattr(found.nc, name) for name in NC_NAMES},
        "nc4_samples": nc4_samples,
        "cdnv": None if (cdnv := cdnv_of(statistics)) is None else json_number(cdnv),
        "within_energy": energy_share(statistics),
        "gram": found.gram.tolist() if len(found.gram) <= _WHOLE else None,
        "cosines": _spread(found, statistics),
    }


def _spread(found: Measurement | FeatureGeometry, statistics: FeatureStatistics) -> dict[str, object] | None:
    """The cosines' spread, whose pairs are classes by their numbers."""
    spread = spread_of(found.cosines)
    if spread is None:
        return None
    numbers = statistics.present.tolist()
    pairs = {key: [numbers[k] for k in spread[key]] for key in ("least_pair", "greatest_pair")}
    return spread | pairs


def _implied(found: Implied, convention: Convention, samples: int, length: int) -> dict[str, object]:
    w, h, b = convention.factors(samples, length)[:3]
    return {
        "lambda_w": _scaled(found.lambda_w, w), "lambda_h": _scaled(found.lambda_h, h),
        "lambda_b": None if found.lambda_b is None else json_number(found.lambda_b / b),
        "along_mean": _scaled(found.along_mean, h), "across_mean": _scaled(found.across_mean, h),
        "stationarity": found.stationarity,
    }


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value / factor


def _distances(found: Distances) -> dict[str, float | None]:
    """What there is none of, and a bound that says nothing (inf), is null."""
    return {name: value if value is not None and math.isfinite(value) else None
            for name, value in asdict(found).items()}

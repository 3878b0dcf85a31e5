"""The JSON document of a minimizer of the last two layers (schema ncsolve.last-layers/1)."""

from __future__ import annotations

from dataclasses import asdict

from ncsolve._documents.minimizer import json_number
from ncsolve._frames.nc_metrics import NC_NAMES
from ncsolve._measure.metric_point import decay_by_direction
from ncsolve._minimizer.metric_minimizer import MetricMinimizer
from ncsolve._problem.convention import CONVENTIONS, Convention
from ncsolve._problem.metric_problem import MetricProblem

__all__ = ["METRIC_SCHEMA", "directions_part", "metric_document"]

METRIC_SCHEMA = "ncsolve.last-layers/1"
# As in the document of a UFM: larger arrays are left out.
_WHOLE = 200


def metric_document(found: MetricMinimizer, *, convention: Convention = CONVENTIONS["paper"]) -> dict[str, object]:
    """All that is known of a minimizer, as plain JSON types; losses and lambdas are those of ``convention``."""
    problem, frame = found.problem, found.frame
    size = (problem.samples, problem.code_length)
    factor, decay = convention.loss_factor(*size), convention.factors(*size)[1]
    terms, transition = found.loss_terms.scaled(factor), found.transition
    directions = decay_by_direction(problem, frame.weights(frame.rank), frame.hidden(frame.rank))
    result: dict[str, object] = {
        "schema": METRIC_SCHEMA,
        "problem": _problem_part(problem, convention),
        "method": found.method,
        "theorem": found.choice.theorem,
        "regime": found.regime,
        "transition": None if transition is None else {
            "lambda_b": json_number(convention.lambda_b_from_paper(*size, transition)),
        },
        "loss": terms.total,
        "loss_terms": asdict(terms),
        "gap": found.gap * factor,
        "lower_bound": found.lower_bound * factor,
        "rank": found.rank,
        "bias": found.bias.tolist(),
        "singular_values": found.singular_values[: found.rank].tolist(),
        "feature_decays": (found.feature_decays / decay).tolist(),
        "lambda_h": directions_part(directions, decay),
        "gram": found.gram.tolist() if problem.classes <= _WHOLE else None,
        "cosines": None if found.cosines is None else asdict(found.cosines),
        "nc": {name: getattr(found.nc, name) for name in NC_NAMES},
    }
    if problem.class_names is not None:
        result["class_names"] = list(problem.class_names)
    return result


def directions_part(found: tuple[float, float] | None, decay: float) -> dict[str, float] | None:
    """lambda_h along the mean of h and across it, in a convention where ``decay`` is the paper's 1."""
    return None if found is None else {"along_mean": found[0] / decay, "across_mean": found[1] / decay}


def _problem_part(problem: MetricProblem, convention: Convention) -> dict[str, object]:
    w, _, b, _ = convention.factors(problem.samples, problem.code_length)
    return {
        "encoding": problem.encoding.name, "classes": problem.classes, "code_length": problem.code_length,
        "samples": problem.samples, "dim": problem.dim,
        "counts": problem.counts.array.astype(int).tolist() if problem.classes <= _WHOLE else None,
        "lambda_w": problem.lambda_w / w, "lambda_v": problem.lambda_v / w,
        "lambda_c": json_number(problem.lambda_c / w), "lambda_b": json_number(problem.lambda_b / b),
        "convention": convention.name,
    }

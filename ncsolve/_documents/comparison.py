"""The JSON document of a comparison (schema ncsolve.comparison/1)."""

from __future__ import annotations

from ncsolve._comparison import ComparedEncoding, Comparison
from ncsolve._documents.minimizer import json_number
from ncsolve._documents.model_part import cosines_part, known_part, model_part
from ncsolve._frames.nc_metrics import NC_NAMES
from ncsolve._problem.convention import convention

__all__ = ["SCHEMA", "comparison_document"]

SCHEMA = "ncsolve.comparison/1"


def comparison_document(comparison: Comparison) -> dict[str, object]:
    """The classes, and a row per encoding; losses and lambdas are those of the comparison's convention."""
    problem = comparison.rows[0].minimizer.problem
    w, h, b = comparison.lambdas
    shared: dict[str, object] = {
        "classes": problem.classes, "samples": problem.samples, "counts": problem.counts.array.tolist(), "lambda_w": w,
        "lambda_h": h, "lambda_b": json_number(b), "convention": comparison.convention,
    }
    if problem.class_names is not None:
        shared["class_names"] = list(problem.class_names)
    rows = [_row(row, comparison.convention) for row in comparison.rows]
    if len(comparison.losses) > 1:
        shared["losses"] = list(comparison.losses)
    if comparison.beyond:
        shared["model"] = model_part(problem, comparison.layers) | {"dim": problem.dim}
        for row, compared in zip(rows, comparison.rows, strict=True):
            minimizer = compared.minimizer
            scaling = convention(comparison.convention, minimizer.problem.loss)
            row |= {"dim": minimizer.dim} | known_part(minimizer, scaling)
            row |= {"ties": minimizer.ties} if minimizer.ties else {}
    return {"schema": SCHEMA, "problem": shared, "encodings": rows}


def _row(row: ComparedEncoding, name: str) -> dict[str, object]:
    minimizer, decoding = row.minimizer, row.decoding
    problem, nc = minimizer.problem, minimizer.nc
    factor = convention(name, problem.loss).loss_factor(problem.samples, problem.code_length)
    return {
        "encoding": row.name, "loss_function": problem.loss,
        "code_length": problem.code_length, "loss": minimizer.loss * factor,
        "theorem": minimizer.choice.theorem, "regime": minimizer.regime, "rank": minimizer.rank,
        "cosines": cosines_part(minimizer), "min_distance": decoding.min_distance, "margin": decoding.margin,
        "margin_share": decoding.margin_share, "vanished": list(decoding.vanished),
        "merged": [list(group) for group in decoding.merged], **{name: getattr(nc, name) for name in NC_NAMES[1:]},
    }

"""The JSON document of a path (schema ncsolve.path/1, in ncsolve/schemas), and its columns in a convention."""

from __future__ import annotations

import numpy as np

from ncsolve._documents.minimizer import json_number, problem_part
from ncsolve._documents.model_part import change_part, model_part, typed_layers
from ncsolve._files.tables import json_columns
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._problem.convention import CONVENTIONS, Convention
from ncsolve._sweeps.in_convention import path_columns, user_factor
from ncsolve._sweeps.path import Path
from ncsolve._sweeps.threshold_crossings import RegimeChange

__all__ = ["PATH_SCHEMA", "path_document"]

PATH_SCHEMA = "ncsolve.path/1"


def path_document(
    path: Path, *, convention: Convention = CONVENTIONS["paper"], lambdas: tuple[float, float, float] | None = None,
) -> dict[str, object]:
    """The path as plain JSON types, by columns."""
    problem = problem_part(path.ufm, convention, lambdas)
    if path.varied in problem:
        problem[path.varied] = None
    varied: dict[str, object] = {"name": path.varied}
    if path.of_class is not None:
        varied["class"] = path.of_class
    result: dict[str, object] = {"schema": PATH_SCHEMA, "problem": problem, "varied": varied}
    size = (path.problem.samples, path.problem.code_length)
    if path.beyond:
        layers = None if path.varied == "lambda_w" else typed_layers(path.ufm, convention)
        result["model"] = model_part(path.ufm, layers)
    factor = user_factor(path, convention)
    scale = convention.loss_factor(*size)
    result["changes"] = [_change(change, factor, scale) for change in path.changes]
    if path.sampled_classes is not None:
        result["sampled_classes"] = path.sampled_classes
    if path.latent is not None:
        latent = path.latent
        result["latent"] = json_columns({
            path.varied: (latent.values / factor).tolist(), "mean_in": latent.mean_in.tolist(),
            "loss": (latent.loss * scale).tolist(), "cos_mean": latent.cosine.tolist(),
            "centring": latent.centring.tolist(),
        })
    result["columns"] = json_columns(path_columns(path, convention))
    return result


def _change(change: RegimeChange, factor: float, scale: float) -> dict[str, object]:
    """One change; a jump has what is on both sides of it."""
    result: dict[str, object] = {"value": json_number(change.value / factor), **change_part(change)}
    if change.before is not None and change.after is not None:
        sides = [_side(side, scale) for side in (change.before, change.after)]
        result["jump"] = {name: [side[name] for side in sides] for name in sides[0]}
        result["accuracy"] = change.accuracy
    return result


def _side(side: Minimizer, scale: float) -> dict[str, object]:
    cosines = side.cosines
    return {
        "loss": side.loss * scale, "guarantee": side.guarantee, "cos_mean": None if cosines is None else cosines.mean,
        "centring": side.centring, "bias_norm": float(np.linalg.norm(side.bias)),
        "singular_values": side.singular_values.tolist(),
    }

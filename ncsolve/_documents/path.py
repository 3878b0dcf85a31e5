"""The JSON document of a path (schema ncsolve.path/1, in ncsolve/schemas), and its columns in a convention."""

from __future__ import annotations

import numpy as np

from ncsolve._documents.minimizer import json_number, problem_part
from ncsolve._files.tables import json_columns
from ncsolve._minimizer.minimizer import Minimizer
from ncsolve._problem.convention import CONVENTIONS, Convention
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.path import Path
from ncsolve._sweeps.threshold_crossings import RegimeChange
from ncsolve.errors import ProblemError

__all__ = ["PATH_SCHEMA", "check_convention", "path_columns", "path_document", "user_factor"]

PATH_SCHEMA = "ncsolve.path/1"
# The lambdas in the order of ``Convention.factors``.
_LAMBDAS = ("lambda_w", "lambda_h", "lambda_b")


def check_convention(problem: UFM, varied: str, convention: Convention) -> None:
    """ProblemError for a path over counts in a convention whose lambdas depend on the number of samples."""
    size = (problem.samples, problem.code_length)
    if varied == "count" and convention.factors(*size) != convention.factors(size[0] + 1, size[1]):
        raise ProblemError(
            f"along counts the lambdas of the convention {convention.name} would mean another problem at every point; "
            "give them with --convention paper or torch-mean"
        )


def user_factor(path: Path, convention: Convention) -> float:
    """What the user's value of the varied parameter is multiplied by to give the paper's.  Raises as
    ``check_convention``."""
    check_convention(path.problem, path.varied, convention)
    factors = dict(zip(_LAMBDAS, convention.factors(path.problem.samples, path.problem.code_length), strict=False))
    return factors.get(path.varied, 1.0)


def path_columns(path: Path, convention: Convention) -> dict[str, list[float] | list[int] | list[str]]:
    """``Path.columns`` with losses and lambdas of a convention."""
    columns = path.columns()
    factor = user_factor(path, convention)
    scale = convention.loss_factor(path.problem.samples, path.problem.code_length)
    columns[path.varied] = [value / factor for value in path.values.tolist()]
    columns["loss"] = [value * scale for value in path.loss.tolist()]
    if path.beyond:
        columns["lower_bound"] = [value * scale for value in path.lower_bounds.tolist()]
    return columns


def path_document(
    path: Path,
    *,
    convention: Convention = CONVENTIONS["paper"],
    lambdas: tuple[float, float, float] | None = None,
) -> dict[str, object]:
    """The path as plain JSON types, by columns."""
    problem = problem_part(path.problem, convention, lambdas)
    if path.varied in problem:
        problem[path.varied] = None
    varied: dict[str, object] = {"name": path.varied}
    if path.of_class is not None:
        varied["class"] = path.of_class
    result: dict[str, object] = {"schema": PATH_SCHEMA, "problem": problem, "varied": varied}
    size = (path.problem.samples, path.problem.code_length)
    if path.beyond:
        layers = None if path.varied == "lambda_w" else [
            value / convention.factors(*size)[0] for value in path.problem.lambda_w_layers
        ]
        result["model"] = {
            "features": path.problem.features, "depth": path.problem.depth, "lambda_w_layers": layers,
        }
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
    result: dict[str, object] = {
        "value": json_number(change.value / factor),
        "kind": change.kind,
        "regime_before": change.regime_before,
        "regime_after": change.regime_after,
        "rank_before": change.rank_before,
        "rank_after": change.rank_after,
        "theorem": change.theorem or None,
    }
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

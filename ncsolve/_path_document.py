"""The JSON document of a path (schema ncsolve.path/1, in ncsolve/schemas), and its columns in a convention."""

from __future__ import annotations

from ncsolve._conventions import CONVENTIONS, Convention
from ncsolve._document import json_number, problem_part
from ncsolve._path import Path
from ncsolve._table_files import json_columns
from ncsolve.errors import ProblemError

__all__ = ["PATH_SCHEMA", "path_columns", "path_document", "user_factor"]

PATH_SCHEMA = "ncsolve.path/1"
# The lambdas in the order of ``Convention.factors``.
_LAMBDAS = ("lambda_w", "lambda_h", "lambda_b")


def user_factor(path: Path, convention: Convention) -> float:
    """What the user's value of the varied parameter is multiplied by to give the paper's.

    Raises ProblemError for a path over counts in a convention whose lambdas depend on the number of samples.
    """
    size = (path.problem.samples, path.problem.code_length)
    if path.varied == "count" and convention.factors(*size) != convention.factors(size[0] + 1, size[1]):
        raise ProblemError(
            f"along counts the lambdas of the convention {convention.name} would mean another problem at every point; "
            "give them with --convention paper or torch-mean"
        )
    factors = dict(zip(_LAMBDAS, convention.factors(*size), strict=False))
    return factors.get(path.varied, 1.0)


def path_columns(path: Path, convention: Convention) -> dict[str, list[float] | list[int] | list[str]]:
    """``Path.columns`` with losses and lambdas of a convention."""
    columns = path.columns()
    factor = user_factor(path, convention)
    scale = convention.loss_factor(path.problem.samples, path.problem.code_length)
    columns[path.varied] = [value / factor for value in path.values.tolist()]
    columns["loss"] = [value * scale for value in path.loss.tolist()]
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
    factor = user_factor(path, convention)
    return {
        "schema": PATH_SCHEMA,
        "problem": problem,
        "varied": varied,
        "changes": [
            {
                "value": json_number(change.value / factor),
                "kind": change.kind,
                "regime_before": change.regime_before,
                "regime_after": change.regime_after,
                "rank_before": change.rank_before,
                "rank_after": change.rank_after,
                "theorem": change.theorem or None,
            }
            for change in path.changes
        ],
        "columns": json_columns(path_columns(path, convention)),
    }

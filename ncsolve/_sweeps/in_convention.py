"""The columns of a path in a convention other than the paper's."""

from __future__ import annotations

from ncsolve._problem.convention import Convention
from ncsolve._problem.metric_problem import MetricProblem
from ncsolve._problem.ufm import UFM
from ncsolve._sweeps.path import Path
from ncsolve.errors import ProblemError

__all__ = ["check_convention", "path_columns", "user_factor"]

# The lambdas in the order of ``Convention.factors``.
_LAMBDAS = ("lambda_w", "lambda_h", "lambda_b")


def check_convention(problem: UFM | MetricProblem, varied: str, convention: Convention) -> None:
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

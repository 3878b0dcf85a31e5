"""``ncsolve path``: the minimizer along one parameter."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from ncsolve.cli._options import command, file_option, flag
from ncsolve.cli._problem_options import ProblemArguments, files_of, problem_options
from ncsolve.cli._ranges import is_range, parse_class_range, parse_range
from ncsolve.cli._read_words import with_read
from ncsolve.cli._request import request
from ncsolve.cli._written import check_pictures, conclude, draw
from ncsolve.errors import ProblemError

__all__ = ["path"]

_GRID = "1e-3:10:200"
# Where each point is the best of many descents.
_COARSE = "1e-3:10:40"


@command()
@problem_options()
@click.option(
    "--alpha", metavar="LOW:HIGH:POINTS", help="Vary label smoothing: every code is mixed with the mean of all codes."
)
@click.option("--count", metavar="CLASS=LOW:HIGH:POINTS", help="Vary the samples of one class (number or name).")
@flag("--json", "as_json", help="Print JSON (schema ncsolve.path/1).")
@file_option("--out", "-o", help="Save the columns: .csv, .json or .parquet.")
@file_option("--plot", help="Save a figure: .png, .svg or .pdf.")
@file_option("--gram", help="Save the Gram matrices side by side, of all points or of four if there are more than six.")
@flag("--force", help="Overwrite the files of --out, --plot and --gram.")
def path(
    *, given: ProblemArguments, alpha: str | None, count: str | None, as_json: bool, out: Path | None,
    plot: Path | None, gram: Path | None, force: bool,
) -> None:
    """Follow the minimizer along one parameter: the one option that is a range.

    A range is LOW:HIGH:POINTS (equal factors; equal steps for --alpha) or a list with commas (with --depth a list of
    --lambda-w is one for every layer).  To a range of --lambda-b 0 and inf are added, unless one of them is its end:
    0:1:5 has equal steps, and 1e-3:inf:50 equal factors up to 10, or four decades if that is more, and then inf.
    Without a range --lambda-b goes through 1e-3:10:200, or 1e-3:10:40 where each point is the best of many descents
    (--depth, --dim and --features relu without a closed form).

    \b
    Examples:
      ncsolve path --encoding onehot --lambda-b 1e-3:10:200 --out path.csv
      ncsolve path --encoding smoothed:0.1 --lambda-b 0,0.1,1,inf --gram gram.png
      ncsolve path --lambda-b 0.5 --lambda-w 1e-5:1:100 --plot path.svg
      ncsolve path --counts 400,100,9,1 --count 2=1:200:60 --lambda-b inf
      ncsolve path --classes 3 --per-class 10 --depth 2 --lambda-w 5e-3 --plot jump.svg
      ncsolve path --problem problem.toml --json
    """
    from ncsolve._documents.path import path_document
    from ncsolve._files.check_output import check_different
    from ncsolve._files.tables import check_table_output, write_table
    from ncsolve._models.registry import model_of
    from ncsolve._problem.weight_decays import check_lambda, check_lambda_b
    from ncsolve._sweeps.in_convention import check_convention, path_columns
    from ncsolve._sweeps.path import path as solve_path
    from ncsolve.progress import SlowProgress

    check_different({"--out": out, "--plot": plot, "--gram": gram}, files_of(given))
    check_pictures(plot, gram, force=force)
    if out is not None:
        check_table_output(out, force=force)
    lambdas = {"lambda_w": given.lambda_w, "lambda_h": given.lambda_h, "lambda_b": given.lambda_b}
    name = _varied(lambdas, alpha, count, deep=_is_deep(given.problem, given.depth))
    # While the problem is made the parameter that varies has some value of its own; it is not used.
    fixed: dict[str, Any] = {name: "1"} if name in lambdas else {}
    asked = request(replace(given, **fixed))
    of_class = None
    if name == "count":
        assert count is not None
        of_class, grid = parse_class_range("--count", count, asked.problem.class_names, asked.problem.classes)
    elif name == "alpha":
        assert alpha is not None
        grid = parse_range("--alpha", alpha, logarithmic=False)
    else:
        usual = _COARSE if model_of(asked.problem).descends(asked.problem) else _GRID
        text = lambdas[name] or usual
        assert text is not None
        option = f"--{name.replace('_', '-')}"
        grid = parse_range(option, text, ends=name == "lambda_b")
        for value in {*grid[:2].tolist(), *grid[-2:].tolist()} if ":" in text else set(grid.tolist()):
            # Before it is converted, which could make 0 or inf of it.
            check_lambda_b(value, option) if name == "lambda_b" else check_lambda(option, value)
        factors = asked.convention.factors(asked.problem.samples, asked.problem.code_length)
        grid = grid * factors[("lambda_w", "lambda_h", "lambda_b").index(name)]
    check_convention(asked.problem, name, asked.convention)
    with SlowProgress("points solved", total=len(grid)) as progress:
        along = solve_path(asked.problem, **{name: grid}, of_class=of_class, progress=progress.update)
        if along.beyond:  # between points that were found by descent this takes as long as the points
            progress.update(len(along), "changes of regime")
            along.changes  # noqa: B018
    with SlowProgress("points measured", total=len(grid)) as progress:
        along.measure(progress.update)
    columns = path_columns(along, asked.convention)
    document = partial(path_document, along, convention=asked.convention, lambdas=asked.lambdas)
    if out is not None:
        write_table(out, columns, with_read(document(), asked), force=force)
    draw(plot, "path_figure", along, force=force, convention=asked.convention)
    draw(gram, "path_gram_figure", along, force=force, convention=asked.convention)

    def describe() -> None:
        from ncsolve.cli._describe_path import describe_path

        typed = [None if name == key else value for key, value in zip(lambdas, asked.lambdas, strict=True)]
        describe_path(along, columns, asked.convention, typed)

    conclude(asked, document() if as_json else None, describe, out, plot, gram, indent=1)


def _is_deep(file: Path | None, depth: int | None) -> bool:
    if depth is None and file is not None:
        from ncsolve._problem.problem_file import read_problem_file

        depth = read_problem_file(file).depth
    return (depth or 1) > 1


def _varied(lambdas: dict[str, str | None], alpha: str | None, count: str | None, *, deep: bool) -> str:
    """The name of the one parameter that is a range.  Under a deep head a list of lambda_w is one for every layer."""
    ranges = [name for name, text in lambdas.items() if is_range(text)]
    if deep and ":" not in (lambdas["lambda_w"] or ""):
        ranges = [name for name in ranges if name != "lambda_w"]
    ranges += [name for name, text in (("alpha", alpha), ("count", count)) if text is not None]
    if not ranges and lambdas["lambda_b"] is None:
        return "lambda_b"
    if len(ranges) != 1:
        got = " and ".join(f"--{name.replace('_', '-')}" for name in ranges) if ranges else "none"
        raise ProblemError(
            "exactly one of --lambda-b, --lambda-w, --lambda-h, --alpha and --count must be a range such as "
            f"1e-3:10:200; got {got}"
            + ("; under a deep head a list for --lambda-w is one for every layer" if deep else "")
        )
    return ranges[0]

"""``ncsolve compare``: several encodings on the same classes, in one table."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated

import typer

from ncsolve._comparison import ComparedEncoding, Comparison
from ncsolve.cli import _problem_options as options
from ncsolve.errors import ProblemError

__all__ = ["compare", "split_specs"]

_NAMED = 4


def compare(
    encodings: Annotated[
        str,
        typer.Option(
            "--encodings", metavar="SPEC,SPEC,...",
            help="Label encodings: names from 'ncsolve encodings' or files, with commas between.",
        ),
    ] = "onehot,smoothed:0.1,signed,simplex",
    problem: options.ProblemOption = None,
    classes: options.ClassesOption = None,
    per_class: options.PerClassOption = None,
    counts: options.CountsOption = None,
    labels: options.LabelsOption = None,
    label_column: options.LabelColumnOption = None,
    lambda_w: options.LambdaWOption = None,
    lambda_h: options.LambdaHOption = None,
    lambda_b: options.LambdaBOption = None,
    convention: options.ConventionOption = None,
    seed: options.SeedOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON (schema ncsolve.comparison/1).")] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw the comparison to a .png, .svg or .pdf file.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the --plot file.")] = False,
) -> None:
    """Compare label encodings on the same classes: angles, distances, decoding margins, collapsed classes, NC3, NC4.

    \b
    Examples:
      ncsolve compare --encodings onehot,smoothed:0.1,signed,simplex,hadamard --classes 8
      ncsolve compare --encodings onehot,codes.csv --counts 5000,500,50 --lambda-b inf --json
      ncsolve compare --labels digits.csv --plot comparison.png
    """
    from ncsolve._comparison import compare as library

    specs = split_specs(encodings)
    if plot is not None:
        from ncsolve.plots import check_figure_output

        check_figure_output(plot, force=force)
    asked = options.request(  # of a problem file all but the encoding is used
        problem_file=problem, encoding="onehot", classes=classes, per_class=per_class, counts=counts, labels=labels,
        label_column=label_column, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, convention_name=convention,
    )
    w, h, b = asked.lambdas
    found = library(
        specs, counts=asked.problem.counts, lambda_w=w, lambda_h=h, lambda_b=b, convention=asked.convention.name,
        class_names=asked.problem.class_names, seed=seed or 0,
    )
    if plot is not None:
        from ncsolve.plots import comparison_figure, save_figure

        save_figure(comparison_figure(found), plot, force=force)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2, allow_nan=False))
        return
    _describe(found)
    if plot is not None:
        typer.echo(f"\nsaved {plot}")


def split_specs(text: str) -> list[str]:
    """The encodings of a list; a number after a comma belongs to the spec before it, as in affine:1.5,-0.2.

    >>> split_specs("onehot,affine:1.5,-0.2,codes.csv")
    ['onehot', 'affine:1.5,-0.2', 'codes.csv']
    """
    specs: list[str] = []
    for word in (part.strip() for part in text.split(",")):
        if not word:
            raise ProblemError(f"--encodings must be names with commas between, as in onehot,signed; got {text!r}")
        if specs and ":" in specs[-1] and _is_number(word):
            specs[-1] += f",{word}"
        else:
            specs.append(word)
    return specs


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _describe(found: Comparison) -> None:
    from ncsolve._conventions import convention as find_convention
    from ncsolve.cli._tables import number, show, table

    problem = found.rows[0].minimizer.problem
    scaling = find_convention(found.convention)
    values = problem.counts.values
    per_class = f"{values[0]}" if problem.counts.balanced else f"{values[0]} to {values[-1]}"
    w, h, b = found.lambdas
    typer.echo(
        f"K = {problem.classes} classes, N = {problem.samples} samples ({per_class} per class), lambda_W = {w:g}, "
        f"lambda_H = {h:g}, lambda_b = {b:g}"
        + ("" if scaling.name == "paper" else f"; convention {scaling.name}") + "\n"
    )
    rows = table("encoding", "m", "loss", "angles", "dist", "margin", "share", "collapsed", "NC3", "NC4")
    rows.padding = (0, 1, 0, 0)  # nine columns fit in 100 characters
    rows.columns[0].no_wrap = rows.columns[3].no_wrap = True
    for row in found.rows:
        minimizer, decoding = row.minimizer, row.decoding
        own = minimizer.problem
        loss = minimizer.loss * scaling.loss_factor(own.samples, own.code_length)
        rows.add_row(
            row.name, str(own.code_length), number(loss, 5), _angles(row),
            "-" if decoding.min_distance is None else number(_clean(decoding.min_distance), 4), *_margin(row),
            _collapsed(row), _status(minimizer.nc.nc3), _status(minimizer.nc.nc4),
        )
    show(rows)
    typer.echo(
        "\nangles: between class means, in degrees; dist: least distance of two class means; margin: least distance\n"
        "of an output W h + b to a boundary of its code (negative: a class is decoded as another), then as a\n"
        "share of half the least distance of codes; collapsed: classes whose mean is zero, or shared (=); NC3\n"
        "self-duality, NC4 nearest mean = nearest code: yes, or the distance from it.  Losses of codes of\n"
        "different size are not on one scale."
    )


def _angles(row: ComparedEncoding) -> str:
    cosines = row.cosines
    if cosines is None:
        return "-"
    low, high = (f"{math.degrees(math.acos(max(-1.0, min(1.0, c)))):.2f}" for c in (cosines.max, cosines.min))
    return low if low == high else f"{low}-{high}"


def _margin(row: ComparedEncoding) -> tuple[str, str]:
    decoding = row.decoding
    if decoding.margin is None or decoding.margin_share is None:
        return "equal codes" if row.minimizer.problem.classes > 1 else "-", "-"
    return f"{decoding.margin:.4g}", f"{100 * decoding.margin_share:.3g} %"


def _collapsed(row: ComparedEncoding) -> str:
    decoding, problem = row.decoding, row.minimizer.problem
    if len(decoding.vanished) == problem.classes:
        return "all"

    def name(k: int) -> str:
        return str(k) if problem.class_names is None else problem.class_names[k]

    parts = [name(k) for k in decoding.vanished] + [
        "=".join(name(k) for k in group[:_NAMED]) + ("=..." if len(group) > _NAMED else "") for group in decoding.merged
    ]
    if len(parts) > _NAMED:
        return f"{', '.join(parts[:_NAMED])} and {len(parts) - _NAMED} more"
    return ", ".join(parts) or "none"


def _clean(distance: float) -> float:
    return 0.0 if distance < 1e-12 else distance


def _status(error: float | None) -> str:
    if error is None:
        return "-"
    return "yes" if error < 1e-10 else f"{error:.3g}"

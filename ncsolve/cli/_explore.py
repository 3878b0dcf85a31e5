"""``ncsolve explore``: a problem as one page for the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ncsolve.cli import _problem_options as options
from ncsolve.cli._output import say

__all__ = ["explore"]

# Three classes are drawn without a projection.
_CLASSES = 3
_LAMBDA_B = "0.05"


def explore(
    problem: options.ProblemOption = None,
    encoding: options.EncodingOption = None,
    classes: Annotated[
        int | None,
        typer.Option("--classes", "-k", metavar="K", help=f"Number of classes at the start.  [default: {_CLASSES}]"),
    ] = None,
    per_class: options.PerClassOption = None,
    counts: options.CountsOption = None,
    labels: options.LabelsOption = None,
    label_column: options.LabelColumnOption = None,
    lambda_w: options.LambdaWOption = None,
    lambda_h: options.LambdaHOption = None,
    lambda_b: Annotated[
        str | None,
        typer.Option("--lambda-b", metavar="X", help=f"Where the page starts: 0 to inf.  [default: {_LAMBDA_B}]"),
    ] = None,
    dim: options.DimOption = None,
    features: options.FeaturesOption = None,
    depth: options.DepthOption = None,
    convention: options.ConventionOption = None,
    seed: options.SeedOption = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE.html", help="The page to write.")
    ] = Path("explorer.html"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the page.")] = False,
) -> None:
    """Write a page that shows class means, labels and bias in motion as lambda_b goes from 0 to inf.

    The page is one file and needs no network.  Balanced codes a I + q J are computed in the page, also with ReLU
    features, a deep head or a bottleneck; every other problem is solved here on a grid of lambda_b and weight
    decay, to which the page's sliders snap.

    \b
    Examples:
      ncsolve explore -o explorer.html
      ncsolve explore --encoding codes.csv --counts 5,20,1,10 --lambda-w 1e-3 --lambda-h 4e-3 -o mine.html
      ncsolve explore --labels iris.csv --label-column species
      ncsolve explore --depth 2 --lambda-w 5e-3 -o deep.html
      ncsolve explore --features relu --encoding smoothed:0.3 -o relu.html
    """
    from ncsolve.explorer import write_explorer
    from ncsolve.explorer._page import check_explorer_output

    check_explorer_output(out, force=force)
    alone = problem is None and counts is None and labels is None and not (encoding and options.is_file(encoding))
    asked = options.request(
        problem_file=problem, encoding=encoding, classes=_CLASSES if classes is None and alone else classes,
        per_class=per_class, counts=counts, labels=labels, label_column=label_column, lambda_w=lambda_w,
        lambda_h=lambda_h, lambda_b=_LAMBDA_B if problem is None and lambda_b is None else lambda_b,
        dim=dim, features=features, depth=depth, convention_name=convention, seed=seed,
    )
    write_explorer(asked.problem, out, force=force)
    say(f"saved {out}; open it in a browser")

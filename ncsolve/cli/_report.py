"""``ncsolve report``: one HTML document for one problem."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ncsolve.cli import _problem_options as options
from ncsolve.cli._output import say
from ncsolve.errors import ProblemError

__all__ = ["report"]


def report(
    file: Annotated[
        Path | None, typer.Argument(metavar="PROBLEM", help="A problem file, .toml or .json.", show_default=False)
    ] = None,
    problem: options.ProblemOption = None,
    encoding: options.EncodingOption = None,
    classes: options.ClassesOption = None,
    per_class: options.PerClassOption = None,
    counts: options.CountsOption = None,
    labels: options.LabelsOption = None,
    label_column: options.LabelColumnOption = None,
    lambda_w: options.LambdaWOption = None,
    lambda_h: options.LambdaHOption = None,
    lambda_b: options.LambdaBOption = None,
    dim: options.DimOption = None,
    features: options.FeaturesOption = None,
    depth: options.DepthOption = None,
    convention: options.ConventionOption = None,
    seed: options.SeedOption = None,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Run the independent checks too (seconds to a minute).")
    ] = True,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="The document.")] = Path("report.html"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the document.")] = False,
) -> None:
    """Write one document on one problem: minimizer, theorem and derivation, figures, verification and certificate.

    \b
    Examples:
      ncsolve report problem.toml -o report.html
      ncsolve report --encoding smoothed:0.1 --lambda-b 0.5 -o report.html
      ncsolve report --classes 3 --per-class 10 --depth 2 --lambda-w 5e-3 --lambda-b 0.05 -o deep.html
    """
    from ncsolve.cli._certify import certificate_as_typed
    from ncsolve.report import write_report
    from ncsolve.report._document import check_report_output

    if file is not None and problem is not None:
        raise ProblemError(f"give one problem file; got {file} and --problem {problem}, drop one")
    check_report_output(out, force=force)
    asked = options.request(
        problem_file=file or problem, encoding=encoding, classes=classes, per_class=per_class, counts=counts,
        labels=labels, label_column=label_column, lambda_w=lambda_w, lambda_h=lambda_h, lambda_b=lambda_b, dim=dim,
        convention_name=convention, seed=seed, features=features, depth=depth,
    )
    write_report(
        asked.problem, out, convention=asked.convention, lambdas=asked.lambdas, verify=verify,
        certify=lambda found: certificate_as_typed(found, asked), force=force,
    )
    say(f"saved {out}")

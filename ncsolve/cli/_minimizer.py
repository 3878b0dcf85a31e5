"""``ncsolve minimizer``: the main job."""

from __future__ import annotations

from pathlib import Path

from ncsolve.cli._options import command, file_option, flag
from ncsolve.cli._problem_options import ProblemArguments, files_of, problem_options
from ncsolve.cli._request import request
from ncsolve.cli._written import check_pictures, conclude, draw

__all__ = ["minimizer"]


@command()
@problem_options()
@flag("--certify", "certified", help="Prove the loss in exact arithmetic; with --json, add the certificate.")
@flag("--full", help="Say more: regime, transition, law, spectrum, loss terms, method and residual.")
@flag("--json", "as_json", help="Print JSON (schema ncsolve.minimizer/1).")
@file_option("--out", "-o", metavar="FILE.npz", help="Save W, class means, bias, encoding, counts, lambdas.")
@file_option("--plot", help="Save the Gram matrix and the spectrum: .png, .svg or .pdf.")
@flag("--force", help="Overwrite the files of --out and --plot.")
def minimizer(
    *, given: ProblemArguments, certified: bool, full: bool, as_json: bool, out: Path | None, plot: Path | None,
    force: bool,
) -> None:
    """Find the global minimizer of a problem: its geometry, bias and loss.

    The first sentences are the answer; the table has the essentials, and with --full all that is known.

    \b
    Examples:
      ncsolve minimizer --encoding onehot --lambda-b 0.5
      ncsolve minimizer --encoding smoothed:0.1 --classes 100 --per-class 500
      ncsolve minimizer --counts 400,100,9,1 --lambda-w 5e-3 --lambda-h 1e-3 --lambda-b inf
      ncsolve minimizer --labels iris.csv --label-column species --json
      ncsolve minimizer --classes 3 --per-class 10 --depth 2 --lambda-w 5e-3 --lambda-b 0.05
      ncsolve minimizer --classes 4 --features relu --lambda-b 0.05
      ncsolve minimizer --encoding codes.csv --counts 5,20,1,10 --out minimizer.npz
    """
    from ncsolve._documents.minimizer import document
    from ncsolve._documents.npz import check_minimizer_output
    from ncsolve._files.check_output import check_different
    from ncsolve._minimizer.solve import solve

    check_different({"--out": out, "--plot": plot}, files_of(given))
    if out is not None:
        check_minimizer_output(out, force=force)
    check_pictures(plot, force=force)
    asked = request(given)
    found = solve(asked.problem)
    certificate = None
    if certified:
        from ncsolve.cli._certify import certificate_as_typed

        certificate = certificate_as_typed(found, asked)
    if out is not None:
        found.save(out, force=force)
    draw(plot, "minimizer_figure", found, force=force)
    result = document(found, convention=asked.convention, lambdas=asked.lambdas) if as_json else None
    if result is not None and certificate is not None:
        result["certificate"] = certificate.to_json()

    def describe() -> None:
        from ncsolve._words.summary import summary
        from ncsolve.cli._describe_minimizer import describe_minimizer

        describe_minimizer(summary(found, asked.convention, asked.lambdas, certificate), asked, full=full)

    conclude(asked, result, describe, out, plot, read=False)

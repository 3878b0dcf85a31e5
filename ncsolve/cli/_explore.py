"""``ncsolve explore``: a problem as one page for the browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ncsolve.cli._options import command, file_option, flag, whole
from ncsolve.cli._output import say
from ncsolve.cli._problem_options import ProblemArguments, problem_options
from ncsolve.cli._read_words import say_read
from ncsolve.cli._request import request

__all__ = ["explore"]

# Three classes are drawn without a projection.
_CLASSES = 3
_LAMBDA_B = "0.05"


@command()
@problem_options(
    classes=click.option(
        "--classes", "-k", metavar="K", type=whole, help=f"Number of classes at the start.  [default: {_CLASSES}]"
    ),
    lambda_b=click.option("--lambda-b", metavar="X", help=f"Where the page starts: 0 to inf.  [default: {_LAMBDA_B}]"),
)
@file_option("--out", "-o", metavar="FILE.html", default=Path("explorer.html"), help="The page to write.")
@flag("--force", help="Overwrite the page.")
def explore(*, given: ProblemArguments, out: Path, force: bool) -> None:
    """Write a page that shows class means, labels and bias in motion as lambda_b goes from 0 to inf.

    The page is one file and needs no network.  Balanced codes a I + q J are computed in the page, also with ReLU
    features, a deep head or a bottleneck, and one-hot and smoothed ones under cross-entropy; every other problem
    under MSE is solved here on a grid of lambda_b and weight decay, to which the page's sliders snap; of more than 50
    classes 20 are drawn, of more than 200 none.

    \b
    Examples:
      ncsolve explore -o explorer.html
      ncsolve explore --encoding codes.csv --counts 5,20,1,10 --lambda-w 1e-3 --lambda-h 4e-3 -o mine.html
      ncsolve explore --labels iris.csv --label-column species
      ncsolve explore --depth 2 --lambda-w 5e-3 -o deep.html
      ncsolve explore --features relu --encoding smoothed:0.3 -o relu.html
      ncsolve explore --loss cross-entropy -o softmax.html
    """
    from ncsolve._files.reading.kinds import names_a_file
    from ncsolve.explorer import write_explorer
    from ncsolve.explorer._page import check_explorer_output
    from ncsolve.progress import SlowProgress

    check_explorer_output(out, force=force)
    alone = given.problem is None and given.counts is None and given.labels is None
    if given.classes is None and alone and not (given.encoding and names_a_file(given.encoding)):
        given = replace(given, classes=_CLASSES)
    if given.problem is None and given.lambda_b is None:
        given = replace(given, lambda_b=_LAMBDA_B)
    asked = request(given)
    say_read(asked)
    with SlowProgress("percent of the grid", total=100) as progress:
        write_explorer(asked.problem, out, force=force, progress=progress.update)
    say(f"saved {out}; open it in a browser")

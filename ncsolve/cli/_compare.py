"""``ncsolve compare``: several encodings on the same classes, in one table."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncsolve.cli._options import SPEC_OR_FILE, command, file_option, flag
from ncsolve.cli._output import say
from ncsolve.cli._problem_options import ProblemArguments, problem_options
from ncsolve.cli._request import Request, request
from ncsolve.cli._written import check_pictures, conclude, draw
from ncsolve.errors import ProblemError

if TYPE_CHECKING:
    from ncsolve._comparison import Comparison
    from ncsolve.encodings import Encoding

__all__ = ["compare", "split_specs"]

# What is compared where nothing is typed; under cross-entropy codes have to be probabilities.
_ENCODINGS, _PROBABILITIES = "onehot,smoothed:0.1,signed,simplex", "onehot,smoothed:0.1"


@command()
@click.option(
    "--encodings", metavar="SPEC,SPEC,...", type=SPEC_OR_FILE, default=None,
    help="Label encodings: names from 'ncsolve encodings' or files, with commas between.  [default: "
    f"{_ENCODINGS}; with cross-entropy {_PROBABILITIES}]",
)
@problem_options(without=("encoding",), loss=click.option(
    "--loss", metavar="NAME[,NAME]", default=None,
    help="mse, cross-entropy (ce), or both with a comma between: a row for each.  [default: mse]",
))
@flag("--json", "as_json", help="Print JSON (schema ncsolve.comparison/1).")
@file_option("--plot", help="Draw the comparison to a .png, .svg or .pdf file.")
@flag("--force", help="Overwrite the --plot file.")
def compare(*, encodings: str | None, given: ProblemArguments, as_json: bool, plot: Path | None, force: bool) -> None:
    """Compare label encodings, and losses, on the same classes: angles, distances, decoding margins, collapsed
    classes, NC3, NC4.

    \b
    Examples:
      ncsolve compare --encodings onehot,smoothed:0.1,signed,simplex,hadamard --classes 8
      ncsolve compare --encodings onehot,codes.csv --counts 5000,500,50 --lambda-b inf --json
      ncsolve compare --labels digits.csv --plot comparison.png
      ncsolve compare --classes 5 --depth 2 --lambda-w 5e-3
      ncsolve compare --loss mse,cross-entropy --counts 400,100,9,1 --lambda-w 5e-3
    """
    from ncsolve._comparison import compare as library
    from ncsolve._files.reading.kinds import names_a_file
    from ncsolve._problem.losses import check_loss

    check_pictures(plot, force=force)
    losses = [check_loss(name.strip()) for name in given.loss.split(",")] if given.loss is not None else []
    specs = split_specs(encodings) if encodings is not None else []
    asked = request(
        replace(given, encoding="onehot", loss=losses[0] if losses else None), files=any(map(names_a_file, specs))
    )  # all but the encoding
    losses = losses or [asked.problem.loss]
    specs = specs or split_specs(_PROBABILITIES if "cross-entropy" in losses else _ENCODINGS)
    asked, codes = _encodings(specs, asked)
    _, h, b = asked.lambdas
    found = library(
        codes, counts=asked.problem.counts, lambda_w=asked.layers, lambda_h=h, lambda_b=b,
        convention=asked.convention.name, class_names=asked.samples.names,
        loss=losses, dim=asked.problem.dim,
        features=asked.problem.features, depth=asked.problem.depth,
    )
    draw(plot, "comparison_figure", found, force=force)
    conclude(asked, found.to_json() if as_json else None, partial(_describe, found), plot)


def _encodings(specs: list[str], asked: Request) -> tuple[Request, list[Encoding]]:
    """The encodings, and the request with what was read for them."""
    from ncsolve.cli._named_files import encoding_of

    found = []
    for spec in specs:
        codes = encoding_of(
            spec, asked.samples, asked.problem.classes, default=asked.problem.classes, seed=asked.seed,
            header=asked.header,
        )
        asked = replace(asked, samples=codes.samples)
        found.append(codes.encoding)
    return asked, found


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
    from ncsolve._words.comparison import cells, columns, heading, notes
    from ncsolve.cli._tables import say_lines, show, table

    say_lines(f"{heading(found)}\n")
    rows = table(*columns(found))
    rows.padding = (0, 1, 0, 0)  # all columns fit in 100 characters
    for column in rows.columns:
        column.no_wrap = column.header in ("encoding", "angles", "minimum")
    for row in found.rows:
        rows.add_row(*cells(found, row))
    show(rows)
    say()
    for text in notes(found):
        say_lines(text, paragraph="\n" in text)

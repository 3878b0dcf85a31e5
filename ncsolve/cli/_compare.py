"""``ncsolve compare``: several encodings on the same classes, in one table."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncsolve._comparison import ComparedEncoding, Comparison
from ncsolve.cli._options import SPEC_OR_FILE, command, file_option, flag
from ncsolve.cli._output import say, say_json
from ncsolve.cli._problem_options import ProblemArguments, problem_options
from ncsolve.cli._read_words import say_read, with_read
from ncsolve.cli._request import Request, request
from ncsolve.errors import ProblemError

if TYPE_CHECKING:
    from ncsolve.encodings import Encoding

__all__ = ["compare", "split_specs"]

_NAMED = 4


@command()
@click.option(
    "--encodings", metavar="SPEC,SPEC,...", type=SPEC_OR_FILE, default="onehot,smoothed:0.1,signed,simplex",
    help="Label encodings: names from 'ncsolve encodings' or files, with commas between.",
)
@problem_options(without=("encoding",))
@flag("--json", "as_json", help="Print JSON (schema ncsolve.comparison/1).")
@file_option("--plot", help="Draw the comparison to a .png, .svg or .pdf file.")
@flag("--force", help="Overwrite the --plot file.")
def compare(*, encodings: str, given: ProblemArguments, as_json: bool, plot: Path | None, force: bool) -> None:
    """Compare label encodings on the same classes: angles, distances, decoding margins, collapsed classes, NC3, NC4.

    \b
    Examples:
      ncsolve compare --encodings onehot,smoothed:0.1,signed,simplex,hadamard --classes 8
      ncsolve compare --encodings onehot,codes.csv --counts 5000,500,50 --lambda-b inf --json
      ncsolve compare --labels digits.csv --plot comparison.png
      ncsolve compare --classes 5 --depth 2 --lambda-w 5e-3
    """
    from ncsolve._comparison import compare as library
    from ncsolve._files.reading.kinds import names_a_file

    specs = split_specs(encodings)
    if plot is not None:
        from ncsolve.plots import check_figure_output

        check_figure_output(plot, force=force)
    asked = request(replace(given, encoding="onehot"), files=any(map(names_a_file, specs)))  # all but the encoding
    asked, codes = _encodings(specs, asked)
    _, h, b = asked.lambdas
    found = library(
        codes, counts=asked.problem.counts, lambda_w=asked.layers, lambda_h=h, lambda_b=b,
        convention=asked.convention.name, class_names=asked.samples.names, dim=asked.problem.dim,
        features=asked.problem.features, depth=asked.problem.depth,
    )
    if plot is not None:
        from ncsolve.plots import comparison_figure, save_figure

        save_figure(comparison_figure(found), plot, force=force)
    if as_json:
        say_json(with_read(found.to_json(), asked))
        return
    say_read(asked)
    _describe(found)
    if plot is not None:
        say(f"\nsaved {plot}")


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
    from ncsolve._numbers.printed import number
    from ncsolve._problem.convention import convention as find_convention
    from ncsolve._words.collapse import collapse_of_all
    from ncsolve._words.model import comparison_model
    from ncsolve.cli._tables import say_lines, show, table

    problem = found.rows[0].minimizer.problem
    scaling = find_convention(found.convention)
    values = problem.counts.values
    per_class = f"{values[0]}" if problem.counts.balanced else f"{values[0]} to {values[-1]}"
    _, h, b = found.lambdas
    layers = found.layers if len(set(found.layers)) > 1 else found.layers[:1]
    w = ", ".join(f"{value:g}" for value in layers)
    model = comparison_model(found)
    say_lines(
        f"K = {problem.classes} classes, N = {problem.samples} samples ({per_class} per class), lambda_W = {w}, "
        f"lambda_H = {h:g}, lambda_b = {b:g}"
        + ("" if scaling.name == "paper" else f"; convention {scaling.name}")
        + (f"\n{model}" if model else "") + "\n"
    )
    known = ("minimum",) if found.beyond else ()
    rows = table("encoding", "m", "loss", *known, "angles", "dist", "margin", "share", "collapsed", "NC3", "NC4")
    rows.padding = (0, 1, 0, 0)  # all columns fit in 100 characters
    for column in rows.columns:
        column.no_wrap = column.header in ("encoding", "angles", "minimum")
    for row in found.rows:
        minimizer, decoding = row.minimizer, row.decoding
        own = minimizer.problem
        loss = minimizer.loss * scaling.loss_factor(own.samples, own.code_length)
        rows.add_row(
            row.name, str(own.code_length), number(loss, 5), *((_known(row),) if found.beyond else ()),
            _angles(row, 1 if found.beyond else 2),
            "-" if decoding.min_distance is None else number(_clean(decoding.min_distance), 4), *_margin(row),
            _collapsed(row), _status(minimizer.nc.nc3), _status(minimizer.nc.nc4),
        )
    show(rows)
    say()
    say_lines(
        "angles: between class means, in degrees; dist: least distance of two class means; margin: least distance\n"
        "of an output W h + b to a boundary of its code (negative: a class is decoded as another), then as a\n"
        "share of half the least distance of codes; collapsed: classes whose mean is zero, or shared (=); NC3\n"
        "self-duality, NC4 nearest mean = nearest code: yes, or the distance from it.  Losses of codes of\n"
        "different size are not on one scale.", paragraph=True,
    )
    remedy = collapse_of_all([row.minimizer for row in found.rows], [row.name for row in found.rows], scaling)
    if remedy:
        say_lines(f"collapsed: {remedy}.")
    if found.beyond:
        say_lines(
            "minimum: global where a theorem says so; else the best found, and how much of its loss a lower bound\n"
            "leaves open."
            + (" *: one of several; their geometry may differ." if any(r.minimizer.ties for r in found.rows) else ""),
            paragraph=True,
        )


def _known(row: ComparedEncoding) -> str:
    """What is known of the loss."""
    minimizer = row.minimizer
    if minimizer.guarantee == "global":
        return "global *" if minimizer.ties else "global"
    share = minimizer.gap / minimizer.loss if minimizer.loss > 0 else 0.0
    return f"best found\n{100 * share:.2g} % open"


def _angles(row: ComparedEncoding, digits: int) -> str:
    cosines = row.cosines
    if cosines is None:
        return "-"
    low, high = (f"{math.degrees(math.acos(max(-1.0, min(1.0, c)))):.{digits}f}" for c in (cosines.max, cosines.min))
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

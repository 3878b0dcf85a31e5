"""``ncsolve phase``: the regimes over lambda_b and a second parameter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncsolve.cli._options import command, file_option, flag, whole
from ncsolve.cli._problem_options import ProblemArguments, files_of, problem_options
from ncsolve.cli._ranges import parse_range, parse_whole_range
from ncsolve.cli._read_words import with_read
from ncsolve.cli._request import request
from ncsolve.cli._written import check_pictures, conclude, draw
from ncsolve.errors import ProblemError, UnknownNameError

if TYPE_CHECKING:
    from ncsolve._arrays import Index
    from ncsolve._sweeps.phase import Phase

__all__ = ["phase"]

_LAMBDA_B = "1e-3:10:80"
# The second parameters as they are typed, each with its range if none is given and whether it has equal factors.
_AGAINST = {
    "t": ("t", "0.02:1.2:60", False),
    "weight-decay": ("weight_decay", "1e-5:1e-2:60", True),
    "classes": ("classes", "2:100:40", True),
    "imbalance": ("imbalance", "1:100:40", True),
}


@command()
@problem_options(
    lambda_b=click.option("--lambda-b", metavar="LOW:HIGH:POINTS", help=f"Range.  [default: {_LAMBDA_B}]")
)
@click.option(
    "--against", metavar="NAME[=LOW:HIGH:POINTS]", default="t",
    help="The second parameter: t (threshold T/sqrt(N/K)), weight-decay (lambda_W = lambda_H), classes, or "
    "imbalance (largest over smallest class; half of the classes are small).",
)
@click.option("--workers", "-j", metavar="N", type=whole, default=1, help="Processes.")
@flag("--json", "as_json", help="Print JSON (schema ncsolve.phase/1).")
@file_option("--out", "-o", help="Save a row for every point: .csv, .json or .parquet.")
@file_option("--plot", help="Save the diagram: .png, .svg or .pdf.")
@flag("--force", help="Overwrite the files of --out and --plot.")
def phase(
    *, given: ProblemArguments, against: str, workers: int, as_json: bool, out: Path | None, plot: Path | None,
    force: bool,
) -> None:
    """Draw the phase diagram over lambda_b and a second parameter, with the exact boundaries of the regimes.

    \b
    Examples:
      ncsolve phase --plot phase.png
      ncsolve phase --encoding smoothed:0.1 --against weight-decay=1e-5:1e-2:50 --plot phase.svg
      ncsolve phase --per-class 5000 --against imbalance=1:1000:40 --workers 2 --out phase.csv
      ncsolve phase --depth 2 --classes 5 --plot first_order.png
      ncsolve phase --against classes=2:50:40 --json
    """
    from ncsolve._documents.phase import phase_document
    from ncsolve._files.check_output import check_different
    from ncsolve._files.tables import check_table_output, write_table
    from ncsolve._sweeps.phase import phase as solve_phase
    from ncsolve._words.phase import phase_description
    from ncsolve.cli._tables import show_facts
    from ncsolve.progress import SlowProgress

    check_different({"--out": out, "--plot": plot}, files_of(given))
    check_pictures(plot, force=force)
    if out is not None:
        check_table_output(out, force=force)
    typed, mark, text = against.partition("=")
    if typed not in _AGAINST:
        raise UnknownNameError("parameter of a phase diagram", typed, _AGAINST)
    name, usual, logarithmic = _AGAINST[typed]
    range_, option = text if mark else usual, f"--against {typed}"
    if name == "classes":
        values = parse_whole_range(option, range_, "classes")
    else:
        values = parse_range(option, range_, logarithmic=logarithmic)
    asked = request(replace(given, lambda_b="1"))
    if asked.convention.name != "paper":
        raise ProblemError(
            f"a phase diagram is in the convention of the paper, for its axes change the others' scales; got "
            f"{asked.convention.name}, convert the lambdas and drop --convention"
        )
    grid = parse_range("--lambda-b", given.lambda_b or _LAMBDA_B)
    with SlowProgress("rows", total=len(values)) as progress:
        found = solve_phase(
            asked.problem, lambda_b=grid, against=name, values=values, workers=workers, progress=progress.update
        )
    if out is not None:
        write_table(out, found.columns(), with_read(phase_document(found), asked), force=force)
    draw(plot, "phase_figure", found, force=force)
    conclude(
        asked, phase_document(found) if as_json else None,
        lambda: show_facts([*phase_description(found), *_map(found)]), out, plot, indent=1,
    )


def _map(found: Phase) -> list[tuple[str, str]]:
    """The diagram in letters, where every area has a letter of its own."""
    import numpy as np

    from ncsolve._numbers.printed import number
    from ncsolve._sweeps.areas import areas
    from ncsolve.cli._tables import width

    names, kinds = areas(found)
    letters = {kind: (kind[5:] if kind.startswith("rank ") and len(kind) == 6 else kind[0]) for kind in kinds}
    if len(set(letters.values())) < len(letters):
        return []

    def evenly(size: int, most: int) -> Index:
        return np.unique(np.linspace(0, size - 1, min(most, size)).round().astype(np.intp))

    picked = evenly(found.values.size, 12)[::-1]
    labels = [f"{found.against} = {number(found.values[i], 4)}" for i in picked]
    room = (width() or 100) - 14 - max(map(len, labels))  # beside "boundaries" and the labels
    columns = evenly(found.lambda_b.size, min(60, max(room, 8)))
    drawing = "\n".join(
        "".join(letters[names[i, j]] for j in columns) + f"  {label}" for i, label in zip(picked, labels, strict=True)
    )
    key = ", ".join(f"{letter} {kind}" for kind, letter in letters.items())
    span = f"lambda_b from {number(found.lambda_b[0], 4)} to {number(found.lambda_b[-1], 4)}"
    return [("map", f"{drawing}\n{span}; {key}")]

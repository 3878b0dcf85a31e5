"""``ncsolve phase``: the regimes over lambda_b and a second parameter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncsolve.cli._options import command, file_option, flag, whole
from ncsolve.cli._output import say, say_json
from ncsolve.cli._problem_options import ProblemArguments, problem_options
from ncsolve.cli._ranges import parse_range, parse_whole_range
from ncsolve.cli._read_words import say_read, with_read
from ncsolve.cli._request import request
from ncsolve.errors import ProblemError, UnknownNameError

if TYPE_CHECKING:
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
    from ncsolve.progress import SlowProgress

    check_different({"--out": out, "--plot": plot})
    if plot is not None:
        from ncsolve.plots import check_figure_output

        check_figure_output(plot, force=force)
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
    if out is not None or as_json:
        document = with_read(phase_document(found), asked)
    if out is not None:
        write_table(out, found.columns(), document, force=force)
    if plot is not None:
        from ncsolve.plots import phase_figure, save_figure

        save_figure(phase_figure(found), plot, force=force)
    if as_json:
        say_json(document, indent=1)
        return
    say_read(asked)
    _describe(found)
    for file in (out, plot):
        if file is not None:
            say(f"\nsaved {file}")


def _describe(found: Phase) -> None:
    """The regimes and how much of the diagram each covers, the boundaries, and a map in letters."""
    import numpy as np

    from ncsolve._models.words import model_words
    from ncsolve._numbers.printed import number
    from ncsolve._problem.convention import convention as find_convention
    from ncsolve._sweeps.second_parameter import AGAINST
    from ncsolve._words.collapse import collapse_of_phase
    from ncsolve.cli._tables import facts, show, width

    problem = found.problem
    rows = facts()
    rows.add_row(
        "problem", f"{problem.encoding.name} codes, K = {problem.classes} classes, N = {problem.samples} samples; "
        f"lambda_b over {found.lambda_b.size} values against {found.against} ({AGAINST[found.against]}) over "
        f"{found.values.size} values",
    )
    if found.beyond:
        rows.add_row("model", model_words(problem) or "a bottleneck where there are more classes than dimensions")
    if found.best_found.any():
        share = 100 * float(found.best_found.mean())
        rows.add_row("guarantee", f"best found, not known to be the global minimum, at {share:.3g} % of the points")
    names = np.array(found.regimes, dtype=object)
    general = bool((names == "general").any())
    if general:
        names = "rank " + found.rank.astype(str).astype(object)
    kinds = sorted(set(names.ravel().tolist()), key=lambda kind: -np.mean(names == kind))
    letters = {kind: (kind[5:] if kind.startswith("rank ") and len(kind) == 6 else kind[0]) for kind in kinds}
    rows.add_row(
        "regimes", ", ".join(f"{kind} {100 * np.mean(names == kind):.3g} %" for kind in kinds[:8])
        + (f" and {len(kinds) - 8} more" if len(kinds) > 8 else ""),
    )
    lines = []
    for boundary in found.boundaries[:8]:
        what = f"{boundary.regime_before} to {boundary.regime_after}"
        if general:
            what = f"rank {boundary.rank_before} to {boundary.rank_after}"
        ends = f"from ({number(boundary.lambda_b[0], 6)}, {number(boundary.values[0], 6)})"
        if boundary.values.size > 1:
            ends += f" to ({number(boundary.lambda_b[-1], 6)}, {number(boundary.values[-1], 6)})"
        how = f"closed form, {boundary.theorem}" if boundary.theorem else f"{boundary.values.size} roots"
        if boundary.kind == "exchange":
            what += ", the label mean for a contrast"
        if boundary.jump:
            what += ", a jump"
        lines.append(f"{what}: {ends} in (lambda_b, {found.against}); {how}")
    if len(found.boundaries) > 8:
        lines.append(f"... and {len(found.boundaries) - 8} more (--json has all of them)")
    rows.add_row("boundaries", "\n".join(lines) if lines else "none")
    if found.collapse:
        where = ", ".join(number(value, 10) for value in found.collapse)
        text = f"no two class means differ from {found.against} = {where} on"
        if found.against == "imbalance":
            text = f"at imbalance = {where} the means of all classes of n_k = T^2/a^2 samples merge into one"
        rows.add_row("collapse", f"{text}, whatever lambda_b is")
    remedy = collapse_of_phase(found, find_convention("paper"))
    if remedy:
        rows.add_row("remedy", remedy)
    if len(set(letters.values())) == len(letters):
        picked = np.unique(np.linspace(0, found.values.size - 1, min(12, found.values.size)).round().astype(int))[::-1]
        labels = [f"{found.against} = {number(found.values[i], 4)}" for i in picked]
        room = (width() or 100) - 14 - max(map(len, labels))  # beside "boundaries" and the labels
        many = min(60, found.lambda_b.size, max(room, 8))
        columns = np.unique(np.linspace(0, found.lambda_b.size - 1, many).round().astype(int))
        drawing = "\n".join(
            "".join(letters[names[i, j]] for j in columns) + f"  {label}"
            for i, label in zip(picked, labels, strict=True)
        )
        key = ", ".join(f"{letter} {kind}" for kind, letter in letters.items())
        span = f"lambda_b from {number(found.lambda_b[0], 4)} to {number(found.lambda_b[-1], 4)}"
        rows.add_row("map", f"{drawing}\n{span}; {key}")
    show(rows)
